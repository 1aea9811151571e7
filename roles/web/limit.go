package web

import (
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"gas/pkg/fault"
	"gas/pkg/port"
)

// limiter keeps a bucket for each key: as many requests at once as a minute allows, refilled evenly.
type limiter struct {
	perMinute int // 0 = no limit
	now       port.Clock
	mu        sync.Mutex
	buckets   map[string]*bucket
	swept     time.Time
}

type bucket struct {
	rate.Limiter
	used time.Time
}

func newLimiter(perMinute int, now port.Clock) *limiter {
	return &limiter{perMinute: perMinute, now: now, buckets: map[string]*bucket{}}
}

// take takes one from the bucket of a key, or says how long to wait.
func (l *limiter) take(key string) (wait time.Duration, ok bool) {
	if l.perMinute <= 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	b := l.buckets[key]
	if b == nil {
		b = &bucket{Limiter: *rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)}
		l.buckets[key] = b
	}
	b.used = now
	reservation := b.ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// sweep drops buckets that have been full again for long; without it every address ever seen would stay.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for key, b := range l.buckets {
		if now.Sub(b.used) > 2*time.Minute {
			delete(l.buckets, key)
		}
	}
}

// allow takes one from the bucket that a route counts against: the user's, or the address's where nobody is signed in.
func (s *site) allow(c echo.Context, r Route, w subject) error {
	var l *limiter
	key := "user " + w.user.ID
	switch r.Limit {
	case LimitLogin:
		l, key = s.login, ""
	case LimitUpload:
		l = s.upload
	case LimitAPI:
		l = s.requests
	default:
		return nil
	}
	if key == "" || !w.signedIn() {
		key = "address " + household(c.RealIP())
	}
	if wait, ok := l.take(key); !ok {
		return fault.New(fault.RateLimited, "Too many requests; the limit is %d a minute.", l.perMinute).After(wait)
	}
	return nil
}

// household is what an address counts as: itself, or its network of 64 bits, which at IPv6 is what one customer has at least.
func household(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
