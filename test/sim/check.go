package sim

import (
	"strconv"
	"strings"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// knows notes what a job's input is, and so what its only right result is.
func (w *world) knows(jobID, content string) {
	if w.expect[jobID] == nil {
		w.expect[jobID] = &truth{}
	}
	w.expect[jobID].content, w.expect[jobID].sha = content, hash(annotated(content))
}

// accept notes a submission that was answered with success (S5).
func (w *world) accept(uploadID string, j job.Job) {
	if other, ok := w.accepted[uploadID]; ok && other != j.ID {
		w.fail("S5", "upload %s became job %s and job %s", uploadID, other, j.ID)
	}
	w.accepted[uploadID] = j.ID
	if _, ok := w.jobs[j.ID]; !ok {
		w.fail("S5", "accepted job %s has no record", j.ID)
	}
}

// windowEnd computes the end of a free window without the program's own function; zero = never.
func (w *world) windowEnd(j job.Job) time.Time {
	u := w.users[j.UserID]
	if j.Status != job.Completed || u.Plan != user.Free {
		return time.Time{}
	}
	end := j.CompleteTime.Add(window)
	for _, t := range []time.Time{j.RestoredTime, u.FreeSince} {
		if t.Add(window).After(end) {
			end = t.Add(window)
		}
	}
	return end
}

// wroteJob looks at every write of a job: it must be a row of the flow table, and a write of the storage an edge of the checked model.
func (w *world) wroteJob(before, after job.Job, c *port.Change) {
	w.dirty = true
	from, to := before.State(), after.State()
	row := ""
	for _, r := range job.Flow {
		for _, f := range r.From {
			if f == from && r.Leads(from) == to {
				row = string(r.Step)
			}
		}
	}
	if row == "" {
		w.fail("flow", "job %s went from %q to %q: no row of the table", after.ID, from, to)
	}
	w.covered[string(from)+">"+string(to)] = true
	w.log("job %s: %s -> %s, gen %d attempt %d", after.ID, from, to, after.Gen, after.Attempt)
	t := w.expect[after.ID]
	if t == nil {
		t = &truth{}
		w.expect[after.ID] = t
	}
	if after.Gen < t.gen || after.Attempt < t.attempt {
		w.fail("S4", "job %s: gen %d attempt %d after gen %d attempt %d", after.ID, after.Gen, after.Attempt, t.gen, t.attempt)
	}
	t.gen, t.attempt, t.state = after.Gen, after.Attempt, to
	w.edge(before, after, c)
	if after.RerunOf != "" && t.content == "" {
		if old := w.expect[after.RerunOf]; old != nil {
			w.knows(after.ID, old.content)
		}
	}
}

// edge holds a write of the storage against the model: which edge it is, what it does to gen, and what the plan must be.
func (w *world) edge(before, after job.Job, c *port.Change) {
	from, to := before.Storage, after.Storage
	if from == to || from == job.None || to == job.None {
		return
	}
	type move struct{ from, to job.Storage }
	raise := map[move]int{
		{job.Hot, job.Archiving}: 1, {job.Archiving, job.Archived}: 0, {job.Archiving, job.Hot}: 1,
		{job.Archived, job.Thawing}: 1, {job.Thawing, job.Hot}: 0, {job.Archiving, job.Damaged}: 0, {job.Thawing, job.Damaged}: 0,
	}
	gens, ok := raise[move{from, to}]
	if !ok || after.Gen-before.Gen != gens {
		w.fail("model", "job %s: %s gen %d -> %s gen %d is no edge", after.ID, from, before.Gen, to, after.Gen)
	}
	plan := w.users[after.UserID].Plan
	end := w.windowEnd(before)
	switch {
	case to == job.Archived && plan != user.Free, to == job.Archiving && plan != user.Free:
		w.fail("S9", "job %s became %s while its owner is %s", after.ID, to, plan)
	case (to == job.Archived || to == job.Archiving) && w.time().Before(end):
		w.fail("S9", "job %s became %s before its window's end", after.ID, to)
	case from == job.Archived && plan != user.Premium:
		w.fail("model", "job %s is thawed while its owner is %s", after.ID, plan)
	}
	w.wentCold(after)
}

// wentCold checks the fence of an archive: the record names the copy that its own gen made.
func (w *world) wentCold(j job.Job) {
	if j.Storage == job.Archived && j.Archive.Gen != j.Gen {
		w.fail("S4", "job %s of gen %d names an archive of gen %d", j.ID, j.Gen, j.Archive.Gen)
	}
}

// deletesKey is called before somebody deletes a key or an item of the vault (S3).
func (w *world) deletesKey(name string) {
	w.dirty = true
	for _, j := range w.jobs {
		if j.Status == job.Deleted {
			continue
		}
		named := j.Result.Key == name || j.Archive.Ref == name || j.Input.Key == name
		for _, f := range j.Files {
			named = named || f.Key == name
		}
		if named {
			w.fail("S3", "%s was deleted while job %s names it", name, j.ID)
		}
	}
}

// acks is called before a message is acked (S10).
func (a *actor) acks(message string) {
	if !a.done {
		a.fail("S10", "%s acked %s before its work was done", a.name, message)
	}
}

// mailed is called before a mail is sent (S8).
func (a *actor) mailed(mailID string) {
	id, kind := strings.Split(mailID, "-")[0], strings.Split(mailID, "-")[1]
	j := a.jobs[id]
	told := map[string]bool{
		job.NoticeReady: j.Status == job.Completed, job.NoticeFailed: j.Status == job.Failed,
		job.NoticeRestored: !j.RestoredTime.IsZero(), job.NoticeExpiring: !j.Warned.IsZero(),
	}
	if !told[kind] && j.Status != job.Deleted {
		a.fail("S8", "a mail says %s of job %s, which is %s", kind, id, j.State())
	}
	if a.mails[mailID] > a.crashes+a.lost+a.slow {
		a.fail("S8", "mail %s is sent for the %d. time after %d crashes", mailID, a.mails[mailID]+1, a.crashes)
	}
}

// check holds the world against the invariants.
func (w *world) check() {
	if !w.dirty || w.broken != nil {
		return
	}
	w.dirty = false
	load := map[string]user.Load{}
	for _, j := range w.jobs {
		w.checkCopies(j)
		w.checkReading(j)
		l := load[j.UserID]
		switch j.Status {
		case job.Uploading:
			l.Uploading++
		case job.Pending:
			l.Pending++
		case job.Running:
			l.Running++
		}
		load[j.UserID] = l
	}
	for id, u := range w.users {
		if u.Load != load[id] {
			w.fail("S11", "%s has %+v by its record and %+v by its jobs", id, u.Load, load[id])
		}
	}
	for what, n := range w.asked {
		if n > 1+w.crashes+w.lost+w.expired {
			w.fail("S11", "%d retrievals of %s", n, what)
		}
	}
}

// checkCopies: a full copy exists (S1), what the record names verifies (S2), and it is the only right result (S6).
func (w *world) checkCopies(j job.Job) {
	if j.Status != job.Completed {
		return
	}
	if t := w.expect[j.ID]; t.content != "" && j.Result.SHA256 != t.sha {
		w.fail("S6", "job %s has another result than its input gives", j.ID)
	}
	hot := w.results.items[j.Result.Key].sha == j.Result.SHA256 && j.Result.Key != ""
	cold := w.cold[j.Archive.Ref] != nil && w.cold[j.Archive.Ref].item.SHA256 == j.Result.SHA256
	switch j.Storage {
	case job.Hot, job.Archiving:
		if !hot {
			w.fail("S2", "job %s is %s and its hot copy %q is gone or wrong", j.ID, j.Storage, j.Result.Key)
		}
	case job.Archived, job.Thawing:
		if !cold {
			w.fail("S2", "job %s is %s and its cold copy %q is gone or wrong", j.ID, j.Storage, j.Archive.Ref)
		}
	}
	if !hot && !cold && j.Storage != job.Damaged {
		w.fail("S1", "job %s has no full copy", j.ID)
	}
	if at := strings.Split(j.Result.Key, "/"); len(at) == 5 && !strings.HasSuffix(at[3], "-"+strconv.Itoa(j.Attempt)) {
		w.fail("S4", "job %s of attempt %d names %s", j.ID, j.Attempt, j.Result.Key)
	}
	if log := j.Files[job.FileLog]; w.results.items[log.Key].sha != log.SHA256 {
		w.fail("S2", "the log of job %s is gone", j.ID)
	}
}

// checkReading: nobody reads a free result at or after its window's end, and no stranger reads anything (S7).
func (w *world) checkReading(j job.Job) {
	f := w.base.Flow()
	u := w.users[j.UserID]
	end := w.windowEnd(j)
	open := f.Readable(j, u, w.time()) == nil
	mayBe := j.Status == job.Completed && (j.Storage == job.Hot || j.Storage == job.Archiving) && (end.IsZero() || w.time().Before(end))
	if open != mayBe {
		w.fail("S7", "job %s: readable %v, should be %v (%s, window ends %s)", j.ID, open, mayBe, j.State(), end)
	}
	for id, other := range w.users {
		if id != j.UserID && f.Readable(j, other, w.time()) == nil {
			w.fail("S7", "%s may read job %s of %s", id, j.ID, j.UserID)
		}
	}
}
