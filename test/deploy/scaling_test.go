package deploy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/roles"
)

// rule is how the template scales the annotators: two alarms on jobs for each task, each with a step policy.
type rule struct {
	least, most   int
	high, low     alarmRule
	out, in       stepRule
	workers       int // jobs that one task works on at once
	oldestAlarm   int // seconds that the oldest message may wait before somebody is called
	drainsWithin  int // seconds that a stopped task has to end its jobs
	metricsBehind int // minutes until a metric of SQS can be seen
	startsWithin  int // seconds until a task of Fargate takes work
}

type alarmRule struct {
	threshold float64
	periods   int
}

type stepRule struct {
	cooldown int // seconds
	least    int // tasks that a step changes at least
	steps    []step
}

// step is the change in percent for a metric this far above (or below) the threshold.
type step struct{ from, to, percent float64 }

// readRule reads the numbers from the template. What AWS itself adds is its documentation's: metrics of SQS come each minute and late, a task of
// Fargate needs a minute or two.
func readRule(t *testing.T) rule {
	t.Helper()
	template := readTemplate(t)
	properties := func(name string) map[string]any { return template.Resources[name].Properties }
	number := func(value any) float64 {
		switch v := value.(type) {
		case int:
			return float64(v)
		case float64:
			return v
		}
		t.Fatalf("%v is no number", value)
		return 0
	}
	alarm := func(name, policy string) alarmRule {
		p := properties(name)
		require.Equal(t, []any{map[string]any{"Ref": policy}}, p["AlarmActions"])
		for _, query := range list(p["Metrics"]) {
			if period := at(query, "MetricStat", "Period"); period != nil {
				require.Equal(t, 60, period)
			}
		}
		return alarmRule{number(p["Threshold"]), int(number(p["EvaluationPeriods"]))}
	}
	steps := func(name string) stepRule {
		c := object(properties(name)["StepScalingPolicyConfiguration"])
		require.Equal(t, "PercentChangeInCapacity", c["AdjustmentType"])
		r := stepRule{cooldown: int(number(c["Cooldown"])), least: int(number(c["MinAdjustmentMagnitude"]))}
		for _, s := range list(c["StepAdjustments"]) {
			one := step{math.Inf(-1), math.Inf(1), number(at(s, "ScalingAdjustment"))}
			if from := at(s, "MetricIntervalLowerBound"); from != nil {
				one.from = number(from)
			}
			if to := at(s, "MetricIntervalUpperBound"); to != nil {
				one.to = number(to)
			}
			r.steps = append(r.steps, one)
		}
		return r
	}
	bound := func(name string) int { return int(number(template.Parameters[name]["Default"])) }
	container := object(list(properties("TaskAnnotator")["ContainerDefinitions"])[0])
	var drains int
	_, err := fmt.Sscanf(fmt.Sprint(environment(container)["GAS_DRAIN"]), "%ds", &drains)
	require.NoError(t, err)
	r := rule{
		least: bound("MinAnnotators"), most: bound("MaxAnnotators"), high: alarm("BacklogHigh", "AnnotatorsOut"), low: alarm("BacklogLow", "AnnotatorsIn"),
		out: steps("AnnotatorsOut"), in: steps("AnnotatorsIn"), oldestAlarm: int(number(properties("OldJobRequests")["Threshold"])),
		drainsWithin: drains, metricsBehind: 2, startsWithin: 90,
	}
	for _, role := range roles.All() {
		if role.Name == "annotator" {
			r.workers = role.Handles[0].Workers
		}
	}
	require.Positive(t, r.workers)
	return r
}

// percent is the change for a metric, 0 where no step fits.
func (r stepRule) percent(above float64) float64 {
	for _, s := range r.steps {
		if above >= s.from && above < s.to {
			return s.percent
		}
	}
	return 0
}

// change is how many tasks a step adds or takes: Application Auto Scaling rounds towards zero, and one is the least.
func (r stepRule) change(tasks int, percent float64) int {
	exact := float64(tasks) * percent / 100
	n := int(math.Trunc(exact))
	if percent > 0 {
		return max(n, r.least)
	}
	if percent < 0 {
		return min(n, -r.least)
	}
	return 0
}

// task is one running container: when its jobs end, by worker; 0 = the worker is free.
type task struct {
	starts int // second from which it takes work
	stops  int // second of its SIGTERM; 0 = none yet
	work   []int
}

func (t *task) busy(now int) (n int) {
	for _, end := range t.work {
		if end > now {
			n++
		}
	}
	return n
}

// fleet is the annotators and their queue, second by second.
type fleet struct {
	rule
	now     int
	tasks   []*task
	queue   []waiting
	seen    []sample // by minute
	quietTo int      // second until which a policy's cooldown lasts

	longest int // seconds that a job has waited at most
	biggest int // tasks
	given   int // jobs that a stopped task gave back
	done    int
	outs    []int // minutes in which the fleet grew
	ins     []int // minutes in which it shrank
}

type waiting struct{ since, takes int }

type sample struct{ high, low float64 }

func newFleet(r rule) *fleet {
	f := &fleet{rule: r}
	for range r.least {
		f.tasks = append(f.tasks, &task{work: make([]int, r.workers)})
	}
	return f
}

func (f *fleet) add(n int, takes func() int) {
	for range n {
		f.queue = append(f.queue, waiting{f.now, takes()})
	}
}

// second passes: tasks end jobs and take others, and each minute the alarms look.
func (f *fleet) second() {
	f.now++
	for _, t := range f.tasks {
		for w, end := range t.work {
			if end == f.now {
				f.done++
			}
			if end > f.now || t.stops > 0 || t.starts > f.now || len(f.queue) == 0 {
				continue
			}
			next := f.queue[0]
			f.queue = f.queue[1:]
			f.longest = max(f.longest, f.now-next.since)
			t.work[w] = f.now + next.takes
		}
	}
	f.tasks = slices.DeleteFunc(f.tasks, f.gone)
	if f.now%60 == 0 {
		f.minute()
	}
}

// gone tells whether a stopped task has ended. What it still works on at the end of its time is given back.
func (f *fleet) gone(t *task) bool {
	if t.stops == 0 {
		return false
	}
	late := f.now >= t.stops+f.drainsWithin
	if late {
		for _, end := range t.work {
			if end > f.now {
				f.given++
				f.queue = append([]waiting{{f.now, end - f.now}}, f.queue...)
			}
		}
	}
	return late || t.busy(f.now) == 0
}

// desired are the tasks that are to run.
func (f *fleet) desired() (list []*task) {
	for _, t := range f.tasks {
		if t.stops == 0 {
			list = append(list, t)
		}
	}
	return list
}

func (f *fleet) minute() {
	running, busy := 0, 0
	for _, t := range f.tasks {
		busy += t.busy(f.now)
		if t.starts <= f.now && t.stops == 0 {
			running++
		}
	}
	each := float64(max(running, 1))
	f.seen = append(f.seen, sample{float64(len(f.queue)) / each, float64(len(f.queue)+busy) / each})
	f.biggest = max(f.biggest, running)
	visible := len(f.seen) - f.metricsBehind
	if visible < 1 || f.now < f.quietTo {
		return
	}
	value := f.seen[visible-1]
	switch {
	case f.alarmed(visible, f.high.periods, func(s sample) bool { return s.high >= f.high.threshold }):
		f.scale(f.out, value.high-f.high.threshold)
	case f.alarmed(visible, f.low.periods, func(s sample) bool { return s.low < f.low.threshold }):
		f.scale(f.in, value.low-f.low.threshold)
	}
}

func (f *fleet) alarmed(visible, periods int, breaches func(sample) bool) bool {
	return visible >= periods && !slices.ContainsFunc(f.seen[visible-periods:visible], func(s sample) bool { return !breaches(s) })
}

func (f *fleet) scale(by stepRule, above float64) {
	list := f.desired()
	want := min(max(len(list)+by.change(len(list), by.percent(above)), f.least), f.most)
	switch {
	case want > len(list):
		f.outs = append(f.outs, f.now/60)
		for range want - len(list) {
			f.tasks = append(f.tasks, &task{starts: f.now + f.startsWithin, work: make([]int, f.workers)})
		}
	case want < len(list):
		f.ins = append(f.ins, f.now/60)
		for _, t := range list[want:] {
			t.stops = f.now
		}
	default:
		return
	}
	f.quietTo = f.now + by.cooldown
}

// mixed is how long jobs take: most are small, some are exomes, a few are genomes.
func mixed(seed uint64) func() int {
	source := rand.New(rand.NewPCG(seed, 1))
	return func() int {
		switch p := source.Float64(); {
		case p < 0.80:
			return 3 + source.IntN(5)
		case p < 0.97:
			return 20 + source.IntN(40)
		}
		return 60 + source.IntN(240)
	}
}

const meanSeconds = 0.80*5 + 0.17*39.5 + 0.03*179.5

func TestTheScalingRuleDrainsSpikes(t *testing.T) {
	r := readRule(t)
	for _, c := range []struct {
		name    string
		jobs    int // at once
		trickle float64
	}{{"a class of 300", 300, 0.2}, {"2,000 users", 2000, 1}, {"10,000 jobs", 10_000, 2}, {"40,000 jobs, more than the fleet is made for", 40_000, 2}} {
		t.Run(c.name, func(t *testing.T) {
			f, takes := newFleet(r), mixed(uint64(c.jobs))
			f.second()
			f.add(c.jobs, takes)
			drained := 0
			for drained == 0 {
				if rand.New(rand.NewPCG(uint64(f.now), 2)).Float64() < c.trickle/2 {
					f.add(2, takes)
				}
				f.second()
				if len(f.queue) < int(r.high.threshold)*max(1, len(f.desired())) && f.done >= c.jobs {
					drained = f.now
				}
				require.Less(t, f.now, 8*3600, "%d jobs wait, %d tasks", len(f.queue), len(f.desired()))
			}
			ideal := float64(c.jobs) * meanSeconds / float64(r.most*r.workers)
			ramp := 10.0 * 60
			t.Logf("%d jobs: drained after %s, with %d tasks at most (the whole fleet at once: %s); the longest wait %s", c.jobs, clock(drained), f.biggest, clock(int(ideal)), clock(f.longest))
			require.Less(t, float64(drained), 1.5*ideal+ramp)
			require.LessOrEqual(t, f.biggest, r.most)
			if c.jobs <= 10_000 {
				require.Less(t, f.longest, r.oldestAlarm, "a spike that the fleet is made for calls nobody")
			}

			end := f.now
			for len(f.desired()) > r.least || len(f.tasks) > r.least {
				f.second()
				require.Less(t, f.now-end, 90*60, "the fleet does not shrink: %d tasks", len(f.desired()))
			}
			t.Logf("back to %d task after %s; %d jobs were given back by tasks that were stopped", r.least, clock(f.now-end), f.given)
			require.Empty(t, f.queue, "nothing is left")
			require.LessOrEqual(t, f.given, c.jobs/100, "draining lets nearly all jobs end")
			require.Empty(t, slices.DeleteFunc(slices.Clone(f.outs), func(m int) bool { return len(f.ins) == 0 || m <= f.ins[0] }), "it shrinks once, it does not swing")
		})
	}
}

func TestASteadyLoadFindsASteadyFleet(t *testing.T) {
	r := readRule(t)
	for _, perSecond := range []int{1, 4, 10} {
		f, takes := newFleet(r), mixed(uint64(perSecond))
		for range 4 * 3600 {
			f.add(perSecond, takes)
			f.second()
		}
		needed := float64(perSecond) * meanSeconds / float64(r.workers)
		t.Logf("%d jobs a second need %.1f tasks: %d run; grown %d times, shrunk %d times; the longest wait %s", perSecond, needed, len(f.desired()), len(f.outs), len(f.ins), clock(f.longest))
		require.GreaterOrEqual(t, float64(len(f.desired())), needed*0.9)
		require.LessOrEqual(t, float64(len(f.desired())), needed*2.5+1, "it pays for more than it needs")
		require.Less(t, f.longest, 10*60)
		require.Less(t, len(f.queue), 2*int(r.high.threshold)*len(f.desired()))
	}
}

func TestAWrongRuleIsSeen(t *testing.T) {
	slow := readRule(t)
	slow.out.steps = []step{{0, math.Inf(1), 5}}
	slow.out.cooldown = 600
	f := newFleet(slow)
	f.add(10_000, mixed(1))
	for range 3600 {
		f.second()
	}
	require.NotEmpty(t, f.queue, "one task more every ten minutes does not drain it")
	require.Greater(t, f.now-f.queue[0].since, slow.oldestAlarm, "and the alarm calls somebody")
}

// clock writes seconds as minutes and seconds.
func clock(seconds int) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) }
