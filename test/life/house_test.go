// Package life walks jobs through their whole life over real adapters, step by step: with a fault at each call, and with planted damage.
package life

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/local"
	"gas/pkg/memory"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/role/between"
	"gas/pkg/user"
	"gas/roles/annotator"
	"gas/roles/archive"
	"gas/roles/notify"
	"gas/roles/restore"
	"gas/roles/thaw"
)

const (
	window = 5 * time.Minute
	owner  = "u_ann"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// house is a GAS whose workers move only when the test says so.
type house struct {
	role.Deps
	clock *clock
	plain role.Deps // without a hook
	ids   int
	lives int
	world *memory.World // of the backend in memory
}

// backends are the adapters that each test runs over.
var backends = map[string]func(testing.TB, *house) role.Deps{"memory": inMemory, "local": onFiles}

func inMemory(t testing.TB, h *house) role.Deps {
	w := memory.New(memory.Options{Clock: h.clock.time})
	h.world = w
	install, err := w.Store.(port.Installed).Installation(t.Context())
	require.NoError(t, err)
	return role.Deps{Install: install, Store: w.Store, Records: w.Records, Inputs: w.Inputs, Results: w.Results, Bus: w.Bus, Queue: w.Queue,
		Vault: w.Vault, Mailer: w.Mailer, Payments: w.Payments, Config: config.Config{Data: tempDir(t)}}
}

func onFiles(t testing.TB, h *house) role.Deps {
	data := tempDir(t)
	l, err := local.Open(t.Context(), local.Options{Data: data, Clock: h.clock.time})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return role.Deps{Install: l.Install, Store: l.Store, Records: l.Records, Inputs: l.Inputs, Results: l.Results, Bus: l.Bus, Queue: l.Queue,
		Vault: l.Vault, Mailer: l.Mailer, Payments: l.Payments, Config: config.Config{Data: data}}
}

// tempDir is a folder in memory, where the machine has such a place: every step waits for the disk.
func tempDir(t testing.TB) string {
	if dir, err := os.MkdirTemp("/dev/shm", "gas-life-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

func newHouse(t testing.TB, backend string) *house {
	c := &clock{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	h := &house{clock: c}
	h.Deps = backends[backend](t, h)
	h.Config.QueueVisibility, h.Config.BaseURL = 30*time.Second, "http://gas.example"
	h.Plans = user.Plans{Free: user.Limits{Upload: 1000, Running: 1, Queued: 10, Window: window}, Premium: user.Limits{Upload: 1000, Running: 4, Queued: 10}}
	h.Log, h.Now = zerolog.Nop(), c.time
	h.NewID = func() string { h.ids++; return fmt.Sprintf("j%d", h.ids) }
	h.plain = h.Deps
	h.restart()
	u := user.User{ID: owner, Email: "ann@example.org", EmailVerified: true, Plan: user.Free, Created: c.now, FreeSince: c.now}
	require.NoError(t, h.Store.CreateUser(t.Context(), u))
	return h
}

// restart begins a new process without a hook; the one before it is gone.
func (h *house) restart() {
	h.lives++
	name := fmt.Sprintf("p%d", h.lives)
	h.Deps = h.plain
	h.Instance = name
	h.OwnerGone = func(other string) bool { return other != name }
}

// engine makes a small and certain result.
func engine(_ context.Context, o annotator.Order) (annotator.Made, error) {
	in, err := os.ReadFile(o.Input)
	if err != nil {
		return annotator.Made{}, err
	}
	if strings.HasPrefix(string(in), "bad") {
		return annotator.Made{}, fault.At(3, 0, "This is not a VCF.")
	}
	result, log := filepath.Join(o.Dir, flow.ResultName), filepath.Join(o.Dir, "log.txt")
	if err := errors.Join(os.WriteFile(result, annotated(string(in)), 0o600), os.WriteFile(log, []byte("log"), 0o600)); err != nil {
		return annotator.Made{}, err
	}
	return annotator.Made{Result: result, Files: map[string]string{job.FileLog: log}}, nil
}

func annotated(in string) []byte { return []byte("annotated " + in) }

var workers = []role.Role{annotator.Role(engine), archive.Role(), thaw.Role(), restore.Role(), notify.Role()}

// work relays and handles messages until there is none left.
func (h *house) work(ctx context.Context) error {
	for {
		n, err := h.As("relay").Flow().Relay(ctx, "")
		if err != nil {
			return err
		}
		for _, r := range workers {
			handler := r.Handles[0]
			got, err := h.Queue.Receive(ctx, handler.Topic, 1, 0, h.Config.QueueVisibility)
			if err != nil {
				return err
			}
			n += len(got)
			for _, dv := range got {
				_ = role.Handle(ctx, h.As(r.Name), handler, dv)
			}
		}
		if n == 0 {
			return nil
		}
	}
}

// calm lets time pass, with the sweeper looking, until a job is in a state.
func (h *house) calm(t testing.TB, jobID string, want job.State) job.Job {
	t.Helper()
	ctx := t.Context()
	for range 100 {
		require.NoError(t, h.work(ctx))
		j, err := h.Store.Job(ctx, jobID)
		require.NoError(t, err)
		if j.State() == want {
			return j
		}
		h.clock.pass(30 * time.Second)
		require.NoError(t, h.As("keeper").Flow().Sweep(ctx))
	}
	j, _ := h.Store.Job(ctx, jobID)
	t.Fatalf("job %s is %s and never becomes %s", jobID, j.State(), want)
	return j
}

// upload begins an upload, posts the file and submits.
func (h *house) upload(ctx context.Context, uploadID, content string) (job.Job, error) {
	f := h.As("web").Flow()
	j, err := f.Intend(ctx, flow.Intent{UserID: owner, UploadID: uploadID, Name: "x.vcf"})
	if err != nil {
		return j, err
	}
	if _, err := h.plain.Inputs.Put(ctx, j.Input.Key, strings.NewReader(content), port.Put{Size: -1}); err != nil {
		return j, err
	}
	return f.Submit(ctx, owner, j.ID, "")
}

// plan sets the owner's plan.
func (h *house) plan(ctx context.Context, plan user.Plan) error {
	_, err := h.As("web").Flow().SetPlan(ctx, owner, flow.PlanChange{Plan: plan})
	return err
}

// verify reads a result and compares its bytes with the only right ones.
func (h *house) verify(t testing.TB, j job.Job, content string) {
	t.Helper()
	require.Equal(t, hash(annotated(content)), j.Result.SHA256)
	r, _, err := h.Results.Open(t.Context(), j.Result.Key, j.Result.Version, port.Whole)
	require.NoError(t, err)
	defer r.Close()
	have, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, string(annotated(content)), string(have))
}

// sound requires that fsck finds nothing.
func (h *house) sound(t testing.TB) {
	t.Helper()
	found, err := h.As("fsck").Flow().Check(t.Context(), flow.CheckOptions{ReadData: true})
	require.NoError(t, err)
	require.Empty(t, found.Findings)
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// hooked puts a hook before the ports of the present process.
func (h *house) hooked(hook between.Hook) { h.Deps = between.Wrap(h.Deps, hook) }
