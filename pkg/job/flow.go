package job

import "slices"

// State is where a job stands on the one diagram of its life: its status, or, once it has completed, the tier of its result.
type State string

// Nowhere is the state of a job that is not there yet.
const Nowhere State = ""

// State tells where the job stands.
func (j Job) State() State {
	if j.Status == Completed {
		return State(j.Storage)
	}
	return State(j.Status)
}

// Step names one way in which a job's record is written.
type Step string

// The steps. Each is at least one row of the flow table.
const (
	StepIntend   Step = "intend"
	StepExpire   Step = "expire"
	StepSubmit   Step = "submit"
	StepClaim    Step = "claim"
	StepTakeOver Step = "take over"
	StepExtend   Step = "extend"
	StepComplete Step = "complete"
	StepFail     Step = "fail"
	StepRetry    Step = "retry"
	StepYield    Step = "yield"
	StepPoison   Step = "poison"
	StepCancel   Step = "cancel"
	StepDelete   Step = "delete"
	StepPurge    Step = "purge"
	StepRemind   Step = "remind"
	StepRest     Step = "rest"
	StepCall     Step = "call"
	StepWarn     Step = "warn"

	StepArchive  Step = "archive"
	StepArchived Step = "archived"
	StepKeep     Step = "keep"
	StepThaw     Step = "thaw"
	StepAsked    Step = "asked"
	StepRestored Step = "restored"
	StepBadCopy  Step = "bad copy"
	StepDamage   Step = "damage"
	StepCondemn  Step = "condemn"
	StepMend     Step = "mend"
	StepMendCold Step = "mend cold"
)

// Row is one edge of the diagram: what may happen in which states, where it leads, and what it sets in motion.
type Row struct {
	Step   Step
	From   []State
	To     State  // Same where the job stays where it is
	If     string // conditions that are checked inside the commit, beside the state
	Does   string // what it writes beside the state
	Sends  []Topic
	Notice string // the notice to the owner that it creates
	Timers bool   // sets the timers of the free window, where the owner's plan has one
	By     string // the role that fires it
	Quiet  bool   // not on the job's time line
	Why    string
}

// Same is the To of a row that leaves the state as it is.
const Same State = "="

// Leads tells where the row leads from a state.
func (r Row) Leads(from State) State {
	if r.To == Same {
		return from
	}
	return r.To
}

// Find returns the row of a step that may fire in a state.
func Find(step Step, from State) (Row, bool) {
	for _, row := range Flow {
		if row.Step == step && slices.Contains(row.From, from) {
			return row, true
		}
	}
	return Row{}, false
}

const (
	uploading = State(Uploading)
	pending   = State(Pending)
	running   = State(Running)
	failed    = State(Failed)
	cancelled = State(Cancelled)
	deleted   = State(Deleted)
	hot       = State(Hot)
	archiving = State(Archiving)
	archived  = State(Archived)
	thawing   = State(Thawing)
	damaged   = State(Damaged)
)

// Flow is the flow table: every write of a job's record is one of its rows. Package flow applies it, docs/flow.md draws it.
var Flow = []Row{
	{Step: StepIntend, From: []State{Nowhere}, To: uploading, By: "web",
		If: "the plan's limit of queued jobs holds", Does: "reserves quota, fixes the object's key and its largest size",
		Why: "An upload can only fill a place that was reserved for it."},
	{Step: StepSubmit, From: []State{uploading}, To: pending, Sends: []Topic{Requests}, By: "web",
		If: "the object is there and within the limit", Does: "pins the input's version and sha256",
		Why: "Every later read names the version, so a second post to the form changes no job."},
	{Step: StepExpire, From: []State{uploading}, To: deleted, By: "sweeper", Quiet: true,
		If: "24 h are over", Does: "frees the quota", Why: "A form that nobody used must not hold a place for ever."},

	{Step: StepClaim, From: []State{pending}, To: running, By: "annotator",
		If: "the plan's limit of running jobs holds", Does: "attempt+1, lease", Why: "The attempt fences every earlier worker."},
	{Step: StepTakeOver, From: []State{running}, To: Same, By: "annotator",
		If: "the lease has run out or its owner is gone", Does: "attempt+1, lease; deaths+1 if the owner is gone",
		Why: "A killed worker's job goes on under a new attempt."},
	{Step: StepExtend, From: []State{running}, To: Same, By: "annotator", Quiet: true,
		If: "attempt", Does: "lease", Why: "A worker that lives keeps its job."},
	{Step: StepComplete, From: []State{running}, To: hot, Sends: []Topic{Results}, Notice: NoticeReady, Timers: true, By: "annotator",
		If: "attempt", Does: "gen 1, result, files, counts, sha256, complete_time", Why: "Result, notice and timer exist together or not at all."},
	{Step: StepFail, From: []State{running}, To: failed, Sends: []Topic{Results}, Notice: NoticeFailed, By: "annotator",
		If: "attempt", Does: "error", Why: "Bad input fails at once; errors of ours after five tries."},
	{Step: StepRetry, From: []State{running}, To: pending, By: "annotator", Quiet: true,
		If: "attempt", Does: "tries+1, frees the lease", Why: "The message stays in the queue and comes back after the backoff."},
	{Step: StepYield, From: []State{running}, To: pending, By: "annotator", Quiet: true,
		If: "attempt", Does: "frees the lease", Why: "A worker that is told to stop counts neither a try nor a death."},
	{Step: StepPoison, From: []State{running}, To: failed, Sends: []Topic{Results}, Notice: NoticeFailed, By: "annotator",
		If: "three workers died of it", Does: "error, attempt+1", Why: "A job that kills its workers must not stop the others."},

	{Step: StepArchive, From: []State{hot}, To: archiving, By: "archive",
		If: "gen; the plan is free; now >= free_until", Does: "gen+1", Why: "The claim fences every earlier archiver and restorer."},
	{Step: StepArchived, From: []State{archiving}, To: archived, By: "archive",
		If: "gen; the plan is free; the cold copy was verified", Does: "archive {ref, gen}, no result key", Why: "The hot object is deleted only after this commit."},
	{Step: StepKeep, From: []State{archiving}, To: hot, Timers: true, By: "archive",
		If: "gen; the plan is premium by now, or a new window has begun", Does: "gen+1", Why: "Raising gen fences the archivers that still copy."},
	{Step: StepThaw, From: []State{archived}, To: thawing, By: "thaw",
		If: "gen; the plan is premium", Does: "gen+1", Why: "The gen names the key that the restored copy gets."},
	{Step: StepAsked, From: []State{thawing}, To: Same, By: "thaw",
		If: "gen", Does: "retrieval {id, tier, asked_at}", Why: "Asking the vault twice is harmless, asking never is not."},
	{Step: StepRestored, From: []State{thawing}, To: hot, Sends: []Topic{Results}, Notice: NoticeRestored, Timers: true, By: "restore",
		If: "gen; archive ref; the restored copy was verified", Does: "result key, restored_time, no archive", Why: "The archive is deleted only after this commit."},
	{Step: StepBadCopy, From: []State{thawing}, To: Same, By: "restore",
		If: "gen; fewer than 3 wrong checksums", Does: "bad_restores+1, no retrieval", Why: "A copy that was bent on its way is fetched again."},
	{Step: StepDamage, From: []State{archiving, thawing}, To: damaged, By: "archive, thaw, restore",
		If: "gen; the copy that is named is gone or wrong, or 3 restores were wrong", Does: "nothing else", Why: "No good copy is known: nothing is deleted but by the owner."},
	{Step: StepCondemn, From: []State{hot, archived}, To: damaged, By: "fsck",
		If: "gen, state; no good copy was found", Does: "nothing else", Why: "The page tells the owner the truth, and nothing is deleted."},
	{Step: StepMend, From: []State{hot, archiving, archived, thawing, damaged}, To: hot, Timers: true, By: "fsck",
		If: "gen; a hot copy was read and verifies", Does: "gen+1, result key and size", Why: "A good copy was found, or the record told something wrong of it."},
	{Step: StepMendCold, From: []State{hot, archiving, archived, thawing, damaged}, To: archived, By: "fsck",
		If: "gen; a cold copy has the recorded sha256 and size", Does: "gen+1, archive {ref, gen}", Why: "A good copy was found."},
	{Step: StepWarn, From: []State{hot}, To: Same, Sends: []Topic{Results}, Notice: NoticeExpiring, By: "archive",
		If: "the plan is free; free_until is near", Does: "warned", Why: "Nobody shall lose sight of a result without having been told."},

	{Step: StepCancel, From: []State{pending, running}, To: cancelled, By: "owner",
		Does: "nothing else", Why: "The worker's commit fails on the state; it sees the cancellation within a second."},
	{Step: StepDelete, From: []State{uploading, pending, running, failed, cancelled, hot, archiving, archived, thawing, damaged}, To: deleted, By: "owner",
		Does: "gen+1, no names", Why: "Raising gen fences all workers; ids remain, names do not."},
	{Step: StepPurge, From: []State{deleted}, To: Same, By: "sweeper", Quiet: true,
		If: "every object was deleted", Does: "no archive ref", Why: "A second pass an hour later finds what a worker still wrote."},

	{Step: StepRemind, From: []State{pending, running}, To: Same, Sends: []Topic{Requests}, By: "sweeper", Quiet: true,
		If: "nobody holds a lease", Does: "due", Why: "Queues are an accelerator; the sweeper is what makes it arrive."},
	{Step: StepRemind, From: []State{hot, archiving}, To: Same, Sends: []Topic{Archives}, By: "sweeper", Quiet: true,
		If: "due", Does: "due", Why: "A free result past its window goes cold, whatever became of its timer."},
	{Step: StepRemind, From: []State{archived, thawing}, To: Same, Sends: []Topic{Thaws}, By: "sweeper, thaw", Quiet: true,
		If: "due", Does: "due", Why: "A premium result comes back, whatever became of its message."},
	{Step: StepCall, From: []State{thawing}, To: Same, By: "thaw, restore", Quiet: true,
		If: "gen", Does: "due", Why: "A copy that is warm is brought back at once; one that has gone cold again is asked for at once."},
	{Step: StepRest, From: []State{hot, archived, thawing}, To: Same, Timers: true, By: "sweeper, archive", Quiet: true,
		If: "nothing is to be done now", Does: "due", Why: "A plan has changed: the job waits for another time, or for nothing."},
}
