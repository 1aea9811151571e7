package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// ram is the world's memory: all ports over plain maps, without locks, because the scheduler lets only one goroutine move at a time. It is here
// beside pkg/memory because a seed has to cost a few milliseconds, and because the checks look into it after every move.
type ram struct {
	now      func() time.Time
	install  port.Installation
	jobs     map[string]job.Job
	users    map[string]user.User
	uploads  map[string]string // user/upload id -> job
	outbox   []job.Message
	notices  map[string][]job.Notice // by job
	seen     map[string]bool
	records  map[string]port.Record
	inputs   *shelf
	results  *shelf
	queues   map[job.Topic][]*letter
	timers   map[string]job.Message
	fired    map[string]bool
	dead     []port.DeadLetter
	cold     map[string]*ice
	asked    map[string]int // retrievals by job and gen
	mails    map[string]int
	subs     map[string]bool // customers whose subscription is active
	subEvent int
	receipts int
	wrote    func(before, after job.Job, c *port.Change) // looks at every write of a job
}

func newRAM(now func() time.Time) *ram {
	r := &ram{
		now: now, install: port.Installation{ID: "i", Epoch: 1}, jobs: map[string]job.Job{}, users: map[string]user.User{}, uploads: map[string]string{},
		notices: map[string][]job.Notice{}, seen: map[string]bool{}, records: map[string]port.Record{}, queues: map[job.Topic][]*letter{},
		timers: map[string]job.Message{}, fired: map[string]bool{}, cold: map[string]*ice{}, asked: map[string]int{}, mails: map[string]int{}, subs: map[string]bool{},
	}
	r.inputs, r.results = &shelf{ram: r, items: map[string]thing{}}, &shelf{ram: r, items: map[string]thing{}}
	return r
}

// ---- Store

type ramStore struct {
	port.Store // what the flow does not use
	*ram
}

func (r ramStore) Installation(context.Context) (port.Installation, error) { return r.install, nil }

func (r ramStore) Now(context.Context) (time.Time, error) { return r.now(), nil }

func (r ramStore) change(j *job.Job, userID string) *port.Change {
	c := &port.Change{Job: j, Now: r.now()}
	if u, ok := r.users[userID]; ok {
		c.User = &u
	}
	return c
}

// commit writes a change: all of it or nothing.
func (r ramStore) commit(c *port.Change) error {
	if c.Seen != "" {
		if r.seen[c.Seen] {
			return port.ErrExists
		}
		r.seen[c.Seen] = true
	}
	if c.Job != nil {
		before := r.jobs[c.Job.ID]
		c.Job.Version++
		r.jobs[c.Job.ID] = *c.Job
		r.wrote(before, *c.Job, c)
	}
	if c.User != nil && r.users[c.User.ID] != *c.User {
		c.User.Version++
		r.users[c.User.ID] = *c.User
	}
	for _, m := range c.Send {
		if !slices.ContainsFunc(r.outbox, func(o job.Message) bool { return o.ID == m.ID }) {
			r.outbox = append(r.outbox, m)
		}
	}
	for _, n := range c.Notices {
		if !slices.ContainsFunc(r.ram.notices[n.JobID], func(o job.Notice) bool { return o.Kind == n.Kind && o.Attempt == n.Attempt }) {
			r.ram.notices[n.JobID] = append(r.ram.notices[n.JobID], n)
		}
	}
	return nil
}

func (r ramStore) CreateJob(_ context.Context, userID string, fn func(*port.Change) error) (job.Job, error) {
	c := r.change(&job.Job{}, userID)
	if err := fn(c); err != nil {
		return job.Job{}, err
	}
	key := userID + "/" + c.Job.UploadID
	if _, ok := r.uploads[key]; ok {
		return job.Job{}, port.ErrExists
	}
	r.uploads[key] = c.Job.ID
	return *c.Job, r.commit(c)
}

func (r ramStore) UpdateJob(_ context.Context, id string, fn func(*port.Change) error) (job.Job, error) {
	j, ok := r.jobs[id]
	if !ok {
		return job.Job{}, port.ErrNotFound
	}
	c := r.change(&j, j.UserID)
	if err := fn(c); err != nil {
		return r.jobs[id], err
	}
	return *c.Job, r.commit(c)
}

func (r ramStore) Job(_ context.Context, id string) (job.Job, error) {
	j, ok := r.jobs[id]
	if !ok {
		return j, port.ErrNotFound
	}
	return j, nil
}

func (r ramStore) JobByUpload(_ context.Context, userID, uploadID string) (job.Job, error) {
	id, ok := r.uploads[userID+"/"+uploadID]
	if !ok {
		return job.Job{}, port.ErrNotFound
	}
	return r.jobs[id], nil
}

// sorted lists the jobs that fit, in the order of their ids.
func (r ramStore) sorted(fits func(job.Job) bool) []job.Job {
	var jobs []job.Job
	for _, id := range slices.Sorted(maps.Keys(r.jobs)) {
		if j := r.jobs[id]; fits(j) {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// JobsOf pages two at a time, so that cursors are used.
func (r ramStore) JobsOf(_ context.Context, userID string, q port.JobQuery) (port.JobPage, error) {
	jobs := r.sorted(func(j job.Job) bool {
		return j.UserID == userID && j.Status != job.Deleted && j.ID > q.Cursor && (len(q.Status) == 0 || slices.Contains(q.Status, j.Status))
	})
	page := port.JobPage{Jobs: jobs, Total: len(jobs)}
	if len(jobs) > 2 {
		page.Jobs, page.Next = jobs[:2], jobs[1].ID
	}
	return page, nil
}

func (r ramStore) WaitingJobs(_ context.Context, now time.Time, cursor string, limit int) ([]job.Job, string, error) {
	jobs := r.sorted(func(j job.Job) bool { return !j.Due.IsZero() && !j.Due.After(now) })
	sort.SliceStable(jobs, func(a, b int) bool { return jobs[a].Due.Before(jobs[b].Due) })
	return jobs, "", nil
}

func (r ramStore) EveryJob(context.Context, string, int) ([]job.Job, string, error) {
	return r.sorted(func(job.Job) bool { return true }), "", nil
}

func (r ramStore) UpdateUser(_ context.Context, id string, fn func(*port.Change) error) (user.User, error) {
	if _, ok := r.users[id]; !ok {
		return user.User{}, port.ErrNotFound
	}
	c := r.change(nil, id)
	if err := fn(c); err != nil {
		return r.users[id], err
	}
	if err := r.commit(c); err != nil {
		return r.users[id], err
	}
	return *c.User, nil
}

func (r ramStore) User(_ context.Context, id string) (user.User, error) {
	u, ok := r.users[id]
	if !ok {
		return u, port.ErrNotFound
	}
	return u, nil
}

func (r ramStore) EveryUser(context.Context, string, int) ([]user.User, string, error) {
	var users []user.User
	for _, id := range slices.Sorted(maps.Keys(r.users)) {
		users = append(users, r.users[id])
	}
	return users, "", nil
}

func (r ramStore) WaitingUsers(_ context.Context, now time.Time, _ int) ([]user.User, error) {
	var users []user.User
	for _, id := range slices.Sorted(maps.Keys(r.users)) {
		if u := r.users[id]; !u.FanOut.Due.IsZero() && !u.FanOut.Due.After(now) {
			users = append(users, u)
		}
	}
	return users, nil
}

func (r ramStore) Unsent(context.Context, string, int) ([]job.Message, error) {
	return slices.Clone(r.outbox), nil
}

func (r ramStore) MarkSent(_ context.Context, ids []string) error {
	r.ram.outbox = slices.DeleteFunc(slices.Clone(r.outbox), func(m job.Message) bool { return slices.Contains(ids, m.ID) })
	return nil
}

func (r ramStore) Notices(_ context.Context, jobID string) ([]job.Notice, error) {
	return slices.Clone(r.ram.notices[jobID]), nil
}

func (r ramStore) UpdateNotice(_ context.Context, jobID, kind string, attempt int, fn func(*job.Notice) error) (job.Notice, error) {
	for i, n := range r.ram.notices[jobID] {
		if n.Kind == kind && n.Attempt == attempt {
			if err := fn(&n); err != nil {
				return r.ram.notices[jobID][i], err
			}
			r.ram.notices[jobID][i] = n
			return n, nil
		}
	}
	return job.Notice{}, port.ErrNotFound
}

func (r ramStore) WaitingNotices(_ context.Context, now time.Time, _ int) ([]job.Notice, error) {
	var waiting []job.Notice
	for _, id := range slices.Sorted(maps.Keys(r.ram.notices)) {
		for _, n := range r.ram.notices[id] {
			if (n.State == job.NoticePending || n.State == job.NoticeSending) && !n.Due.After(now) {
				waiting = append(waiting, n)
			}
		}
	}
	return waiting, nil
}

func (r ramStore) PutProgress(context.Context, job.Progress) error { return nil }

// ---- Records

type ramRecords struct {
	port.Records
	*ram
}

func (r ramRecords) Get(_ context.Context, kind, id string) (port.Record, error) {
	rec, ok := r.records[kind+"/"+id]
	if !ok {
		return rec, port.ErrNotFound
	}
	return rec, nil
}

func (r ramRecords) Create(_ context.Context, rec port.Record) error {
	r.records[rec.Kind+"/"+rec.ID] = rec
	return nil
}

func (r ramRecords) Delete(_ context.Context, kind, id string) error {
	delete(r.records, kind+"/"+id)
	return nil
}

// ---- Blobs

type thing struct {
	data    []byte
	sha     string
	version int
}

type shelf struct {
	port.Blobs
	*ram
	items map[string]thing
	puts  int
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (s *shelf) Installation(context.Context) (port.Installation, error) { return s.install, nil }

func (s *shelf) info(key string, t thing) port.BlobInfo {
	return port.BlobInfo{Object: job.Object{Key: key, Version: fmt.Sprint(t.version), Size: int64(len(t.data)), SHA256: t.sha}}
}

func (s *shelf) Put(_ context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return port.BlobInfo{}, err
	}
	sha := hash(data)
	if p.SHA256 != "" && p.SHA256 != sha || p.Size >= 0 && p.Size != int64(len(data)) {
		return port.BlobInfo{}, port.ErrChecksum
	}
	if have, ok := s.items[key]; ok {
		if have.sha != sha {
			return port.BlobInfo{}, port.ErrExists
		}
		return s.info(key, have), nil
	}
	return s.set(key, data), nil
}

// set writes without a condition, as a second post to an upload form does.
func (s *shelf) set(key string, data []byte) port.BlobInfo {
	s.puts++
	s.items[key] = thing{data: data, sha: hash(data), version: s.puts}
	return s.info(key, s.items[key])
}

func (s *shelf) Open(_ context.Context, key, version string, _ port.Range) (io.ReadCloser, port.BlobInfo, error) {
	t, ok := s.items[key]
	if !ok {
		return nil, port.BlobInfo{}, port.ErrNotFound
	}
	if info := s.info(key, t); version != "" && info.Version != version {
		return nil, info, port.ErrConflict
	}
	return io.NopCloser(bytes.NewReader(t.data)), s.info(key, t), nil
}

func (s *shelf) Stat(_ context.Context, key string) (port.BlobInfo, error) {
	t, ok := s.items[key]
	if !ok {
		return port.BlobInfo{}, port.ErrNotFound
	}
	return s.info(key, t), nil
}

func (s *shelf) Copy(ctx context.Context, from, version, to string) (port.BlobInfo, error) {
	r, _, err := s.Open(ctx, from, version, port.Whole)
	if err != nil {
		return port.BlobInfo{}, err
	}
	return s.Put(ctx, to, r, port.Put{Size: -1})
}

func (s *shelf) Delete(_ context.Context, key string) error {
	delete(s.items, key)
	return nil
}

func (s *shelf) List(_ context.Context, prefix, _ string, _ int) ([]port.BlobInfo, string, error) {
	var infos []port.BlobInfo
	for _, key := range slices.Sorted(maps.Keys(s.items)) {
		if strings.HasPrefix(key, prefix) {
			infos = append(infos, s.info(key, s.items[key]))
		}
	}
	return infos, "", nil
}

// ---- Bus and queue

// letter is a message on a queue.
type letter struct {
	message  job.Message
	visible  time.Time
	receives int
	receipt  string
}

type ramBus struct {
	port.Bus
	*ram
}

func (r ramBus) Publish(_ context.Context, m job.Message) error {
	m.NotBefore = time.Time{}
	r.queues[m.Topic] = append(r.queues[m.Topic], &letter{message: m})
	return nil
}

func (r ramBus) PublishAt(_ context.Context, m job.Message, at time.Time, key string) error {
	if _, ok := r.timers[key]; !ok && !r.fired[key] {
		m.NotBefore = at
		r.timers[key] = m
	}
	return nil
}

// ring moves the timers that are due to their queues.
func (r *ram) ring() {
	for _, key := range slices.Sorted(maps.Keys(r.timers)) {
		if m := r.timers[key]; !m.NotBefore.After(r.now()) {
			delete(r.timers, key)
			r.fired[key] = true
			_ = ramBus{ram: r}.Publish(context.Background(), m)
		}
	}
}

type ramQueue struct {
	port.Queue
	*ram
}

// ready lists the messages of a topic that can be received now.
func (r *ram) ready(topic job.Topic) []*letter {
	if len(r.timers) > 0 {
		r.ring()
	}
	var ready []*letter
	for _, l := range r.queues[topic] {
		if !l.visible.After(r.now()) {
			ready = append(ready, l)
		}
	}
	return ready
}

// receive hands out the n-th of the ready messages, so that order means nothing. False when there was none, or it went to the dead letters.
func (r *ram) receive(topic job.Topic, n int, visibility time.Duration) (port.Delivery, bool) {
	ready := r.ready(topic)
	if len(ready) == 0 {
		return port.Delivery{}, false
	}
	l := ready[n%len(ready)]
	if l.receives >= port.MaxReceives {
		r.bury(l, "received too often")
		return port.Delivery{}, false
	}
	l.receives++
	r.receipts++
	l.receipt = fmt.Sprint(r.receipts)
	l.visible = r.now().Add(visibility)
	return port.Delivery{Topic: topic, Message: l.message, Receipt: l.receipt, Receives: l.receives}, true
}

func (r *ram) bury(l *letter, reason string) {
	r.drop(l)
	r.dead = append(r.dead, port.DeadLetter{ID: l.message.ID, Message: l.message, Reason: reason, Receives: l.receives})
}

func (r *ram) drop(l *letter) {
	topic := l.message.Topic
	r.queues[topic] = slices.DeleteFunc(r.queues[topic], func(o *letter) bool { return o == l })
}

func (r *ram) find(d port.Delivery) (*letter, error) {
	for _, l := range r.queues[d.Topic] {
		if l.receipt == d.Receipt {
			return l, nil
		}
	}
	return nil, port.ErrStale
}

func (r ramQueue) Ack(_ context.Context, d port.Delivery) error {
	l, err := r.find(d)
	if err == nil {
		r.drop(l)
	}
	return nil
}

func (r ramQueue) Extend(_ context.Context, d port.Delivery, visibility time.Duration) error {
	l, err := r.find(d)
	if err == nil {
		l.visible = r.now().Add(visibility)
	}
	return err
}

func (r ramQueue) Release(_ context.Context, d port.Delivery, delay time.Duration, uncounted bool) error {
	l, err := r.find(d)
	if err != nil {
		return nil
	}
	l.visible, l.receipt = r.now().Add(delay), ""
	if uncounted {
		l.receives--
	}
	return nil
}

func (r ramQueue) Bury(_ context.Context, d port.Delivery, reason string) error {
	if l, err := r.find(d); err == nil {
		r.bury(l, reason)
	}
	return nil
}

// ---- Vault

// ice is an item of the vault, warm between two times after a retrieval.
type ice struct {
	item      port.VaultItem
	data      []byte
	warmFrom  time.Time
	warmUntil time.Time
}

type ramVault struct {
	port.Vault
	*ram
}

func (r ramVault) Installation(context.Context) (port.Installation, error) { return r.install, nil }

func (r ramVault) Store(_ context.Context, item port.VaultItem, src io.Reader) (string, error) {
	data, err := io.ReadAll(src)
	if err != nil {
		return "", err
	}
	if hash(data) != item.SHA256 || int64(len(data)) != item.Size {
		return "", port.ErrChecksum
	}
	if have, ok := r.cold[item.Key]; ok && !bytes.Equal(have.data, data) {
		return "", port.ErrExists
	} else if !ok {
		r.cold[item.Key] = &ice{item: item, data: data}
	}
	return item.Key, nil
}

func (i *ice) state(now time.Time) port.VaultState {
	switch {
	case i.warmFrom.IsZero() || !now.Before(i.warmUntil):
		return port.Cold
	case now.Before(i.warmFrom):
		return port.Warming
	}
	return port.Warm
}

// Thaw warms an item after 5 or 30 seconds, for a day, and then posts the vault's own notice.
func (r ramVault) Thaw(_ context.Context, ref, tier string) (job.Retrieval, error) {
	i, ok := r.cold[ref]
	if !ok {
		return job.Retrieval{}, port.ErrNotFound
	}
	now := r.now()
	if i.state(now) == port.Cold {
		wait := 5 * time.Second
		if tier == port.Standard {
			wait = 30 * time.Second
		}
		i.warmFrom, i.warmUntil = now.Add(wait), now.Add(wait+24*time.Hour)
		j := r.jobs[i.item.JobID]
		r.asked[fmt.Sprintf("%s/%d", j.ID, j.Gen)]++
		body, _ := json.Marshal(map[string]string{"ArchiveId": ref, "JobDescription": i.item.JobID})
		m := job.Message{ID: "warm-" + ref, Topic: job.Restores, JobID: i.item.JobID, Body: body}
		_ = ramBus{ram: r.ram}.PublishAt(context.Background(), m, i.warmFrom, fmt.Sprintf("warm-%s-%d", ref, i.warmFrom.UnixMilli()))
	}
	return job.Retrieval{ID: "r-" + ref, Tier: tier, AskedAt: now, ExpectedAt: i.warmFrom}, nil
}

func (r ramVault) State(_ context.Context, ref string) (port.VaultState, error) {
	i, ok := r.cold[ref]
	if !ok {
		return "", port.ErrNotFound
	}
	return i.state(r.now()), nil
}

func (r ramVault) Open(_ context.Context, ref string) (io.ReadCloser, int64, error) {
	i, ok := r.cold[ref]
	if !ok {
		return nil, 0, port.ErrNotFound
	}
	if i.state(r.now()) != port.Warm {
		return nil, 0, port.ErrCold
	}
	return io.NopCloser(bytes.NewReader(i.data)), int64(len(i.data)), nil
}

func (r ramVault) Delete(_ context.Context, ref string) error {
	delete(r.cold, ref)
	return nil
}

func (r ramVault) List(context.Context, string, int) ([]port.VaultItem, []string, string, error) {
	var items []port.VaultItem
	refs := slices.Sorted(maps.Keys(r.cold))
	for _, ref := range refs {
		items = append(items, r.cold[ref].item)
	}
	return items, refs, "", nil
}

func (r ramVault) ReadNotice(body []byte) (port.VaultNotice, error) {
	var n struct{ ArchiveId, JobDescription string }
	if err := json.Unmarshal(body, &n); err != nil || n.ArchiveId == "" {
		return port.VaultNotice{}, errors.New("not a notice of this vault")
	}
	return port.VaultNotice{Ref: n.ArchiveId, JobID: n.JobDescription}, nil
}

// ---- Mail and payments

type ramMailer struct{ *ram }

func (r ramMailer) Send(_ context.Context, m port.Mail) error {
	r.mails[m.ID]++
	return nil
}

type ramPayments struct {
	port.Payments
	*ram
}

func (r ramPayments) Current(_ context.Context, customer string) (user.Billing, bool, error) {
	status := "canceled"
	if r.subs[customer] {
		status = "active"
	}
	return user.Billing{Customer: customer, Status: status}, r.subs[customer], nil
}
