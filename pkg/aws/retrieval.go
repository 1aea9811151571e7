package aws

import (
	"context"
	"errors"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"

	"gas/pkg/port"
)

// retrieval is the last retrieval of an archive, as far as Glacier still knows it: for about a day after its end.
type retrieval struct {
	id    string
	state port.VaultState
}

// retrieval looks first at the one that this process knows, which is one call; else it goes through the vault's list of them.
func (v *GlacierVault) retrieval(ctx context.Context, archive string) (retrieval, error) {
	if id := v.last(archive); id != "" {
		out, err := v.client.DescribeJob(ctx, &glacier.DescribeJobInput{VaultName: &v.name, JobId: &id})
		if err == nil && sdk.ToString(out.ArchiveId) == archive && out.StatusCode != types.StatusCodeFailed {
			return retrieval{id, stateOf(out.StatusCode)}, nil
		}
		if err = knownGlacier(err); err != nil && !errors.Is(err, port.ErrNotFound) {
			return retrieval{}, err
		}
		v.forget(archive)
	}
	return v.listed(ctx, archive)
}

// listed finds the warmest retrieval of an archive in the vault's list.
func (v *GlacierVault) listed(ctx context.Context, archive string) (retrieval, error) {
	found := retrieval{state: port.Cold}
	pages := glacier.NewListJobsPaginator(v.client, &glacier.ListJobsInput{VaultName: &v.name})
	for pages.HasMorePages() && found.state != port.Warm {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return retrieval{}, knownGlacier(err)
		}
		for _, j := range page.JobList {
			if sdk.ToString(j.ArchiveId) != archive || j.Action != types.ActionCodeArchiveRetrieval {
				continue
			}
			if state := stateOf(j.StatusCode); state == port.Warm || state == port.Warming && found.state == port.Cold {
				found = retrieval{sdk.ToString(j.JobId), state}
			}
		}
	}
	if found.id != "" {
		v.remember(archive, found.id)
	}
	return found, nil
}

func stateOf(code types.StatusCode) port.VaultState {
	switch code {
	case types.StatusCodeSucceeded:
		return port.Warm
	case types.StatusCodeInProgress:
		return port.Warming
	}
	return port.Cold
}

func (v *GlacierVault) last(archive string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known[archive]
}

func (v *GlacierVault) remember(archive, id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= mostKnown {
		clear(v.known) // it is only a short cut
	}
	v.known[archive] = id
}

func (v *GlacierVault) forget(archive string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.known, archive)
}
