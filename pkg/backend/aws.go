package backend

import (
	"context"

	"gas/config"
	"gas/pkg/fault"
)

// openAWS opens the AWS backend.
func openAWS(context.Context, config.Config) (*Ports, error) {
	return nil, fault.New(fault.Usage, "This build has no AWS backend.")
}
