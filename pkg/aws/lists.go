package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// JobsOf reads the rows of all of a user's jobs, of about 200 bytes each, answers the query over them, and then reads the jobs of the page.
func (s *Store) JobsOf(ctx context.Context, userID string, q port.JobQuery) (page port.JobPage, err error) {
	var rows []port.JobRow
	pages := dynamodb.NewQueryPaginator(s.client, &dynamodb.QueryInput{
		TableName: &s.names.TableRecords, ConsistentRead: sdk.Bool(true), KeyConditionExpression: sdk.String("pk = :key"),
		ExpressionAttributeValues: item{":key": listKey(userID, "")[attrKey]},
	})
	for pages.HasMorePages() {
		read, err := pages.NextPage(ctx)
		if err != nil {
			return page, fmt.Errorf("list jobs of %s: %w", userID, unreachable(err))
		}
		for _, i := range read.Items {
			row, err := decoded[port.JobRow](i)
			if err != nil {
				return page, err
			}
			rows = append(rows, row)
		}
	}
	if rows, page.Total, page.Next, err = port.SelectJobs(rows, q); err != nil {
		return page, err
	}
	keys := make([]item, len(rows))
	for n, row := range rows {
		keys[n] = item{attrJob: text(row.ID)}
	}
	page.Jobs, err = s.jobs(ctx, keys)
	return page, err
}

// jobs reads jobs by their keys, in the same order.
func (s *Store) jobs(ctx context.Context, keys []item) (list []job.Job, err error) {
	found, err := s.getAll(ctx, s.names.TableJobs, keys)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	for _, i := range found {
		j, err := decoded[job.Job](i)
		if err != nil {
			return nil, err
		}
		list = append(list, j)
	}
	return list, nil
}

// together is how many items DynamoDB reads at once.
const together = 100

// getAll reads items of a table consistently, in the order of the keys. Those that are missing are left out.
func (d *database) getAll(ctx context.Context, table string, keys []item) (list []item, err error) {
	byKey := map[string]item{}
	for part := range slices.Chunk(keys, together) {
		left := part
		for n := 0; len(left) > 0; n++ {
			if err := backOff(ctx, n); err != nil {
				return nil, err
			}
			if n == rounds {
				return nil, errors.Join(port.ErrUnavailable, errors.New("DynamoDB leaves reads undone"))
			}
			answer, err := d.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				table: {Keys: left, ConsistentRead: sdk.Bool(true)},
			}})
			if err != nil {
				return nil, unreachable(err)
			}
			for _, i := range answer.Responses[table] {
				byKey[nameOf(i)] = i
			}
			left = answer.UnprocessedKeys[table].Keys
		}
	}
	for _, key := range keys {
		if i, is := byKey[nameOf(key)]; is {
			list = append(list, i)
		}
	}
	return list, nil
}

// nameOf tells items of one table apart by their keys. An item of the table of jobs has a user too, so the job comes first.
func nameOf(i item) string {
	if id := textOf(i, attrJob); id != "" && textOf(i, attrKey) == "" {
		return id
	}
	return textOf(i, attrKey) + "\n" + textOf(i, attrSort) + "\n" + textOf(i, attrUser)
}

// rowsOnly drops from what an index found all but the keys of the table of records.
func rowsOnly(found []item) []item {
	keys := make([]item, len(found))
	for n, i := range found {
		keys[n] = item{attrKey: i[attrKey], attrSort: i[attrSort]}
	}
	return keys
}

// waiting reads the index of what waits in a table: what is due, the longest waiting first, behind a cursor. The next cursor is empty at the end.
func (d *database) waiting(ctx context.Context, table, what string, now time.Time, cursor string, limit int) (found []item, next string, err error) {
	from := cursor
	if from == "" {
		from = "0"
	}
	page, err := d.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &table, IndexName: sdk.String(indexWaiting), Limit: sdk.Int32(int32(limit)),
		KeyConditionExpression:    sdk.String("waiting = :what AND due BETWEEN :from AND :through"),
		ExpressionAttributeValues: item{":what": text(what), ":from": text(from), ":through": through(now)},
	})
	if err != nil {
		return nil, "", unreachable(err)
	}
	if len(page.LastEvaluatedKey) > 0 && len(page.Items) > 0 {
		next = textOf(page.Items[len(page.Items)-1], attrDue) + "\x00" // BETWEEN holds for its ends: this lies right behind the last
	}
	return page.Items, next, nil
}

// WaitingJobs lists jobs that the sweeper is to look at.
func (s *Store) WaitingJobs(ctx context.Context, now time.Time, cursor string, limit int) ([]job.Job, string, error) {
	if cursor != "" && strings.IndexByte(cursor, '/') != len(stamp(now)) {
		return nil, "", fault.New(fault.Usage, "The cursor is not one that this list gave out.")
	}
	found, next, err := s.waiting(ctx, s.names.TableJobs, waitingJob, now, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list waiting jobs: %w", err)
	}
	keys := make([]item, len(found))
	for n, i := range found {
		keys[n] = item{attrJob: i[attrJob]}
	}
	list, err := s.jobs(ctx, keys)
	// The index may lag: what is no longer due is left out.
	return slices.DeleteFunc(list, func(j job.Job) bool { return j.Due.IsZero() || j.Due.After(now) }), next, err
}

// WaitingUsers lists users whose fan-out the sweeper is to look at.
func (s *Store) WaitingUsers(ctx context.Context, now time.Time, limit int) ([]user.User, error) {
	found, _, err := s.waiting(ctx, s.names.TableUsers, waitingUser, now, "", limit)
	if err != nil {
		return nil, fmt.Errorf("list waiting users: %w", err)
	}
	keys := make([]item, len(found))
	for n, i := range found {
		keys[n] = item{attrUser: i[attrUser]}
	}
	if found, err = s.getAll(ctx, s.names.TableUsers, keys); err != nil {
		return nil, fmt.Errorf("read waiting users: %w", err)
	}
	list, err := usersOf(found)
	return slices.DeleteFunc(list, func(u user.User) bool { return u.FanOut.Due.IsZero() || u.FanOut.Due.After(now) }), err
}

func usersOf(found []item) (list []user.User, err error) {
	for _, i := range found {
		u, err := decoded[user.User](i)
		if err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	return list, nil
}

// page reads a page of a whole table: a scan, for fsck and the collector alone.
func (d *database) page(ctx context.Context, table, key, cursor string, limit int) (found []item, next string, err error) {
	in := &dynamodb.ScanInput{TableName: &table, Limit: sdk.Int32(int32(limit)), ConsistentRead: sdk.Bool(true)}
	if cursor != "" {
		in.ExclusiveStartKey = item{key: text(cursor)}
	}
	answer, err := d.client.Scan(ctx, in)
	if err != nil {
		return nil, "", unreachable(err)
	}
	return answer.Items, textOf(answer.LastEvaluatedKey, key), nil
}

// EveryJob pages through all jobs in the table's own order: a scan.
func (s *Store) EveryJob(ctx context.Context, cursor string, limit int) (list []job.Job, next string, err error) {
	found, next, err := s.page(ctx, s.names.TableJobs, attrJob, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list every job: %w", err)
	}
	for _, i := range found {
		j, err := decoded[job.Job](i)
		if err != nil {
			return nil, "", err
		}
		list = append(list, j)
	}
	return list, next, nil
}

// EveryUser pages through all users in the table's own order: a scan.
func (s *Store) EveryUser(ctx context.Context, cursor string, limit int) ([]user.User, string, error) {
	found, next, err := s.page(ctx, s.names.TableUsers, attrUser, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list every user: %w", err)
	}
	list, err := usersOf(found)
	return list, next, err
}

// CreateUser inserts a user.
func (s *Store) CreateUser(ctx context.Context, u user.User) error {
	u.Version, u.WriteID = 1, rand.Text()
	i, err := userItem(u)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.names.TableUsers, Item: i, ConditionExpression: sdk.String("attribute_not_exists(user_id)")})
	if unfit(err) {
		there, look := s.User(ctx, u.ID)
		if look == nil && there.WriteID == u.WriteID { // its answer got lost
			return nil
		}
		err = errors.Join(port.ErrExists, look)
	}
	if err != nil {
		return fmt.Errorf("insert user %s: %w", u.ID, unreachable(err))
	}
	return nil
}
