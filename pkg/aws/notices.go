package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"gas/pkg/job"
	"gas/pkg/port"
)

// noticeItem is a notice in the table of records.
func noticeItem(n job.Notice, writeID string) (item, error) {
	data, err := encoded(n)
	if err != nil {
		return nil, err
	}
	i := with(noticeKey(n.JobID, n.Kind, n.Attempt), item{attrData: data, attrVersion: number(n.Version), attrWrite: text(writeID)})
	if n.State == job.NoticePending || n.State == job.NoticeSending {
		i[attrWaiting], i[attrDue] = text(waitingNotice), stamped(n.Due, textOf(i, attrKey)+"/"+textOf(i, attrSort))
	}
	return i, nil
}

// notices adds the notices of a change that are not there yet.
func (t *transaction) notices(ctx context.Context, c *port.Change) error {
	added := map[string]bool{}
	for _, n := range c.Notices {
		key := noticeKey(n.JobID, n.Kind, n.Attempt)
		name := textOf(key, attrKey) + textOf(key, attrSort)
		_, err := t.db.get(ctx, t.db.names.TableRecords, key)
		switch {
		case err == nil, added[name]:
			continue
		case !errors.Is(err, port.ErrNotFound):
			return fmt.Errorf("read notice of %s: %w", n.JobID, err)
		}
		added[name] = true
		if n.At.IsZero() {
			n.At = c.Now
		}
		n.Version = 1
		i, err := noticeItem(n, t.writeID)
		if err != nil {
			return err
		}
		t.put(stale, t.db.names.TableRecords, i, noRow, nil)
	}
	return nil
}

// Notices lists a job's notices.
func (s *Store) Notices(ctx context.Context, jobID string) ([]job.Notice, error) {
	list, err := rows[job.Notice](ctx, s.database, jobID, noticeSort)
	if err != nil {
		return nil, fmt.Errorf("list notices of %s: %w", jobID, err)
	}
	return list, nil
}

// UpdateNotice is a compare-and-swap of one notice.
func (s *Store) UpdateNotice(ctx context.Context, jobID, kind string, attempt int, fn func(*job.Notice) error) (job.Notice, error) {
	key, writeID := noticeKey(jobID, kind, attempt), rand.Text()
	for round := range rounds {
		if err := backOff(ctx, round); err != nil {
			return job.Notice{}, err
		}
		found, err := s.get(ctx, s.names.TableRecords, key)
		if err != nil {
			return job.Notice{}, fmt.Errorf("read notice %s of %s: %w", kind, jobID, err)
		}
		n, err := decoded[job.Notice](found)
		if err != nil {
			return n, err
		}
		if textOf(found, attrWrite) == writeID { // of the round before: its answer got lost
			return n, nil
		}
		version := n.Version
		if err := fn(&n); err != nil {
			return n, err
		}
		n.JobID, n.Kind, n.Attempt, n.Version = jobID, kind, attempt, version+1
		i, err := noticeItem(n, writeID)
		if err != nil {
			return n, err
		}
		_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &s.names.TableRecords, Item: i, ConditionExpression: sdk.String(sameVersion), ExpressionAttributeValues: versionIs(version),
		})
		switch {
		case err == nil:
			return n, nil
		case !unfit(err):
			return n, fmt.Errorf("write notice %s of %s: %w", kind, jobID, unreachable(err))
		}
	}
	return job.Notice{}, port.ErrConflict
}

// WaitingNotices lists notices that are to be sent.
func (s *Store) WaitingNotices(ctx context.Context, now time.Time, limit int) ([]job.Notice, error) {
	keys, _, err := s.waiting(ctx, s.names.TableRecords, waitingNotice, now, "", limit)
	if err != nil {
		return nil, fmt.Errorf("list waiting notices: %w", err)
	}
	found, err := s.getAll(ctx, s.names.TableRecords, rowsOnly(keys))
	if err != nil {
		return nil, fmt.Errorf("read waiting notices: %w", err)
	}
	var list []job.Notice
	for _, i := range found {
		n, err := decoded[job.Notice](i)
		if err != nil {
			return nil, err
		}
		if (n.State == job.NoticePending || n.State == job.NoticeSending) && !n.Due.After(now) {
			list = append(list, n)
		}
	}
	return list, nil
}
