package port

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// AuditKind is the kind of the records of the audit log.
const AuditKind = "audit"

// AuditLife is how long a line of the audit log is kept: a year, and a month to look back at it.
const AuditLife = 400 * 24 * time.Hour

// Audit is one line of the audit log: who did what to whose account. It holds ids and never a name, an address or a file's name, so that it may
// outlive the account.
type Audit struct {
	ID     string    `json:"-"`
	At     time.Time `json:"-"`
	About  string    `json:"-"`  // whose account it concerns, a user's id; empty = nobody's
	By     string    `json:"by"` // a user's id, "operator NAME" for a command on the data itself, "payment" for the payment provider
	Did    string    `json:"did"`
	Detail string    `json:"detail,omitempty"`
}

// What an audit line may say that more than one place writes or reads.
const (
	AuditPlan    = "plan"
	AuditToken   = "token made"
	AuditRevoke  = "token revoked"
	AuditRedrive = "dead letters put back"

	AuditOperator = "operator" // begins who did it, where a command on the data did
	AuditPayment  = "payment"
)

// Record makes the record of a line; one without an id gets one. Change.Records takes it, so that the line is written with what it tells of.
func (a Audit) Record(now time.Time) Record {
	if a.ID == "" {
		a.ID = rand.Text()
	}
	value, _ := json.Marshal(a) // strings alone: cannot fail
	return Record{Kind: AuditKind, ID: a.ID, Owner: a.About, Value: value, Created: now, Expires: now.Add(AuditLife)}
}

// NoteAudit writes a line of what is no change of a job or user.
func NoteAudit(ctx context.Context, r Records, now time.Time, a Audit) error {
	if err := r.Create(ctx, a.Record(now)); err != nil {
		return fmt.Errorf("keep audit line: %w", err)
	}
	return nil
}

// AuditLines lists lines, newest first: those about one account, all where about is empty.
func AuditLines(ctx context.Context, r Records, about string, limit int) ([]Audit, error) {
	records, err := r.Of(ctx, AuditKind, about, limit)
	if err != nil {
		return nil, fmt.Errorf("list audit lines: %w", err)
	}
	lines := make([]Audit, len(records))
	for i, record := range records {
		if err := json.Unmarshal(record.Value, &lines[i]); err != nil {
			return nil, fmt.Errorf("read audit line: %w", err)
		}
		lines[i].ID, lines[i].At, lines[i].About = record.ID, record.Created, record.Owner
	}
	return lines, nil
}
