package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// DynamoDB's bounds of one transaction and one item.
const (
	maxWrites = 100
	maxItem   = 400 << 10 // bytes
)

// errOvertaken says that somebody has written meanwhile what was read.
var errOvertaken = errors.New("overtaken by another write")

// guard is what a failed condition of a write means.
type guard int

const (
	stale guard = iota // what was read has changed: begin again
	taken              // what is to be made is there already: port.ErrExists
)

// transaction is one TransactWriteItems and what the failure of each of its conditions means.
type transaction struct {
	db      *database
	writeID string // kept by every record that is written, and the token by which DynamoDB itself knows a repeated call
	writes  []types.TransactWriteItem
	guards  []guard
	bytes   int
	mine    func(ctx context.Context) (bool, error) // tells whether this very transaction was written: its answer may have got lost
}

func (t *transaction) add(g guard, w types.TransactWriteItem) {
	t.writes, t.guards = append(t.writes, w), append(t.guards, g)
}

// put writes an item on a condition; an empty condition always holds.
func (t *transaction) put(g guard, table string, i item, condition string, values item) {
	w := &types.Put{TableName: &table, Item: i, ExpressionAttributeValues: values}
	if condition != "" {
		w.ConditionExpression = &condition
	}
	t.bytes = max(t.bytes, len(textOf(i, attrData)))
	t.add(g, types.TransactWriteItem{Put: w})
}

// check holds a condition on an item that is not written.
func (t *transaction) check(table string, key item, condition string, values item) {
	t.add(stale, types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &table, Key: key, ConditionExpression: &condition, ExpressionAttributeValues: values,
	}})
}

// The conditions.
const (
	sameVersion = "version = :version"
	noRow       = "attribute_not_exists(pk)"
)

func versionIs(v int64) item { return item{":version": number(v)} }

// transaction puts together everything that a change writes.
func (s *Store) transaction(ctx context.Context, r reading, c *port.Change) (*transaction, error) {
	t := &transaction{db: s.database, writeID: rand.Text()}
	t.mine = func(context.Context) (bool, error) { return false, nil }
	if c.Seen != "" {
		t.see(c)
	}
	if err := t.owner(r, c); err != nil {
		return nil, err
	}
	events := &timeLine{db: s.database, last: map[string]int64{}}
	if c.Job != nil {
		events.last[c.Job.ID] = r.events
	}
	if err := t.events(ctx, c, events); err != nil {
		return nil, err
	}
	if c.Job != nil {
		if err := t.job(r, c.Job, events.last[c.Job.ID]); err != nil {
			return nil, err
		}
	}
	if err := t.notices(ctx, c); err != nil {
		return nil, err
	}
	if err := t.values(ctx, c); err != nil {
		return nil, err
	}
	return t, t.messages(c)
}

// job writes the job, the row by which its owner's list finds it, and the row of its upload.
func (t *transaction) job(r reading, j *job.Job, events int64) error {
	condition, values, g := sameVersion, item(nil), stale
	j.Version = 1
	switch {
	case r.made:
		condition, g = "attribute_not_exists(job_id)", taken
	case j.ID != r.job.ID || j.UploadID != r.job.UploadID:
		return fmt.Errorf("job %s: its id and upload id cannot change", r.job.ID)
	default:
		values = versionIs(r.job.Version)
		j.Version = r.job.Version + 1
	}
	if j.UserID != r.ownerID {
		return fmt.Errorf("job %s: its owner cannot change", j.ID)
	}
	j.WriteID = t.writeID
	i, err := t.db.names.jobItem(*j, events)
	if err != nil {
		return err
	}
	t.put(g, t.db.names.TableJobs, i, condition, values)
	t.mine = t.written(t.db.names.TableJobs, item{attrJob: text(j.ID)})
	if r.made && j.UploadID != "" {
		t.put(taken, t.db.names.TableRecords, with(uploadKey(j.UserID, j.UploadID), item{attrJob: text(j.ID)}), noRow, nil)
	}
	return t.listed(r, *j)
}

// listed keeps the row of a user's list, where it has changed. A tombstone has none.
func (t *transaction) listed(r reading, j job.Job) error {
	row := port.RowOf(j)
	if r.job != nil && port.RowOf(*r.job) == row {
		return nil
	}
	key := listKey(j.UserID, j.ID)
	if j.Status == job.Deleted {
		t.add(stale, types.TransactWriteItem{Delete: &types.Delete{TableName: &t.db.names.TableRecords, Key: key}})
		return nil
	}
	data, err := encoded(row)
	if err != nil {
		return err
	}
	t.put(stale, t.db.names.TableRecords, with(key, item{attrData: data}), "", nil)
	return nil
}

// owner writes the user if he was edited, else it holds the condition that he is as he was read.
func (t *transaction) owner(r reading, c *port.Change) error {
	table, key := t.db.names.TableUsers, item{attrUser: text(r.ownerID)}
	switch {
	case r.ownerID == "":
		return nil
	case r.owner == nil:
		t.check(table, key, "attribute_not_exists(user_id)", nil)
		return nil
	case c.User == nil || *c.User == *r.owner:
		t.check(table, key, sameVersion, versionIs(r.owner.Version))
		return nil
	case c.User.ID != r.owner.ID:
		return fmt.Errorf("user %s: its id cannot change", r.owner.ID)
	}
	c.User.Version, c.User.WriteID = r.owner.Version+1, t.writeID
	i, err := userItem(*c.User)
	if err != nil {
		return err
	}
	t.put(stale, table, i, sameVersion, versionIs(r.owner.Version))
	t.mine = t.written(table, key)
	return nil
}

// seenLasts is how long the id of a webhook's event is kept. Providers try for some days.
const seenLasts = 90 * 24 * time.Hour

// see keeps the id of a webhook's event, once.
func (t *transaction) see(c *port.Change) {
	key := seenKey(c.Seen)
	t.put(taken, t.db.names.TableRecords, with(seenKey(c.Seen), item{attrWrite: text(t.writeID), attrExpires: number(c.Now.Add(seenLasts).Unix())}), noRow, nil)
	t.mine = t.written(t.db.names.TableRecords, key)
}

// written tells whether the last write of an item is this transaction's.
func (t *transaction) written(table string, key item) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		found, err := t.db.get(ctx, table, key)
		if errors.Is(err, port.ErrNotFound) {
			return false, nil
		}
		return err == nil && textOf(found, attrWrite) == t.writeID, err
	}
}

// commit writes all of it or nothing. errOvertaken where what was read has changed, port.ErrExists where something is there that must not be.
func (t *transaction) commit(ctx context.Context) error {
	if len(t.writes) == 1 && t.writes[0].ConditionCheck != nil {
		return nil // nothing is written, and what was read was so when it was read
	}
	if len(t.writes) > maxWrites {
		return fmt.Errorf("write %d records at once: DynamoDB allows %d", len(t.writes), maxWrites)
	}
	if t.bytes >= maxItem {
		return fmt.Errorf("write a record of %d bytes: DynamoDB allows less than %d: %w", t.bytes, maxItem, port.ErrTooLarge)
	}
	_, err := t.db.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: t.writes, ClientRequestToken: sdk.String(t.writeID)})
	if err == nil {
		return nil
	}
	judged := t.judge(err)
	if judged == nil {
		return fmt.Errorf("write records: %w", unreachable(err))
	}
	mine, err := t.mine(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("look whose write was first: %w", err)
	case mine:
		return nil
	}
	return judged
}

// judge tells what a cancelled transaction means: errOvertaken, port.ErrExists, or nil where it means neither.
func (t *transaction) judge(err error) error {
	var cancelled *types.TransactionCanceledException
	var running *types.TransactionInProgressException
	switch {
	case errors.As(err, &running), coded(err, "TransactionConflictException"):
		return errOvertaken
	case !errors.As(err, &cancelled):
		return nil
	}
	exists := false
	for i, reason := range cancelled.CancellationReasons {
		switch sdk.ToString(reason.Code) {
		case "None", "":
		case "ConditionalCheckFailed":
			if t.guards[i] == stale {
				return errOvertaken
			}
			exists = true
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			return errOvertaken
		default:
			return nil
		}
	}
	if exists {
		return port.ErrExists
	}
	return nil
}
