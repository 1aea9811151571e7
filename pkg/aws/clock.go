package aws

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// serverClock knows the clock of a service from the Date of its answers. A Date says a second, so what is known of the difference between the
// two clocks is an interval; each answer narrows it. While our clock may be right it is taken for right, else it is moved by as little as is needed.
type serverClock struct {
	now func() time.Time

	mu        sync.Mutex
	low, high time.Duration // the service's clock is ahead of ours by at least low and less than high
	begun     time.Time     // of our clock: when this interval was begun
	heard     time.Time     // when the last answer came
}

// forget is how long an interval is narrowed before it is begun anew: clocks drift.
const forget = time.Minute

// learn takes the Date of an answer to what was sent at and received at times of our clock.
func (c *serverClock) learn(date, sent, received time.Time) {
	low, high := date.Sub(received), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = received
	if !c.begun.IsZero() && received.Sub(c.begun) < forget && max(low, c.low) <= min(high, c.high) {
		c.low, c.high = max(low, c.low), min(high, c.high)
		return
	}
	c.low, c.high, c.begun = low, high, received
}

// read tells the service's time and how long ago it was heard last.
func (c *serverClock) read() (at time.Time, ago time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at = c.now()
	return at.Add(max(c.low, min(0, c.high))).UTC().Round(0), at.Sub(c.heard)
}

// listen adds a step to a client's calls that learns from each answer.
func (c *serverClock) listen(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("ServerClock",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			sent := c.now()
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if response, is := out.RawResponse.(*smithyhttp.Response); is {
				if date, wrong := http.ParseTime(response.Header.Get("Date")); wrong == nil {
					c.learn(date, sent, c.now())
				}
			}
			return out, metadata, err
		}), middleware.After)
}
