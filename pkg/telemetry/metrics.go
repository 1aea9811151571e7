package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Metrics counts what the program does. A nil Metrics counts nothing, so that a test needs none.
type Metrics struct {
	registry *prometheus.Registry
	handled  *prometheus.HistogramVec
	requests *prometheus.HistogramVec
	jobs     *prometheus.CounterVec
}

// NewMetrics returns counters that start at zero.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		handled: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gas_message_seconds", Help: "How long a message was worked on, by role, topic and outcome.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}, []string{"role", "topic", "outcome"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gas_request_seconds", Help: "How long an HTTP request took, by the route's pattern, method and status.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 10),
		}, []string{"route", "method", "status"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gas_jobs_total", Help: "Jobs that ended, by state and error code.",
		}, []string{"status", "code"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "gas_build_info", Help: "1, labelled with the version."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.handled, m.requests, m.jobs, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handled counts one message. The outcome is one of a few words: done, retried, buried, lost, panicked.
func (m *Metrics) Handled(role string, topic job.Topic, outcome string, took time.Duration) {
	if m != nil {
		m.handled.WithLabelValues(role, string(topic), outcome).Observe(took.Seconds())
	}
}

// Requested counts one HTTP request under its route's pattern, never its path: paths hold ids.
func (m *Metrics) Requested(route, method string, status int, took time.Duration) {
	if m != nil {
		m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// JobEnded counts one job that reached its last state.
func (m *Metrics) JobEnded(status job.Status, code string) {
	if m != nil {
		m.jobs.WithLabelValues(string(status), code).Inc()
	}
}

// WatchQueues measures the queues at each scrape.
func (m *Metrics) WatchQueues(queue port.Queue) {
	if m != nil {
		m.registry.MustRegister(queueCollector{queue})
	}
}

// Serve answers /metrics and /debug/pprof on addr, which must be an address of this machine alone, until the context ends.
func (m *Metrics) Serve(ctx context.Context, addr string) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w", err)
	}
	if host, ok := listener.Addr().(*net.TCPAddr); !ok || !host.IP.IsLoopback() {
		listener.Close()
		return fmt.Errorf("listen for metrics: %s is not on this machine alone", addr)
	}
	server := &http.Server{Handler: m.Handler(), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// Handler answers /metrics and /debug/pprof.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// queueCollector asks each queue for its numbers when it is scraped.
type queueCollector struct{ queue port.Queue }

var (
	queueDepth  = prometheus.NewDesc("gas_queue_messages", "Messages of a queue by state.", []string{"topic", "state"}, nil)
	queueOldest = prometheus.NewDesc("gas_queue_oldest_seconds", "Age of the oldest message that waits.", []string{"topic"}, nil)
)

// Describe lists the metrics.
func (c queueCollector) Describe(out chan<- *prometheus.Desc) {
	out <- queueDepth
	out <- queueOldest
}

// Collect leaves out a queue that cannot be reached: a scrape must not fail for it.
func (c queueCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, topic := range job.Topics {
		stats, err := c.queue.Stats(ctx, topic)
		if err != nil {
			continue
		}
		for state, n := range map[string]int{"waiting": stats.Waiting, "delayed": stats.Delayed, "running": stats.Running, "dead": stats.Dead} {
			out <- prometheus.MustNewConstMetric(queueDepth, prometheus.GaugeValue, float64(n), string(topic), state)
		}
		out <- prometheus.MustNewConstMetric(queueOldest, prometheus.GaugeValue, stats.Oldest.Seconds(), string(topic))
	}
}
