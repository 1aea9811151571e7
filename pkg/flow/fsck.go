package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// patience is how long something may stand still before fsck calls it stuck.
const patience = 10 * time.Minute

// Finding is one place where an invariant of the life of a job does not hold.
type Finding struct {
	Invariant string `json:"invariant"` // S1 to S12, L1 to L7, as the design names them
	Damage    string `json:"damage"`    // what kind it is, in a few words
	JobID     string `json:"job_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	Key       string `json:"key,omitempty"`
	Text      string `json:"text"`
	Repaired  string `json:"repaired,omitempty"` // what was done about it
}

// CheckOptions says how thoroughly fsck looks, and whether it repairs.
type CheckOptions struct {
	ReadData bool // read every hot object and compare its sha256
	Repair   bool
	Adopt    bool                      // after a backup was restored: let the collector run again if nothing that is named is missing
	Pause    func(ctx context.Context) // waits a little: what is only under way is not stuck. nil = does not
}

// Checked is what fsck found.
type Checked struct {
	Jobs     int       `json:"jobs"`
	Users    int       `json:"users"`
	Objects  int       `json:"objects"`
	Findings []Finding `json:"findings"`
}

// Broken tells whether anything is left that was not repaired.
func (c Checked) Broken() bool {
	for _, f := range c.Findings {
		if f.Repaired == "" {
			return true
		}
	}
	return false
}

// fsck is one check.
type fsck struct {
	Flow
	o       CheckOptions
	now     time.Time
	found   Checked
	users   map[string]user.User
	load    map[string]user.Load
	items   map[string]port.VaultItem   // by ref
	ofJob   map[string][]string         // refs by job
	uploads map[string]string           // user and upload id -> job
	ours    map[string]map[string]int64 // results by job: key -> size
}

// Check holds the records against the objects, the vault, the queues and the invariants. It deletes nothing that a record names; with Repair it
// points records to good copies where there are some, and posts what stands still.
func (f Flow) Check(ctx context.Context, o CheckOptions) (Checked, error) {
	now, err := f.Store.Now(ctx)
	if err != nil {
		return Checked{}, err
	}
	c := &fsck{Flow: f, o: o, now: now, users: map[string]user.User{}, load: map[string]user.Load{}, items: map[string]port.VaultItem{},
		ofJob: map[string][]string{}, uploads: map[string]string{}, ours: map[string]map[string]int64{}}
	for _, step := range []func(context.Context) error{c.installation, c.readUsers, c.readVault, c.readResults, c.everyJob, c.counters, c.outbox, c.orphans, c.adopt} {
		if err := step(ctx); err != nil {
			return c.found, fmt.Errorf("check: %w", err)
		}
	}
	return c.found, nil
}

// note adds a finding and, where it can be repaired and shall be, repairs it.
func (c *fsck) note(ctx context.Context, f Finding, repair func(context.Context) (string, error)) error {
	if c.o.Repair && repair != nil {
		done, err := repair(ctx)
		if ignoreLost(err) != nil {
			return fmt.Errorf("repair %s: %w", f.Damage, err)
		}
		f.Repaired = done
	}
	c.found.Findings = append(c.found.Findings, f)
	return nil
}

func (c *fsck) installation(ctx context.Context) error {
	err := c.sameInstallation(ctx)
	if errors.Is(err, ErrForeign) {
		return c.note(ctx, Finding{Invariant: "S3", Damage: "foreign installation", Text: err.Error()}, nil)
	}
	if errors.Is(err, ErrAdopting) {
		return nil
	}
	return err
}

func (c *fsck) readUsers(ctx context.Context) error {
	for cursor := ""; ; {
		users, next, err := c.Store.EveryUser(ctx, cursor, 500)
		if err != nil {
			return fmt.Errorf("read users: %w", err)
		}
		for _, u := range users {
			c.users[u.ID] = u
		}
		if cursor = next; next == "" {
			c.found.Users = len(c.users)
			return nil
		}
	}
}

func (c *fsck) readVault(ctx context.Context) error {
	for cursor := ""; ; {
		items, refs, next, err := c.Vault.List(ctx, cursor, 1000)
		if err != nil {
			return fmt.Errorf("list the vault: %w", err)
		}
		for i, item := range items {
			c.items[refs[i]] = item
			c.ofJob[item.JobID] = append(c.ofJob[item.JobID], refs[i])
		}
		c.found.Objects += len(items)
		if cursor = next; next == "" {
			return nil
		}
	}
}

func (c *fsck) readResults(ctx context.Context) error {
	for cursor := ""; ; {
		items, next, err := c.Results.List(ctx, "", cursor, 1000)
		if err != nil {
			return fmt.Errorf("list results: %w", err)
		}
		for _, item := range items {
			at, ok := parseResultKey(item.Key)
			if !ok {
				continue
			}
			c.found.Objects++
			if c.ours[at.JobID] == nil {
				c.ours[at.JobID] = map[string]int64{}
			}
			c.ours[at.JobID][item.Key] = item.Size
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

func (c *fsck) everyJob(ctx context.Context) error {
	for cursor := ""; ; {
		jobs, next, err := c.Store.EveryJob(ctx, cursor, 200)
		if err != nil {
			return fmt.Errorf("read jobs: %w", err)
		}
		for _, j := range jobs {
			c.found.Jobs++
			if err := c.job(ctx, j); err != nil {
				return fmt.Errorf("job %s: %w", j.ID, err)
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// job checks one record.
func (c *fsck) job(ctx context.Context, j job.Job) error {
	l := user.User{Load: c.load[j.UserID]}
	count(&l, job.Nowhere, j.State())
	c.load[j.UserID] = l.Load
	if j.Status == job.Deleted {
		return nil
	}
	steps := []func(context.Context, job.Job) error{c.upload, c.input, c.files, c.result, c.stuck, c.notices}
	for _, step := range steps {
		if err := step(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// upload: one upload is one job (S5), of a user that exists.
func (c *fsck) upload(ctx context.Context, j job.Job) error {
	key := j.UserID + " " + j.UploadID
	other, twice := c.uploads[key]
	c.uploads[key] = j.ID
	if twice && j.UploadID != "" {
		return c.note(ctx, Finding{Invariant: "S5", Damage: "upload twice", JobID: j.ID, UserID: j.UserID, Text: "The upload also made job " + other + "."}, nil)
	}
	if _, ok := c.users[j.UserID]; !ok {
		return c.note(ctx, Finding{Invariant: "S7", Damage: "no owner", JobID: j.ID, UserID: j.UserID, Text: "The job's owner has no record."}, nil)
	}
	return nil
}

// input: what was submitted is still there, in its version (S2).
func (c *fsck) input(ctx context.Context, j job.Job) error {
	if j.Status == job.Uploading {
		return nil
	}
	if _, id, ok := parseInputKey(j.Input.Key); ok && id != j.ID {
		return c.note(ctx, Finding{Invariant: "S7", Damage: "foreign key", JobID: j.ID, Key: j.Input.Key, Text: "The record names another job's input."}, nil)
	}
	return c.object(ctx, c.Inputs, j, j.Input, "input", nil)
}

// files: what belongs to a result and is not archived (S2).
func (c *fsck) files(ctx context.Context, j job.Job) error {
	for kind, file := range j.Files {
		if at, ok := parseResultKey(file.Key); ok && at.JobID != j.ID {
			if err := c.note(ctx, Finding{Invariant: "S7", Damage: "foreign key", JobID: j.ID, Key: file.Key, Text: "The record names another job's " + kind + "."}, nil); err != nil {
				return err
			}
			continue
		}
		if err := c.object(ctx, c.Results, j, file, kind, nil); err != nil {
			return err
		}
	}
	return nil
}

// object checks that an object is there, has the recorded size and, where data are read, the recorded sha256.
func (c *fsck) object(ctx context.Context, blobs port.Blobs, j job.Job, o job.Object, kind string, repair func(context.Context) (string, error)) error {
	wrong, err := c.wrong(ctx, blobs, o)
	if err != nil || wrong == "" {
		return err
	}
	return c.note(ctx, Finding{Invariant: "S2", Damage: kind + " " + wrong, JobID: j.ID, UserID: j.UserID, Key: o.Key,
		Text: fmt.Sprintf("The %s of %d bytes that the record names is %s.", kind, o.Size, wrong)}, repair)
}

// wrong tells what is wrong with an object: missing, changed, of wrong size, truncated or bent; empty when nothing is.
func (c *fsck) wrong(ctx context.Context, blobs port.Blobs, o job.Object) (string, error) {
	info, err := blobs.Stat(ctx, o.Key)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return "missing", nil
	case err != nil:
		return "", fmt.Errorf("look at %s: %w", o.Key, err)
	case o.Version != "" && info.Version != o.Version:
		return "changed", nil
	}
	if info.Size == o.Size && (!c.o.ReadData || o.SHA256 == "") {
		return "", nil
	}
	sum, size, err := c.read(ctx, blobs, o.Key)
	switch {
	case err != nil:
		return "", err
	case o.SHA256 != "" && sum == o.SHA256 && size != o.Size:
		return "recorded with a wrong size", nil
	case size < o.Size:
		return "truncated", nil
	case size != o.Size || sum != o.SHA256 && o.SHA256 != "":
		return "bent", nil
	}
	return "", nil
}

// read gives the sha256 and the size of an object's bytes.
func (c *fsck) read(ctx context.Context, blobs port.Blobs, key string) (string, int64, error) {
	r, _, err := blobs.Open(ctx, key, "", port.Whole)
	if err != nil {
		return "", 0, fmt.Errorf("open %s: %w", key, err)
	}
	defer r.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	if err != nil && !errors.Is(err, port.ErrChecksum) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", 0, fmt.Errorf("read %s: %w", key, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), size, nil
}

// result: the copy that the record names is there and right (S1, S2), is the job's own (S7) and of its gen (S4).
func (c *fsck) result(ctx context.Context, j job.Job) error {
	if j.Status != job.Completed {
		return nil
	}
	mend := func(ctx context.Context) (string, error) { return c.mend(ctx, j) }
	switch j.Storage {
	case job.Damaged:
		return c.note(ctx, Finding{Invariant: "S1", Damage: "damaged", JobID: j.ID, UserID: j.UserID, Text: "No good copy of the result was known."}, mend)
	case job.Archived, job.Thawing:
		return c.coldResult(ctx, j, mend)
	}
	at, ok := parseResultKey(j.Result.Key)
	switch {
	case !ok || at.JobID != j.ID:
		return c.note(ctx, Finding{Invariant: "S7", Damage: "foreign key", JobID: j.ID, UserID: j.UserID, Key: j.Result.Key, Text: "The record names a key that is not the job's own."}, mend)
	case at.Gen > j.Gen:
		return c.note(ctx, Finding{Invariant: "S4", Damage: "wrong gen", JobID: j.ID, UserID: j.UserID, Key: j.Result.Key, Text: fmt.Sprintf("The record has gen %d and names a key of gen %d.", j.Gen, at.Gen)}, mend)
	}
	return c.object(ctx, c.Results, j, j.Result, "hot copy", mend)
}

func (c *fsck) coldResult(ctx context.Context, j job.Job, mend func(context.Context) (string, error)) error {
	item, ok := c.items[j.Archive.Ref]
	if !ok {
		if unlisted, err := c.unlisted(ctx, j.Archive.Ref); err != nil || unlisted {
			return err
		}
	}
	f := Finding{Invariant: "S2", JobID: j.ID, UserID: j.UserID, Key: j.Archive.Ref}
	switch {
	case !ok:
		f.Damage, f.Text = "archive missing", "The vault does not have the cold copy that the record names."
	case item.JobID != j.ID:
		f.Invariant, f.Damage, f.Text = "S7", "foreign key", "The record names another job's cold copy."
	case j.Archive.Gen > j.Gen || item.Gen != j.Archive.Gen:
		f.Invariant, f.Damage, f.Text = "S4", "wrong gen", fmt.Sprintf("The record has gen %d and names an archive of gen %d.", j.Gen, item.Gen)
	case item.SHA256 != j.Result.SHA256:
		f.Damage, f.Text = "archive bent", "The cold copy has another sha256 than the record."
	case item.Size != j.Result.Size:
		f.Damage, f.Text = "archive recorded with a wrong size", fmt.Sprintf("The cold copy has %d bytes, the record says %d.", item.Size, j.Result.Size)
	default:
		return nil
	}
	return c.note(ctx, f, mend)
}

// unlisted tells whether the vault may hold what its list does not show: a Glacier vault lists last night's inventory and cannot be asked for one
// archive. A vault that knows says that it has none.
func (c *fsck) unlisted(ctx context.Context, ref string) (bool, error) {
	_, err := c.Vault.State(ctx, ref)
	if errors.Is(err, port.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// stuck: what has to move moves (L1 to L3, L5).
func (c *fsck) stuck(ctx context.Context, j job.Job) error {
	wake := func(ctx context.Context) (string, error) { return "message posted", c.remind(ctx, j) }
	f := Finding{JobID: j.ID, UserID: j.UserID}
	late := !j.Due.IsZero() && c.now.Sub(j.Due) > patience
	switch j.State() {
	case job.State(job.Running):
		if c.now.Sub(j.LeaseUntil) < patience {
			return nil
		}
		f.Invariant, f.Damage, f.Text = "L1", "expired lease", "Nobody has held the running job since "+j.LeaseUntil.Format(time.RFC3339)+"."
	case job.State(job.Pending):
		if !j.Due.IsZero() && !late {
			return nil
		}
		f.Invariant, f.Damage, f.Text = "L1", "stuck", "The job waits and nobody looks at it."
	case job.State(job.Archiving), job.State(job.Thawing):
		if !j.Due.IsZero() && !late {
			return nil
		}
		f.Invariant, f.Damage, f.Text = "L5", "stuck", "The result stays "+string(j.Storage)+" and nobody looks at it."
	case job.State(job.Hot), job.State(job.Archived):
		return c.tier(ctx, j, f, wake)
	default:
		return nil
	}
	return c.note(ctx, f, wake)
}

// tier: a result is where its owner's plan wants it.
func (c *fsck) tier(ctx context.Context, j job.Job, f Finding, wake func(context.Context) (string, error)) error {
	u, ok := c.users[j.UserID]
	if !ok || u.FanOut.Kind != "" && c.now.Sub(u.FanOut.Due) < patience {
		return nil
	}
	until := c.FreeUntil(j, u)
	switch {
	case j.Storage == job.Hot && !until.IsZero() && c.now.Sub(until) > patience:
		f.Invariant, f.Damage, f.Text = "L3", "not archived", "The free window ended on "+until.Format(time.RFC3339)+"."
	case j.Storage == job.Archived && u.Plan == user.Premium && (j.Due.IsZero() || c.now.Sub(j.Due) > patience):
		f.Invariant, f.Damage, f.Text = "L2", "not thawed", "The owner is premium and the result stays archived."
	default:
		return nil
	}
	return c.note(ctx, f, wake)
}

// notices: at most one for each end of a job (S8), and none that waits for ever (L4).
func (c *fsck) notices(ctx context.Context, j job.Job) error {
	notices, err := c.Store.Notices(ctx, j.ID)
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	seen := map[string]bool{}
	for _, n := range notices {
		kind := n.Kind
		if kind == job.NoticeRestored || kind == job.NoticeExpiring {
			kind = fmt.Sprintf("%s %d", kind, n.Attempt)
		}
		waits := n.State == job.NoticePending || n.State == job.NoticeSending
		switch {
		case seen[kind]:
			err = c.note(ctx, Finding{Invariant: "S8", Damage: "double notice", JobID: j.ID, Text: "There is a second notice that says " + n.Kind + "."},
				func(ctx context.Context) (string, error) { return "given up", c.giveUp(ctx, n) })
		case waits && c.now.Sub(n.Due) > patience:
			err = c.note(ctx, Finding{Invariant: "L4", Damage: "notice waits", JobID: j.ID, Text: "The notice that says " + n.Kind + " was not sent."},
				func(ctx context.Context) (string, error) { return "message posted", c.sweepNotices(ctx, c.now) })
		}
		if err != nil {
			return err
		}
		seen[kind] = true
	}
	return nil
}

// giveUp ends a notice that should not be, if it was not sent yet.
func (c *fsck) giveUp(ctx context.Context, n job.Notice) error {
	_, err := c.Store.UpdateNotice(ctx, n.JobID, n.Kind, n.Attempt, func(n *job.Notice) error {
		if n.State != job.NoticeSent {
			n.State, n.Reason, n.Due, n.At = job.NoticeGaveUp, "a second notice of the same", time.Time{}, c.now
		}
		return nil
	})
	return err
}

// counters: the owner's counters are what his jobs say (S11).
func (c *fsck) counters(ctx context.Context) error {
	for id, u := range c.users {
		if u.Load == c.load[id] {
			continue
		}
		text := fmt.Sprintf("The record counts %+v, the jobs %+v.", u.Load, c.load[id])
		err := c.note(ctx, Finding{Invariant: "S11", Damage: "wrong counters", UserID: id, Text: text}, func(ctx context.Context) (string, error) {
			_, err := c.updateUser(ctx, id, func(ch *port.Change) error {
				if ch.User.Load == u.Load {
					ch.User.Load = c.load[id]
				}
				return nil
			})
			return "counted again", err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// outbox: what was written is sent (L5). A message that is only under way is gone after a pause.
func (c *fsck) outbox(ctx context.Context) error {
	before, err := c.Store.Unsent(ctx, "", 1000)
	if err != nil || len(before) == 0 {
		return err
	}
	if c.o.Pause != nil {
		c.o.Pause(ctx)
	}
	after, err := c.Store.Unsent(ctx, "", 1000)
	if err != nil {
		return err
	}
	still := map[string]bool{}
	for _, m := range after {
		still[m.ID] = true
	}
	for _, m := range before {
		if !still[m.ID] {
			continue
		}
		err := c.note(ctx, Finding{Invariant: "L5", Damage: "unsent outbox", JobID: m.JobID, UserID: m.UserID, Text: "The message " + m.ID + " to " + string(m.Topic) + " was not sent."},
			func(ctx context.Context) (string, error) { _, err := c.Relay(ctx, ""); return "sent", err })
		if err != nil {
			return err
		}
	}
	return nil
}
