package aws_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/port"
	"gas/pkg/port/porttest"
	"gas/test/peers/awsfault"
)

const restoreTopic = "arn:aws:sns:us-east-1:123456789012:gas_results_restore"

// orphans is why a Glacier vault cannot keep two promises.
const orphans = "Glacier gives each upload an id of its own and has no look-up: the second copy is garbage that the inventory shows"

// TestGlacierVault has the whole suite on our own stub, since no emulator takes its time, refuses, or has a notice.
func TestGlacierVault(t *testing.T) {
	t.Parallel()
	porttest.Vault(t, func(t *testing.T) porttest.World {
		stub := awsfault.NewGlacier(t, time.Now)
		queue, post := mailbox(t)
		stub.Notify = post
		vault := at(t, stub.URL, "test", "test").GlacierVault("cold", restoreTopic)
		return porttest.World{
			Vault: listing{vault, stub.Warm}, Queue: queue, Refuse: stub.Refuse, Fail: stub.Fail, Warm: func(string) { stub.Warm() },
			Skip: map[string]string{
				"storing the same bytes again gives the same ref, other bytes are ErrExists": orphans,
				"16 who ask at once get one retrieval":                                       "Glacier begins what it is asked for; the flow lets one ask for each gen",
				"a missing item is ErrNotFound":                                              "Glacier cannot be asked whether an archive is there; TestAGlacierArchiveThatIsGone shows what it tells",
				"deleting is repeatable":                                                     "as above; TestAGlacierArchiveThatIsGone shows it",
				"a warmed item grows cold again":                                             "no clock of Glacier's can be moved; TestAGlacierRetrievalThatIsGoneIsCold shows it",
			},
		}
	})
}

// listing is a vault whose inventory is there at once.
type listing struct {
	*aws.GlacierVault
	warm func()
}

// List asks for an inventory, lets it end, and lists it.
func (l listing) List(ctx context.Context, cursor string, limit int) ([]port.VaultItem, []string, string, error) {
	if cursor == "" {
		if _, _, _, err := l.GlacierVault.List(ctx, "", limit); err != nil {
			return nil, nil, "", err
		}
		l.warm()
	}
	return l.GlacierVault.List(ctx, cursor, limit)
}

// glacierOnMoto has what moto covers. Its retrievals take some seconds.
func glacierOnMoto(t *testing.T, session *aws.Session) {
	client := glacier.NewFromConfig(session.Config)
	newVault := func(t *testing.T) *aws.GlacierVault {
		name := uuid.NewString()
		_, err := client.CreateVault(t.Context(), &glacier.CreateVaultInput{VaultName: &name})
		require.NoError(t, err)
		return session.GlacierVault(name, restoreTopic)
	}
	porttest.Vault(t, func(t *testing.T) porttest.World {
		queue, _ := mailbox(t)
		v := newVault(t)
		return porttest.World{
			Vault: v, Queue: queue,
			Warm: func(ref string) {
				require.Eventually(t, func() bool {
					state, err := v.State(t.Context(), ref)
					return err == nil && state == port.Warm
				}, time.Minute, 100*time.Millisecond)
			},
			Skip: map[string]string{
				"storing the same bytes again gives the same ref, other bytes are ErrExists": orphans,
				"16 who ask at once get one retrieval":                                       "Glacier begins what it is asked for; the flow lets one ask for each gen",
				"a missing item is ErrNotFound":                                              "moto retrieves what is not there; TestAGlacierArchiveThatIsGone shows it on our stub",
				"deleting is repeatable":                                                     "moto fails with 500 at an archive that is gone; TestAGlacierArchiveThatIsGone shows it on our stub",
				"the end of a thaw is told by the vault's own notice":                        "moto sends no notice; TestGlacierVault shows it on our stub",
				"items are listed once, page by page":                                        "moto's ids are the MD5 of the bytes, and the suite stores the same thrice; the next subtest lists",
			},
		}
	})
	t.Run("a service without tags keeps no installation", func(t *testing.T) {
		t.Parallel()
		_, err := newVault(t).Installation(t.Context())
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.NotErrorIs(t, err, port.ErrNotFound)
	})
	t.Run("an inventory lists what was stored", func(t *testing.T) {
		t.Parallel()
		v := newVault(t)
		ref := stored(t, v)
		require.Eventually(t, func() bool {
			items, refs, next, err := v.List(t.Context(), "", 10)
			return err == nil && next == "" && len(items) == 1 && refs[0] == ref && items[0].JobID == "j1" && items[0].Gen == 2 && items[0].Key == "archive/1/j1/2"
		}, time.Minute, 100*time.Millisecond)
	})
}

func TestAGlacierArchiveThatIsGone(t *testing.T) {
	t.Parallel()
	stub := awsfault.NewGlacier(t, time.Now)
	v := at(t, stub.URL, "test", "test").GlacierVault("cold", restoreTopic)
	ref := stored(t, v)
	require.NoError(t, v.Delete(t.Context(), ref))
	require.NoError(t, v.Delete(t.Context(), ref))
	require.Zero(t, stub.Archives())
	state, err := v.State(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, port.Cold, state)
	_, err = v.Thaw(t.Context(), ref, port.Standard)
	require.ErrorIs(t, err, port.ErrNotFound, "this is where it is told")
	_, _, err = v.Open(t.Context(), ref)
	require.ErrorIs(t, err, port.ErrCold)
	for _, none := range []string{"", "archive", "a/b/c", "/x", "x/"} {
		_, err = v.Thaw(t.Context(), none, port.Standard)
		require.ErrorIs(t, err, port.ErrNotFound)
		require.NoError(t, v.Delete(t.Context(), none))
	}
}

func TestAGlacierRetrievalThatIsGoneIsCold(t *testing.T) {
	t.Parallel()
	stub := awsfault.NewGlacier(t, time.Now)
	v := at(t, stub.URL, "test", "test").GlacierVault("cold", restoreTopic)
	ref := stored(t, v)
	first, err := v.Thaw(t.Context(), ref, port.Expedited)
	require.NoError(t, err)
	stub.Warm()
	stub.Chill()
	_, _, err = v.Open(t.Context(), ref)
	require.ErrorIs(t, err, port.ErrCold)
	second, err := v.Thaw(t.Context(), ref, port.Expedited)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
}

func TestAnotherProcessFindsARetrievalInTheList(t *testing.T) {
	t.Parallel()
	stub := awsfault.NewGlacier(t, time.Now)
	session := at(t, stub.URL, "test", "test")
	v := session.GlacierVault("cold", restoreTopic)
	refs := []string{stored(t, v), stored(t, v), stored(t, v), stored(t, v)}
	var last string
	for _, ref := range refs {
		asked, err := v.Thaw(t.Context(), ref, port.Expedited)
		require.NoError(t, err)
		last = asked.ID
	}
	stub.Warm()
	other := session.GlacierVault("cold", restoreTopic)
	asked, err := other.Thaw(t.Context(), refs[3], port.Expedited)
	require.NoError(t, err)
	require.Equal(t, last, asked.ID, "it is on the list's second page")
	r, size, err := other.Open(t.Context(), refs[3])
	require.NoError(t, err)
	defer r.Close()
	require.EqualValues(t, len(line), size)
}

func TestALargeArchiveGoesInPartsAndIsChecked(t *testing.T) {
	t.Parallel()
	data := large()
	raw := sha256.Sum256(data)
	item := port.VaultItem{Key: "archive/1/j1/2", JobID: "j1", Gen: 2, SHA256: hex.EncodeToString(raw[:]), Size: int64(len(data))}
	stub := awsfault.NewGlacier(t, time.Now)
	v := at(t, stub.URL, "test", "test").GlacierVault("cold", restoreTopic)

	bent := bytes.Clone(data)
	bent[len(bent)-1] ^= 1
	_, err := v.Store(t.Context(), item, bytes.NewReader(bent))
	require.ErrorIs(t, err, port.ErrChecksum)
	require.Zero(t, stub.Archives())
	require.Zero(t, stub.Uploads(), "the upload was dropped")

	ref, err := v.Store(t.Context(), item, bytes.NewReader(data))
	require.NoError(t, err)
	_, err = v.Thaw(t.Context(), ref, port.Standard)
	require.NoError(t, err)
	stub.Warm()
	r, size, err := v.Open(t.Context(), ref)
	require.NoError(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.EqualValues(t, len(data), size)
	require.True(t, bytes.Equal(data, got))
}

func TestGlacierIsAskedOnceWhereItHasNoCapacity(t *testing.T) {
	t.Parallel()
	stub := awsfault.NewGlacier(t, time.Now)
	v := at(t, stub.URL, "test", "test").GlacierVault("cold", restoreTopic)
	ref := stored(t, v)
	stub.Refuse()
	_, err := v.Thaw(t.Context(), ref, port.Expedited)
	require.ErrorIs(t, err, port.ErrCapacity)
	asked := 0
	for _, request := range stub.Seen() {
		if strings.HasPrefix(request, "POST /-/vaults/cold/jobs") {
			asked++
		}
	}
	require.Equal(t, 1, asked)
}

func TestAnInventoryIsAskedForWhenTheLastIsOld(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	stub := awsfault.NewGlacier(t, func() time.Time { return now })
	v := at(t, stub.URL, "test", "test").GlacierVaultAt("cold", restoreTopic, func() time.Time { return now })
	count := func() int {
		items, _, _, err := v.List(t.Context(), "", 10)
		require.NoError(t, err)
		return len(items)
	}
	stored(t, v)
	require.Zero(t, count(), "the first inventory takes its hours")
	stub.Warm()
	stored(t, v)
	require.Equal(t, 1, count(), "what was stored since is not in it")
	now = now.Add(21 * time.Hour)
	require.Equal(t, 1, count(), "the old one, until the new one is there")
	stub.Warm()
	require.Equal(t, 2, count())
	inventories := 0
	for _, request := range stub.Seen() {
		if strings.HasPrefix(request, "POST /-/vaults/cold/jobs") {
			inventories++
		}
	}
	require.Equal(t, 2, inventories)
}

func TestAGlacierVaultKeepsTheInstallationInItsTags(t *testing.T) {
	t.Parallel()
	v := at(t, awsfault.NewGlacier(t, time.Now).URL, "test", "test").GlacierVault("cold", restoreTopic)
	_, err := v.Installation(t.Context())
	require.ErrorIs(t, err, port.ErrNotFound)
	for epoch := range 3 {
		require.NoError(t, v.Install(t.Context(), port.Installation{ID: "i1", Epoch: epoch}))
		found, err := v.Installation(t.Context())
		require.NoError(t, err)
		require.Equal(t, port.Installation{ID: "i1", Epoch: epoch}, found)
	}
}

func TestANoticeOfGlacierIsRead(t *testing.T) {
	t.Parallel()
	v := at(t, "http://127.0.0.1:1", "test", "test").GlacierVault("cold", restoreTopic)
	notice := `{"Action":"ArchiveRetrieval","ArchiveId":"arch_1-x","ArchiveSizeInBytes":21,"Completed":true,"JobDescription":"j1","JobId":"HkF9p6","StatusCode":"Succeeded","StatusMessage":"Succeeded","Tier":"Expedited","VaultARN":"arn:aws:glacier:us-east-1:123456789012:vaults/cold"}`
	n, err := v.ReadNotice([]byte(notice))
	require.NoError(t, err)
	require.Equal(t, port.VaultNotice{Ref: "j1/arch_1-x", JobID: "j1"}, n)
	n, err = v.ReadNotice([]byte(strings.Replace(notice, `"StatusCode":"Succeeded"`, `"StatusCode":"Failed"`, 1)))
	require.NoError(t, err)
	require.True(t, n.Failed)
	for name, body := range map[string]string{
		"an inventory's":     strings.Replace(notice, "ArchiveRetrieval", "InventoryRetrieval", 1),
		"another vault's":    strings.Replace(notice, "vaults/cold", "vaults/old-cold", 1),
		"without a job":      strings.Replace(notice, `"JobDescription":"j1"`, `"JobDescription":""`, 1),
		"without an archive": strings.Replace(notice, "arch_1-x", "", 1),
	} {
		_, err := v.ReadNotice([]byte(body))
		require.Error(t, err, name)
	}
}
