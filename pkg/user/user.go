// Package user holds people, their plans and the limits of each plan.
package user

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

// Plan is the name of a plan.
type Plan string

// The two plans.
const (
	Free    Plan = "free_user"
	Premium Plan = "premium_user"
)

// Valid tells whether the plan is one that exists.
func (p Plan) Valid() bool { return p == Free || p == Premium }

// Word is how a person reads the plan's name.
func (p Plan) Word() string {
	if p == Premium {
		return "Premium"
	}
	return "Free"
}

// User is one person. Billing is what the payment provider said last.
type User struct {
	ID            string    `json:"user_id"`
	Issuer        string    `json:"issuer,omitempty"` // who vouches for the subject; "local" for users made by a command
	Subject       string    `json:"subject,omitempty"`
	Name          string    `json:"name"`
	Email         string    `json:"email"`
	EmailVerified bool      `json:"email_verified"`
	Institution   string    `json:"institution"`
	MailOff       bool      `json:"mail_off"` // the owner wants no mail
	Plan          Plan      `json:"plan"`
	FreeSince     time.Time `json:"free_since"` // when the plan last became free; a fresh window begins here
	Created       time.Time `json:"created"`
	Updated       time.Time `json:"updated"`
	Version       int64     `json:"version"`  // raised by each write
	WriteID       string    `json:"write_id"` // of the last write
	Billing       Billing   `json:"billing"`
	Load          Load      `json:"load"`
	FanOut        FanOut    `json:"fan_out"`
	Deleted       bool      `json:"deleted,omitempty"` // a tombstone without names
}

// Billing is the latest state of the subscription, as fetched from the payment provider.
type Billing struct {
	Customer     string    `json:"customer,omitempty"`
	Subscription string    `json:"subscription,omitempty"`
	Status       string    `json:"status,omitempty"`
	Paid         bool      `json:"paid,omitempty"`   // the plan is premium by it
	Ending       bool      `json:"ending,omitempty"` // it is cancelled and runs until the end of the period
	PeriodEnd    time.Time `json:"period_end,omitzero"`
	Looks        int64     `json:"looks,omitempty"` // raised by each look at the provider, so that no two looks commit on the same version
}

// Owing tells whether there is a subscription that waits for money: it is put right where it is managed, and a second one is not begun.
func (b Billing) Owing() bool {
	switch b.Status {
	case "past_due", "unpaid", "paused":
		return true
	}
	return false
}

// Load counts the user's unfinished jobs. It is written in the transaction that moves a job, so that a quota cannot be passed by a race.
type Load struct {
	Uploading int `json:"uploading"`
	Pending   int `json:"pending"`
	Running   int `json:"running"`
}

// Queued is the number of jobs that count against the limit of queued jobs.
func (l Load) Queued() int { return l.Uploading + l.Pending }

// FanOut is a change of plan whose messages for each result have not all been sent. The sweeper posts it again until it is done.
type FanOut struct {
	Kind   string    `json:"kind,omitempty"`   // "thaw" after an upgrade, "window" after a downgrade, empty when there is none
	Begun  int64     `json:"begun,omitempty"`  // the user's version at which it began: which fan-out it is
	Cursor string    `json:"cursor,omitempty"` // how far it is; the cursor in a message is only told along
	Since  time.Time `json:"since,omitzero"`
	Due    time.Time `json:"due,omitzero"` // when the sweeper looks again
}

// ID derives a user's id from who vouches for whom: "u_" and the first 26 characters of base32(sha256(issuer, newline, subject)), lower case.
func ID(issuer, subject string) string {
	sum := sha256.Sum256([]byte(issuer + "\n" + subject))
	return "u_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:26]
}

// Local is the issuer of users that a command on the data folder made.
const Local = "local"
