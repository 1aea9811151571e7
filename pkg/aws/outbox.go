package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// messages puts the messages of a change into the outbox. One that still waits there under the same id is written over: it stays one.
func (t *transaction) messages(c *port.Change) error {
	seen := map[string]bool{}
	for n, m := range c.Send {
		if key := m.Role + "/" + m.ID; seen[key] {
			continue
		} else {
			seen[key] = true
		}
		data, err := encoded(m)
		if err != nil {
			return err
		}
		order := text(fmt.Sprintf("%s/%04d", stamp(c.Now), n))
		t.put(stale, t.db.names.TableRecords, with(outboxRow(m.Role, m.ID), item{attrData: data, "at": order}), "", nil)
	}
	return nil
}

// sentRows remembers under which role the messages of the outbox were listed, so that MarkSent need not look for them.
type sentRows struct {
	mu    sync.Mutex
	roles map[string]string
}

// note remembers a message's role.
func (r *sentRows) note(id, role string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.roles == nil {
		r.roles = map[string]string{}
	}
	r.roles[id] = role
}

// take forgets a message and tells its role.
func (r *sentRows) take(id string) (role string, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	role, known = r.roles[id]
	delete(r.roles, id)
	return role, known
}

// Unsent lists messages of the outbox. The oldest come first, of what DynamoDB gives at once: a megabyte, more than a thousand messages.
func (s *Store) Unsent(ctx context.Context, role string, limit int) (list []job.Message, err error) {
	rows, _, err := s.outbox(ctx, role, nil)
	if err != nil {
		return nil, fmt.Errorf("list messages to be sent: %w", err)
	}
	slices.SortFunc(rows, func(a, b item) int { return cmp.Compare(textOf(a, "at"), textOf(b, "at")) })
	for _, row := range rows[:min(limit, len(rows))] {
		m, err := decoded[job.Message](row)
		if err != nil {
			return nil, err
		}
		s.sent.note(m.ID, m.Role)
		list = append(list, m)
	}
	return list, nil
}

// outbox reads one page of rows, of a role or of all, and where the next one begins.
func (s *Store) outbox(ctx context.Context, role string, from item) ([]item, item, error) {
	condition, values := "pk = :key", item{":key": text(outboxKey)}
	if role != "" {
		condition, values[":role"] = condition+" AND begins_with(sk, :role)", text(role+"/")
	}
	page, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.names.TableRecords, KeyConditionExpression: &condition, ExpressionAttributeValues: values, ConsistentRead: sdk.Bool(true), ExclusiveStartKey: from,
	})
	if err != nil {
		return nil, nil, unreachable(err)
	}
	return page.Items, page.LastEvaluatedKey, nil
}

// MarkSent takes messages out of the outbox.
func (s *Store) MarkSent(ctx context.Context, ids []string) error {
	var rows []item
	var strange []string
	for _, id := range ids {
		if role, known := s.sent.take(id); known {
			rows = append(rows, outboxRow(role, id))
		} else {
			strange = append(strange, id)
		}
	}
	if len(strange) > 0 {
		found, err := s.rowsOf(ctx, strange)
		if err != nil {
			return fmt.Errorf("find sent messages: %w", err)
		}
		rows = append(rows, found...)
	}
	if err := s.deleteRows(ctx, rows); err != nil {
		return fmt.Errorf("take sent messages out: %w", err)
	}
	return nil
}

// rowsOf finds the rows of messages that this process has not listed.
func (s *Store) rowsOf(ctx context.Context, ids []string) (found []item, err error) {
	var from item
	for {
		page, next, err := s.outbox(ctx, "", from)
		if err != nil {
			return nil, err
		}
		for _, row := range page {
			role, id, _ := strings.Cut(textOf(row, attrSort), "/")
			if slices.Contains(ids, id) {
				found = append(found, outboxRow(role, id))
			}
		}
		if from = next; len(from) == 0 {
			return found, nil
		}
	}
}

// batch is how many writes DynamoDB takes at once outside a transaction.
const batch = 25

// deleteRows deletes rows of the table of records.
func (d *database) deleteRows(ctx context.Context, keys []item) error {
	for part := range slices.Chunk(keys, batch) {
		var left []types.WriteRequest
		for _, key := range part {
			left = append(left, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key}})
		}
		for n := 0; len(left) > 0; n++ {
			if err := backOff(ctx, n); err != nil {
				return err
			}
			if n == rounds {
				return errors.Join(port.ErrUnavailable, errors.New("DynamoDB leaves writes undone"))
			}
			answer, err := d.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{d.names.TableRecords: left}})
			if err != nil {
				return unreachable(err)
			}
			left = answer.UnprocessedItems[d.names.TableRecords]
		}
	}
	return nil
}
