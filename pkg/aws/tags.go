package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/glacier"

	"gas/pkg/port"
)

// The tags of a Glacier vault that keep the installation: a vault holds nothing that could be read at once.
const (
	idTag    = "gas-installation"
	epochTag = "gas-epoch"
)

// Installation reads what the vault's tags say. errors.ErrUnsupported where the service knows no tags, as an emulator: AWS itself has them.
func (v *GlacierVault) Installation(ctx context.Context) (found port.Installation, err error) {
	out, err := v.client.ListTagsForVault(ctx, &glacier.ListTagsForVaultInput{VaultName: &v.name})
	if err != nil && status(err) == http.StatusNotFound && !coded(err, "ResourceNotFoundException") {
		return found, fmt.Errorf("read installation of vault %s: %w: %w", v.name, errors.ErrUnsupported, err)
	}
	if err != nil {
		return found, fmt.Errorf("read installation of vault %s: %w", v.name, knownGlacier(err))
	}
	found.ID = out.Tags[idTag]
	if found.ID == "" {
		return found, fmt.Errorf("read installation of vault %s: %w", v.name, port.ErrNotFound)
	}
	if found.Epoch, err = strconv.Atoi(out.Tags[epochTag]); err != nil {
		return found, fmt.Errorf("read installation of vault %s: %w", v.name, err)
	}
	return found, nil
}

// Install writes the installation: of a new system, or with its epoch raised. It replaces what the vault said before.
func (v *GlacierVault) Install(ctx context.Context, i port.Installation) error {
	_, err := v.client.AddTagsToVault(ctx, &glacier.AddTagsToVaultInput{
		VaultName: &v.name, Tags: map[string]string{idTag: i.ID, epochTag: strconv.Itoa(i.Epoch)},
	})
	if err != nil {
		return fmt.Errorf("write installation of vault %s: %w", v.name, knownGlacier(err))
	}
	return nil
}
