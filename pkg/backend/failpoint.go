package backend

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// FailpointNames are the steps at which a test may stop the program: before or after an effect on a port.
var FailpointNames = []string{
	"store.create.before", "store.create.after", "store.update.before", "store.update.after", "store.user.before", "store.user.after",
	"inputs.put.before", "inputs.put.after", "inputs.delete.before", "inputs.delete.after",
	"results.put.before", "results.put.after", "results.delete.before", "results.delete.after",
	"vault.store.before", "vault.store.after", "vault.delete.before", "vault.delete.after",
	"queue.ack.before", "queue.ack.after", "mail.send.before", "mail.send.after",
}

// failpointSleep is how long the action sleep takes.
const failpointSleep = 10 * time.Second

var errFailpoint = errors.New("a failpoint was reached")

// failpoint crashes, breaks or delays the n-th reach of one step: GAS_FAILPOINT=results.put.after:crash@2.
type failpoint struct {
	name   string
	action string // crash, err or sleep
	n      int64  // from 1
	calls  atomic.Int64
}

func parseFailpoint(text string) (*failpoint, error) {
	name, rest, _ := strings.Cut(text, ":")
	action, count, counted := strings.Cut(rest, "@")
	n := int64(1)
	var err error
	if counted {
		n, err = strconv.ParseInt(count, 10, 64)
	}
	if err != nil || n < 1 || !slices.Contains([]string{"crash", "err", "sleep"}, action) || !slices.Contains(FailpointNames, name) {
		return nil, fault.New(fault.Usage, "The failpoint %q is not NAME:crash|err|sleep@N.", text).WithHint("The names are %s.", strings.Join(FailpointNames, ", "))
	}
	return &failpoint{name: name, action: action, n: n}, nil
}

// reach is called at a step.
func (f *failpoint) reach(ctx context.Context, name string) error {
	if f.name != name || f.calls.Add(1) != f.n {
		return nil
	}
	switch f.action {
	case "crash":
		die()
	case "err":
		return errFailpoint
	}
	select {
	case <-time.After(failpointSleep):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// die ends the process as kill -9 does: nothing is flushed, nothing is released.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // the kill may take a moment
}

// around runs an effect between its two steps.
func around[T any](ctx context.Context, f *failpoint, name string, effect func() (T, error)) (T, error) {
	if err := f.reach(ctx, name+".before"); err != nil {
		var none T
		return none, err
	}
	value, err := effect()
	if err != nil {
		return value, err
	}
	return value, f.reach(ctx, name+".after")
}

// only makes an effect without a value one with an empty value.
func only(effect func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, effect() }
}

// plant puts the failpoint between the roles and the ports. What else an adapter brings is kept.
func (p *Ports) plant(f *failpoint) {
	p.Store = plantStore(p.Store, f)
	p.Inputs = plantBlobs(p.Inputs, "inputs", f)
	p.Results = plantBlobs(p.Results, "results", f)
	p.Queue = failingQueue{p.Queue, f}
	if p.Vault != nil {
		vault := failingVault{p.Vault, f}
		p.Vault = vault
		if installed, ok := vault.Vault.(port.Installed); ok {
			p.Vault = struct {
				failingVault
				port.Installed
			}{vault, installed}
		}
	}
	if p.Mailer != nil {
		mailer := failingMailer{p.Mailer, f}
		p.Mailer = mailer
		if inbox, ok := mailer.Mailer.(port.Inbox); ok {
			p.Mailer = struct {
				failingMailer
				port.Inbox
			}{mailer, inbox}
		}
	}
}

func plantStore(store port.Store, f *failpoint) port.Store {
	failing := failingStore{store, f}
	installed, has := store.(port.Installed)
	direct, sends := store.(port.DirectSender)
	switch {
	case has && sends:
		return struct {
			failingStore
			port.Installed
			port.DirectSender
		}{failing, installed, direct}
	case has:
		return struct {
			failingStore
			port.Installed
		}{failing, installed}
	}
	return failing
}

func plantBlobs(blobs port.Blobs, name string, f *failpoint) port.Blobs {
	failing := failingBlobs{blobs, name, f}
	installed, has := blobs.(port.Installed)
	forms, serves := blobs.(port.FormHandler)
	switch {
	case has && serves:
		return struct {
			failingBlobs
			port.Installed
			port.FormHandler
		}{failing, installed, forms}
	case has:
		return struct {
			failingBlobs
			port.Installed
		}{failing, installed}
	}
	return failing
}

type failingStore struct {
	port.Store
	f *failpoint
}

func (s failingStore) CreateJob(ctx context.Context, userID string, fn func(*port.Change) error) (job.Job, error) {
	return around(ctx, s.f, "store.create", func() (job.Job, error) { return s.Store.CreateJob(ctx, userID, fn) })
}

func (s failingStore) UpdateJob(ctx context.Context, jobID string, fn func(*port.Change) error) (job.Job, error) {
	return around(ctx, s.f, "store.update", func() (job.Job, error) { return s.Store.UpdateJob(ctx, jobID, fn) })
}

func (s failingStore) UpdateUser(ctx context.Context, userID string, fn func(*port.Change) error) (user.User, error) {
	return around(ctx, s.f, "store.user", func() (user.User, error) { return s.Store.UpdateUser(ctx, userID, fn) })
}

type failingBlobs struct {
	port.Blobs
	name string
	f    *failpoint
}

func (b failingBlobs) Put(ctx context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	return around(ctx, b.f, b.name+".put", func() (port.BlobInfo, error) { return b.Blobs.Put(ctx, key, r, p) })
}

func (b failingBlobs) Delete(ctx context.Context, key string) error {
	_, err := around(ctx, b.f, b.name+".delete", only(func() error { return b.Blobs.Delete(ctx, key) }))
	return err
}

type failingVault struct {
	port.Vault
	f *failpoint
}

func (v failingVault) Store(ctx context.Context, item port.VaultItem, r io.Reader) (string, error) {
	return around(ctx, v.f, "vault.store", func() (string, error) { return v.Vault.Store(ctx, item, r) })
}

func (v failingVault) Delete(ctx context.Context, ref string) error {
	_, err := around(ctx, v.f, "vault.delete", only(func() error { return v.Vault.Delete(ctx, ref) }))
	return err
}

type failingQueue struct {
	port.Queue
	f *failpoint
}

func (q failingQueue) Ack(ctx context.Context, d port.Delivery) error {
	_, err := around(ctx, q.f, "queue.ack", only(func() error { return q.Queue.Ack(ctx, d) }))
	return err
}

type failingMailer struct {
	port.Mailer
	f *failpoint
}

func (m failingMailer) Send(ctx context.Context, mail port.Mail) error {
	_, err := around(ctx, m.f, "mail.send", only(func() error { return m.Mailer.Send(ctx, mail) }))
	return err
}
