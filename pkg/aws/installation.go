package aws

import (
	"context"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"gas/pkg/port"
)

func installationRow() item { return rowKey("installation", onlyRow) }

// Installation reads what the tables say.
func (d *database) Installation(ctx context.Context) (port.Installation, error) {
	found, err := d.get(ctx, d.names.TableRecords, installationRow())
	if err != nil {
		return port.Installation{}, fmt.Errorf("read installation: %w", err)
	}
	return decoded[port.Installation](found)
}

// Install makes the installation of new tables, or reads the one that is there. Buckets and vault are told the same by their own adapters.
func (s *Store) Install(ctx context.Context) (port.Installation, error) {
	data, err := encoded(port.Installation{ID: uuid.NewString(), Epoch: 1})
	if err != nil {
		return port.Installation{}, err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.names.TableRecords, Item: with(installationRow(), item{attrData: data}), ConditionExpression: sdk.String("attribute_not_exists(pk)"),
	})
	if err != nil && !unfit(err) {
		return port.Installation{}, fmt.Errorf("write installation: %w", unreachable(err))
	}
	return s.Installation(ctx)
}
