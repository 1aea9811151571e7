// Package job holds the one model of a job that every role shares: its record, its states, and the table of how it moves from one to the next.
package job

import "time"

// Status is where a job is between upload and end.
type Status string

// The states of a job. Deleted is a tombstone: ids remain, names do not.
const (
	Uploading Status = "UPLOADING" // an upload form was handed out
	Pending   Status = "PENDING"   // waits for an annotator
	Running   Status = "RUNNING"   // an annotator holds its lease
	Completed Status = "COMPLETED"
	Failed    Status = "FAILED"
	Cancelled Status = "CANCELLED"
	Deleted   Status = "DELETED"
)

// Final tells whether the job has ended.
func (s Status) Final() bool {
	return s == Completed || s == Failed || s == Cancelled || s == Deleted
}

// Storage is the tier of a completed job's result.
type Storage string

// The tiers. A job without a result has none.
const (
	None      Storage = ""
	Hot       Storage = "HOT"       // can be read
	Archiving Storage = "ARCHIVING" // on its way to cold storage
	Archived  Storage = "ARCHIVED"  // in cold storage
	Thawing   Storage = "THAWING"   // on its way back
	Damaged   Storage = "DAMAGED"   // no good copy is known; nothing is deleted but by its owner
)

// Job is the record of one job. Each write raises Version and leaves its own WriteID, so that a writer whose answer got lost recognises its write.
type Job struct {
	ID           string            `json:"job_id"` // UUIDv7
	UserID       string            `json:"user_id"`
	Name         string            `json:"name"` // a label, never part of a path
	Status       Status            `json:"status"`
	Attempt      int               `json:"attempt"` // fences workers: raised by each claim
	Deaths       int               `json:"deaths"`  // leases that ran out with their owner gone
	Tries        int               `json:"tries"`   // infrastructure errors
	LeaseUntil   time.Time         `json:"lease_until,omitzero"`
	Owner        string            `json:"owner,omitempty"` // the instance that holds the lease
	Storage      Storage           `json:"storage"`
	Gen          int               `json:"gen"` // raised by each claim of the result's storage
	Input        Object            `json:"input"`
	Result       Object            `json:"result"`
	Files        map[string]Object `json:"files,omitempty"` // index, log, summary, manifest, variants: by kind
	Archive      Archive           `json:"archive"`
	Retrieval    Retrieval         `json:"retrieval"`
	BadRestores  int               `json:"bad_restores,omitempty"` // restores in this gen whose checksum was wrong
	Options      Options           `json:"options"`
	Reference    string            `json:"reference"` // as chosen; Options.Reference is what was asked for
	Versions     map[string]string `json:"versions,omitempty"`
	Counts       *Counts           `json:"counts,omitempty"`
	Error        *Failure          `json:"error,omitempty"`
	SubmitTime   time.Time         `json:"submit_time,omitzero"`
	StartTime    time.Time         `json:"start_time,omitzero"`
	CompleteTime time.Time         `json:"complete_time,omitzero"`
	RestoredTime time.Time         `json:"restored_time,omitzero"`
	Warned       time.Time         `json:"warned,omitzero"` // the free_until that a warning mail was sent for
	Created      time.Time         `json:"created"`
	UploadID     string            `json:"upload_id,omitempty"`
	UploadLimit  int64             `json:"upload_limit,omitempty"` // bytes that the intent allows
	RerunOf      string            `json:"rerun_of,omitempty"`
	Due          time.Time         `json:"due,omitzero"` // when the sweeper looks at the job next; zero = it waits for nothing
	Version      int64             `json:"version"`
	WriteID      string            `json:"write_id"`
}

// Object is one stored file: its key in a store of blobs, the version or ETag that pins its bytes, its size in bytes and the sha256 of its bytes in hexadecimal.
type Object struct {
	Key     string `json:"key,omitempty"`
	Version string `json:"version,omitempty"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256,omitempty"`
}

// Kinds of file beside input and result.
const (
	FileIndex    = "index"    // .tbi or .csi of the result
	FileLog      = "log"      // the human-readable count log
	FileSummary  = "summary"  // summary.json
	FileManifest = "manifest" // manifest.json
	FileVariants = "variants" // the index that answers filters and pages
)

// DatabaseVersion is the key in Versions of a database, by its name: its digest stands there. The others are gas and reference.
func DatabaseVersion(name string) string { return "database " + name }

// Archive is the cold copy of a result: where the vault keeps it, and the gen that wrote it.
type Archive struct {
	Ref string `json:"ref,omitempty"`
	Gen int    `json:"gen,omitempty"`
}

// Retrieval is a thaw that was asked for.
type Retrieval struct {
	ID         string    `json:"id,omitempty"`
	Tier       string    `json:"tier,omitempty"`
	AskedAt    time.Time `json:"asked_at,omitzero"`
	ExpectedAt time.Time `json:"expected_at,omitzero"`
}

// Options is what the owner asked for. The zero value of each field is its default.
type Options struct {
	Reference string   `json:"reference,omitempty"` // "" or "auto" chooses by the file
	Databases []string `json:"databases,omitempty"`
	Distance  int      `json:"distance,omitempty"` // bases up- and downstream; 0 = 5000
	Style     string   `json:"style,omitempty"`    // "csq" or "ann"
	Fields    string   `json:"fields,omitempty"`
	Pick      bool     `json:"pick,omitempty"`
	PerGene   bool     `json:"per_gene,omitempty"`
	Canonical bool     `json:"canonical,omitempty"`
	Mane      bool     `json:"mane,omitempty"`
	NoHGVS    bool     `json:"no_hgvs,omitempty"`
	Phased    bool     `json:"phased,omitempty"`
	Rules     string   `json:"rules,omitempty"` // "vep" or "csq"
}

// Counts is the ledger: Records = Annotated + PassedThrough + Rejected. High counts alleles whose greatest impact is HIGH; nil is not known.
type Counts struct {
	Records       int64  `json:"records"`
	Annotated     int64  `json:"annotated"`
	PassedThrough int64  `json:"passed_through"`
	Rejected      int64  `json:"rejected"`
	High          *int64 `json:"high,omitempty"`
}

// Failure is why a job failed, for its owner.
type Failure struct {
	Code string `json:"code"` // a fault.Kind
	Line int64  `json:"line,omitempty"`
	Text string `json:"message"`
}

// FreeUntil is when a free user's result can no longer be read: max(complete_time, restored_time, free_since) + window.
// It is derived at every read and never stored. The zero time means never: no result, or no window.
func FreeUntil(j Job, freeSince time.Time, window time.Duration) time.Time {
	if j.Status != Completed || window <= 0 {
		return time.Time{}
	}
	latest := j.CompleteTime
	for _, t := range []time.Time{j.RestoredTime, freeSince} {
		if t.After(latest) {
			latest = t
		}
	}
	return latest.Add(window)
}
