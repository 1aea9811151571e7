package aws

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"

	"gas/pkg/port"
)

// inventoryLife is how old the inventory may be that is listed before a new one is asked for. Amazon writes one about once a day.
const inventoryLife = 20 * time.Hour

// List pages through the vault's last inventory, which it asks for where there is none or only an old one: what was stored since is not in it, and
// until the first is there (3 to 5 hours) the list is empty. The cursor is the inventory and the byte where the next archive begins, so
// that no page reads what is before it.
func (v *GlacierVault) List(ctx context.Context, cursor string, limit int) (items []port.VaultItem, refs []string, next string, err error) {
	at, err := v.place(ctx, cursor)
	if err != nil || at.job == "" {
		return nil, nil, "", err
	}
	archives, end, err := v.readInventory(ctx, at, limit)
	if err != nil {
		return nil, nil, "", fmt.Errorf("read inventory: %w", err)
	}
	for _, a := range archives {
		item, ref := a.item()
		items, refs = append(items, item), append(refs, ref)
	}
	if end > 0 {
		next = at.job + " " + strconv.FormatInt(end, 10)
	}
	return items, refs, next, nil
}

// place is where a page of an inventory begins. A job that is empty means that there is none yet.
type place struct {
	job    string
	offset int64
}

func (v *GlacierVault) place(ctx context.Context, cursor string) (at place, err error) {
	if cursor == "" {
		at.job, err = v.inventory(ctx)
		return at, err
	}
	id, offset, _ := strings.Cut(cursor, " ")
	at.job = id
	if at.offset, err = strconv.ParseInt(offset, 10, 64); err != nil || at.offset < 1 {
		return at, fmt.Errorf("cursor %q is none", cursor)
	}
	return at, nil
}

// inventory finds the newest inventory and sees to it that there will be a newer one.
func (v *GlacierVault) inventory(ctx context.Context) (id string, err error) {
	newest, asked := "", false
	pages := glacier.NewListJobsPaginator(v.client, &glacier.ListJobsInput{VaultName: &v.name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("look for an inventory: %w", knownGlacier(err))
		}
		for _, j := range page.JobList {
			if j.Action != types.ActionCodeInventoryRetrieval {
				continue
			}
			begun := sdk.ToString(j.CreationDate)
			asked = asked || j.StatusCode != types.StatusCodeFailed && v.young(begun)
			if j.StatusCode == types.StatusCodeSucceeded && begun >= newest {
				id, newest = sdk.ToString(j.JobId), begun
			}
		}
	}
	if asked {
		return id, nil
	}
	_, err = v.client.InitiateJob(ctx, &glacier.InitiateJobInput{VaultName: &v.name, JobParameters: &types.JobParameters{
		Type: sdk.String("inventory-retrieval"), Format: sdk.String("JSON"),
	}})
	if err = knownGlacier(err); err != nil && !errors.Is(err, port.ErrNotFound) { // a vault so new that nothing was written about it yet
		return "", fmt.Errorf("ask for an inventory: %w", err)
	}
	return id, nil
}

// young tells whether an inventory that was asked for then is new enough.
func (v *GlacierVault) young(begun string) bool {
	at, err := time.Parse(time.RFC3339, begun)
	return err == nil && v.now().Sub(at) < inventoryLife
}

// inventoried is an archive as the inventory tells it.
type inventoried struct {
	ArchiveID          string `json:"ArchiveId"`
	ArchiveDescription string
	Size               int64
}

// item reads what the archive says of itself. What is none of ours has no job.
func (a inventoried) item() (port.VaultItem, string) {
	var d description
	if err := json.Unmarshal([]byte(a.ArchiveDescription), &d); err != nil || d.JobID == "" {
		return port.VaultItem{Key: a.ArchiveDescription, Size: a.Size}, "-/" + a.ArchiveID
	}
	return port.VaultItem{Key: d.Key, JobID: d.JobID, Gen: d.Gen, SHA256: d.SHA256, Size: a.Size}, d.JobID + "/" + a.ArchiveID
}

// readInventory reads archives from a place on. end is where the next begins, 0 behind the last.
func (v *GlacierVault) readInventory(ctx context.Context, at place, limit int) (list []inventoried, end int64, err error) {
	in := &glacier.GetJobOutputInput{VaultName: &v.name, JobId: &at.job}
	if at.offset > 0 {
		in.Range = sdk.String(fmt.Sprintf("bytes=%d-", at.offset))
	}
	out, err := v.client.GetJobOutput(ctx, in)
	if err != nil {
		return nil, 0, knownGlacier(err)
	}
	defer out.Body.Close()
	text := bufio.NewReader(out.Body)
	if at.offset > 0 && out.Status != 206 { // the whole came
		if _, err := text.Discard(int(at.offset)); err != nil {
			return nil, 0, unreachable(err)
		}
	}
	decoder, before, err := archivesIn(text, at.offset)
	if err != nil {
		return nil, 0, err
	}
	for len(list) < limit && decoder.More() {
		var a inventoried
		if err := decoder.Decode(&a); err != nil {
			return nil, 0, unreachable(err)
		}
		list = append(list, a)
	}
	if !decoder.More() {
		return list, 0, nil
	}
	return list, before + decoder.InputOffset(), nil
}

// archivesIn gives a decoder that stands before an archive of the list, and what to add to its offset to have that of the text: at the begin of an
// inventory it goes to the list, and in the middle of the list it puts a bracket in the place of the comma.
func archivesIn(text *bufio.Reader, offset int64) (decoder *json.Decoder, before int64, err error) {
	if offset > 0 {
		if b, err := text.ReadByte(); err != nil || b != ',' {
			return nil, 0, errors.Join(errors.New("the inventory does not go on where the page before ended"), err)
		}
		decoder = json.NewDecoder(io.MultiReader(strings.NewReader("["), text))
		_, err = decoder.Token()
		return decoder, offset, err
	}
	decoder = json.NewDecoder(text)
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, 0, unreachable(err)
		}
		if token == "ArchiveList" {
			_, err = decoder.Token()
			return decoder, 0, err
		}
	}
}
