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

	"gas/pkg/port"
)

// Records is port.Records on rows of the table of records. DynamoDB removes what has expired within some days; until then it is not found.
// A list may miss what was created in the last second: its index lags.
type Records struct{ *database }

// value is a small value as it is kept.
type value struct {
	Kind    string    `json:"kind"`
	ID      string    `json:"id"`
	Owner   string    `json:"owner,omitempty"`
	Value   []byte    `json:"value"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Version int64     `json:"version"`
}

// valueItem is a small value in the table of records.
func valueItem(r port.Record, writeID string) (item, error) {
	data, err := encoded(value(r))
	if err != nil {
		return nil, err
	}
	name := r.Kind + "/" + r.ID
	i := with(valueKey(r.Kind, r.ID), item{
		attrData: data, attrVersion: number(r.Version), attrWrite: text(writeID), attrKind: text(r.Kind), attrMade: stamped(r.Created, name),
	})
	if r.Owner != "" {
		i[attrOwned] = text(r.Kind + "/" + r.Owner)
	}
	if !r.Expires.IsZero() {
		i[attrEnds], i[attrExpires] = text(stamp(r.Expires)), number(r.Expires.Unix()+1)
	}
	return i, nil
}

// live reads a small value of its item, unless it has expired or was taken.
func (s *Records) live(i item) (r port.Record, is bool, err error) {
	ends := textOf(i, attrEnds)
	if len(i) == 0 || textOf(i, attrTaken) != "" || ends != "" && ends <= stamp(s.now()) {
		return r, false, nil
	}
	v, err := decoded[value](i)
	return port.Record(v), err == nil, err
}

// read reads a small value and the id of its last write.
func (s *Records) read(ctx context.Context, kind, id string) (r port.Record, writeID string, err error) {
	found, err := s.get(ctx, s.names.TableRecords, valueKey(kind, id))
	if err == nil {
		var is bool
		if r, is, err = s.live(found); err == nil && !is {
			err = port.ErrNotFound
		}
	}
	if err != nil {
		return port.Record{}, "", fmt.Errorf("read %s: %w", kind, err)
	}
	return r, textOf(found, attrWrite), nil
}

// The conditions on a small value: that its place is free, or that it is there.
const (
	freePlace  = "attribute_not_exists(pk) OR attribute_exists(taken) OR (attribute_exists(ends) AND ends <= :now)"
	takenPlace = "attribute_exists(pk) AND attribute_not_exists(taken) AND (attribute_not_exists(ends) OR ends > :now)"
)

// Create inserts a small value.
func (s *Records) Create(ctx context.Context, r port.Record) error {
	r.Version = 1
	writeID := rand.Text()
	i, err := valueItem(r, writeID)
	if err != nil {
		return err
	}
	if len(textOf(i, attrData)) >= maxItem {
		return fmt.Errorf("create %s: %w", r.Kind, port.ErrTooLarge)
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.names.TableRecords, Item: i, ConditionExpression: sdk.String(freePlace), ExpressionAttributeValues: item{":now": text(stamp(s.now()))},
	})
	if unfit(err) {
		_, last, look := s.read(ctx, r.Kind, r.ID)
		switch {
		case look == nil && last == writeID: // its answer got lost
			return nil
		case errors.Is(look, port.ErrNotFound):
			look = nil
		}
		err = errors.Join(port.ErrExists, look)
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", r.Kind, unreachable(err))
	}
	return nil
}

// values adds the small values of a change that are not there yet.
func (t *transaction) values(ctx context.Context, c *port.Change) error {
	records := &Records{t.db}
	added := map[string]bool{}
	for _, r := range c.Records {
		name := r.Kind + "/" + r.ID
		_, err := records.Get(ctx, r.Kind, r.ID)
		switch {
		case err == nil, added[name]:
			continue
		case !errors.Is(err, port.ErrNotFound):
			return err
		}
		added[name] = true
		r.Version = 1
		i, err := valueItem(r, t.writeID)
		if err != nil {
			return err
		}
		t.put(stale, t.db.names.TableRecords, i, freePlace, item{":now": text(stamp(c.Now))})
	}
	return nil
}

// Get reads a small value.
func (s *Records) Get(ctx context.Context, kind, id string) (port.Record, error) {
	r, _, err := s.read(ctx, kind, id)
	return r, err
}

// Update is a compare-and-swap of a small value.
func (s *Records) Update(ctx context.Context, kind, id string, fn func(*port.Record) error) (port.Record, error) {
	writeID := rand.Text()
	for round := range rounds {
		if err := backOff(ctx, round); err != nil {
			return port.Record{}, err
		}
		r, last, err := s.read(ctx, kind, id)
		if err != nil {
			return r, err
		}
		if last == writeID { // of the round before: its answer got lost
			return r, nil
		}
		version := r.Version
		if err := fn(&r); err != nil {
			return port.Record{}, err
		}
		r.Kind, r.ID, r.Version = kind, id, version+1
		i, err := valueItem(r, writeID)
		if err != nil {
			return port.Record{}, err
		}
		values := versionIs(version)
		values[":now"] = text(stamp(s.now()))
		_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &s.names.TableRecords, Item: i, ConditionExpression: sdk.String(sameVersion + " AND " + takenPlace), ExpressionAttributeValues: values,
		})
		switch {
		case err == nil:
			return r, nil
		case !unfit(err):
			return port.Record{}, fmt.Errorf("write %s: %w", kind, unreachable(err))
		}
	}
	return port.Record{}, port.ErrConflict
}

// Take marks a small value as taken by this call, and then deletes it. A caller whose answer got lost finds its own mark.
func (s *Records) Take(ctx context.Context, kind, id string) (port.Record, error) {
	key, writeID, now := valueKey(kind, id), rand.Text(), s.now()
	answer, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.names.TableRecords, Key: key, ReturnValues: types.ReturnValueAllNew,
		UpdateExpression: sdk.String("SET taken = :mine, expires_at = :gone"), ConditionExpression: sdk.String(takenPlace),
		ExpressionAttributeValues: item{":mine": text(writeID), ":now": text(stamp(now)), ":gone": number(now.Unix())},
	})
	var found item
	switch {
	case err == nil:
		found = answer.Attributes
	case unfit(err):
		if found, err = s.get(ctx, s.names.TableRecords, key); err != nil || textOf(found, attrTaken) != writeID {
			return port.Record{}, fmt.Errorf("take %s: %w", kind, errors.Join(port.ErrNotFound, ignoring(err, port.ErrNotFound)))
		}
	default:
		return port.Record{}, fmt.Errorf("take %s: %w", kind, unreachable(err))
	}
	v, err := decoded[value](found)
	if err != nil {
		return port.Record{}, err
	}
	// It is this caller's now, whatever becomes of the delete: DynamoDB removes it in the end.
	_, _ = s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.names.TableRecords, Key: key, ConditionExpression: sdk.String("taken = :mine"), ExpressionAttributeValues: item{":mine": text(writeID)}})
	return port.Record(v), nil
}

// ignoring drops an error that is an answer.
func ignoring(err, answer error) error {
	if errors.Is(err, answer) {
		return nil
	}
	return err
}

// Delete removes a small value.
func (s *Records) Delete(ctx context.Context, kind, id string) error {
	if _, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.names.TableRecords, Key: valueKey(kind, id)}); err != nil {
		return fmt.Errorf("delete %s: %w", kind, unreachable(err))
	}
	return nil
}

// Of lists a kind, newest first, by an index of its own for what has an owner.
func (s *Records) Of(ctx context.Context, kind, owner string, limit int) (list []port.Record, err error) {
	name, condition, of := indexKind, "kind = :of", kind
	if owner != "" {
		name, condition, of = indexOwned, "owned = :of", kind+"/"+owner
	}
	pages := dynamodb.NewQueryPaginator(s.client, &dynamodb.QueryInput{
		TableName: &s.names.TableRecords, IndexName: &name, ScanIndexForward: sdk.Bool(false), Limit: sdk.Int32(int32(min(limit, 1000))),
		KeyConditionExpression: &condition, ExpressionAttributeValues: item{":of": text(of)},
	})
	for pages.HasMorePages() && len(list) < limit {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind, unreachable(err))
		}
		found, err := s.getAll(ctx, s.names.TableRecords, rowsOnly(page.Items))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", kind, err)
		}
		for _, i := range found {
			r, is, err := s.live(i)
			if err != nil {
				return nil, err
			}
			if is && len(list) < limit {
				list = append(list, r)
			}
		}
	}
	return list, nil
}
