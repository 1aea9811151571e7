package role

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// RunOptions is what a caller of Run may set. The zero value serves as a program does.
type RunOptions struct {
	Addr      string            // HOST:PORT to listen on
	Listening func(addr string) // called once with the address that was bound
	Signals   <-chan os.Signal  // nil = SIGINT and SIGTERM of the process
	Observe   func(Handled)     // called for each message handled; may be nil
}

// Handled is one message that a role has worked on.
type Handled struct {
	Role  string
	Topic job.Topic
	Took  time.Duration
	Err   error
}

// workShare is the part of the drain time after which handlers are told to stop; the rest is for giving their jobs back.
const workShare = 0.8

// Run runs roles until a signal. At the first one it is not ready any more and takes no new work; what is under way may end within the drain
// time, then its context ends too. A second signal, or the end of ctx, ends both at once.
func Run(ctx context.Context, d Deps, roles []Role, o RunOptions) error {
	accept, stopAccepting := context.WithCancel(ctx)
	defer stopAccepting()
	work, stopWork := context.WithCancel(ctx)
	defer stopWork()

	r := &runner{deps: d, roles: roles, options: o, prompt: make(chan struct{}, 1), bells: bellsOf(roles)}
	r.deps.Wrote = r.wrote
	server, err := r.listen(accept, work)
	if err != nil {
		return err
	}
	defer server.close()

	var running sync.WaitGroup
	r.start(accept, work, &running)
	server.ready(true)

	r.awaitSignals(work, func() { server.ready(false); stopAccepting() }, stopWork)
	server.shutdown(work)
	running.Wait()
	return nil
}

// runner is one call of Run.
type runner struct {
	deps    Deps
	roles   []Role
	options RunOptions
	prompt  chan struct{} // tells the relay that there is something
	bells   map[job.Topic]bell
}

// start starts what the roles do: consumers, loops, relay and heartbeat. running is done when all of them have ended.
func (r *runner) start(accept, work context.Context, running *sync.WaitGroup) {
	loops, actors := map[string]Loop{}, map[string]string{}
	for _, role := range r.roles {
		d := r.deps.As(role.Name)
		for _, h := range role.Handles {
			c := newConsumer(d, h)
			c.observe = r.options.Observe
			c.bell = r.bells[h.Topic]
			running.Go(func() { c.run(accept, work) })
		}
		for _, l := range role.Loops {
			loops[l.Name], actors[l.Name] = l, role.Name // on AWS a loop acts as its role, which relays what it writes
		}
	}
	if r.deps.Config.Backend != "aws" {
		for _, l := range Housekeeping() {
			loops[l.Name] = l
		}
		clear(actors)
	}
	for name, l := range loops {
		running.Go(func() { runLoop(accept, r.deps.As(cmp.Or(actors[name], "keeper")), l) })
	}
	if _, direct := r.deps.Store.(port.DirectSender); !direct {
		running.Go(func() { r.relay(accept, work) })
	}
	running.Go(func() { r.heartbeats(accept) })
}

// awaitSignals returns when the accept context has ended; the work context ends later, at drain time or with a second signal.
func (r *runner) awaitSignals(work context.Context, stopAccepting, stopWork func()) {
	signals := r.options.Signals
	release := func() {}
	if signals == nil {
		own := make(chan os.Signal, 2)
		signal.Notify(own, os.Interrupt, syscall.SIGTERM)
		release = func() { signal.Stop(own) }
		signals = own
	}
	select {
	case <-work.Done():
		stopAccepting()
		release()
		return
	case s := <-signals:
		r.deps.Log.Info().Str("signal", s.String()).Dur("drain", r.deps.Config.Drain).Msg("draining")
		stopAccepting()
	}
	go func() {
		defer release()
		timer := time.NewTimer(time.Duration(float64(r.deps.Config.Drain) * workShare))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-work.Done():
		case <-signals:
		}
		stopWork()
	}()
}

// wrote prompts the relay, or, where the store sends directly, wakes the consumers.
func (r *runner) wrote(topics []job.Topic) {
	if _, direct := r.deps.Store.(port.DirectSender); direct {
		r.wake(topics)
		return
	}
	select {
	case r.prompt <- struct{}{}:
	default:
	}
}

func (r *runner) wake(topics []job.Topic) {
	if r.deps.Wake == nil {
		return
	}
	for _, topic := range topics {
		r.deps.Wake(topic)
	}
}

// relayEvery is how often the relay looks without being prompted.
const relayEvery = 5 * time.Second

// relay publishes what these roles wrote: at once when prompted, and again and again for what a killed process left.
func (r *runner) relay(accept, work context.Context) {
	f := r.deps.As("relay").Flow()
	for {
		for _, role := range r.relayed() {
			n, err := f.Relay(work, role)
			if n > 0 {
				r.wake(job.Topics)
			}
			if err != nil && work.Err() == nil {
				r.deps.Log.Warn().Err(err).Str("role", role).Msg("relay")
			}
		}
		timer := time.NewTimer(relayEvery)
		select {
		case <-accept.Done():
			timer.Stop()
			return
		case <-r.prompt:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// relayed is whose rows this process relays: its own roles' on AWS, where each role may publish only its own; everybody's elsewhere.
func (r *runner) relayed() []string {
	if r.deps.Config.Backend != "aws" {
		return []string{""}
	}
	var names []string
	for _, role := range r.roles {
		names = append(names, role.Name)
	}
	return names
}

// Pick finds roles by their names; all of them where there are no names.
func Pick(all []Role, names []string) ([]Role, error) {
	if len(names) == 0 {
		return all, nil
	}
	var picked []Role
	for _, name := range names {
		i := slices.IndexFunc(all, func(r Role) bool { return r.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no role %q", name)
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// errNotReady is why /readyz says 503.
var errNotReady = errors.New("not ready")
