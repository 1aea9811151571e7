package backend

import (
	"context"

	"gas/config"
	"gas/pkg/fault"
)

func openLocal(context.Context, config.Config) (*Ports, error) {
	return nil, fault.New(fault.Usage, "This build has no local backend.")
}
