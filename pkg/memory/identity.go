package memory

import (
	"context"

	"gas/pkg/port"
)

// identity offers no provider: people of this world sign in by one-time links.
type identity struct{}

func (identity) Providers() []port.Provider { return nil }

func (identity) Begin(context.Context, string, string) (port.Login, string, error) {
	return port.Login{}, "", port.ErrNotFound
}

func (identity) Finish(context.Context, port.Login, map[string]string) (port.Claims, string, error) {
	return port.Claims{}, "", port.ErrForged
}

func (identity) SignOut(context.Context, string, string, string) string { return "" }
