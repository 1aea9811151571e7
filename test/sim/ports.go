package sim

import (
	"bytes"
	"context"
	"io"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// The types in this file stand between an actor and the world's ports: each call parks until the scheduler lets it go on.

// deps is what a role is given when it acts as a.
func (a *actor) deps(roleName string) role.Deps {
	d := a.base
	d.Role = roleName
	d.Instance = a.process.name
	d.Store, d.Records = &store{a.raw.Store, a}, &records{a.raw.Records, a}
	d.Inputs, d.Results = &blobs{a.raw.Inputs, a, "inputs"}, &blobs{a.raw.Results, a, "results"}
	d.Bus, d.Queue = &bus{a.raw.Bus, a}, &queue{a.raw.Queue, a}
	d.Vault, d.Mailer, d.Payments = &vault{a.raw.Vault, a}, &mailer{a.raw.Mailer, a}, &payments{a.raw.Payments, a}
	return d
}

// ---- Store: what the flow uses of it; the rest goes through without a fault.

type store struct {
	port.Store
	a *actor
}

func (s *store) CreateJob(ctx context.Context, userID string, fn func(*port.Change) error) (job.Job, error) {
	return do(ctx, s.a, "store.CreateJob", func() (job.Job, error) { return s.Store.CreateJob(ctx, userID, fn) })
}

func (s *store) UpdateJob(ctx context.Context, id string, fn func(*port.Change) error) (job.Job, error) {
	return do(ctx, s.a, "store.UpdateJob", func() (job.Job, error) { return s.Store.UpdateJob(ctx, id, fn) })
}

func (s *store) Job(ctx context.Context, id string) (job.Job, error) {
	return do(ctx, s.a, "store.Job", func() (job.Job, error) { return s.Store.Job(ctx, id) })
}

func (s *store) JobsOf(ctx context.Context, id string, q port.JobQuery) (port.JobPage, error) {
	return do(ctx, s.a, "store.JobsOf", func() (port.JobPage, error) { return s.Store.JobsOf(ctx, id, q) })
}

func (s *store) UpdateUser(ctx context.Context, id string, fn func(*port.Change) error) (user.User, error) {
	return do(ctx, s.a, "store.UpdateUser", func() (user.User, error) { return s.Store.UpdateUser(ctx, id, fn) })
}

func (s *store) User(ctx context.Context, id string) (user.User, error) {
	return do(ctx, s.a, "store.User", func() (user.User, error) { return s.Store.User(ctx, id) })
}

func (s *store) Unsent(ctx context.Context, role string, limit int) ([]job.Message, error) {
	return do(ctx, s.a, "store.Unsent", func() ([]job.Message, error) { return s.Store.Unsent(ctx, role, limit) })
}

func (s *store) MarkSent(ctx context.Context, ids []string) error {
	return run(ctx, s.a, "store.MarkSent", func() error { return s.Store.MarkSent(ctx, ids) })
}

func (s *store) Notices(ctx context.Context, id string) ([]job.Notice, error) {
	return do(ctx, s.a, "store.Notices", func() ([]job.Notice, error) { return s.Store.Notices(ctx, id) })
}

func (s *store) UpdateNotice(ctx context.Context, id, kind string, attempt int, fn func(*job.Notice) error) (job.Notice, error) {
	return do(ctx, s.a, "store.UpdateNotice", func() (job.Notice, error) { return s.Store.UpdateNotice(ctx, id, kind, attempt, fn) })
}

// ---- Records

type records struct {
	port.Records
	a *actor
}

func (r *records) Get(ctx context.Context, kind, id string) (port.Record, error) {
	return do(ctx, r.a, "records.Get", func() (port.Record, error) { return r.Records.Get(ctx, kind, id) })
}

// ---- Blobs

type blobs struct {
	port.Blobs
	a    *actor
	name string
}

func (b *blobs) Put(ctx context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	return do(ctx, b.a, b.name+".Put "+key, func() (port.BlobInfo, error) { return b.Blobs.Put(ctx, key, r, p) })
}

func (b *blobs) Open(ctx context.Context, key, version string, part port.Range) (io.ReadCloser, port.BlobInfo, error) {
	var info port.BlobInfo
	r, err := stream(ctx, b.a, b.name+".Open "+key, func() (io.ReadCloser, error) {
		r, i, err := b.Blobs.Open(ctx, key, version, part)
		info = i
		return r, err
	})
	return r, info, err
}

func (b *blobs) Stat(ctx context.Context, key string) (port.BlobInfo, error) {
	return do(ctx, b.a, b.name+".Stat", func() (port.BlobInfo, error) { return b.Blobs.Stat(ctx, key) })
}

func (b *blobs) Copy(ctx context.Context, from, version, to string) (port.BlobInfo, error) {
	return do(ctx, b.a, b.name+".Copy", func() (port.BlobInfo, error) { return b.Blobs.Copy(ctx, from, version, to) })
}

func (b *blobs) Delete(ctx context.Context, key string) error {
	return run(ctx, b.a, b.name+".Delete "+key, func() error {
		b.a.deletes(key)
		return b.Blobs.Delete(ctx, key)
	})
}

func (b *blobs) List(ctx context.Context, prefix, cursor string, limit int) ([]port.BlobInfo, string, error) {
	var next string
	items, err := do(ctx, b.a, b.name+".List", func() ([]port.BlobInfo, error) {
		items, n, err := b.Blobs.List(ctx, prefix, cursor, limit)
		next = n
		return items, err
	})
	return items, next, err
}

// Installation passes the installation of the world's own blobs on.
func (b *blobs) Installation(ctx context.Context) (port.Installation, error) {
	return b.Blobs.(port.Installed).Installation(ctx)
}

// stream opens a reader that the scheduler may cut short or bend.
func stream(ctx context.Context, a *actor, name string, open func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	bent := false
	r, err := do(ctx, a, name, func() (io.ReadCloser, error) {
		bent = a.bendNext
		a.bendNext = false
		return open()
	})
	if err != nil || !bent {
		return r, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || len(data) == 0 {
		return nil, errFault
	}
	if a.src.pick(2) == 0 {
		data = data[:len(data)-1]
	} else {
		data[len(data)/2] ^= 1
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// ---- Bus and queue

type bus struct {
	port.Bus
	a *actor
}

func (b *bus) Publish(ctx context.Context, m job.Message) error {
	return run(ctx, b.a, "bus.Publish "+m.ID, func() error { return b.Bus.Publish(ctx, m) })
}

func (b *bus) PublishAt(ctx context.Context, m job.Message, at time.Time, key string) error {
	return run(ctx, b.a, "bus.PublishAt "+key, func() error { return b.Bus.PublishAt(ctx, m, at, key) })
}

type queue struct {
	port.Queue
	a *actor
}

func (q *queue) Ack(ctx context.Context, d port.Delivery) error {
	return run(ctx, q.a, "queue.Ack", func() error {
		q.a.acks(d)
		return q.Queue.Ack(ctx, d)
	})
}

func (q *queue) Extend(ctx context.Context, d port.Delivery, visibility time.Duration) error {
	return run(ctx, q.a, "queue.Extend", func() error { return q.Queue.Extend(ctx, d, visibility) })
}

func (q *queue) Release(ctx context.Context, d port.Delivery, delay time.Duration, uncounted bool) error {
	return run(ctx, q.a, "queue.Release", func() error { return q.Queue.Release(ctx, d, delay, uncounted) })
}

func (q *queue) Bury(ctx context.Context, d port.Delivery, reason string) error {
	return run(ctx, q.a, "queue.Bury", func() error { return q.Queue.Bury(ctx, d, reason) })
}

// ---- Vault

type vault struct {
	port.Vault
	a *actor
}

func (v *vault) Store(ctx context.Context, item port.VaultItem, r io.Reader) (string, error) {
	return do(ctx, v.a, "vault.Store "+item.Key, func() (string, error) { return v.Vault.Store(ctx, item, r) })
}

func (v *vault) Thaw(ctx context.Context, ref, tier string) (job.Retrieval, error) {
	return do(ctx, v.a, "vault.Thaw "+tier, func() (job.Retrieval, error) {
		if v.a.refuse {
			v.a.refuse = false
			return job.Retrieval{}, port.ErrCapacity
		}
		return v.Vault.Thaw(ctx, ref, tier)
	})
}

func (v *vault) State(ctx context.Context, ref string) (port.VaultState, error) {
	return do(ctx, v.a, "vault.State", func() (port.VaultState, error) { return v.Vault.State(ctx, ref) })
}

func (v *vault) Open(ctx context.Context, ref string) (io.ReadCloser, int64, error) {
	var size int64
	r, err := stream(ctx, v.a, "vault.Open", func() (io.ReadCloser, error) {
		if v.a.refuse {
			v.a.refuse = false
			return nil, port.ErrCold
		}
		r, n, err := v.Vault.Open(ctx, ref)
		size = n
		return r, err
	})
	return r, size, err
}

func (v *vault) Delete(ctx context.Context, ref string) error {
	return run(ctx, v.a, "vault.Delete "+ref, func() error {
		v.a.deletes(ref)
		return v.Vault.Delete(ctx, ref)
	})
}

// Installation passes the installation of the world's own vault on.
func (v *vault) Installation(ctx context.Context) (port.Installation, error) {
	return v.Vault.(port.Installed).Installation(ctx)
}

// ---- Mail and payments

type mailer struct {
	port.Mailer
	a *actor
}

func (m *mailer) Send(ctx context.Context, mail port.Mail) error {
	return run(ctx, m.a, "mailer.Send", func() error {
		m.a.mailed(mail)
		return m.Mailer.Send(ctx, mail)
	})
}

type payments struct {
	port.Payments
	a *actor
}

func (p *payments) Current(ctx context.Context, customer string) (user.Billing, bool, error) {
	var active bool
	b, err := do(ctx, p.a, "payments.Current", func() (user.Billing, error) {
		b, on, err := p.Payments.Current(ctx, customer)
		active = on
		return b, err
	})
	return b, active, err
}
