package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"gas/pkg/fault"
	"gas/pkg/genome"
)

// Options say what is installed where.
type Options struct {
	Name string // of the release; see Catalogue
	Dir  string // the folder of references; the reference gets a folder of its own in it

	Base     string                                // address in place of the provider's, with the same layout below it; it may be http
	Client   *http.Client                          // nil means a client with sensible limits
	Attempts int                                   // for each file; 0 means 5
	Pause    time.Duration                         // before the second attempt, doubled for each further one; 0 means 2 s
	Progress func(stage string, done, total int64) // called now and then; may be nil
	Warn     func(message string)                  // called for what the reference lacks; may be nil
}

// Install downloads a release, checks it against the provider's checksums and builds the reference. What has arrived is kept when it fails, so that the next call goes on from there.
// A reference that is there already is replaced when the new one is complete.
func Install(ctx context.Context, o Options) error {
	release, err := Lookup(o.Name)
	if err != nil {
		return err
	}
	base, client, err := o.source(release)
	if err != nil {
		return err
	}
	at := filepath.Join(o.Dir, release.Name)
	downloads := filepath.Join(at, "download")
	if err := os.MkdirAll(downloads, 0o755); err != nil {
		return fmt.Errorf("make the folder of downloads: %w", err)
	}
	paths := make(map[string]string)
	for _, part := range []struct {
		stage string
		file  remote
	}{{"genes", release.genes()}, {"sequence", release.sequence()}} {
		f := fetcher{client: client, pause: cmp.Or(o.Pause, 2*time.Second), attempts: cmp.Or(o.Attempts, 5), progress: o.tell("download " + part.stage)}
		if paths[part.stage], err = f.fetch(ctx, base, part.file, downloads); err != nil {
			return fmt.Errorf("download the %s of %s: %w", part.stage, release.Name, err)
		}
	}
	err = genome.Build(ctx, genome.BuildOptions{
		Name: release.Name, FASTA: paths["sequence"], Genes: paths["genes"], Out: at, GeneticCodes: release.Codes, Warn: o.Warn,
		Progress: func(stage string, done, total int64) { o.say("read "+stage, done, total) },
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(downloads)
}

// fetch brings one file into a folder, checked.
func (f *fetcher) fetch(ctx context.Context, base string, r remote, folder string) (string, error) {
	want, err := f.checksum(ctx, base, r)
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, r.name)
	return path, f.file(ctx, join(base, r.folder, r.name), path, r.checksums, want)
}

// source returns the address to download from and the client to do it with. Without an address of the user's own only https will do.
func (o *Options) source(r *Release) (string, *http.Client, error) {
	client := o.Client
	if client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.ResponseHeaderTimeout = stalled
		client = &http.Client{Transport: transport}
	}
	if o.Base == "" {
		return bases[r.Provider], secure(client), nil
	}
	u, err := url.Parse(o.Base)
	if err == nil && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		err = errors.New("neither http nor https")
	}
	if err != nil {
		return "", nil, fault.New(fault.Usage, "%q is no address to download from.", o.Base).Because(err)
	}
	return o.Base, client, nil
}

func (o *Options) say(stage string, done, total int64) {
	if o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

func (o *Options) tell(stage string) func(done, total int64) {
	return func(done, total int64) { o.say(stage, done, total) }
}
