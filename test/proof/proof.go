package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gas/pkg/role/failpoint"
)

// options say how much is proved.
type options struct {
	bin     string
	dir     string
	cycles  int
	jobs    int
	largest int // bytes of an input
	six     bool
	every   bool
	seed    uint64
}

// person is somebody who submits.
type person struct {
	name  string
	token string
	mu    sync.Mutex
	plan  string
}

// proof is one run: the data folder, the processes on it, and what is known from outside.
type proof struct {
	options
	data      string
	addr      string
	rng       *rand.Rand
	inputs    []input
	people    []*person
	client    *client
	procs     map[string]*process // by role; "" = all roles
	mu        sync.Mutex
	accepted  map[string]submission // by job
	hits      map[string]int        // by failpoint
	tries     map[string]int
	cycled    int
	submitted atomic.Int64
	hurry     chan struct{}  // closed when the deaths are over: what is left is submitted without pauses
	hands     sync.WaitGroup // that submit, delete and change plans
	kills     int
	deleted   int
	ahead     time.Duration // of the processes' clocks
	report    report
}

// submission is a job that was accepted.
type submission struct {
	who   *person
	input int
}

// report is what is printed.
type report struct {
	Accepted, Completed, Poisoned, Deleted                int
	Lost, Different, Stuck, Orphans, Findings, OtherFails int
	Refused, Kills, Restarts                              int
	LongestDrain                                          time.Duration
	Storm, Calm                                           time.Duration
	details                                               []string
}

func prove(ctx context.Context, o options) (*proof, error) {
	data, err := os.MkdirTemp(o.dir, "gas-proof-")
	if err != nil {
		return nil, err
	}
	p := &proof{options: o, data: data, rng: rand.New(rand.NewPCG(o.seed, 1)), procs: map[string]*process{}, accepted: map[string]submission{}, hits: map[string]int{}, tries: map[string]int{}, hurry: make(chan struct{})}
	defer func() {
		p.killAll()
		if err == nil {
			_ = os.RemoveAll(data)
		}
	}()
	if p.addr, err = freeAddr(); err != nil {
		return p, err
	}
	p.client = newClient("http://" + p.addr)
	if p.inputs, err = makeInputs(p.rng, o.largest); err != nil {
		return p, err
	}
	for _, step := range []func(context.Context) error{p.invite, p.storm, p.calm, p.compare, p.tidy, p.fsck} {
		if err = step(ctx); err != nil {
			err = fmt.Errorf("%w; the data folder is kept: %s", err, data)
			return p, err
		}
	}
	if err = p.verdict(); err != nil {
		err = fmt.Errorf("%w; the data folder is kept: %s", err, data)
	}
	return p, err
}

// invite makes the people.
func (p *proof) invite(ctx context.Context) error {
	for i := range 6 {
		who := &person{name: fmt.Sprintf("p%d", i), plan: "free_user"}
		if i%2 == 1 {
			who.plan = "premium_user"
		}
		out, err := p.gas(ctx, "token", "create", "--user", who.name, "--plan", who.plan)
		if err != nil {
			return err
		}
		who.token = strings.TrimSpace(out)
		p.people = append(p.people, who)
	}
	return nil
}

// storm submits and changes plans while processes die.
func (p *proof) storm(ctx context.Context) error {
	begun := time.Now()
	defer func() { p.report.Storm = time.Since(begun) }()
	if err := p.startAll(""); err != nil {
		return err
	}
	over, end := context.WithCancel(ctx)
	defer end()
	for worker := range 4 {
		p.hands.Go(func() { p.submitting(over, worker) })
	}
	p.hands.Go(func() { p.changingPlans(over) })
	for cycle := range p.cycles {
		if ctx.Err() != nil {
			break
		}
		if err := p.cycle(over, cycle); err != nil {
			return fmt.Errorf("cycle %d: %w", cycle, err)
		}
	}
	err := p.submitRest(ctx)
	end()
	p.hands.Wait()
	return err
}

// cycle ends one process and starts it again: at a failpoint, at any moment, or, each fifth time, by asking it to stop.
func (p *proof) cycle(ctx context.Context, cycle int) error {
	p.cycled++
	switch {
	case cycle%5 == 4:
		return p.restart(ctx, p.names()[p.rng.IntN(len(p.names()))])
	case cycle%5 == 3:
		return p.killAtAnyMoment(ctx, p.names()[p.rng.IntN(len(p.names()))])
	}
	return p.killAt(ctx, p.rarest())
}

// rarest is one of the failpoints that were hit the least, and of those the one that was tried the least.
func (p *proof) rarest() string {
	names := failpoint.Names()
	p.rng.Shuffle(len(names), func(a, b int) { names[a], names[b] = names[b], names[a] })
	slices.SortStableFunc(names, func(a, b string) int {
		if p.hits[a] != p.hits[b] {
			return p.hits[a] - p.hits[b]
		}
		return p.tries[a] - p.tries[b]
	})
	p.tries[names[0]]++
	return names[0]
}

const (
	hitWithin = 5 * time.Second // that a failpoint is waited for
	moment    = 1500 * time.Millisecond
)

// killAt lets a failpoint kill a process. What the sweeper reaches is set in all processes: any of them may hold its lease.
func (p *proof) killAt(ctx context.Context, name string) error {
	victims := []string{p.victim(name)}
	if p.six && bySweeper(name) {
		victims = p.names()
	}
	died := make(chan string, len(victims))
	setting := fmt.Sprintf("%s:crash@%d", name, 1+p.rng.IntN(2))
	for _, victim := range victims {
		p.stop(victim)
	}
	for _, victim := range victims {
		if err := p.start(victim, setting); err != nil {
			return err
		}
		ended := p.procs[victim].ended
		go func() { <-ended; died <- victim }()
	}
	p.provoke(ctx, name)
	select {
	case <-ctx.Done():
	case victim := <-died:
		if !p.procs[victim].killed() {
			return fmt.Errorf("the process %q ended by itself instead of at the failpoint %s: %v", victim, name, p.procs[victim].command.ProcessState)
		}
		p.hits[name]++
	case <-time.After(hitWithin):
	}
	for _, victim := range victims {
		p.stop(victim)
		p.kills++
		if err := p.start(victim, ""); err != nil {
			return err
		}
	}
	return nil
}

// bySweeper tells whether the sweeper reaches a failpoint.
func bySweeper(name string) bool {
	step, _, _ := strings.Cut(name, ".")
	return step == "purge" || step == "remind" || strings.HasPrefix(name, "inputs.Delete.")
}

// provoke lets somebody do what leads to a failpoint that is seldom reached otherwise.
func (p *proof) provoke(ctx context.Context, name string) {
	rng := rand.New(rand.NewPCG(p.seed, uint64(p.cycled)))
	switch {
	case strings.HasPrefix(name, "delete."), strings.HasPrefix(name, "purge."), strings.HasPrefix(name, "inputs.Delete."):
		p.hands.Go(func() { p.deleteOne(ctx, rng); p.deleteOne(ctx, rng) })
	case strings.HasPrefix(name, "thaw."), strings.HasPrefix(name, "asked."), strings.HasPrefix(name, "vault.Thaw."), strings.HasPrefix(name, "vault.Delete."), strings.HasPrefix(name, "store.UpdateUser."), strings.HasPrefix(name, "rest."):
		p.hands.Go(func() { p.turnPlan(ctx, rng); p.turnPlan(ctx, rng) })
	case strings.HasPrefix(name, "fail."):
		p.hands.Go(func() { p.submitOne(ctx, bad, rng); p.submitOne(ctx, bad, rng) })
	}
}

// killAtAnyMoment kills a process wherever it is.
func (p *proof) killAtAnyMoment(ctx context.Context, victim string) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(p.rng.Int64N(int64(moment)))):
	}
	p.stop(victim)
	p.kills++
	return p.start(victim, "")
}

// restart asks a process to stop, as a new version of the program would, and measures how long that takes.
func (p *proof) restart(ctx context.Context, victim string) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(p.rng.Int64N(int64(moment)))):
	}
	begun := time.Now()
	_ = p.procs[victim].command.Process.Signal(syscall.SIGTERM)
	<-p.procs[victim].ended
	p.report.Restarts++
	p.report.LongestDrain = max(p.report.LongestDrain, time.Since(begun))
	return p.start(victim, "")
}

// victim is the process that reaches a failpoint.
func (p *proof) victim(name string) string {
	if !p.six {
		return ""
	}
	for step, role := range map[string]string{
		"intend": "web", "submit": "web", "inputs.Put": "web", "delete": "web", "claim": "annotator", "take-over": "annotator", "complete": "annotator", "fail": "annotator",
		"results.Put": "annotator", "archive": "archive", "archived": "archive", "vault.Store": "archive", "results.Delete": "archive", "rest": "archive",
		"thaw": "thaw", "asked": "thaw", "vault.Thaw": "thaw", "restored": "restore", "vault.Delete": "restore", "mailer.Send": "notify", "store.UpdateNotice": "notify",
	} {
		if strings.HasPrefix(name, step+".") {
			return role
		}
	}
	return roles[p.rng.IntN(len(roles))]
}

// gas runs one command on the data folder.
func (p *proof) gas(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, p.bin, args...)
	command.Env = p.environment("")
	var errs strings.Builder
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		return string(out), fmt.Errorf("gas %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out), nil
}

// drainWithin is how long a process may take to stop.
const drainWithin = 25 * time.Second

// verdict says whether everything holds.
func (p *proof) verdict() error {
	r := p.report
	if r.LongestDrain > drainWithin {
		return fmt.Errorf("a process took %s to stop", r.LongestDrain)
	}
	if bad := r.Lost + r.Different + r.Stuck + r.Orphans + r.Findings + r.OtherFails; bad > 0 {
		return fmt.Errorf("%d things do not hold", bad)
	}
	if missed := p.missed(); p.every && len(missed) > 0 {
		return fmt.Errorf("%d failpoints were never hit: %s", len(missed), strings.Join(missed, " "))
	}
	return nil
}

func (p *proof) missed() []string {
	var missed []string
	for _, name := range failpoint.Names() {
		if p.hits[name] == 0 {
			missed = append(missed, name)
		}
	}
	return missed
}

// print tells every figure.
func (p *proof) print(w io.Writer) {
	r := p.report
	fmt.Fprintf(w, "processes killed  %d, %d of them at a failpoint\n", p.kills, sum(p.hits))
	fmt.Fprintf(w, "rolling restarts  %d, the longest took %s\n", r.Restarts, r.LongestDrain.Round(10*time.Millisecond))
	fmt.Fprintf(w, "jobs accepted     %d: %d completed, %d refused for their input, %d poison; %d deleted\n", r.Accepted, r.Completed, r.Refused, r.Poisoned, r.Deleted)
	fmt.Fprintf(w, "lost %d, different %d, stuck %d, failed otherwise %d, orphans %d, other findings of fsck %d\n", r.Lost, r.Different, r.Stuck, r.OtherFails, r.Orphans, r.Findings)
	fmt.Fprintf(w, "storm %s, calm %s\n", r.Storm.Round(time.Second), r.Calm.Round(time.Second))
	for _, name := range slices.Sorted(slices.Values(failpoint.Names())) {
		fmt.Fprintf(w, "  %-28s %d\n", name, p.hits[name])
	}
	for _, line := range r.details[:min(len(r.details), 20)] {
		fmt.Fprintln(w, line)
	}
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// log is where a process writes.
func (p *proof) log(role string) (*os.File, error) {
	return os.OpenFile(filepath.Join(p.data, "proof-"+role+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
