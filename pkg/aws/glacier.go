package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// mostKnown bounds how many retrievals a process remembers.
const mostKnown = 10_000

// GlacierVault is port.Vault on a vault of the older service S3 Glacier. The service gives an archive its id and has no look-up: an archive is found by
// what the record keeps, what it is stands in its description, and what nobody names is found by the inventory, which Amazon writes about once
// a day. A ref is <job>/<archive id>: the notice of a retrieval then tells all of it.
//
// Storing twice makes two archives. The second is garbage that the collector finds in an inventory.
type GlacierVault struct {
	client *glacier.Client
	name   string
	topic  string // ARN of the topic that gets the notices
	now    port.Clock

	mu    sync.Mutex
	known map[string]string // the last retrieval of an archive, as far as this process has seen it
}

// GlacierVault keeps cold copies in a vault that is there already. topic is the ARN of the topic results_restore.
func (s *Session) GlacierVault(name, topic string) *GlacierVault {
	return s.GlacierVaultAt(name, topic, func() time.Time { return time.Now().UTC() })
}

// GlacierVaultAt is GlacierVault by another clock.
func (s *Session) GlacierVaultAt(name, topic string, now port.Clock) *GlacierVault {
	return &GlacierVault{client: glacier.NewFromConfig(s.Config), name: name, topic: topic, now: now, known: map[string]string{}}
}

// description is what an archive says of itself, in at most 1,024 printable ASCII characters.
type description struct {
	Key    string `json:"key"`
	JobID  string `json:"job"`
	Gen    int    `json:"gen"`
	SHA256 string `json:"sha256"`
}

// knownGlacier turns an answer of Glacier into the port's own error.
func knownGlacier(err error) error {
	switch {
	case coded(err, "ResourceNotFoundException"):
		return fmt.Errorf("%w: %w", port.ErrNotFound, err)
	case coded(err, "InsufficientCapacityException"):
		return fmt.Errorf("%w: %w", port.ErrCapacity, err)
	case coded(err, "PolicyEnforcedException"): // the account's own limit on retrievals: it lets more through later
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	}
	return unreachable(err)
}

func onceGlacier(o *glacier.Options) { o.RetryMaxAttempts = 1 }

// archiveOf is the archive's id in a ref.
func archiveOf(ref string) (jobID, archive string, err error) {
	jobID, archive, found := strings.Cut(ref, "/")
	if !found || jobID == "" || archive == "" || strings.Contains(archive, "/") {
		return "", "", fmt.Errorf("%q is no ref of this vault: %w", ref, port.ErrNotFound)
	}
	return jobID, archive, nil
}

// Store uploads an archive.
func (v *GlacierVault) Store(ctx context.Context, item port.VaultItem, r io.Reader) (string, error) {
	text, err := json.Marshal(description{item.Key, item.JobID, item.Gen, item.SHA256})
	if err != nil {
		return "", err
	}
	s := newSource(r, port.Put{SHA256: item.SHA256, Size: item.Size})
	s.tree = &treeHash{}
	data, last, err := s.first(ctx)
	if err != nil {
		return "", fmt.Errorf("store %s: %w", item.Key, err)
	}
	var archive string
	if last {
		archive, err = v.storeWhole(ctx, string(text), data, s)
	} else {
		archive, err = v.storeParts(ctx, string(text), data, s)
	}
	if err != nil {
		return "", fmt.Errorf("store %s: %w", item.Key, err)
	}
	return item.JobID + "/" + archive, nil
}

func (v *GlacierVault) storeWhole(ctx context.Context, text string, data []byte, s *source) (string, error) {
	out, err := v.client.UploadArchive(ctx, &glacier.UploadArchiveInput{VaultName: &v.name, ArchiveDescription: &text, Body: bytes.NewReader(data)})
	if err != nil {
		return "", knownGlacier(err)
	}
	return v.checked(ctx, sdk.ToString(out.ArchiveId), out.Checksum, s)
}

// checked drops an archive of which Glacier computed another tree hash than we did.
func (v *GlacierVault) checked(ctx context.Context, archive string, checksum *string, s *source) (string, error) {
	if sum := sdk.ToString(checksum); sum != "" && sum != s.tree.root() {
		err := fmt.Errorf("%w: the vault's tree hash is %s, not %s", port.ErrChecksum, sum, s.tree.root())
		return "", errors.Join(err, v.drop(ctx, archive))
	}
	return archive, nil
}

// storeParts uploads an archive of more than one part. Nothing is kept before all of it has been compared with what was promised.
func (v *GlacierVault) storeParts(ctx context.Context, text string, first []byte, s *source) (archive string, err error) {
	begun, err := v.client.InitiateMultipartUpload(ctx, &glacier.InitiateMultipartUploadInput{
		VaultName: &v.name, ArchiveDescription: &text, PartSize: sdk.String(fmt.Sprint(len(first))),
	})
	if err != nil {
		return "", knownGlacier(err)
	}
	id := begun.UploadId
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropPatience)
			defer cancel()
			_, _ = v.client.AbortMultipartUpload(ctx, &glacier.AbortMultipartUploadInput{VaultName: &v.name, UploadId: id})
		}
	}()
	err = s.rest(ctx, first, func(ctx context.Context, _ int, at int64, data []byte) error {
		_, err := v.client.UploadMultipartPart(ctx, &glacier.UploadMultipartPartInput{
			VaultName: &v.name, UploadId: id, Body: bytes.NewReader(data), Range: sdk.String(fmt.Sprintf("bytes %d-%d/*", at, at+int64(len(data))-1)),
		})
		return knownGlacier(err)
	})
	if err != nil {
		return "", err
	}
	out, err := v.client.CompleteMultipartUpload(ctx, &glacier.CompleteMultipartUploadInput{
		VaultName: &v.name, UploadId: id, ArchiveSize: sdk.String(fmt.Sprint(s.size)), Checksum: sdk.String(s.tree.root()),
	})
	if err != nil {
		return "", knownGlacier(err)
	}
	return v.checked(ctx, sdk.ToString(out.ArchiveId), out.Checksum, s)
}

// Thaw begins a retrieval, unless one is under way or done. The call is made once: a tier without capacity is answered at once by asking for the other.
func (v *GlacierVault) Thaw(ctx context.Context, ref, tier string) (job.Retrieval, error) {
	jobID, archive, err := archiveOf(ref)
	if err != nil {
		return job.Retrieval{}, err
	}
	under, err := v.retrieval(ctx, archive)
	if err != nil {
		return job.Retrieval{}, fmt.Errorf("thaw %s: %w", ref, err)
	}
	now := v.now()
	asked := job.Retrieval{ID: under.id, Tier: tier, AskedAt: now, ExpectedAt: now.Add(takes(tier))}
	switch under.state {
	case port.Warm:
		asked.ExpectedAt = now
		return asked, nil
	case port.Warming:
		return asked, nil
	}
	out, err := v.client.InitiateJob(ctx, &glacier.InitiateJobInput{VaultName: &v.name, JobParameters: &types.JobParameters{
		Type: sdk.String("archive-retrieval"), ArchiveId: &archive, Description: &jobID, SNSTopic: &v.topic, Tier: &tier,
	}}, onceGlacier)
	if err != nil {
		return job.Retrieval{}, fmt.Errorf("thaw %s: %w", ref, knownGlacier(err))
	}
	asked.ID = sdk.ToString(out.JobId)
	v.remember(archive, asked.ID)
	return asked, nil
}

// State tells of an archive's last retrieval. Glacier cannot be asked whether an archive is there: one that is not counts as cold, and thawing it fails.
func (v *GlacierVault) State(ctx context.Context, ref string) (port.VaultState, error) {
	_, archive, err := archiveOf(ref)
	if err != nil {
		return "", err
	}
	under, err := v.retrieval(ctx, archive)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", ref, err)
	}
	return under.state, nil
}

// Open reads what a retrieval has brought.
func (v *GlacierVault) Open(ctx context.Context, ref string) (io.ReadCloser, int64, error) {
	_, archive, err := archiveOf(ref)
	if err != nil {
		return nil, 0, err
	}
	under, err := v.retrieval(ctx, archive)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", ref, err)
	}
	if under.state != port.Warm {
		return nil, 0, fmt.Errorf("open %s: %w", ref, port.ErrCold)
	}
	out, err := v.client.GetJobOutput(ctx, &glacier.GetJobOutputInput{VaultName: &v.name, JobId: &under.id})
	if err = knownGlacier(err); errors.Is(err, port.ErrNotFound) { // what was brought is gone again
		v.forget(archive)
		err = port.ErrCold
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", ref, err)
	}
	return out.Body, lengthOf(out.ResultMetadata), nil
}

// Delete removes an archive. Repeatable.
func (v *GlacierVault) Delete(ctx context.Context, ref string) error {
	_, archive, err := archiveOf(ref)
	if err != nil {
		return nil // nothing of ours
	}
	if err := v.drop(ctx, archive); err != nil {
		return fmt.Errorf("delete %s: %w", ref, err)
	}
	v.forget(archive)
	return nil
}

func (v *GlacierVault) drop(ctx context.Context, archive string) error {
	_, err := v.client.DeleteArchive(ctx, &glacier.DeleteArchiveInput{VaultName: &v.name, ArchiveId: &archive})
	if err = knownGlacier(err); errors.Is(err, port.ErrNotFound) {
		return nil
	}
	return err
}

// ReadNotice reads Glacier's notice of a retrieval that has ended.
func (v *GlacierVault) ReadNotice(body []byte) (port.VaultNotice, error) {
	var n struct {
		Event          string // of the archive bucket's: it tells the same topic, whatever vault is in use
		Action         string
		ArchiveID      string `json:"ArchiveId"`
		JobID          string `json:"JobId"`
		JobDescription string
		StatusCode     string
		StatusMessage  string
		VaultARN       string
	}
	if err := json.Unmarshal(unwrapped(body), &n); err != nil {
		return port.VaultNotice{}, fmt.Errorf("read the vault's notice: %w", err)
	}
	switch {
	case n.Event == trialEvent && n.Action == "":
		return port.VaultNotice{}, fmt.Errorf("S3 tries whether it may write here: %w", port.ErrNotFound)
	case n.Action != string(types.ActionCodeArchiveRetrieval), n.ArchiveID == "", n.JobDescription == "":
		return port.VaultNotice{}, errors.New("read the vault's notice: it is not of a retrieval of ours")
	case !strings.HasSuffix(n.VaultARN, ":vaults/"+v.name):
		return port.VaultNotice{}, errors.New("read the vault's notice: it is of another vault")
	}
	notice := port.VaultNotice{Ref: n.JobDescription + "/" + n.ArchiveID, JobID: n.JobDescription}
	if n.StatusCode != string(types.StatusCodeSucceeded) {
		notice.Failed, notice.Reason = true, "the retrieval failed: "+n.StatusMessage
		return notice, nil
	}
	v.remember(n.ArchiveID, n.JobID)
	return notice, nil
}
