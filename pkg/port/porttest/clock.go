package porttest

import (
	"sync"
	"time"
)

// Clock is a clock that a test moves.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock starts at the machine's time, so that what looks at the machine's clock too agrees roughly.
func NewClock() *Clock { return &Clock{at: time.Now().UTC().Truncate(time.Microsecond)} }

// Now tells the time: a port.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves it.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}
