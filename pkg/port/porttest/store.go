package porttest

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// errStop is an error of a caller's function.
var errStop = errors.New("stop")

// Store checks jobs, users, transactions, outbox, events and notices.
func Store(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Store != nil }, []check{
		{"a missing job or user is ErrNotFound", missing},
		{"a created job is read back whole", createdWhole},
		{"creating a job with a taken id is ErrExists and writes nothing", takenID},
		{"creating a job of a taken upload id is ErrExists", takenUpload},
		{"creating a user with a taken id is ErrExists", takenUser},
		{"a job of an owner who does not exist has no user in its change", ownerless},
		{"an update raises the version and leaves a write id", versioned},
		{"an error of the function is returned as it is and nothing is written", functionFails},
		{"what a caller does to a job that was returned does not change the store", notShared},
		{"a user that is left as it was keeps its version", untouchedUser},
		{"16 writers of one job lose no update", swapsOfOneJob},
		{"16 writers of one user lose no update", swapsOfOneUser},
		{"a quota that is counted in the transaction is never passed by a race", quotaRace},
		{"a plan that is checked in the transaction holds at the commit", planInCommit},
		{"messages are sent with the change, and only with it", sendsWithChange},
		{"a message with an id that still waits is not added again", sendsOnce},
		{"a message that is not due yet is not received before", sendsLater},
		{"unsent messages are those of the role", unsentOfRole},
		{"events get their number and time", eventsNumbered},
		{"a webhook event takes effect once", seenOnce},
		{"a webhook event takes effect once among 16 callers", seenOnceRace},
		{"a record is created with its change, once, and only with it", recordsWithChange},
		{"a notice is added once for a job, kind and attempt", noticeOnce},
		{"a notice that waits is listed when it is due, and no more when it was sent", noticeWaits},
		{"16 updates of one notice lose none", noticeSwaps},
		{"progress of an older attempt is dropped", progressFenced},
		{"jobs that wait are listed when due, longest first, page by page", waitingJobs},
		{"users with an unfinished fan-out are listed when due", waitingUsers},
		{"every job is listed once, page by page, tombstones too", everyJob},
		{"every user is listed once, page by page", everyUser},
		{"the place in the queue counts pending jobs alone", queuePlace},
	})
}

func missing(t *testing.T, w World) {
	_, err := w.Store.Job(t.Context(), "none")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Store.User(t.Context(), "none")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Store.JobByUpload(t.Context(), "none", "none")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Store.UpdateJob(t.Context(), "none", func(*port.Change) error { return nil })
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Store.UpdateUser(t.Context(), "none", func(*port.Change) error { return nil })
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Store.UpdateNotice(t.Context(), "none", "ready", 1, func(*job.Notice) error { return nil })
	require.ErrorIs(t, err, port.ErrNotFound)
	progress, err := w.Store.Progress(t.Context(), "none")
	require.NoError(t, err)
	require.Zero(t, progress)
}

func createdWhole(t *testing.T, w World) {
	addUser(t, w, "u_a")
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC)
	made := addJob(t, w, "u_a", "j1", at, func(j *job.Job) {
		j.Attempt, j.Gen, j.Deaths, j.Tries = 3, 2, 1, 4
		j.Files = map[string]job.Object{job.FileLog: {Key: "k", Version: "v", Size: 5, SHA256: "ab"}}
		j.Versions = map[string]string{"engine": "1"}
		j.Counts = &job.Counts{Records: 7, Annotated: 5, PassedThrough: 1, Rejected: 1}
		j.Error = &job.Failure{Code: "bad_input", Line: 9, Text: "ünïcode \u0000 <b>"}
		j.Options = job.Options{Databases: []string{"clinvar"}, Distance: 100, NoHGVS: true}
		j.Archive = job.Archive{Ref: "ref", Gen: 2}
		j.LeaseUntil, j.Due, j.UploadID = at.Add(time.Second), at.Add(time.Minute), "up1"
	})
	got, err := w.Store.Job(t.Context(), "j1")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(made, got))
	require.Equal(t, "u_a", got.UserID)
	require.EqualValues(t, 1, got.Version)
	require.NotEmpty(t, got.WriteID)
	byUpload, err := w.Store.JobByUpload(t.Context(), "u_a", "up1")
	require.NoError(t, err)
	require.Equal(t, "j1", byUpload.ID)
	_, err = w.Store.JobByUpload(t.Context(), "u_b", "up1")
	require.ErrorIs(t, err, port.ErrNotFound, "another user's upload is not found")
}

func takenID(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	_, err := w.Store.CreateJob(t.Context(), "u_a", func(c *port.Change) error {
		c.Job.ID, c.Job.Status = "j1", job.Pending
		c.User.Load.Pending = 99
		c.Send = []job.Message{message("m1", "u_a")}
		return nil
	})
	require.ErrorIs(t, err, port.ErrExists)
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.Zero(t, u.Load.Pending)
	relay(t, w)
	require.Empty(t, receive(t, w, 1))
}

func takenUpload(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w), func(j *job.Job) { j.UploadID = "up1" })
	_, err := w.Store.CreateJob(t.Context(), "u_a", func(c *port.Change) error {
		c.Job.ID, c.Job.Status, c.Job.UploadID = "j2", job.Pending, "up1"
		return nil
	})
	require.ErrorIs(t, err, port.ErrExists)
	_, err = w.Store.Job(t.Context(), "j2")
	require.ErrorIs(t, err, port.ErrNotFound)
	addUser(t, w, "u_b")
	addJob(t, w, "u_b", "j3", now(t, w), func(j *job.Job) { j.UploadID = "up1" }) // another user may use the same
}

func takenUser(t *testing.T, w World) {
	addUser(t, w, "u_a")
	require.ErrorIs(t, w.Store.CreateUser(t.Context(), user.User{ID: "u_a", Name: "Eve"}), port.ErrExists)
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.Equal(t, "Ada", u.Name)
}

func ownerless(t *testing.T, w World) {
	_, err := w.Store.CreateJob(t.Context(), "u_none", func(c *port.Change) error {
		require.Nil(t, c.User)
		c.Job.ID, c.Job.Status = "j1", job.Pending
		return nil
	})
	require.NoError(t, err)
	_, err = w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
		require.Nil(t, c.User)
		return nil
	})
	require.NoError(t, err)
}

func versioned(t *testing.T, w World) {
	addUser(t, w, "u_a")
	made := addJob(t, w, "u_a", "j1", now(t, w))
	updated, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
		require.False(t, c.Now.IsZero())
		c.Job.Status, c.Job.Attempt = job.Running, 1
		c.User.Load.Running = 1
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, made.Version+1, updated.Version)
	require.NotEqual(t, made.WriteID, updated.WriteID)
	got, err := w.Store.Job(t.Context(), "j1")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(updated, got))
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.EqualValues(t, 2, u.Version)
	require.NotEmpty(t, u.WriteID)
	require.Equal(t, 1, u.Load.Running)
}

func functionFails(t *testing.T, w World) {
	addUser(t, w, "u_a")
	made := addJob(t, w, "u_a", "j1", now(t, w))
	spoil := func(c *port.Change) error {
		if c.Job != nil {
			c.Job.Status, c.Job.ID = job.Failed, "j9"
		}
		c.User.Load.Pending = 99
		c.Send = []job.Message{message("m1", "u_a")}
		c.Events = []job.Event{{Name: "spoil"}}
		return errStop
	}
	_, err := w.Store.UpdateJob(t.Context(), "j1", spoil)
	require.Equal(t, errStop, err)
	_, err = w.Store.CreateJob(t.Context(), "u_a", spoil)
	require.Equal(t, errStop, err)
	_, err = w.Store.UpdateUser(t.Context(), "u_a", spoil)
	require.Equal(t, errStop, err)
	got, err := w.Store.Job(t.Context(), "j1")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(made, got))
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.Zero(t, u.Load.Pending)
	events, err := w.Store.Events(t.Context(), "j1")
	require.NoError(t, err)
	require.Empty(t, events)
	relay(t, w)
	require.Empty(t, receive(t, w, 1))
}

func notShared(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w), func(j *job.Job) {
		j.Files = map[string]job.Object{"log": {Key: "k"}}
		j.Counts = &job.Counts{Records: 1}
		j.Options.Databases = []string{"clinvar"}
	})
	var kept *job.Job
	first, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error { kept = c.Job; return nil })
	require.NoError(t, err)
	second, err := w.Store.Job(t.Context(), "j1")
	require.NoError(t, err)
	for _, j := range []*job.Job{kept, &first, &second} {
		j.Files["log"] = job.Object{Key: "other"}
		j.Counts.Records = 99
		j.Options.Databases[0] = "other"
	}
	got, err := w.Store.Job(t.Context(), "j1")
	require.NoError(t, err)
	require.Equal(t, "k", got.Files["log"].Key)
	require.EqualValues(t, 1, got.Counts.Records)
	require.Equal(t, "clinvar", got.Options.Databases[0])
}

func untouchedUser(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	_, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error { c.Job.Tries++; return nil })
	require.NoError(t, err)
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.EqualValues(t, 1, u.Version)
}

// together runs do in n goroutines at once and waits.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// yield lets other writers in between a read and its write, where the adapter has a gap there.
func yield() {
	for range 20 {
		runtime.Gosched()
	}
}

const (
	writers = 16
	each16  = 4
)

func swapsOfOneJob(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	together(writers, func(int) {
		for range each16 {
			_, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error { c.Job.Attempt++; yield(); return nil })
			if err != nil {
				t.Error(err)
			}
		}
	})
	got, err := w.Store.Job(t.Context(), "j1")
	require.NoError(t, err)
	require.Equal(t, writers*each16, got.Attempt)
	require.EqualValues(t, 1+writers*each16, got.Version)
}

func swapsOfOneUser(t *testing.T, w World) {
	addUser(t, w, "u_a")
	together(writers, func(i int) {
		id := fmt.Sprintf("j%d", i)
		_, err := w.Store.CreateJob(t.Context(), "u_a", func(c *port.Change) error {
			c.Job.ID, c.Job.Status = id, job.Pending
			c.User.Load.Pending++
			yield()
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error { c.User.Load.Running++; yield(); return nil }); err != nil {
			t.Error(err)
		}
	})
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.Equal(t, user.Load{Pending: writers, Running: writers}, u.Load)
}

func quotaRace(t *testing.T, w World) {
	const limit = 5
	addUser(t, w, "u_a")
	var mu sync.Mutex
	accepted := 0
	together(writers, func(i int) {
		_, err := w.Store.CreateJob(t.Context(), "u_a", func(c *port.Change) error {
			if c.User.Load.Queued() >= limit {
				return errStop
			}
			c.Job.ID, c.Job.Status = fmt.Sprintf("j%d", i), job.Pending
			c.User.Load.Pending++
			yield()
			return nil
		})
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			accepted++
		} else if !errors.Is(err, errStop) {
			t.Error(err)
		}
	})
	require.Equal(t, limit, accepted)
	page, err := w.Store.JobsOf(t.Context(), "u_a", port.JobQuery{Limit: 100})
	require.NoError(t, err)
	require.Equal(t, limit, page.Total)
}

func planInCommit(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	together(2, func(i int) {
		if i == 0 {
			_, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error { c.User.Plan = user.Premium; return nil })
			if err != nil {
				t.Error(err)
			}
			return
		}
		for range 20 {
			_, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
				c.Job.Reference = string(c.User.Plan)
				c.Job.Gen = int(c.User.Version)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	last, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error { c.Job.Reference = string(c.User.Plan); return nil })
	require.NoError(t, err)
	require.Equal(t, string(user.Premium), last.Reference)
}

func sendsWithChange(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	_, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
		c.Send = append(c.Send, message("m1", "u_a"), message("m2", "u_a"))
		return nil
	})
	require.NoError(t, err)
	if _, direct := w.Store.(port.DirectSender); !direct {
		list, err := w.Store.Unsent(t.Context(), "", 10)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, "m1", list[0].ID, "oldest first")
		require.JSONEq(t, `{"job_id":"j-m1"}`, string(list[0].Body))
	}
	relay(t, w)
	list, err := w.Store.Unsent(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	require.NoError(t, w.Store.MarkSent(t.Context(), []string{"m1", "unknown"}), "repeatable, unknown ids ignored")
	require.ElementsMatch(t, []string{"m1", "m2"}, []string{receiveOne(t, w).Message.ID, receiveOne(t, w).Message.ID})
}

func sendsOnce(t *testing.T, w World) {
	addUser(t, w, "u_a")
	for range 2 {
		_, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error {
			c.Send = append(c.Send, message("m1", "u_a"))
			return nil
		})
		require.NoError(t, err)
	}
	list, err := w.Store.Unsent(t.Context(), "", 10)
	require.NoError(t, err)
	if _, direct := w.Store.(port.DirectSender); !direct {
		require.Len(t, list, 1)
	}
	relay(t, w)
	require.Equal(t, "m1", receiveOne(t, w).Message.ID)
	require.Empty(t, receive(t, w, 1))
}

func sendsLater(t *testing.T, w World) {
	movable(t, w)
	addUser(t, w, "u_a")
	at := now(t, w).Add(time.Hour)
	_, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error {
		m := message("m1", "u_a")
		m.NotBefore, m.Kind = at, "window"
		c.Send = append(c.Send, m)
		return nil
	})
	require.NoError(t, err)
	relay(t, w)
	require.Empty(t, receive(t, w, 1))
	w.Advance(time.Hour)
	require.Equal(t, "m1", receiveOne(t, w).Message.ID)
}

func unsentOfRole(t *testing.T, w World) {
	if _, direct := w.Store.(port.DirectSender); direct {
		t.Skip("the store has no outbox")
	}
	addUser(t, w, "u_a")
	_, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error {
		m1, m2 := message("m1", "u_a"), message("m2", "u_a")
		m1.Role, m2.Role = "web", "archive"
		c.Send = append(c.Send, m1, m2)
		return nil
	})
	require.NoError(t, err)
	list, err := w.Store.Unsent(t.Context(), "archive", 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "m2", list[0].ID)
}

func eventsNumbered(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	for _, name := range []string{"submit", "claim", "complete"} {
		_, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
			c.Events = append(c.Events, job.Event{Name: name, By: "web"})
			return nil
		})
		require.NoError(t, err)
	}
	list, err := w.Store.Events(t.Context(), "j1")
	require.NoError(t, err)
	require.Len(t, list, 3)
	for i, e := range list {
		require.Equal(t, []string{"submit", "claim", "complete"}[i], e.Name)
		require.Equal(t, "j1", e.JobID)
		require.EqualValues(t, i+1, e.Seq)
		require.False(t, e.At.IsZero())
	}
}

func seenOnce(t *testing.T, w World) {
	addUser(t, w, "u_a")
	upgrade := func(c *port.Change) error {
		c.Seen, c.User.Plan = "evt_1", user.Premium
		c.User.Load.Running++
		return nil
	}
	_, err := w.Store.UpdateUser(t.Context(), "u_a", upgrade)
	require.NoError(t, err)
	_, err = w.Store.UpdateUser(t.Context(), "u_a", upgrade)
	require.ErrorIs(t, err, port.ErrExists)
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.Equal(t, 1, u.Load.Running)
}

func seenOnceRace(t *testing.T, w World) {
	addUser(t, w, "u_a")
	together(writers, func(int) {
		_, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error {
			c.Seen = "evt_1"
			c.User.Load.Running++
			yield()
			return nil
		})
		if err != nil && !errors.Is(err, port.ErrExists) {
			t.Error(err)
		}
	})
	u, err := w.Store.User(t.Context(), "u_a")
	require.NoError(t, err)
	require.Equal(t, 1, u.Load.Running)
}

// addNotice adds a notice to a job that is made for it.
func addNotice(t *testing.T, w World, due time.Time) {
	t.Helper()
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	for range 2 {
		_, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
			c.Notices = append(c.Notices, job.Notice{JobID: "j1", UserID: "u_a", Kind: "ready", Attempt: 1, State: job.NoticePending, Due: due})
			return nil
		})
		require.NoError(t, err)
	}
}

func noticeOnce(t *testing.T, w World) {
	addNotice(t, w, now(t, w))
	list, err := w.Store.Notices(t.Context(), "j1")
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.EqualValues(t, 1, list[0].Version)
	require.False(t, list[0].At.IsZero())
}

func noticeWaits(t *testing.T, w World) {
	due := now(t, w).Add(time.Minute)
	addNotice(t, w, due)
	list, err := w.Store.WaitingNotices(t.Context(), due.Add(-time.Millisecond), 10)
	require.NoError(t, err)
	require.Empty(t, list)
	list, err = w.Store.WaitingNotices(t.Context(), due, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = w.Store.UpdateNotice(t.Context(), "j1", "ready", 1, func(n *job.Notice) error { n.State = job.NoticeSent; return nil })
	require.NoError(t, err)
	list, err = w.Store.WaitingNotices(t.Context(), due, 10)
	require.NoError(t, err)
	require.Empty(t, list)
}

func noticeSwaps(t *testing.T, w World) {
	addNotice(t, w, now(t, w))
	together(writers, func(int) {
		_, err := w.Store.UpdateNotice(t.Context(), "j1", "ready", 1, func(n *job.Notice) error { n.Tries++; yield(); return nil })
		if err != nil {
			t.Error(err)
		}
	})
	list, err := w.Store.Notices(t.Context(), "j1")
	require.NoError(t, err)
	require.Equal(t, writers, list[0].Tries)
}

func progressFenced(t *testing.T, w World) {
	for _, p := range []job.Progress{{JobID: "j1", Attempt: 2, Percent: 10}, {JobID: "j1", Attempt: 1, Percent: 90}} {
		require.NoError(t, w.Store.PutProgress(t.Context(), p))
	}
	got, err := w.Store.Progress(t.Context(), "j1")
	require.NoError(t, err)
	require.Equal(t, 10.0, got.Percent)
	require.NoError(t, w.Store.PutProgress(t.Context(), job.Progress{JobID: "j1", Attempt: 2, Percent: 20}))
	got, err = w.Store.Progress(t.Context(), "j1")
	require.NoError(t, err)
	require.Equal(t, 20.0, got.Percent)
}

func waitingJobs(t *testing.T, w World) {
	addUser(t, w, "u_a")
	at := now(t, w)
	for i, due := range []time.Duration{3, 1, 2, 9, 0, 1} {
		addJob(t, w, "u_a", fmt.Sprintf("j%d", i), at, func(j *job.Job) {
			if due > 0 {
				j.Due = at.Add(due * time.Minute)
			}
		})
	}
	var found []string
	cursor := ""
	for {
		list, next, err := w.Store.WaitingJobs(t.Context(), at.Add(3*time.Minute), cursor, 2)
		require.NoError(t, err)
		for _, j := range list {
			found = append(found, j.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	require.Equal(t, []string{"j1", "j5", "j2", "j0"}, found)
	_, err := w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error { c.Job.Due = time.Time{}; return nil })
	require.NoError(t, err)
	list, _, err := w.Store.WaitingJobs(t.Context(), at.Add(3*time.Minute), "", 1)
	require.NoError(t, err)
	require.Equal(t, "j5", list[0].ID)
}

func waitingUsers(t *testing.T, w World) {
	addUser(t, w, "u_a")
	addUser(t, w, "u_b")
	due := now(t, w).Add(time.Minute)
	_, err := w.Store.UpdateUser(t.Context(), "u_b", func(c *port.Change) error {
		c.User.FanOut = user.FanOut{Kind: "thaw", Due: due}
		return nil
	})
	require.NoError(t, err)
	list, err := w.Store.WaitingUsers(t.Context(), due.Add(-time.Millisecond), 10)
	require.NoError(t, err)
	require.Empty(t, list)
	list, err = w.Store.WaitingUsers(t.Context(), due, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "u_b", list[0].ID)
}

func everyJob(t *testing.T, w World) {
	addUser(t, w, "u_a")
	var want, found []string
	for i := range 7 {
		id := fmt.Sprintf("j%d", i)
		want = append(want, id)
		addJob(t, w, "u_a", id, now(t, w), func(j *job.Job) {
			if i == 3 {
				j.Status = job.Deleted
			}
		})
	}
	for cursor, more := "", true; more; more = cursor != "" {
		list, next, err := w.Store.EveryJob(t.Context(), cursor, 3)
		require.NoError(t, err)
		for _, j := range list {
			found = append(found, j.ID)
		}
		cursor = next
	}
	require.ElementsMatch(t, want, found)
}

func everyUser(t *testing.T, w World) {
	var want, found []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("u_%d", i))
		addUser(t, w, want[i])
	}
	for cursor, more := "", true; more; more = cursor != "" {
		list, next, err := w.Store.EveryUser(t.Context(), cursor, 2)
		require.NoError(t, err)
		for _, u := range list {
			found = append(found, u.ID)
		}
		cursor = next
	}
	require.ElementsMatch(t, want, found)
}

func queuePlace(t *testing.T, w World) {
	addUser(t, w, "u_a")
	at := now(t, w)
	addJob(t, w, "u_a", "j1", at)
	addJob(t, w, "u_a", "j2", at.Add(time.Second), func(j *job.Job) { j.Status = job.Running })
	addJob(t, w, "u_a", "j3", at.Add(2*time.Second))
	for id, want := range map[string]int{"j1": 1, "j2": 0, "j3": 2, "none": 0} {
		got, err := w.Store.QueuePosition(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, got, id)
	}
}
