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

// recheck reads the hot copy again after a checksum was wrong: it may be bent itself, or only on its way. It always returns an error.
func recheck(ctx context.Context, d role.Deps, j job.Job) error {
	r, _, err := d.Results.Open(ctx, j.Result.Key, j.Result.Version, port.Whole)
	if err != nil {
		return fmt.Errorf("open result again: %w", err)
	}
	defer r.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	if err != nil {
		return fmt.Errorf("read result again: %w", err)
	}
	if size != j.Result.Size || hex.EncodeToString(sum.Sum(nil)) != j.Result.SHA256 {
		return errNoGoodCopy
	}
	return fmt.Errorf("copy to the vault: %w", port.ErrChecksum)
}
