package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// Store is port.Store on DynamoDB.
//
// A job and its owner are items of their own tables. What belongs to them are rows of the table of records: the row by which its owner's list
// finds a job, its time line, notices and progress, upload ids, events that were seen, messages to be sent. A change is one transaction over all of it.
//
// Everything is read consistently but two things that allow a lag, of less than a second as a rule: who waits for the sweeper, which looks again,
// and a job's place in the queue.
type Store struct {
	*database
	sent sentRows
}

// database is the tables and what is known of their clock.
type database struct {
	client *dynamodb.Client
	names  Names
	clock  *serverClock
	fixed  port.Clock // of a test; nil = the service's
}

// Database puts Store and Records on the tables. clock is a test's; nil = the clock of DynamoDB.
func (s *Session) Database(n Names, clock port.Clock) (*Store, *Records) {
	c := &serverClock{now: time.Now}
	client := dynamodb.NewFromConfig(s.Config, dynamodb.WithAPIOptions(c.listen))
	db := &database{client: client, names: n, clock: c, fixed: clock}
	return &Store{database: db}, &Records{db}
}

// clockLasts is for how long an answer tells the service's time.
const clockLasts = 10 * time.Second

// Now is the clock of DynamoDB, by the Date of its last answers.
func (d *database) Now(ctx context.Context) (time.Time, error) {
	if d.fixed != nil {
		return d.fixed(), nil
	}
	at, ago := d.clock.read()
	if ago < clockLasts {
		return at, nil
	}
	if _, err := d.Installation(ctx); err != nil && !errors.Is(err, port.ErrNotFound) {
		return at, fmt.Errorf("ask the store for its time: %w", err)
	}
	at, _ = d.clock.read()
	return at, nil
}

// now is the time for a change whose records were read a moment ago.
func (d *database) now() time.Time {
	if d.fixed != nil {
		return d.fixed()
	}
	at, _ := d.clock.read()
	return at
}

// Close does nothing of its own: the session is closed by who opened it.
func (s *Store) Close() error { return nil }

// get reads one item consistently.
func (d *database) get(ctx context.Context, table string, key item) (item, error) {
	answer, err := d.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: sdk.Bool(true)})
	if err != nil {
		return nil, unreachable(err)
	}
	if len(answer.Item) == 0 {
		return nil, port.ErrNotFound
	}
	return answer.Item, nil
}

func (d *database) jobItem(ctx context.Context, jobID string) (item, error) {
	found, err := d.get(ctx, d.names.TableJobs, item{attrJob: text(jobID)})
	if err != nil {
		return nil, fmt.Errorf("read job %s: %w", jobID, err)
	}
	return found, nil
}

// Job reads one job.
func (s *Store) Job(ctx context.Context, jobID string) (job.Job, error) {
	found, err := s.jobItem(ctx, jobID)
	if err != nil {
		return job.Job{}, err
	}
	return decoded[job.Job](found)
}

// User reads one user.
func (s *Store) User(ctx context.Context, userID string) (user.User, error) {
	found, err := s.get(ctx, s.names.TableUsers, item{attrUser: text(userID)})
	if err != nil {
		return user.User{}, fmt.Errorf("read user %s: %w", userID, err)
	}
	return decoded[user.User](found)
}

// JobByUpload finds the job of an upload intent.
func (s *Store) JobByUpload(ctx context.Context, userID, uploadID string) (job.Job, error) {
	if userID == "" || uploadID == "" {
		return job.Job{}, fmt.Errorf("read job of upload %q: %w", uploadID, port.ErrNotFound)
	}
	found, err := s.get(ctx, s.names.TableRecords, uploadKey(userID, uploadID))
	if err != nil {
		return job.Job{}, fmt.Errorf("read job of upload %s: %w", uploadID, err)
	}
	return s.Job(ctx, textOf(found, attrJob))
}

// QueuePosition counts the pending jobs up to this one.
func (s *Store) QueuePosition(ctx context.Context, jobID string) (int, error) {
	j, err := s.Job(ctx, jobID)
	if errors.Is(err, port.ErrNotFound) || err == nil && j.Status != job.Pending {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	pages := dynamodb.NewQueryPaginator(s.client, &dynamodb.QueryInput{
		TableName: &s.names.TableJobs, IndexName: sdk.String(indexPending), Select: types.SelectCount,
		KeyConditionExpression:    sdk.String("pending = :pending AND place <= :place"),
		ExpressionAttributeValues: item{":pending": text(pendingJob), ":place": placeOf(j)},
	})
	count := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("count jobs before %s: %w", jobID, unreachable(err))
		}
		count += int(page.Count)
	}
	return max(count, 1), nil // the index may not know this one yet
}

// progressLasts is how long a row of progress stays after its last write.
const progressLasts = 7 * 24 * time.Hour

// PutProgress replaces a job's progress, unless a newer attempt has written some.
func (s *Store) PutProgress(ctx context.Context, p job.Progress) error {
	data, err := encoded(p)
	if err != nil {
		return err
	}
	attempt := number(int64(p.Attempt))
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.names.TableRecords, ConditionExpression: sdk.String("attribute_not_exists(attempt) OR attempt <= :attempt"), ExpressionAttributeValues: item{":attempt": attempt},
		Item: with(progressKey(p.JobID), item{attrData: data, attrAttempt: attempt, attrExpires: number(s.now().Add(progressLasts).Unix())}),
	})
	if unfit(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write progress of %s: %w", p.JobID, unreachable(err))
	}
	return nil
}

// Progress reads a job's progress.
func (s *Store) Progress(ctx context.Context, jobID string) (job.Progress, error) {
	found, err := s.get(ctx, s.names.TableRecords, progressKey(jobID))
	if errors.Is(err, port.ErrNotFound) {
		return job.Progress{}, nil
	}
	if err != nil {
		return job.Progress{}, fmt.Errorf("read progress of %s: %w", jobID, err)
	}
	return decoded[job.Progress](found)
}

// unfit tells whether a write's condition did not hold.
func unfit(err error) bool {
	var failed *types.ConditionalCheckFailedException
	return errors.As(err, &failed)
}
