package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

const (
	warmDays = 1 // after which a warmed copy is gone again, counted to the next midnight UTC; the restorer takes it within minutes

	// What Amazon says of the tiers: 1 to 5 minutes, 3 to 5 hours.
	expeditedTakes = 5 * time.Minute
	standardTakes  = 5 * time.Hour
)

// S3Vault is port.Vault on a bucket whose objects are of the class GLACIER: they cannot be read before they are asked for.
// An item is the object <key>/<sha256>: a list tells all there is to know of it without looking at each, and what is in the vault names itself.
// A thawed item is a copy that S3 keeps beside for a day; there is nothing to copy inside the vault.
type S3Vault struct {
	*bucket
}

// S3Vault keeps cold copies in a bucket that is there already.
func (s *Session) S3Vault(name string) *S3Vault {
	b := s.bucket(name)
	b.class = types.StorageClassGlacier
	return &S3Vault{b}
}

// refOf is the key of an item's object.
func refOf(item port.VaultItem) (string, error) {
	ref := item.Key + "/" + item.SHA256
	if back := itemOf(ref, item.Size); back != item || item.JobID == "" {
		return "", fmt.Errorf("store %s: the key does not say job %q and gen %d, or the sha256 %q is none", item.Key, item.JobID, item.Gen, item.SHA256)
	}
	return ref, nil
}

// itemOf reads a ref back: …/<job>/<gen>/<sha256>. What is none of ours has no job.
func itemOf(ref string, size int64) port.VaultItem {
	parts := strings.Split(ref, "/")
	n := len(parts)
	item := port.VaultItem{Key: ref, Size: size}
	if n < 3 || len(parts[n-1]) != 64 || strings.Trim(parts[n-1], "0123456789abcdef") != "" {
		return item
	}
	gen, err := strconv.Atoi(parts[n-2])
	if err != nil {
		return item
	}
	item.Key, item.JobID, item.Gen, item.SHA256 = strings.Join(parts[:n-1], "/"), parts[n-3], gen, parts[n-1]
	return item
}

// Store writes an item's object. That no other bytes are under the same key is looked at before: writers of one gen have the same job, and so the same sha256.
func (v *S3Vault) Store(ctx context.Context, item port.VaultItem, r io.Reader) (string, error) {
	ref, err := refOf(item)
	if err != nil {
		return "", err
	}
	there, _, err := v.list(ctx, item.Key+"/", "", 2)
	if err != nil {
		return "", fmt.Errorf("store %s: %w", item.Key, err)
	}
	for _, o := range there {
		if o.Key != ref {
			return "", fmt.Errorf("store %s: %w", item.Key, port.ErrExists)
		}
	}
	if _, err = v.put(ctx, ref, r, port.Put{SHA256: item.SHA256, Size: item.Size}); err != nil {
		return "", fmt.Errorf("store in vault: %w", err)
	}
	return ref, nil
}

// Thaw asks S3 for a copy that can be read. The call is made once: a tier without capacity is answered at once by asking for the other, and not after
// the SDK's own tries. A copy that is under way, or there already, is success. S3 gives requests no name: the item's own stands for it.
func (v *S3Vault) Thaw(ctx context.Context, ref, tier string) (job.Retrieval, error) {
	if checkKey(ref) != nil {
		return job.Retrieval{}, fmt.Errorf("thaw %q: %w", ref, port.ErrNotFound)
	}
	now := time.Now().UTC()
	asked := job.Retrieval{ID: ref, Tier: tier, AskedAt: now, ExpectedAt: now.Add(takes(tier))}
	out, err := v.client.RestoreObject(ctx, &s3.RestoreObjectInput{
		Bucket: &v.name, Key: &ref,
		RestoreRequest: &types.RestoreRequest{Days: sdk.Int32(warmDays), GlacierJobParameters: &types.GlacierJobParameters{Tier: types.Tier(tier)}},
	}, once)
	switch {
	case coded(err, "RestoreAlreadyInProgress"):
		return asked, nil
	case coded(err, "GlacierExpeditedRetrievalNotAvailable"):
		return job.Retrieval{}, fmt.Errorf("thaw %s: %w: %w", ref, port.ErrCapacity, err)
	case err != nil:
		return job.Retrieval{}, fmt.Errorf("thaw %s: %w", ref, known(err))
	case answered(out.ResultMetadata) == http.StatusOK: // it is warm: its stay was made longer
		asked.ExpectedAt = now
	}
	return asked, nil
}

// takes is how long a tier takes at most, as a rule.
func takes(tier string) time.Duration {
	if tier == port.Expedited {
		return expeditedTakes
	}
	return standardTakes
}

// State reads the storage class and what S3 says of a restore.
func (v *S3Vault) State(ctx context.Context, ref string) (port.VaultState, error) {
	out, err := v.head(ctx, ref, "")
	if err != nil {
		return "", err
	}
	restore := sdk.ToString(out.Restore) // ongoing-request="false", expiry-date="…"
	switch {
	case strings.Contains(restore, `ongoing-request="true"`):
		return port.Warming, nil
	case strings.Contains(restore, `ongoing-request="false"`), out.StorageClass != types.StorageClassGlacier:
		return port.Warm, nil
	}
	return port.Cold, nil
}

// Open reads a warm item.
func (v *S3Vault) Open(ctx context.Context, ref string) (io.ReadCloser, int64, error) {
	if checkKey(ref) != nil {
		return nil, 0, fmt.Errorf("open %q: %w", ref, port.ErrNotFound)
	}
	out, err := v.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &v.name, Key: &ref})
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", ref, known(err))
	}
	return out.Body, sdk.ToInt64(out.ContentLength), nil
}

// Delete removes an item and its warm copy. Repeatable.
func (v *S3Vault) Delete(ctx context.Context, ref string) error { return v.delete(ctx, ref) }

// List pages through items.
func (v *S3Vault) List(ctx context.Context, cursor string, limit int) (items []port.VaultItem, refs []string, next string, err error) {
	found, next, err := v.list(ctx, "", cursor, limit)
	if err != nil {
		return nil, nil, "", err
	}
	for _, o := range found {
		items, refs = append(items, itemOf(o.Key, o.Size)), append(refs, o.Key)
	}
	return items, refs, next, nil
}

// ReadNotice reads the event ObjectRestore:Completed of this bucket.
func (v *S3Vault) ReadNotice(body []byte) (port.VaultNotice, error) {
	bucket, key, err := readRestoreEvent(body)
	if err == nil && bucket != v.name {
		err = errors.New("it is of another bucket")
	}
	if err != nil {
		return port.VaultNotice{}, fmt.Errorf("read the vault's notice: %w", err)
	}
	return port.VaultNotice{Ref: key, JobID: itemOf(key, 0).JobID}, nil
}
