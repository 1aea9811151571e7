// Package port is every interface behind which an adapter stands, on one page.
//
// Each promise in a comment has a named subtest in port/porttest, and every adapter passes the same suite.
// All methods are safe for concurrent use. A missing thing is always ErrNotFound. Adapters do not retry beyond their SDK.
// "Repeatable" means that doing it again with the same arguments has no further effect and no error.
package port

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"gas/pkg/job"
	"gas/pkg/user"
)

// The errors that programs tell apart.
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("exists already with other content")
	ErrConflict    = errors.New("changed by somebody else")    // a compare-and-swap that gave up, or a version that no longer fits
	ErrChecksum    = errors.New("checksum differs")            // the bytes are not those that were promised
	ErrStale       = errors.New("receipt is stale")            // the delivery went to somebody else; an adapter may also say nothing
	ErrCold        = errors.New("in cold storage")             // a vault's item that has not been warmed
	ErrCapacity    = errors.New("no capacity for this tier")   // ask again with another tier
	ErrRefused     = errors.New("refused for good")            // a mail that will never be accepted
	ErrForged      = errors.New("not signed by who it claims") // a webhook, a form or a token that does not verify
	ErrTooLarge    = errors.New("larger than allowed")
	ErrUnavailable = errors.New("cannot be reached") // a dependency is down: pause, count no try
)

// Clock tells the time. Tests move it.
type Clock func() time.Time

// ---- Store

// Change is one transaction over a job, its owner, and what they set in motion. A function given to Store edits the records in place and
// appends to the lists; the adapter writes all of it or nothing, on the condition that neither record has changed since it was read.
// The adapter raises Version, sets WriteID, and on a condition that fails first looks for its own write id: an answer can get lost.
// The function may run again and may run while a transaction is open: it is quick and calls no port. A user it leaves as it was is not written,
// but the condition holds for it all the same.
type Change struct {
	Job     *job.Job      // nil in a change of a user alone
	User    *user.User    // the job's owner; nil where the owner does not exist
	Now     time.Time     // the store's clock, as read for this change
	Send    []job.Message // put into the outbox; a message with an id that still waits there is not added again
	Events  []job.Event   // Seq and At are filled by the adapter where they are zero
	Notices []job.Notice  // a notice whose (job, kind, attempt) exists already is not added again
	Records []Record      // created with the change, such as a line of the audit log; one whose (kind, id) exists already is not added again
	Seen    string        // id of a webhook event: the whole change is ErrExists when it was seen before
}

// Placed gives an event its time line, that of the change's job or else of its user, and its time, where it has none. Seq is left to the adapter.
func (c *Change) Placed(e job.Event) job.Event {
	switch {
	case e.JobID != "":
	case c.Job != nil:
		e.JobID = c.Job.ID
	case c.User != nil:
		e.JobID = c.User.ID
	}
	if e.At.IsZero() {
		e.At = c.Now
	}
	return e
}

// Store keeps jobs, users and what belongs to them. Reads are consistent: they see every write that has returned. Only the lists of what waits for
// the sweeper, which looks again, and a job's place in the queue may lag by a moment.
type Store interface {
	// CreateJob inserts change.Job, which fn fills; the owner named by userID is read into change.User first. ErrExists when a job
	// with the id exists, or one of the same owner and upload id.
	CreateJob(ctx context.Context, userID string, fn func(*Change) error) (job.Job, error)
	// UpdateJob reads the job and its owner, runs fn, and writes both if they have not changed meanwhile; else it runs fn again on what is there now.
	// An error of fn ends it without a write and is returned as it is. ErrConflict after too many rounds.
	UpdateJob(ctx context.Context, jobID string, fn func(*Change) error) (job.Job, error)
	// Job reads one job, tombstones too.
	Job(ctx context.Context, jobID string) (job.Job, error)
	// JobsOf lists a user's jobs, newest submission first (then by id, descending), tombstones left out. An intent that was not submitted
	// yet counts by its creation. The user is always a condition: nobody's query finds another's job.
	JobsOf(ctx context.Context, userID string, q JobQuery) (JobPage, error)
	// JobByUpload finds the job of an upload intent. Unique by (user, uploadID).
	JobByUpload(ctx context.Context, userID, uploadID string) (job.Job, error)
	// WaitingJobs lists jobs whose Due is set and not after now, the longest waiting first, after the cursor.
	WaitingJobs(ctx context.Context, now time.Time, cursor string, limit int) (jobs []job.Job, next string, err error)
	// EveryJob pages through all jobs, tombstones too, in an order of the store's own. For fsck, backup and the collector; never for a page.
	EveryJob(ctx context.Context, cursor string, limit int) (jobs []job.Job, next string, err error)

	// CreateUser inserts a user. ErrExists when the id exists.
	CreateUser(ctx context.Context, u user.User) error
	// UpdateUser is UpdateJob for a user alone: change.Job is nil.
	UpdateUser(ctx context.Context, userID string, fn func(*Change) error) (user.User, error)
	// User reads one user.
	User(ctx context.Context, userID string) (user.User, error)
	// EveryUser pages through all users in an order of the store's own.
	EveryUser(ctx context.Context, cursor string, limit int) (users []user.User, next string, err error)
	// WaitingUsers lists users whose FanOut.Due is set and not after now.
	WaitingUsers(ctx context.Context, now time.Time, limit int) ([]user.User, error)

	// Unsent lists outbox rows that were not marked as sent, oldest first; of one role where role is not empty.
	Unsent(ctx context.Context, role string, limit int) ([]job.Message, error)
	// MarkSent marks outbox rows as sent. Repeatable; unknown ids are ignored.
	MarkSent(ctx context.Context, ids []string) error

	// Events lists a job's events in their order.
	Events(ctx context.Context, jobID string) ([]job.Event, error)
	// Notices lists a job's notices.
	Notices(ctx context.Context, jobID string) ([]job.Notice, error)
	// UpdateNotice is a compare-and-swap of one notice.
	UpdateNotice(ctx context.Context, jobID, kind string, attempt int, fn func(*job.Notice) error) (job.Notice, error)
	// WaitingNotices lists notices that are PENDING or SENDING and whose Due is not after now.
	WaitingNotices(ctx context.Context, now time.Time, limit int) ([]job.Notice, error)

	// PutProgress replaces a job's progress; an older attempt's is dropped without an error.
	PutProgress(ctx context.Context, p job.Progress) error
	// Progress reads a job's progress, the zero value where there is none.
	Progress(ctx context.Context, jobID string) (job.Progress, error)
	// QueuePosition is the 1-based place of a pending job among those that wait, 0 for a job that does not.
	QueuePosition(ctx context.Context, jobID string) (int, error)

	// Now is the store's own clock: free_until is checked against it.
	Now(ctx context.Context) (time.Time, error)
	// Close flushes and closes.
	Close() error
}

// DirectSender is brought by a store that lives in one database with the queues: when a change has returned, its messages are on their queues
// already (a message with NotBefore as a timer under its TimerKey), Unsent lists none of them, and a relay has nothing to do.
type DirectSender interface {
	// SendsDirectly has no effect; it tells by being there.
	SendsDirectly()
}

// Installation is the same in store, buckets, vault and data folder. Restoring a backup raises the epoch. The collector refuses to run where they differ.
type Installation struct {
	ID    string `json:"id"`
	Epoch int    `json:"epoch"`
}

// Installed is brought by stores, blobs and vaults: each keeps the installation in its own place.
type Installed interface {
	// Installation is errors.ErrUnsupported where the place turns out to have no room for it: it is then not compared.
	Installation(ctx context.Context) (Installation, error)
}

// JobQuery narrows and pages a user's jobs. The zero value asks for the first 20.
type JobQuery struct {
	Cursor string
	Offset int // used where Cursor is empty: pages have numbers
	Limit  int
	Search string // part of the name or the start of the id, any case
	Status []job.Status
	Sort   string // "submitted" (default, newest first), "name", "status", "size"; a leading "-" turns it round. Ties go by submission, then id, in the same direction
}

// JobPage is one page with the exact total of what the query matches.
type JobPage struct {
	Jobs  []job.Job
	Total int
	Next  string // cursor of the next page, empty on the last
}

// Record is a small value with an owner and an end: a session, a token, a one-time link, an idempotency key, a heartbeat, an audit line.
type Record struct {
	Kind    string
	ID      string
	Owner   string // a user's id, may be empty
	Value   []byte // < 64 KiB
	Created time.Time
	Expires time.Time // zero = never; an expired record is not found
	Version int64     // raised by each write
}

// Records keeps small values, by kind and id.
type Records interface {
	// Create inserts. ErrExists where an unexpired record has the same kind and id.
	Create(ctx context.Context, r Record) error
	// Get reads one.
	Get(ctx context.Context, kind, id string) (Record, error)
	// Update is a compare-and-swap that reruns fn.
	Update(ctx context.Context, kind, id string, fn func(*Record) error) (Record, error)
	// Take reads and deletes in one step: of many callers one gets it, the others ErrNotFound.
	Take(ctx context.Context, kind, id string) (Record, error)
	// Delete removes one. Repeatable.
	Delete(ctx context.Context, kind, id string) error
	// Of lists a kind, newest first; of one owner where owner is not empty. It may lag by a moment.
	Of(ctx context.Context, kind, owner string, limit int) ([]Record, error)
}

// ---- Blobs

// Put says what is promised of the bytes that are put.
type Put struct {
	SHA256      string // hexadecimal; the put fails with ErrChecksum when the bytes differ. Empty = not known
	Size        int64  // -1 = not known
	ContentType string
}

// BlobInfo is what a store of blobs knows of an object.
type BlobInfo struct {
	job.Object
	Modified time.Time
}

// Range is a part of an object: Length bytes from Offset. Length < 0 = to the end.
type Range struct {
	Offset int64
	Length int64
}

// Whole is the range of a whole object.
var Whole = Range{Length: -1}

// Blobs keeps objects under keys that are written once.
type Blobs interface {
	// Put writes an object if the key is free. A key that holds the same bytes (by SHA256) is success, other bytes are ErrExists. After it
	// returns the object survives a crash; a put that failed leaves nothing under the key.
	Put(ctx context.Context, key string, r io.Reader, p Put) (BlobInfo, error)
	// Open reads a range. A version that is not empty must be the object's, else ErrConflict. ErrTooLarge for a range that begins past the end.
	Open(ctx context.Context, key, version string, r Range) (io.ReadCloser, BlobInfo, error)
	// Stat tells size and version; SHA256 where the store knows it.
	Stat(ctx context.Context, key string) (BlobInfo, error)
	// Copy copies inside the store, under the rules of Put.
	Copy(ctx context.Context, from, version, to string) (BlobInfo, error)
	// Delete removes an object. Repeatable.
	Delete(ctx context.Context, key string) error
	// List pages through keys with a prefix, in their order.
	List(ctx context.Context, prefix, cursor string, limit int) (items []BlobInfo, next string, err error)
	// UploadForm hands out a form by which a browser may put one object: exactly this key, at most this size, until it expires.
	// A second post to the same form may be refused, or may replace the object but then changes its version.
	UploadForm(ctx context.Context, f FormRequest) (Form, error)
	// DownloadURL is a link that downloads one object as an attachment until it expires.
	DownloadURL(ctx context.Context, key, filename string, expires time.Duration) (string, error)
}

// Multipart is the part of Blobs by which large files arrive in parts and go on after a break.
type Multipart interface {
	// Begin opens an upload of parts for a key.
	Begin(ctx context.Context, key string) (uploadID string, err error)
	// PartURL is where part n (from 1) is put by the client itself; empty when the caller shall use PutPart.
	PartURL(ctx context.Context, key, uploadID string, n int, expires time.Duration) (string, error)
	// PutPart writes part n; writing it again replaces it.
	PutPart(ctx context.Context, key, uploadID string, n int, r io.Reader, size int64) (Part, error)
	// Parts lists what has arrived.
	Parts(ctx context.Context, key, uploadID string) ([]Part, error)
	// Complete joins the parts into the object.
	Complete(ctx context.Context, key, uploadID string, parts []Part) (BlobInfo, error)
	// Abort drops the upload. Repeatable.
	Abort(ctx context.Context, key, uploadID string) error
}

// Part is one part of an upload.
type Part struct {
	N    int    `json:"n"`
	Size int64  `json:"size"`
	ETag string `json:"etag"`
}

// FormRequest says what a form may put.
type FormRequest struct {
	Key      string
	MaxSize  int64
	Expires  time.Duration
	Redirect string // where the browser goes afterwards; empty = an empty answer
}

// Form is what a browser posts: multipart/form-data to URL with Fields first and the file last, in a field called "file".
type Form struct {
	URL    string
	Fields map[string]string
}

// FormHandler is brought by an adapter whose forms and parts are served by our own process; web mounts it at Path.
type FormHandler interface {
	FormPath() string
	FormHandler() http.Handler
}

// ---- Bus and queue

// Bus publishes to topics. Each topic fans out to the queue of the same name.
type Bus interface {
	// Publish sends at least once, at once.
	Publish(ctx context.Context, m job.Message) error
	// PublishAt sends at a time; the same key again is the same timer (the first time stays).
	PublishAt(ctx context.Context, m job.Message, at time.Time, key string) error
	// Cancel drops a timer that has not fired. Repeatable.
	Cancel(ctx context.Context, key string) error
}

// Webhooks is brought by a bus that also posts to its subscribers.
type Webhooks interface {
	// Webhook answers the posts of one topic and calls wake for each notice that the bus signed: a post only knocks, the message is in the queue.
	// What does not verify is answered by 403 and not a word. wake must not block.
	Webhook(topic job.Topic, wake func()) http.Handler
}

// Delivery is one receive of one message. Its receipt is good for this receive only.
type Delivery struct {
	Topic    job.Topic
	Message  job.Message
	Receipt  string
	Receives int // how often it was received, this time included
	Sent     time.Time
}

// QueueStats is what an operator asks first.
type QueueStats struct {
	Topic   job.Topic     `json:"topic"`
	Waiting int           `json:"waiting"`
	Delayed int           `json:"delayed"`
	Running int           `json:"running"` // received and not yet acked
	Dead    int           `json:"dead"`
	Oldest  time.Duration `json:"oldest"` // age of the oldest that waits
}

// DeadLetter is a message that nobody could handle.
type DeadLetter struct {
	ID       string      `json:"id"`
	Message  job.Message `json:"message"`
	Reason   string      `json:"reason"`
	At       time.Time   `json:"at"`
	Receives int         `json:"receives"`
}

// Queue hands out messages. A message that was received and not acked comes back when its visibility ends.
type Queue interface {
	// Receive waits up to wait for at most max messages and hides them for visibility. It is fair: the user with the fewest messages out comes first.
	// A message that was received MaxReceives times goes to the dead letters instead. No message in time is an empty list; a context that ends is its error.
	Receive(ctx context.Context, topic job.Topic, max int, wait, visibility time.Duration) ([]Delivery, error)
	// Extend hides a delivery for visibility from now. ErrStale when it was received again meanwhile.
	Extend(ctx context.Context, d Delivery, visibility time.Duration) error
	// Ack deletes the message by the receipt of this receive. A stale receipt deletes nothing.
	Ack(ctx context.Context, d Delivery) error
	// Release makes it visible again after a delay. uncounted gives back the receive, so that a pause does not use up tries.
	Release(ctx context.Context, d Delivery, delay time.Duration, uncounted bool) error
	// Bury moves it to the dead letters with a reason.
	Bury(ctx context.Context, d Delivery, reason string) error
	// Dead lists dead letters, oldest first.
	Dead(ctx context.Context, topic job.Topic, limit int) ([]DeadLetter, error)
	// Redrive puts dead letters back, all where ids is empty, and returns how many.
	Redrive(ctx context.Context, topic job.Topic, ids []string) (int, error)
	// Stats counts.
	Stats(ctx context.Context, topic job.Topic) (QueueStats, error)
}

// HandedMessage is a message that another service, such as AWS Lambda, has received from a queue and hands over.
type HandedMessage struct {
	ID, Body, Receipt string
	Attributes        map[string]string // that its sender gave it
	System            map[string]string // that the queue gave it
}

// HandsOver is brought by a queue from which other services may receive.
type HandsOver interface {
	// Handed reads a message that was received elsewhere. Its delivery is answered like one of Receive.
	Handed(topic job.Topic, m HandedMessage) Delivery
}

// MaxReceives is how often a message is handed out before it is a dead letter.
const MaxReceives = 8

// ---- Vault

// VaultItem describes what is put into a vault.
type VaultItem struct {
	Key    string // used where the vault lets us choose: archive/<epoch>/<job>/<gen>
	JobID  string
	Gen    int
	SHA256 string
	Size   int64
}

// Tiers of a thaw.
const (
	Expedited = "Expedited"
	Standard  = "Standard"
)

// VaultState is how warm an item is.
type VaultState string

// The states of a vault's item.
const (
	Cold    VaultState = "cold"
	Warming VaultState = "warming"
	Warm    VaultState = "warm"
)

// VaultNotice is what a vault's own message says: a thaw has ended.
type VaultNotice struct {
	Ref    string
	JobID  string // where the vault knows it
	Failed bool
	Reason string
}

// Vault is cold storage.
type Vault interface {
	// Store writes an item and returns its ref. Storing the same key with the same bytes again gives the same ref; other bytes are ErrExists.
	// It fails with ErrChecksum when the bytes differ from the item's SHA256 or size, and then nothing is kept.
	Store(ctx context.Context, item VaultItem, r io.Reader) (ref string, err error)
	// Thaw asks for an item to be warmed and does not wait. Asking again while it warms, or when it is warm, is success.
	// ErrCapacity when the tier has none left; ErrNotFound for a ref that is not there.
	Thaw(ctx context.Context, ref, tier string) (job.Retrieval, error)
	// State tells how warm an item is.
	State(ctx context.Context, ref string) (VaultState, error)
	// Open reads a warm item, else ErrCold.
	Open(ctx context.Context, ref string) (io.ReadCloser, int64, error)
	// Delete removes an item. Repeatable.
	Delete(ctx context.Context, ref string) error
	// List pages through items. Vaults that know only last night's inventory give that.
	List(ctx context.Context, cursor string, limit int) (items []VaultItem, refs []string, next string, err error)
	// ReadNotice reads the vault's own message on the topic results_restore. ErrNotFound for one that tells of nothing: the vault only tries the way.
	ReadNotice(body []byte) (VaultNotice, error)
}

// ---- Mail

// Mail is one letter, the same words as text and HTML.
type Mail struct {
	ID      string // the same for a repeated try
	To      string
	Subject string
	Text    string
	HTML    string
	UserID  string
	At      time.Time
}

// Mailer sends mail. ErrRefused when it never will.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// Inbox is brought by a mailer that keeps its mail itself: the page /inbox shows it.
type Inbox interface {
	Inbox(ctx context.Context, userID string, limit int) ([]Mail, error)
	// Forget deletes a user's mails. Repeatable.
	Forget(ctx context.Context, userID string) error
}

// ---- Payments

// Checkout is where a person pays.
type Checkout struct {
	URL      string
	ID       string
	Customer string // who pays; to be kept with the user before he goes there
}

// Price is what the premium plan costs, as the payment provider says.
type Price struct {
	Amount   int64  // in the smallest unit of the currency
	Currency string // ISO 4217, lower case
	Interval string // day, week, month or year
	Count    int64  // intervals in a period, at least 1
}

// PaymentEvent is a verified event. It says whom to look up, never what to believe.
type PaymentEvent struct {
	ID       string
	Customer string
	UserID   string // as we gave it at checkout, may be empty
	At       time.Time
}

// Payments is the payment provider.
type Payments interface {
	// Price is what a subscription costs. ErrNotFound where nothing is charged.
	Price(ctx context.Context) (Price, error)
	// Checkout begins a subscription of the user's customer, and makes that customer where there is none.
	Checkout(ctx context.Context, u user.User, success, cancel string) (Checkout, error)
	// Portal is where a subscription is changed or cancelled.
	Portal(ctx context.Context, u user.User, back string) (string, error)
	// Event verifies a webhook. ErrForged when the signature, its age or the mode is wrong.
	Event(ctx context.Context, payload []byte, header http.Header) (PaymentEvent, error)
	// Current fetches the state of a customer's subscription. active tells whether the plan is premium by it. ErrNotFound for a customer whom the
	// provider does not know.
	Current(ctx context.Context, customer string) (b user.Billing, active bool, err error)
}

// LocalCheckout is brought by a payment adapter that takes no money: web shows its page at /checkout.
type LocalCheckout interface {
	// Decide sets the customer's subscription and returns the signed event that the webhook is to be called with.
	Decide(ctx context.Context, checkoutID string, pay bool) (payload []byte, header http.Header, err error)
	// Describe gives what a checkout is for.
	Describe(ctx context.Context, checkoutID string) (LocalOrder, error)
}

// LocalOrder is what the page of a local checkout shows, and where it goes on.
type LocalOrder struct {
	UserID  string
	Active  bool   // the subscription runs already: the page offers to cancel it
	Success string // where the browser goes after paying
	Cancel  string // where the browser goes after not paying or cancelling
}

// ---- Identity

// Provider is one way to sign in.
type Provider struct {
	Name  string // in the URL /login/{provider}
	Label string // on its button
}

// Claims is what a provider vouches for.
type Claims struct {
	Issuer        string
	Subject       string
	Name          string
	Email         string
	EmailVerified bool
	Institution   string
}

// Login is a sign-in that was begun: what has to be kept until it ends, bound to the browser.
type Login struct {
	Provider string `json:"provider"`
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // PKCE
	Next     string `json:"next"`
}

// Identity is who vouches for people.
type Identity interface {
	// Providers lists the ways to sign in.
	Providers() []Provider
	// Begin fills a login and returns where the browser goes.
	Begin(ctx context.Context, provider, next string) (Login, string, error)
	// Finish verifies the answer against the login. ErrForged when anything does not fit.
	Finish(ctx context.Context, l Login, query map[string]string) (Claims, string, error) // the string is an id token hint for SignOut
	// SignOut is where the browser goes to sign out at the provider too, empty where that is not offered.
	SignOut(ctx context.Context, provider, hint, back string) string
}
