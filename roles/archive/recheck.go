package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
)

// rereads is how often a hot copy is read again before it counts as wrong: it may have been bent on its way only.
const rereads = 2

// recheck reads the hot copy again after a checksum was wrong. It always returns an error: errNoGoodCopy when no reading was right.
func recheck(ctx context.Context, d role.Deps, j job.Job) error {
	for range rereads {
		good, err := verifies(ctx, d, j)
		if err != nil {
			return err
		}
		if good {
			return fmt.Errorf("copy to the vault: %w", port.ErrChecksum)
		}
	}
	return errNoGoodCopy
}

// verifies reads the hot copy whole and compares it with what the job recorded.
func verifies(ctx context.Context, d role.Deps, j job.Job) (bool, error) {
	r, _, err := d.Results.Open(ctx, j.Result.Key, j.Result.Version, port.Whole)
	if err != nil {
		return false, fmt.Errorf("open result again: %w", err)
	}
	defer r.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	if err != nil {
		return false, fmt.Errorf("read result again: %w", err)
	}
	return size == j.Result.Size && hex.EncodeToString(sum.Sum(nil)) == j.Result.SHA256, nil
}
