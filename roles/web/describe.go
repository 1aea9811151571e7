package web

import (
	"fmt"
	"strings"
	"time"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/user"
)

// stateView is a state as a pill: its tone names colour and icon, its word says it.
type stateView struct{ Tone, Word string }

// state is the pill of a job.
func (v sight) state() stateView {
	switch v.Status {
	case job.Uploading:
		return stateView{"waiting", "Uploading"}
	case job.Pending:
		if v.place > 0 {
			return stateView{"waiting", "Waiting, " + ordinal(v.place)}
		}
		return stateView{"waiting", "Waiting"}
	case job.Running:
		return stateView{"running", fmt.Sprintf("Running %.0f %%", v.progress.Percent)}
	case job.Failed:
		return stateView{"failed", "Failed"}
	case job.Cancelled:
		return stateView{"cancelled", "Cancelled"}
	}
	switch v.Storage {
	case job.Archived:
		return stateView{"archived", "Archived"}
	case job.Thawing:
		return stateView{"restoring", "Restoring"}
	case job.Damaged:
		return stateView{"failed", "Damaged"}
	}
	return stateView{"done", "Done"}
}

// sentence says how the job stands and what it waits for.
func (s *site) sentence(v sight) string {
	switch v.Status {
	case job.Uploading:
		return "The file has not arrived yet. Choose it again to go on with an upload that broke off; it is waited for until " + clockText(v.Created.Add(24*time.Hour), v.now) + "."
	case job.Pending:
		return s.waiting(v)
	case job.Running:
		return s.running(v)
	case job.Failed:
		return failureSentence(v.failure())
	case job.Cancelled:
		return "Cancelled by you, " + clockText(v.CompleteTime, v.now) + "."
	}
	return s.done(v)
}

func (s *site) waiting(v sight) string {
	text := "Waits for an annotator."
	if v.place > 0 {
		text = sentence(ordinal(v.place)) + " in the queue."
	}
	if v.missing != "" {
		return text + " " + v.missing
	}
	limit := s.Plans.Of(v.owner.Plan).Running
	if v.owner.Load.Running >= limit {
		text += " " + plural(v.owner.Load.Running, "of your jobs runs", "of your jobs run") + ", your limit; this one starts when one ends."
		if more := s.Plans.Premium.Running; v.owner.Plan != user.Premium && more > limit {
			text += " Premium runs " + countText(more) + " at once."
		}
		return text
	}
	if waited := v.now.Sub(v.SubmitTime); waited > 30*time.Second {
		return text + " It has waited " + durationText(waited) + "; no annotator has taken it yet."
	}
	return text
}

func (s *site) running(v sight) string {
	p := v.progress
	if v.LeaseUntil.Before(v.now) && v.missing != "" {
		return v.missing
	}
	free := v.Owner == "" && !v.LeaseUntil.IsZero() && !v.LeaseUntil.After(v.now)
	if free && v.Tries > 0 {
		return fmt.Sprintf("Something that is needed could not be reached; the job is tried again by itself within minutes. Tries so far: %d.", v.Tries)
	}
	if free {
		return "The annotator was stopped and gave the job back; the next one takes it."
	}
	if v.LeaseUntil.Before(v.now) && !v.LeaseUntil.IsZero() {
		return "The annotator has not been heard of for " + durationText(v.now.Sub(v.LeaseUntil)+s.Config.QueueVisibility) + "; another one takes the job over."
	}
	if p.Stage == "" {
		return "An annotator has taken the job."
	}
	parts := []string{}
	if p.Contig != "" {
		parts = append(parts, visible(p.Contig))
	}
	parts = append(parts, fmt.Sprintf("%.0f %%", p.Percent))
	if p.Records > 0 {
		parts = append(parts, plural(p.Records, "record", "records"))
	}
	if rate := v.rate(); rate > 0 {
		parts = append(parts, countText(rate)+" a second")
	}
	if left := v.left(); left > 0 {
		parts = append(parts, "about "+durationText(left)+" left")
	}
	text := sentence(visible(p.Stage)) + ": " + strings.Join(parts, ", ") + "."
	if v.Attempt > 1 {
		text += fmt.Sprintf(" This is attempt %d.", v.Attempt)
	}
	return text
}

func failureSentence(f job.Failure) string {
	text := "Failed"
	if f.Line > 0 {
		text += " at line " + countText(f.Line)
	}
	if f.Text == "" {
		return text + "."
	}
	return text + ": " + visible(f.Text)
}

func (s *site) done(v sight) string {
	text := "Done"
	if !v.StartTime.IsZero() {
		text += " in " + durationText(v.CompleteTime.Sub(v.StartTime))
	}
	if v.Counts == nil {
		return text + "."
	}
	text += ": " + plural(v.Counts.Records, "variant", "variants")
	if v.Counts.Annotated != v.Counts.Records {
		text += ", " + countText(v.Counts.Annotated) + " annotated"
	}
	if v.Counts.High != nil {
		text += ", " + countText(*v.Counts.High) + " with high impact"
	}
	if v.Counts.Rejected > 0 {
		text += ", " + countText(v.Counts.Rejected) + " rejected"
	}
	return text + "."
}

// resultText says in a few words where the result is.
func (v sight) resultText() string {
	if v.Status != job.Completed {
		return ""
	}
	switch {
	case v.Storage == job.Damaged:
		return "no good copy is known"
	case v.late():
		return "being restored, later than expected"
	case v.Storage == job.Thawing && !v.Retrieval.ExpectedAt.IsZero():
		return "being restored, about " + durationText(v.Retrieval.ExpectedAt.Sub(v.now))
	case v.Storage == job.Thawing:
		return "being restored"
	case v.Storage == job.Archived && v.owner.Plan == user.Premium:
		return "archived, restoring begins"
	case v.Storage == job.Archived:
		return "archived"
	case v.expired() && v.missing != "":
		return "window over, waits to be archived"
	case v.expired():
		return "window over, being archived"
	case v.freeUntil.IsZero():
		return "available"
	}
	return "available until " + clockText(v.freeUntil, v.now)
}

// noteView is what stands above a job's tabs where something has to be said beyond the sentence.
type noteView struct {
	Tone, Head, Text string
	Action           *linkView
}

// note says what happened to a result that can't be read, and what to do.
func (v sight) note() *noteView {
	note := v.plainNote()
	if note != nil && v.missing != "" {
		note.Text += " " + v.missing
	}
	return note
}

func (v sight) plainNote() *noteView {
	upgrade := &linkView{URL: "/subscribe", Text: "Upgrade to bring it back"}
	switch {
	case v.Status == job.Failed:
		if v.failure().Code == string(fault.TooLarge) {
			return v.tooLargeNote()
		}
		return &noteView{Tone: "failed", Head: "No result.", Text: failureHint(v.failure())}
	case v.Status != job.Completed:
		return nil
	case v.Storage == job.Damaged:
		return &noteView{Tone: "failed", Head: "The result is held back.", Text: "No copy with the right checksum is known at the moment. Nothing was deleted; an operator looks into it."}
	case v.Storage == job.Thawing:
		return &noteView{Tone: "restoring", Head: "The result is being restored.", Text: v.retrievalText() + " You get a mail when it is back."}
	case v.Storage == job.Archived && v.owner.Plan == user.Premium:
		return &noteView{Tone: "restoring", Head: "The result is in cold storage.", Text: "Your plan is premium, so it is brought back without a step of yours."}
	case v.expired():
		where := "It is kept in cold storage"
		if v.Storage != job.Archived {
			where = "It goes to cold storage now"
		}
		return &noteView{Tone: "archived", Head: "The free window of this result ended " + clockText(v.freeUntil, v.now) + ".", Text: where + "; input, log and summary stay readable.", Action: upgrade}
	}
	if v.Storage == job.Archived {
		return &noteView{Tone: "archived", Head: "The result is in cold storage.", Text: "Input, log and summary stay readable.", Action: upgrade}
	}
	return nil
}

// retrievalText says how far the way back from cold storage is.
func (v sight) retrievalText() string {
	r := v.Retrieval
	if r.AskedAt.IsZero() {
		return "It is about to be asked for from cold storage."
	}
	text := "It was asked for at " + clockText(r.AskedAt, v.now)
	if r.Tier != "" {
		text += " (" + r.Tier + ")"
	}
	switch {
	case v.late():
		text += " and was expected at " + clockText(r.ExpectedAt, v.now) + "; it is looked for again until it is there"
	case !r.ExpectedAt.IsZero():
		text += " and is expected at " + clockText(r.ExpectedAt, v.now)
	}
	return text + "."
}

// late tells whether a result that is being restored should be back by now.
func (v sight) late() bool {
	expected := v.Retrieval.ExpectedAt
	return v.Storage == job.Thawing && !expected.IsZero() && v.now.After(expected)
}

// tooLargeNote says what the owner's plan allows, and what a larger one does.
func (v sight) tooLargeNote() *noteView {
	limits := func(plan user.Plan) string {
		l := v.plans.Of(plan)
		return plan.Word() + " takes " + sizeText(l.Decompressed) + " after decompression, in lines of at most " + sizeText(l.Line)
	}
	note := &noteView{Tone: "failed", Head: "No result.", Text: limits(v.owner.Plan) + "."}
	if v.owner.Plan != user.Premium {
		note.Text += " " + limits(user.Premium) + "."
		note.Action = &linkView{URL: "/subscribe", Text: "Compare the plans"}
	}
	return note
}

func failureHint(f job.Failure) string {
	switch f.Code {
	case "no_shared_contig":
		return "Choose another reference and run it again, or install the one that the file was called against."
	case "unknown_reference":
		return "Install the reference, or choose one that is installed, and run it again."
	case "not_found":
		return "Run it again with what is installed. The input is kept."
	case "unavailable", "internal", "poison":
		return "This is not the file's fault. The input is kept: run it again, and tell the operator the job's id if it happens twice."
	}
	return "Correct the file and upload it again. The input is kept for you to download."
}
