package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The indexes. All hold keys alone: what they find is then read from its table, consistently.
const (
	indexOwner   = "user_id_index" // the course's: a user's jobs by submission. We list by rows of the table of records instead, which can be read consistently
	indexWaiting = "waiting_index" // sparse: jobs, users and notices that the sweeper is to look at, by when
	indexPending = "pending_index" // sparse: jobs that wait for an annotator, by submission
	indexKind    = "kind_index"    // small values of a kind, by when they were made
	indexOwned   = "owned_index"   // sparse: small values of a kind that have an owner, by when they were made
)

// The attributes that are keys of a table or of an index.
const (
	attrJob       = "job_id"
	attrUser      = "user_id"
	attrSubmitted = "submit_time" // seconds since 1970, with a fraction
	attrKey       = "pk"
	attrSort      = "sk"
	attrWaiting   = "waiting" // present where something waits: what
	attrDue       = "due"     // when, and then the id: stamp/id
	attrPending   = "pending" // present where a job waits for an annotator
	attrPlace     = "place"   // when it was submitted, and then its id: stamp/id
	attrKind      = "kind"
	attrOwned     = "owned" // kind/owner
	attrMade      = "made"  // when, and then the id: stamp/id
	attrExpires   = "expires_at"
)

// index is a global secondary index: its partition key, which is a text, and its sort key.
type index struct {
	name, hash, sort string
	number           bool // the sort key is a number
}

// table is a table and its keys.
type table struct {
	name, hash, sort string // sort may be empty
	indexes          []index
	expires          string // the attribute by which rows end; may be empty
}

// tables are all that there are.
func (n Names) tables() []table {
	waiting := index{name: indexWaiting, hash: attrWaiting, sort: attrDue}
	return []table{
		{name: n.TableJobs, hash: attrJob, indexes: []index{
			{name: indexOwner, hash: attrUser, sort: attrSubmitted, number: true}, waiting, {name: indexPending, hash: attrPending, sort: attrPlace},
		}},
		{name: n.TableUsers, hash: attrUser, indexes: []index{waiting}},
		{name: n.TableRecords, hash: attrKey, sort: attrSort, expires: attrExpires, indexes: []index{
			waiting, {name: indexKind, hash: attrKind, sort: attrMade}, {name: indexOwned, hash: attrOwned, sort: attrMade},
		}},
	}
}

// Made is one thing that a bootstrap looked at.
type Made struct {
	Kind string `json:"kind"` // table, topic, queue, …
	Name string `json:"name"`
	New  bool   `json:"new"` // it was not there, or lacked something
}

// MakeTables makes the tables and indexes that are missing. Repeatable. Tables are paid by request; records that end are removed by DynamoDB
// itself, and each table can be restored to any second of the last 35 days.
func MakeTables(ctx context.Context, s *Session, n Names) (made []Made, err error) {
	client := dynamodb.NewFromConfig(s.Config)
	for _, t := range n.tables() {
		added, err := t.make(ctx, client)
		if err != nil {
			return made, fmt.Errorf("make table %s: %w", t.name, unreachable(err))
		}
		made = append(made, Made{"table", t.name, added})
	}
	return made, nil
}

// make makes one table, or the indexes that it lacks.
func (t table) make(ctx context.Context, client *dynamodb.Client) (added bool, err error) {
	there, err := t.describe(ctx, client)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		if err := t.create(ctx, client); err != nil {
			return false, err
		}
		added = true
	case err != nil:
		return false, err
	}
	if there, err = t.settled(ctx, client); err != nil {
		return added, err
	}
	for _, i := range t.indexes {
		if slices.ContainsFunc(there.GlobalSecondaryIndexes, func(d types.GlobalSecondaryIndexDescription) bool { return sdk.ToString(d.IndexName) == i.name }) {
			continue
		}
		added = true
		if err := t.addIndex(ctx, client, i); err != nil {
			return added, fmt.Errorf("add index %s: %w", i.name, err)
		}
		if there, err = t.settled(ctx, client); err != nil {
			return added, err
		}
	}
	return added, errors.Join(t.letExpire(ctx, client), t.keepBackups(ctx, client))
}

func (t table) describe(ctx context.Context, client *dynamodb.Client) (*types.TableDescription, error) {
	answer, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return nil, err
	}
	return answer.Table, nil
}

// create makes the table with all of its indexes.
func (t table) create(ctx context.Context, client *dynamodb.Client) error {
	in := &dynamodb.CreateTableInput{TableName: &t.name, BillingMode: types.BillingModePayPerRequest, KeySchema: keys(t.hash, t.sort), AttributeDefinitions: t.attributes()}
	for _, i := range t.indexes {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: &i.name, KeySchema: keys(i.hash, i.sort), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		})
	}
	_, err := client.CreateTable(ctx, in)
	var running *types.ResourceInUseException // somebody else makes it at this moment
	if errors.As(err, &running) {
		return nil
	}
	return err
}

// addIndex adds one index to a table that is there. DynamoDB fills it from what the table holds.
func (t table) addIndex(ctx context.Context, client *dynamodb.Client, i index) error {
	_, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: &t.name, AttributeDefinitions: t.attributes(),
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: &i.name, KeySchema: keys(i.hash, i.sort), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}}},
	})
	return err
}

// settled waits until the table and its indexes take reads and writes.
func (t table) settled(ctx context.Context, client *dynamodb.Client) (*types.TableDescription, error) {
	for {
		there, err := t.describe(ctx, client)
		if err != nil {
			return nil, err
		}
		building := slices.ContainsFunc(there.GlobalSecondaryIndexes, func(d types.GlobalSecondaryIndexDescription) bool { return d.IndexStatus != types.IndexStatusActive })
		if there.TableStatus == types.TableStatusActive && !building {
			return there, nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// letExpire lets DynamoDB remove rows whose time is over.
func (t table) letExpire(ctx context.Context, client *dynamodb.Client) error {
	if t.expires == "" {
		return nil
	}
	now, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &t.name})
	if err == nil && now.TimeToLiveDescription != nil {
		switch now.TimeToLiveDescription.TimeToLiveStatus {
		case types.TimeToLiveStatusEnabled, types.TimeToLiveStatusEnabling:
			return nil
		}
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &t.name, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &t.expires, Enabled: sdk.Bool(true)},
	})
	return err
}

// keepBackups lets the table be restored to any second of the last 35 days.
func (t table) keepBackups(ctx context.Context, client *dynamodb.Client) error {
	_, err := client.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
		TableName: &t.name, PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: sdk.Bool(true)},
	})
	return err
}

// attributes are the types of all keys.
func (t table) attributes() (list []types.AttributeDefinition) {
	add := func(name string, is types.ScalarAttributeType) {
		known := slices.ContainsFunc(list, func(d types.AttributeDefinition) bool { return *d.AttributeName == name })
		if name != "" && !known {
			list = append(list, types.AttributeDefinition{AttributeName: &name, AttributeType: is})
		}
	}
	add(t.hash, types.ScalarAttributeTypeS)
	add(t.sort, types.ScalarAttributeTypeS)
	for _, i := range t.indexes {
		add(i.hash, types.ScalarAttributeTypeS)
		if i.number {
			add(i.sort, types.ScalarAttributeTypeN)
		}
		add(i.sort, types.ScalarAttributeTypeS)
	}
	return list
}

func keys(hash, sort string) []types.KeySchemaElement {
	schema := []types.KeySchemaElement{{AttributeName: &hash, KeyType: types.KeyTypeHash}}
	if sort != "" {
		schema = append(schema, types.KeySchemaElement{AttributeName: &sort, KeyType: types.KeyTypeRange})
	}
	return schema
}

// pause waits unless the context ends first.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
