package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Topic is where a message is published; each has one queue of the same name.
type Topic string

// The topics, with the names of the course's system.
const (
	Requests Topic = "job_requests"    // a job waits for an annotator
	Results  Topic = "job_results"     // a job has ended: its owner gets a notice
	Archives Topic = "results_archive" // a result's free window is over
	Thaws    Topic = "results_thaw"    // a user's plan has changed, or one result is to be warmed
	Restores Topic = "results_restore" // the vault has warmed a result
)

// Topics lists every topic.
var Topics = []Topic{Requests, Results, Archives, Thaws, Restores}

// Message is what a topic carries. Messages are hints that hold ids: whoever handles one reads the record and decides.
type Message struct {
	ID        string          `json:"id"` // unique; publishing it again is harmless
	Topic     Topic           `json:"topic"`
	UserID    string          `json:"user_id"` // whose turn it uses, for fairness
	JobID     string          `json:"job_id,omitempty"`
	Body      json.RawMessage `json:"body"`                // < 4 KiB
	NotBefore time.Time       `json:"not_before,omitzero"` // a timer: the message is published at this time
	Kind      string          `json:"kind,omitempty"`      // what a timer is for; its key is job, kind and due time
	Role      string          `json:"role,omitempty"`      // who wrote it: on AWS a role relays only its own rows
}

// TimerKey names a timer, so that it exists once and can be cancelled: job (or user, where there is no job), kind, and due time in Unix seconds.
func (m Message) TimerKey() string {
	who := m.JobID
	if who == "" {
		who = m.UserID
	}
	return who + "-" + m.Kind + "-" + strconv.FormatInt(m.NotBefore.Unix(), 10)
}

// Body is what a message of ours says. Its fields beside the ids are for people and for the course's system: nobody trusts them.
type Body struct {
	V            int       `json:"v,omitempty"` // absent = 1
	JobID        string    `json:"job_id,omitempty"`
	UserID       string    `json:"user_id,omitempty"`
	Cursor       string    `json:"cursor,omitempty"` // where a fan-out over a user's jobs goes on
	Kind         string    `json:"kind,omitempty"`
	FileName     string    `json:"input_file_name,omitempty"` // <job_id>.vcf: a real name may be a person's
	InputsBucket string    `json:"s3_inputs_bucket,omitempty"`
	InputKey     string    `json:"s3_key_input_file,omitempty"`
	ResultKey    string    `json:"s3_key_result_file,omitempty"`
	LogKey       string    `json:"s3_key_log_file,omitempty"`
	Status       Status    `json:"job_status,omitempty"`
	SubmitTime   time.Time `json:"submit_time,omitzero"`
	CompleteTime time.Time `json:"complete_time,omitzero"`
}

// MaxBody is the largest body of a message in bytes.
const MaxBody = 4 << 10

// Decode reads a message's body strictly: an unknown field, an unknown version, no id at all and anything behind the value are errors.
func Decode(body []byte) (Body, error) {
	if len(body) >= MaxBody {
		return Body{}, fmt.Errorf("decode message: %d bytes, less than %d allowed", len(body), MaxBody)
	}
	var b Body
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return Body{}, fmt.Errorf("decode message: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Body{}, errors.New("decode message: more than one value")
	}
	if b.V != 0 && b.V != 1 {
		return Body{}, fmt.Errorf("decode message: unknown version %d", b.V)
	}
	if b.JobID == "" && b.UserID == "" {
		return Body{}, errors.New("decode message: no id")
	}
	return b, nil
}

// Hint is the message to a topic that tells of a job, with the fields that the course's system expects there.
func Hint(id string, topic Topic, j Job) Message {
	b := Body{JobID: j.ID, UserID: j.UserID}
	switch topic {
	case Requests:
		b.FileName, b.InputKey, b.Status, b.SubmitTime = j.ID+".vcf", j.Input.Key, j.Status, j.SubmitTime
	case Results:
		b.CompleteTime = j.CompleteTime
	case Archives:
		b.CompleteTime, b.ResultKey, b.LogKey = j.CompleteTime, j.Result.Key, j.Files[FileLog].Key
	}
	return Message{ID: id, Topic: topic, UserID: j.UserID, JobID: j.ID, Body: b.encode()}
}

// FanOut is the message that walks over a user's jobs from a cursor on.
func FanOut(id string, topic Topic, userID, cursor string) Message {
	return Message{ID: id, Topic: topic, UserID: userID, Body: Body{UserID: userID, Cursor: cursor}.encode()}
}

func (b Body) encode() json.RawMessage {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // a struct of strings and times always encodes
	}
	return text
}

// Event is one line of a job's time line: what happened, when, and by whom.
type Event struct {
	JobID  string    `json:"job_id"`
	Seq    int64     `json:"seq"` // grows within a job
	At     time.Time `json:"at"`
	Name   string    `json:"name"` // the row of the flow table that fired, or what else happened
	From   string    `json:"from"`
	To     string    `json:"to"`
	By     string    `json:"by"` // the role, or "owner", "operator"
	Detail string    `json:"detail,omitempty"`
}

// Progress is how far an attempt is. It is a row of its own, outside the job's compare-and-swap.
type Progress struct {
	JobID   string    `json:"job_id"`
	Attempt int       `json:"attempt"`
	Stage   string    `json:"stage"`
	Percent float64   `json:"percent"` // 0 to 100
	Records int64     `json:"records"`
	Contig  string    `json:"contig,omitempty"`
	At      time.Time `json:"at"`
}

// NoticeState is how far a notice to a job's owner is.
type NoticeState string

// The states of a notice.
const (
	NoticePending NoticeState = "PENDING"
	NoticeSending NoticeState = "SENDING"
	NoticeSent    NoticeState = "SENT"
	NoticeGaveUp  NoticeState = "GAVE_UP"
)

// Kinds of notice.
const (
	NoticeReady    = "ready"
	NoticeFailed   = "failed"
	NoticeRestored = "restored"
	NoticeExpiring = "expiring"
)

// Notice is one mail to a job's owner, unique by job, kind and attempt (for a warning or a restore: the gen).
type Notice struct {
	JobID   string      `json:"job_id"`
	UserID  string      `json:"user_id"`
	Kind    string      `json:"kind"` // ready, failed, restored, expiring
	Attempt int         `json:"attempt"`
	State   NoticeState `json:"state"`
	Tries   int         `json:"tries"`
	Reason  string      `json:"reason,omitempty"` // why it was given up
	Due     time.Time   `json:"due,omitzero"`     // when it is tried (again)
	At      time.Time   `json:"at"`               // of the last change
	Version int64       `json:"version"`
}

// MailKind is the kind of record under which the notify role keeps a line for each mail that it is done with.
const MailKind = "mail"

// Mail is the line of a notice, without the address.
func (n Notice) Mail() (id string, value []byte, err error) {
	value, err = json.Marshal(n)
	return fmt.Sprintf("%s-%s-%d", n.JobID, n.Kind, n.Attempt), value, err
}

// ReadMail reads the value of a line.
func ReadMail(value []byte) (Notice, error) {
	var n Notice
	if err := json.Unmarshal(value, &n); err != nil {
		return n, fmt.Errorf("read a line of the log of mails: %w", err)
	}
	return n, nil
}
