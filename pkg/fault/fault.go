// Package fault holds the kinds of error that a person may see, and the one table that says how each is answered over HTTP and by a command's exit code.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the machine-readable code of an error: the field "code" of a problem, and a failed job's error.code.
type Kind string

// The kinds, as the contract names them.
const (
	BadInput       Kind = "bad_input"         // the file or request cannot be read as what it should be
	NoSharedContig Kind = "no_shared_contig"  // no record lies on a contig of the reference
	UnknownRef     Kind = "unknown_reference" // the reference that was asked for is not installed
	InputChanged   Kind = "input_changed"     // the input is not the object that was submitted
	TooLarge       Kind = "too_large"         // over the plan's limit
	NotFound       Kind = "not_found"         // missing, or somebody else's
	SignedOut      Kind = "signed_out"        // no session and no token
	Denied         Kind = "denied"            // signed in, but not allowed
	PlanRequired   Kind = "plan_required"     // only with a larger plan
	Expired        Kind = "expired"           // a free result past its window
	Archived       Kind = "archived"          // in cold storage
	Thawing        Kind = "thawing"           // on its way back from cold storage
	Conflict       Kind = "conflict"          // the state does not allow it now
	Quota          Kind = "quota"             // too many jobs at once
	RateLimited    Kind = "rate_limited"      // too many requests a minute
	Unsorted       Kind = "unsorted"          // an index was asked for, but the result is not sorted
	Cancelled      Kind = "cancelled"         // the job was cancelled by its owner
	Poison         Kind = "poison"            // the job killed its worker three times
	Unavailable    Kind = "unavailable"       // something that is needed cannot be reached
	Internal       Kind = "internal"          // a bug of ours
	Usage          Kind = "usage"             // a command was called wrongly
	TimedOut       Kind = "timed_out"         // a wait ended without its end
	Interrupted    Kind = "interrupted"       // a signal ended it
)

// Answer says how a kind is answered.
type Answer struct {
	Kind   Kind
	Status int    // HTTP status
	Exit   int    // exit code of a command
	Title  string // one short sentence, the same for every error of the kind
}

// Table is the one table kind -> HTTP status -> exit code.
var Table = []Answer{
	{BadInput, 422, 9, "The input cannot be read."},
	{NoSharedContig, 422, 9, "No record lies on a contig of the reference."},
	{UnknownRef, 422, 9, "The reference is not installed."},
	{InputChanged, 409, 9, "The input is not the one that was submitted."},
	{TooLarge, 413, 9, "The file is larger than the plan allows."},
	{NotFound, 404, 4, "There is nothing here."},
	{SignedOut, 401, 3, "Sign in first."},
	{Denied, 403, 3, "This is not allowed."},
	{PlanRequired, 402, 7, "The plan does not include this."},
	{Expired, 403, 7, "The free window of this result is over."},
	{Archived, 409, 7, "The result is in cold storage."},
	{Thawing, 409, 7, "The result is being restored."},
	{Conflict, 409, 7, "The state does not allow this now."},
	{Quota, 429, 7, "Too many jobs at once."},
	{RateLimited, 429, 7, "Too many requests."},
	{Unsorted, 404, 4, "The result is not sorted and has no index."},
	{Cancelled, 409, 5, "The job was cancelled."},
	{Poison, 500, 5, "The job ended its worker three times."},
	{Unavailable, 503, 8, "Something that is needed cannot be reached."},
	{Internal, 500, 1, "An error of ours."},
	{Usage, 400, 2, "The request is not understood."},
	{TimedOut, 504, 6, "It did not end in time."},
	{Interrupted, 499, 130, "Interrupted."},
}

// AnswerTo returns the row of a kind, that of Internal for an unknown one.
func AnswerTo(kind Kind) Answer {
	for _, answer := range Table {
		if answer.Kind == kind {
			return answer
		}
	}
	return AnswerTo(Internal)
}

// Fault is an error that a person may see: what happened, where, and what to do.
type Fault struct {
	Kind       Kind
	Message    string        // one plain sentence, safe to show
	Hint       string        // what to do, may be empty
	Line       int64         // 1-based line of the input, 0 where there is none
	Column     int           // 1-based column of the line, 0 where there is none
	RetryAfter time.Duration // when to try again, 0 where that makes no sense
	cause      error
}

// New returns a Fault of a kind with a message in the form of fmt.Sprintf.
func New(kind Kind, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// At returns a BadInput Fault at a 1-based line and column; a column of 0 means the whole line.
func At(line int64, column int, format string, args ...any) *Fault {
	return &Fault{Kind: BadInput, Message: fmt.Sprintf(format, args...), Line: line, Column: column}
}

// Because returns the Fault with the error that caused it, for logs and errors.Is.
func (f *Fault) Because(cause error) *Fault {
	with := *f
	with.cause = cause
	return &with
}

// WithHint returns the Fault with a sentence that says what to do.
func (f *Fault) WithHint(format string, args ...any) *Fault {
	with := *f
	with.Hint = fmt.Sprintf(format, args...)
	return &with
}

// After returns the Fault with the time after which trying again makes sense.
func (f *Fault) After(wait time.Duration) *Fault {
	with := *f
	with.RetryAfter = wait
	return &with
}

// Error gives the message with its line and column, and the cause.
func (f *Fault) Error() string {
	text := f.Located()
	if f.cause != nil {
		text += ": " + f.cause.Error()
	}
	return text
}

// Located gives the message behind the line and column that it speaks of.
func (f *Fault) Located() string {
	switch {
	case f.Line > 0 && f.Column > 0:
		return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Message)
	case f.Line > 0:
		return fmt.Sprintf("line %d: %s", f.Line, f.Message)
	case f.Column > 0:
		return fmt.Sprintf("column %d: %s", f.Column, f.Message)
	}
	return f.Message
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.cause }

// Of finds the Fault in an error's chain. An error without one becomes Internal, with a message that tells nothing of the inside.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	var found *Fault
	if errors.As(err, &found) {
		return found
	}
	return New(Internal, "Something went wrong on our side.").Because(err)
}

// KindOf returns the kind of an error's Fault, Internal where it has none and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	return Of(err).Kind
}

// Is tells whether an error's chain holds a Fault of the kind.
func Is(err error, kind Kind) bool {
	var found *Fault
	return errors.As(err, &found) && found.Kind == kind
}
