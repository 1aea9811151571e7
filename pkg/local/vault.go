package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"

	"gas/pkg/job"
	"gas/pkg/port"
)

// itemFile keeps what an item of the vault is, beside its bytes.
const itemFile = "item.json"

// vault is port.Vault on a folder of objects. A ref is the item's key. What was asked for is a row of the table thaws, written in one
// transaction with the notice: a message on results_restore that is due when the item is warm.
type vault struct {
	*database
	objects *objects
	o       Options
}

// Installation reads what the folder says.
func (v *vault) Installation(context.Context) (port.Installation, error) {
	return v.objects.installation()
}

func (v *vault) Store(ctx context.Context, item port.VaultItem, r io.Reader) (string, error) {
	data, err := encode(item)
	if err != nil {
		return "", err
	}
	_, err = v.objects.put(ctx, item.Key, r, port.Put{SHA256: item.SHA256, Size: item.Size}, -1, map[string][]byte{itemFile: data})
	if err != nil {
		return "", fmt.Errorf("store in vault: %w", err)
	}
	return item.Key, nil
}

// thaw is a row of the table thaws.
type thaw struct {
	id, tier              string
	asked, warm, coldSoon int64
	failed                bool
}

// lastThaw reads the last thaw of an item, the zero value where there is none.
func lastThaw(ctx context.Context, from *statements, ref string) (t thaw, err error) {
	err = from.row(ctx, []any{&t.id, &t.tier, &t.asked, &t.warm, &t.coldSoon, &t.failed},
		"SELECT id, tier, asked, warm, cold_again, failed FROM thaws WHERE ref = ?", ref)
	if errors.Is(err, port.ErrNotFound) {
		return thaw{}, nil
	}
	return t, err
}

// state is how warm the item is at a time.
func (t thaw) state(now time.Time) port.VaultState {
	at := now.UnixNano()
	switch {
	case t.id == "":
		return port.Cold
	case at < t.warm:
		return port.Warming
	case t.failed || at >= t.coldSoon:
		return port.Cold
	}
	return port.Warm
}

// retrieval is what the caller keeps of it.
func (t thaw) retrieval() job.Retrieval {
	return job.Retrieval{ID: t.id, Tier: t.tier, AskedAt: moment(t.asked), ExpectedAt: moment(t.warm)}
}

func (v *vault) Thaw(ctx context.Context, ref, tier string) (asked job.Retrieval, err error) {
	item, err := v.item(ref)
	if err != nil {
		return asked, err
	}
	err = v.write(ctx, func(tx *transaction) error {
		now := v.now()
		t, err := lastThaw(ctx, tx.statements, ref)
		if err != nil {
			return err
		}
		if t.state(now) == port.Cold {
			if t, err = v.ask(ctx, tx, item, tier, now); err != nil {
				return err
			}
		}
		asked = t.retrieval()
		return nil
	})
	if err != nil {
		return asked, fmt.Errorf("thaw: %w", err)
	}
	return asked, nil
}

// ask begins a thaw and posts its notice for the time when it ends.
func (v *vault) ask(ctx context.Context, tx *transaction, item port.VaultItem, tier string, now time.Time) (t thaw, err error) {
	if v.o.VaultRefuses != nil && v.o.VaultRefuses(item.Key, tier) {
		return t, port.ErrCapacity
	}
	takes := v.o.Standard
	if tier == port.Expedited {
		takes = v.o.Expedited
	}
	warm := now.Add(takes)
	t = thaw{id: uuid.NewString(), tier: tier, asked: now.UnixNano(), warm: warm.UnixNano(), coldSoon: warm.Add(v.o.WarmFor).UnixNano()}
	t.failed = v.o.VaultFails != nil && v.o.VaultFails(item.Key)
	_, err = tx.exec(ctx, "INSERT OR REPLACE INTO thaws (ref, id, tier, asked, warm, cold_again, failed) VALUES (?, ?, ?, ?, ?, ?, ?)",
		item.Key, t.id, t.tier, t.asked, t.warm, t.coldSoon, t.failed)
	if err != nil {
		return t, err
	}
	body, err := encode(vaultBody{Ref: item.Key, JobID: item.JobID, RetrievalID: t.id, Failed: t.failed})
	if err != nil {
		return t, err
	}
	notice := job.Message{ID: "vault-" + t.id, Topic: job.Restores, JobID: item.JobID, Body: body}
	return t, enqueue(ctx, tx, notice, now, warm, "")
}

// vaultBody is the vault's own notice.
type vaultBody struct {
	Ref         string `json:"ref"`
	JobID       string `json:"job_id"`
	RetrievalID string `json:"retrieval_id"`
	Failed      bool   `json:"failed"`
}

func (v *vault) ReadNotice(body []byte) (port.VaultNotice, error) {
	var read vaultBody
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return port.VaultNotice{}, fmt.Errorf("read the vault's notice: %w", err)
	}
	if read.Ref == "" {
		return port.VaultNotice{}, errors.New("read the vault's notice: it names no item")
	}
	notice := port.VaultNotice{Ref: read.Ref, JobID: read.JobID, Failed: read.Failed}
	if read.Failed {
		notice.Reason = "the retrieval failed"
	}
	return notice, nil
}

// item reads what an item is.
func (v *vault) item(ref string) (item port.VaultItem, err error) {
	if checkKey(ref) != nil {
		return item, fmt.Errorf("find in vault: %w", port.ErrNotFound)
	}
	data, err := fs.ReadFile(v.objects.root.FS(), path.Join(ref, itemFile))
	if errors.Is(err, fs.ErrNotExist) {
		return item, fmt.Errorf("find in vault: %w", port.ErrNotFound)
	}
	if err != nil {
		return item, fmt.Errorf("find in vault: %w", unreachable(err))
	}
	return decode[port.VaultItem](data)
}

func (v *vault) State(ctx context.Context, ref string) (port.VaultState, error) {
	if _, err := v.item(ref); err != nil {
		return "", err
	}
	t, err := lastThaw(ctx, v.read, ref)
	return t.state(v.now()), err
}

func (v *vault) Open(ctx context.Context, ref string) (io.ReadCloser, int64, error) {
	state, err := v.State(ctx, ref)
	if err != nil {
		return nil, 0, err
	}
	if state != port.Warm {
		return nil, 0, fmt.Errorf("open from vault: %w", port.ErrCold)
	}
	file, info, err := v.objects.open(ref, "")
	if err != nil {
		return nil, 0, err
	}
	return file, info.Size, nil
}

func (v *vault) Delete(ctx context.Context, ref string) error {
	if err := v.objects.delete(ref); err != nil {
		return err
	}
	return v.write(ctx, func(tx *transaction) error {
		_, err := tx.exec(ctx, "DELETE FROM thaws WHERE ref = ?", ref)
		return err
	})
}

func (v *vault) List(ctx context.Context, cursor string, limit int) (items []port.VaultItem, refs []string, next string, err error) {
	found, next, err := v.objects.list(ctx, "", cursor, limit)
	if err != nil {
		return nil, nil, "", err
	}
	for _, info := range found {
		item, err := v.item(info.Key)
		if errors.Is(err, port.ErrNotFound) {
			item = port.VaultItem{Key: info.Key, SHA256: info.SHA256, Size: info.Size} // its note is lost; the bytes still count
		} else if err != nil {
			return nil, nil, "", err
		}
		items, refs = append(items, item), append(refs, info.Key)
	}
	return items, refs, next, nil
}
