package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// onBackend makes the body of a command that works on the data itself, beside running servers: it loads the settings, opens the ports, and closes them.
func (a *app) onBackend(command *cobra.Command, do func(ctx context.Context, c config.Config, p *backend.Ports) error) error {
	loaded, err := a.load(command)
	if err != nil {
		return err
	}
	ports, err := backend.Open(command.Context(), loaded.Config)
	if err != nil {
		return err
	}
	err = do(command.Context(), loaded.Config, ports)
	if _, direct := ports.Store.(port.DirectSender); err == nil && !direct {
		err = relayOwn(command.Context(), deps(loaded.Config, ports, zerolog.Nop()))
	}
	return errors.Join(err, ports.Close())
}

// relayOwn sends the messages that commands have written: no server does, each role sends only its own.
func relayOwn(ctx context.Context, d role.Deps) error {
	if _, err := d.Flow().Relay(ctx, "operator"); err != nil {
		return fmt.Errorf("send messages: %w", err)
	}
	return nil
}

// settingsFlags gives a command a flag for each setting; the help shows only those that matter to it, and where the data is.
func settingsFlags(command *cobra.Command, shown ...string) {
	shown = append(shown, "data", "backend")
	known := map[string]bool{}
	command.Flags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
	config.Flags(command.Flags())
	command.Flags().VisitAll(func(f *pflag.Flag) {
		f.Hidden = f.Hidden || !known[f.Name] && !slices.Contains(shown, f.Name)
	})
}

// findUser takes a user's id, or the name of a local user.
func findUser(ctx context.Context, store port.Store, who string) (user.User, error) {
	u, err := store.User(ctx, who)
	if errors.Is(err, port.ErrNotFound) {
		u, err = store.User(ctx, user.ID(user.Local, who))
	}
	if errors.Is(err, port.ErrNotFound) || err == nil && u.Deleted {
		return u, fault.New(fault.NotFound, "There is no user %s.", who)
	}
	return u, err
}

// ensureUser finds a user, or makes the local user of this name with the plan.
func ensureUser(ctx context.Context, store port.Store, now time.Time, who string, plan user.Plan) (user.User, error) {
	u, err := findUser(ctx, store, who)
	if !fault.Is(err, fault.NotFound) {
		return u, err
	}
	u = user.User{
		ID: user.ID(user.Local, who), Issuer: user.Local, Subject: who, Name: who, Plan: plan, FreeSince: now, Created: now, Updated: now,
	}
	err = store.CreateUser(ctx, u)
	if errors.Is(err, port.ErrExists) { // somebody else made it meanwhile
		return findUser(ctx, store, who)
	}
	return u, err
}

// defaultPlan is the plan of a local user who is made and for whom nothing else was said: the owner of a laptop's service is premium,
// because his own machine must not hide his results from him.
func defaultPlan(who string) user.Plan {
	if who == ownerName {
		return user.Premium
	}
	return user.Free
}

// planOf reads the flag --plan; empty means the default.
func planOf(who, flag string) (user.Plan, error) {
	if flag == "" {
		return defaultPlan(who), nil
	}
	if !user.Plan(flag).Valid() {
		return "", usageError("There is no plan %q; it is free_user or premium_user.", flag)
	}
	return user.Plan(flag), nil
}
