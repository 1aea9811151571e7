package user

import "time"

// Limits is what a plan allows. Sizes are in bytes.
type Limits struct {
	Upload       int64         // largest upload
	Decompressed int64         // most bytes that an upload may inflate to
	Line         int64         // longest line of an input
	Running      int           // jobs that run at once
	Queued       int           // jobs that wait at once
	Window       time.Duration // how long a result can be read; 0 = for ever
}

// Plans holds the limits of each plan, filled from the configuration.
type Plans struct {
	Free    Limits
	Premium Limits
}

// DefaultPlans are the limits where the configuration says nothing.
func DefaultPlans() Plans {
	return Plans{
		Free:    Limits{Upload: 150 << 10, Decompressed: 64 << 20, Line: 16 << 20, Running: 1, Queued: 10, Window: 5 * time.Minute},
		Premium: Limits{Upload: 5 << 30, Decompressed: 500 << 30, Line: 256 << 20, Running: 4, Queued: 1000},
	}
}

// Of returns the limits of a plan; an unknown plan gets those of Free.
func (p Plans) Of(plan Plan) Limits {
	if plan == Premium {
		return p.Premium
	}
	return p.Free
}
