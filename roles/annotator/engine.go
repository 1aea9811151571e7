package annotator

import (
	"context"

	"gas/pkg/fault"
)

// Annotate runs our own engine.
func Annotate(ctx context.Context, o Order) (Made, error) {
	return Made{}, fault.New(fault.Unavailable, "The engine is not built in yet.")
}
