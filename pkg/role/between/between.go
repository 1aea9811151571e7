// Package between stands between a role and its ports: a hook sees every call, and may delay it, fail it before or after it was done, or bend what
// is read. Failpoints, the simulation and the tests that fail the n-th call are hooks. What an adapter offers beside its port it still offers.
package between

import (
	"context"
	"io"
	"time"

	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// Hook sees the calls.
type Hook interface {
	// Call makes the call by calling do, or not. The name is the port, the method and, for some, the key: "results.Delete results/1/j1/1-1/x".
	Call(ctx context.Context, name string, do func() error) error
	// Stream may change what a reader gives.
	Stream(name string, r io.ReadCloser) io.ReadCloser
}

// Wrap returns the dependencies with a hook before every port that a worker uses.
func Wrap(d role.Deps, h Hook) role.Deps {
	d.Store, d.Records = wrapStore(d.Store, h), &records{d.Records, h}
	d.Inputs, d.Results = wrapBlobs(d.Inputs, h, "inputs"), wrapBlobs(d.Results, h, "results")
	d.Bus, d.Queue = &bus{d.Bus, h}, &queue{d.Queue, h}
	d.Vault, d.Mailer, d.Payments = &vault{d.Vault, h}, wrapMailer(d.Mailer, h), wrapPayments(d.Payments, h)
	return d
}

// The names under which what an adapter brings beside its port is embedded: a field called Inbox would hide the method of that name.
type (
	directly = port.DirectSender
	forms    = port.FormHandler
	letters  = port.Inbox
	counter  = port.LocalCheckout
)

func wrapStore(s port.Store, h Hook) port.Store {
	wrapped := &store{s, h}
	if direct, ok := s.(port.DirectSender); ok {
		return struct {
			*store
			directly
		}{wrapped, direct}
	}
	return wrapped
}

func wrapBlobs(b port.Blobs, h Hook, name string) port.Blobs {
	wrapped := &blobs{b, h, name}
	if handler, ok := b.(port.FormHandler); ok {
		return struct {
			*blobs
			forms
		}{wrapped, handler}
	}
	return wrapped
}

func wrapMailer(m port.Mailer, h Hook) port.Mailer {
	if m == nil {
		return nil
	}
	wrapped := &mailer{m, h}
	if inbox, ok := m.(port.Inbox); ok {
		return struct {
			*mailer
			letters
		}{wrapped, inbox}
	}
	return wrapped
}

func wrapPayments(p port.Payments, h Hook) port.Payments {
	if p == nil {
		return nil // an installation that takes no payments
	}
	wrapped := &payments{p, h}
	if checkout, ok := p.(port.LocalCheckout); ok {
		return struct {
			*payments
			counter
		}{wrapped, checkout}
	}
	return wrapped
}

// do makes a call that gives a value.
func do[T any](ctx context.Context, h Hook, name string, fn func() (T, error)) (T, error) {
	var value T
	err := h.Call(ctx, name, func() (err error) {
		value, err = fn()
		return err
	})
	return value, err
}

// run makes a call that gives nothing but an error.
func run(ctx context.Context, h Hook, name string, fn func() error) error {
	return h.Call(ctx, name, fn)
}

// ---- Store: what the flow uses of it; the rest goes through without a fault.

type store struct {
	port.Store
	h Hook
}

func (s *store) CreateJob(ctx context.Context, userID string, fn func(*port.Change) error) (job.Job, error) {
	return do(ctx, s.h, "store.UpdateJob "+string(job.StepIntend), func() (job.Job, error) { return s.Store.CreateJob(ctx, userID, fn) })
}

func (s *store) UpdateJob(ctx context.Context, id string, fn func(*port.Change) error) (job.Job, error) {
	return do(ctx, s.h, "store.UpdateJob "+string(flow.StepOf(ctx)), func() (job.Job, error) { return s.Store.UpdateJob(ctx, id, fn) })
}

func (s *store) Job(ctx context.Context, id string) (job.Job, error) {
	return do(ctx, s.h, "store.Job", func() (job.Job, error) { return s.Store.Job(ctx, id) })
}

func (s *store) JobsOf(ctx context.Context, id string, q port.JobQuery) (port.JobPage, error) {
	return do(ctx, s.h, "store.JobsOf", func() (port.JobPage, error) { return s.Store.JobsOf(ctx, id, q) })
}

func (s *store) UpdateUser(ctx context.Context, id string, fn func(*port.Change) error) (user.User, error) {
	return do(ctx, s.h, "store.UpdateUser", func() (user.User, error) { return s.Store.UpdateUser(ctx, id, fn) })
}

func (s *store) User(ctx context.Context, id string) (user.User, error) {
	return do(ctx, s.h, "store.User", func() (user.User, error) { return s.Store.User(ctx, id) })
}

func (s *store) Unsent(ctx context.Context, role string, limit int) ([]job.Message, error) {
	return do(ctx, s.h, "store.Unsent", func() ([]job.Message, error) { return s.Store.Unsent(ctx, role, limit) })
}

func (s *store) MarkSent(ctx context.Context, ids []string) error {
	return run(ctx, s.h, "store.MarkSent", func() error { return s.Store.MarkSent(ctx, ids) })
}

func (s *store) Notices(ctx context.Context, id string) ([]job.Notice, error) {
	return do(ctx, s.h, "store.Notices", func() ([]job.Notice, error) { return s.Store.Notices(ctx, id) })
}

func (s *store) UpdateNotice(ctx context.Context, id, kind string, attempt int, fn func(*job.Notice) error) (job.Notice, error) {
	return do(ctx, s.h, "store.UpdateNotice", func() (job.Notice, error) { return s.Store.UpdateNotice(ctx, id, kind, attempt, fn) })
}

// Installation tells of whose installation the store is; an error where it does not know.
func (s *store) Installation(ctx context.Context) (port.Installation, error) {
	return installation(ctx, s.Store)
}

// ---- Records

type records struct {
	port.Records
	h Hook
}

func (r *records) Get(ctx context.Context, kind, id string) (port.Record, error) {
	return do(ctx, r.h, "records.Get", func() (port.Record, error) { return r.Records.Get(ctx, kind, id) })
}

// ---- Blobs

type blobs struct {
	port.Blobs
	h    Hook
	name string
}

func (b *blobs) Put(ctx context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	return do(ctx, b.h, b.name+".Put "+key, func() (port.BlobInfo, error) { return b.Blobs.Put(ctx, key, r, p) })
}

func (b *blobs) Open(ctx context.Context, key, version string, part port.Range) (io.ReadCloser, port.BlobInfo, error) {
	var info port.BlobInfo
	r, err := stream(ctx, b.h, b.name+".Open "+key, func() (io.ReadCloser, error) {
		r, i, err := b.Blobs.Open(ctx, key, version, part)
		info = i
		return r, err
	})
	return r, info, err
}

func (b *blobs) Stat(ctx context.Context, key string) (port.BlobInfo, error) {
	return do(ctx, b.h, b.name+".Stat", func() (port.BlobInfo, error) { return b.Blobs.Stat(ctx, key) })
}

func (b *blobs) Copy(ctx context.Context, from, version, to string) (port.BlobInfo, error) {
	return do(ctx, b.h, b.name+".Copy", func() (port.BlobInfo, error) { return b.Blobs.Copy(ctx, from, version, to) })
}

func (b *blobs) Delete(ctx context.Context, key string) error {
	return run(ctx, b.h, b.name+".Delete "+key, func() error {
		return b.Blobs.Delete(ctx, key)
	})
}

func (b *blobs) List(ctx context.Context, prefix, cursor string, limit int) ([]port.BlobInfo, string, error) {
	var next string
	items, err := do(ctx, b.h, b.name+".List", func() ([]port.BlobInfo, error) {
		items, n, err := b.Blobs.List(ctx, prefix, cursor, limit)
		next = n
		return items, err
	})
	return items, next, err
}

// Installation tells of whose installation the blobs are; an error where they do not know.
func (b *blobs) Installation(ctx context.Context) (port.Installation, error) {
	return installation(ctx, b.Blobs)
}

// stream opens a reader that the hook may change.
func stream(ctx context.Context, h Hook, name string, open func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	r, err := do(ctx, h, name, open)
	if err != nil {
		return nil, err
	}
	return h.Stream(name, r), nil
}

// ---- Bus and queue

type bus struct {
	port.Bus
	h Hook
}

func (b *bus) Publish(ctx context.Context, m job.Message) error {
	return run(ctx, b.h, "bus.Publish "+m.ID, func() error { return b.Bus.Publish(ctx, m) })
}

func (b *bus) PublishAt(ctx context.Context, m job.Message, at time.Time, key string) error {
	return run(ctx, b.h, "bus.PublishAt "+key, func() error { return b.Bus.PublishAt(ctx, m, at, key) })
}

type queue struct {
	port.Queue
	h Hook
}

func (q *queue) Ack(ctx context.Context, d port.Delivery) error {
	return run(ctx, q.h, "queue.Ack "+d.Message.ID, func() error {
		return q.Queue.Ack(ctx, d)
	})
}

func (q *queue) Extend(ctx context.Context, d port.Delivery, visibility time.Duration) error {
	return run(ctx, q.h, "queue.Extend", func() error { return q.Queue.Extend(ctx, d, visibility) })
}

func (q *queue) Release(ctx context.Context, d port.Delivery, delay time.Duration, uncounted bool) error {
	return run(ctx, q.h, "queue.Release", func() error { return q.Queue.Release(ctx, d, delay, uncounted) })
}

func (q *queue) Bury(ctx context.Context, d port.Delivery, reason string) error {
	return run(ctx, q.h, "queue.Bury", func() error { return q.Queue.Bury(ctx, d, reason) })
}

// ---- Vault

type vault struct {
	port.Vault
	h Hook
}

func (v *vault) Store(ctx context.Context, item port.VaultItem, r io.Reader) (string, error) {
	return do(ctx, v.h, "vault.Store "+item.Key, func() (string, error) { return v.Vault.Store(ctx, item, r) })
}

func (v *vault) Thaw(ctx context.Context, ref, tier string) (job.Retrieval, error) {
	return do(ctx, v.h, "vault.Thaw "+tier, func() (job.Retrieval, error) {
		return v.Vault.Thaw(ctx, ref, tier)
	})
}

func (v *vault) State(ctx context.Context, ref string) (port.VaultState, error) {
	return do(ctx, v.h, "vault.State", func() (port.VaultState, error) { return v.Vault.State(ctx, ref) })
}

func (v *vault) Open(ctx context.Context, ref string) (io.ReadCloser, int64, error) {
	var size int64
	r, err := stream(ctx, v.h, "vault.Open", func() (io.ReadCloser, error) {
		r, n, err := v.Vault.Open(ctx, ref)
		size = n
		return r, err
	})
	return r, size, err
}

func (v *vault) Delete(ctx context.Context, ref string) error {
	return run(ctx, v.h, "vault.Delete "+ref, func() error {
		return v.Vault.Delete(ctx, ref)
	})
}

// Installation tells of whose installation the vault is; an error where it does not know.
func (v *vault) Installation(ctx context.Context) (port.Installation, error) {
	return installation(ctx, v.Vault)
}

func installation(ctx context.Context, of any) (port.Installation, error) {
	installed, ok := of.(port.Installed)
	if !ok {
		return port.Installation{}, port.ErrNotFound
	}
	return installed.Installation(ctx)
}

// ---- Mail and payments

type mailer struct {
	port.Mailer
	h Hook
}

func (m *mailer) Send(ctx context.Context, mail port.Mail) error {
	return run(ctx, m.h, "mailer.Send "+mail.ID, func() error {
		return m.Mailer.Send(ctx, mail)
	})
}

type payments struct {
	port.Payments
	h Hook
}

func (p *payments) Current(ctx context.Context, customer string) (user.Billing, bool, error) {
	var active bool
	b, err := do(ctx, p.h, "payments.Current", func() (user.Billing, error) {
		b, on, err := p.Payments.Current(ctx, customer)
		active = on
		return b, err
	})
	return b, active, err
}
