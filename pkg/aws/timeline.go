package aws

import (
	"context"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"gas/pkg/job"
	"gas/pkg/port"
)

// timeLine gives events their numbers. A job's last number is in its item; those of others are looked up.
type timeLine struct {
	db   *database
	last map[string]int64
}

// next is the number after the last one of a job or a user.
func (l *timeLine) next(ctx context.Context, of string) (int64, error) {
	if _, known := l.last[of]; !known {
		page, err := l.db.client.Query(ctx, l.db.rowsQuery(of, eventSort, true))
		if err != nil {
			return 0, fmt.Errorf("look at the time line of %s: %w", of, unreachable(err))
		}
		l.last[of] = 0
		for _, row := range page.Items {
			e, err := decoded[job.Event](row)
			if err != nil {
				return 0, err
			}
			l.last[of] = e.Seq
		}
	}
	l.last[of]++
	return l.last[of], nil
}

// rowsQuery asks for the rows of a job whose sort key begins as given, or only for the last of them.
func (d *database) rowsQuery(jobID, begins string, last bool) *dynamodb.QueryInput {
	q := &dynamodb.QueryInput{
		TableName: &d.names.TableRecords, ConsistentRead: sdk.Bool(true), KeyConditionExpression: sdk.String("pk = :key AND begins_with(sk, :begins)"),
		ExpressionAttributeValues: item{":key": text("job/" + jobID), ":begins": text(begins)},
	}
	if last {
		q.ScanIndexForward, q.Limit = sdk.Bool(false), sdk.Int32(1)
	}
	return q
}

// rows reads the records of the rows of a job whose sort key begins as given, in their order.
func rows[T any](ctx context.Context, d *database, jobID, begins string) (list []T, err error) {
	pages := dynamodb.NewQueryPaginator(d.client, d.rowsQuery(jobID, begins, false))
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, unreachable(err)
		}
		for _, row := range page.Items {
			record, err := decoded[T](row)
			if err != nil {
				return nil, err
			}
			list = append(list, record)
		}
	}
	return list, nil
}

// events adds lines to the time line of a change's job, or of its user where there is no job.
func (t *transaction) events(ctx context.Context, c *port.Change, line *timeLine) (err error) {
	for _, e := range c.Events {
		e = c.Placed(e)
		if e.Seq == 0 {
			if e.Seq, err = line.next(ctx, e.JobID); err != nil {
				return err
			}
		}
		data, err := encoded(e)
		if err != nil {
			return err
		}
		t.put(stale, t.db.names.TableRecords, with(eventKey(e.JobID, e.Seq), item{attrData: data}), noRow, nil)
	}
	return nil
}

// Events lists a job's events in their order.
func (s *Store) Events(ctx context.Context, jobID string) ([]job.Event, error) {
	list, err := rows[job.Event](ctx, s.database, jobID, eventSort)
	if err != nil {
		return nil, fmt.Errorf("list events of %s: %w", jobID, err)
	}
	return list, nil
}
