package annotator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// Engine annotates one file. What is wrong with the file is a fault; every other error is ours and tried again.
type Engine func(ctx context.Context, o Order) (Made, error)

// Order is what the engine gets: files in a folder that is its own.
type Order struct {
	Input      string // path of the input, as it was uploaded
	Name       string // of the input, as its owner knows it
	Dir        string // where the results go; removed afterwards
	Options    job.Options
	Limits     user.Limits
	References string             // the folder of installed references
	Databases  string             // the folder of installed databases
	Version    string             // of the program
	Progress   func(job.Progress) // may be called often
}

// Made is what the engine made: paths in the order's folder.
type Made struct {
	Result    string
	Files     map[string]string // by kind: job.FileLog …
	Reference string
	Versions  map[string]string
	Counts    *job.Counts
}

// watchEvery is how often progress is written and a cancellation is looked for.
const watchEvery = time.Second

// work is one attempt: its folder, its fence, and how far it is.
type work struct {
	role.Deps
	job      job.Job
	by       flow.Fence
	limits   user.Limits
	dir      string
	inputSHA string
	progress atomic.Pointer[job.Progress]
}

// TempDir is where attempts of an instance keep their files; what a dead instance left is removed at the start of another.
func TempDir(data, instance string) string {
	if data == "" {
		data = os.TempDir()
	}
	return filepath.Join(data, "tmp", instance)
}

func newWork(d role.Deps, j job.Job) (*work, error) {
	w := &work{Deps: d, job: j, by: flow.FenceOf(j), dir: filepath.Join(TempDir(d.Config.Data, d.Instance), fmt.Sprintf("%s-%d", j.ID, j.Attempt))}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the attempt: %w", err)
	}
	return w, nil
}

func (w *work) clean() { _ = os.RemoveAll(w.dir) }

func (w *work) input() string { return filepath.Join(w.dir, "input") }

func (w *work) order() Order {
	return Order{
		Input: w.input(), Name: w.job.Name, Dir: w.dir, Options: w.job.Options, Limits: w.limits,
		References: w.Config.ReferencesFolder(), Databases: w.Config.DatabasesFolder(), Version: w.Version,
		Progress: func(p job.Progress) { w.progress.Store(&p) },
	}
}

// watch returns a context that ends, with flow.ErrLost as its cause, when the job is no longer this attempt's: within about a second of a
// cancellation. Meanwhile it writes progress.
func (w *work) watch(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := w.look(ctx); errors.Is(err, flow.ErrLost) {
				cancel(err)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

// look writes the latest progress and reads whether the job is still ours. An error of the store is not the attempt's: the next look tells.
func (w *work) look(ctx context.Context) error {
	j, err := w.Store.Job(ctx, w.job.ID)
	if err == nil && (j.Status != job.Running || j.Attempt != w.by.Attempt) {
		return flow.ErrLost
	}
	p := w.progress.Swap(nil)
	if p == nil {
		return err
	}
	p.JobID, p.Attempt, p.At = w.job.ID, w.by.Attempt, w.Now()
	return errors.Join(err, w.Store.PutProgress(ctx, *p))
}

// fetch copies the input, in the version that was submitted, into the attempt's folder.
func (w *work) fetch(ctx context.Context) error {
	u, err := w.Store.User(ctx, w.job.UserID)
	if err != nil {
		return fmt.Errorf("look up owner: %w", err)
	}
	w.limits = w.Plans.Of(u.Plan)
	in := w.job.Input
	r, _, err := w.Inputs.Open(ctx, in.Key, in.Version, port.Whole)
	if errors.Is(err, port.ErrConflict) || errors.Is(err, port.ErrNotFound) {
		return fault.New(fault.InputChanged, "The uploaded file is not the one that was submitted.").Because(err)
	}
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	defer r.Close()
	w.inputSHA, err = copyTo(w.input(), r, in.Size)
	if err != nil {
		return fmt.Errorf("copy input: %w", err)
	}
	if in.SHA256 != "" && in.SHA256 != w.inputSHA {
		return fmt.Errorf("copy input: %w", port.ErrChecksum)
	}
	return nil
}

// copyTo writes size bytes to a new file and returns their sha256.
func copyTo(path string, r io.Reader, size int64) (string, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), r)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if n != size {
		return "", fmt.Errorf("%d bytes instead of %d: %w", n, size, io.ErrUnexpectedEOF)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// store puts what was made under keys of this attempt. A put that returns has been verified against the sha256 of the file.
func (w *work) store(ctx context.Context, made Made) (flow.Outcome, error) {
	o := flow.Outcome{InputSHA: w.inputSHA, Files: map[string]job.Object{}, Reference: made.Reference, Versions: made.Versions, Counts: made.Counts}
	for _, kind := range slices.Sorted(maps.Keys(made.Files)) {
		path := made.Files[kind]
		object, err := w.put(ctx, path, filepath.Base(path))
		if err != nil {
			return o, fmt.Errorf("store %s: %w", kind, err)
		}
		o.Files[kind] = object
	}
	var err error
	if o.Result, err = w.put(ctx, made.Result, flow.ResultName); err != nil {
		return o, fmt.Errorf("store result: %w", err)
	}
	return o, nil
}

func (w *work) put(ctx context.Context, path, name string) (job.Object, error) {
	f, err := os.Open(path)
	if err != nil {
		return job.Object{}, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return job.Object{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return job.Object{}, err
	}
	want := port.Put{SHA256: hex.EncodeToString(sum.Sum(nil)), Size: size}
	key := flow.ResultKey(w.Install.Epoch, w.job.ID, flow.Fence{Gen: flow.ResultGen, Attempt: w.by.Attempt}, name)
	info, err := w.Results.Put(ctx, key, f, want)
	if err != nil {
		return job.Object{}, err
	}
	if info.Size != size {
		return job.Object{}, fmt.Errorf("%s has %d bytes instead of %d: %w", key, info.Size, size, port.ErrChecksum)
	}
	return job.Object{Key: key, Version: info.Version, Size: size, SHA256: want.SHA256}, nil
}
