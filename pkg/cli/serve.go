package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/role/between"
	"gas/pkg/role/failpoint"
	"gas/pkg/telemetry"
	"gas/pkg/user"
	"gas/roles"
)

// ownerName is the local user whom the link that serve prints signs in.
const ownerName = "owner"

// signInPath is where a one-time link leads, before its token.
const signInPath = "/login/once?t="

func (a *app) serveCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "serve",
		Short: "run the service: all roles, or those of --role",
		Long:  "Runs the service until it is told to stop. The first signal lets work end, the second stops at once.\n\n" + rolesHelp(),
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			return a.serve(command.Context(), loaded.Config)
		},
	}
	config.Flags(command.Flags())
	command.Flags().VisitAll(hideAWS)
	_ = command.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roleNames(), cobra.ShellCompDirectiveNoFileComp))
	return command
}

func rolesHelp() string {
	var text strings.Builder
	text.WriteString("Roles:\n")
	for _, r := range roles.All() {
		fmt.Fprintf(&text, "  %-10s %s\n", r.Name, r.Does)
	}
	return text.String()
}

func roleNames() []string {
	var names []string
	for _, r := range roles.All() {
		names = append(names, r.Name)
	}
	return names
}

// serve opens the backend, prints where the service is, and runs the roles.
func (a *app) serve(ctx context.Context, c config.Config) (err error) {
	picked, err := role.Pick(roles.All(), c.Role)
	if err != nil {
		return usageError("%s; the roles are %s", err, strings.Join(roleNames(), ", "))
	}
	if errs := c.CheckServing(); len(errs) > 0 {
		return usageError("%s", errors.Join(errs...))
	}
	log, err := telemetry.Logger(a.err, c.LogLevel)
	if err != nil {
		return err
	}
	c.Addr = listenAddr(c, picked)
	ports, err := backend.Open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ports.Close()) }()

	a.release() // role.Run answers signals itself: the first one drains
	metrics := telemetry.NewMetrics(version)
	metrics.WatchQueues(ports.Queue)
	if c.MetricsAddr != "" {
		serving, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			if err := metrics.Serve(serving, c.MetricsAddr); err != nil {
				log.Error().Err(err).Msg("metrics")
			}
		}()
	}
	d, err := withFailpoints(deps(c, ports, log))
	if err != nil {
		return err
	}
	d.Metrics = metrics
	return role.Run(ctx, d, picked, role.RunOptions{
		Addr: c.Addr,
		Listening: func(addr string) {
			if err := a.greet(ctx, d, addr, servesPages(picked)); err != nil {
				log.Error().Err(err).Msg("make a sign-in link")
			}
		},
		Observe: func(h role.Handled) { metrics.Handled(h.Role, h.Topic, outcome(h.Err), h.Took) },
	})
}

// listenAddr is where a process listens: 127.0.0.1:8080, and without pages any free port of this machine.
func listenAddr(c config.Config, picked []role.Role) string {
	switch {
	case c.Addr != "":
		return c.Addr
	case servesPages(picked):
		return "127.0.0.1:8080"
	}
	return "127.0.0.1:0"
}

func servesPages(picked []role.Role) bool {
	return slices.ContainsFunc(picked, func(r role.Role) bool { return r.Serve != nil })
}

// greet prints the address, and on the local backend a link that signs its owner in once. The lines stand on their own, outside the log.
func (a *app) greet(ctx context.Context, d role.Deps, addr string, pages bool) error {
	fmt.Fprintf(a.err, "listening on %s\n", d.Config.URL(addr))
	if !pages || d.Config.Backend != "local" || !d.Config.LocalSigninOn() {
		return nil
	}
	owner, err := ensureUser(ctx, d.Store, d.Now(), ownerName, defaultPlan(ownerName))
	if err != nil {
		return err
	}
	token, err := port.NewLink(ctx, d.Records, d.Now(), owner.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.err, "sign in: %s%s%s\n", d.Config.URL(addr), signInPath, token)
	return nil
}

// outcome is a word for how a message ended.
func outcome(err error) string {
	var later role.Later
	var hopeless role.Hopeless
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &hopeless):
		return "buried"
	case errors.As(err, &later):
		return "later"
	}
	return "failed"
}

// deps gives the roles their ports and settings.
func deps(c config.Config, p *backend.Ports, log zerolog.Logger) role.Deps {
	return role.Deps{
		Config: c, Plans: plans(c), Log: log, Now: p.Now, Instance: p.Instance, Install: p.Install, Version: version,
		Store: p.Store, Records: p.Records, Inputs: p.Inputs, Results: p.Results, Parts: p.Parts, Bus: p.Bus, Queue: p.Queue, Webhooks: p.Webhooks,
		Vault: p.Vault, Mailer: p.Mailer, Payments: p.Payments, Identity: p.Identity,
		OwnerGone: p.OwnerGone, Wake: p.Wake, NewID: newID,
	}
}

// withFailpoints breaks the ports where a test wants it.
func withFailpoints(d role.Deps) (role.Deps, error) {
	if !d.Config.Test || d.Config.Failpoint == "" {
		return d, nil
	}
	points, err := failpoint.Parse(d.Config.Failpoint)
	if err != nil {
		return d, usageError("%s", err)
	}
	return between.Wrap(d, points), nil
}

// newID makes the id of a job. Ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// plans are the limits of each plan by the settings.
func plans(c config.Config) user.Plans {
	p := user.DefaultPlans()
	p.Free.Upload, p.Premium.Upload = c.FreeUploadLimit, c.PremiumUploadLimit
	p.Free.Running, p.Premium.Running = c.JobLimitRunning.Free, c.JobLimitRunning.Premium
	p.Free.Queued, p.Premium.Queued = c.JobLimitQueued.Free, c.JobLimitQueued.Premium
	p.Free.Window = c.FreeWindow
	return p
}

// hideAWS keeps the names of things on AWS out of the help; gas config view lists them.
func hideAWS(f *pflag.Flag) {
	for _, prefix := range []string{"bucket-", "table-", "topic-", "queue-results", "queue-job", "state-machine"} {
		f.Hidden = f.Hidden || strings.HasPrefix(f.Name, prefix)
	}
}
