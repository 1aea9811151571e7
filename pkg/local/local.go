// Package local is every port on one data folder, without a cloud: SQLite for what is counted and queued, files for what is large.
//
// Several processes may share a folder. Each has one writer, and the writers queue at a file lock; they wake each other by sockets in run/.
//
//	gas.db         jobs, users, records, queues, thaws
//	inputs/ results/ vault/    objects: a folder for each key, in it one file named by the sha256 of its bytes
//	mail/          sent mail as .eml
//	run/           a lock and a socket for each process
//	installation.json secret
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Options says how a data folder is opened. Only Data must be set.
type Options struct {
	Data      string        // the folder; made where it is missing
	Secret    []byte        // signs forms, links and payment events; empty = the one kept in the folder
	Instance  string        // of this process; empty = a new one
	Expedited time.Duration // how long the vault takes to warm an item; 0 = 5 s
	Standard  time.Duration // 0 = 30 s
	WarmFor   time.Duration // how long a warmed item stays so; 0 = 24 h
	Clock     port.Clock    // nil = this machine's
	MailFrom  string        // the sender of mail
	SMTPURL   string        // where mail is sent; empty = it is kept in mail/ and shown by an inbox

	VaultRefuses func(ref, tier string) bool // tests: the tier has no capacity
	VaultFails   func(ref string) bool       // tests: the thaw ends in a failure
}

// Local is the ports on an open data folder.
type Local struct {
	Store    port.Store
	Records  port.Records
	Inputs   port.Blobs
	Results  port.Blobs
	Parts    port.Multipart // of Inputs
	Bus      port.Bus
	Queue    port.Queue
	Vault    port.Vault
	Mailer   port.Mailer
	Payments port.Payments
	Identity port.Identity

	Instance string // of this process: the owner of leases
	Install  port.Installation

	db      *database
	bells   *bells
	peers   *peers
	run     *instance
	lock    *fileLock
	objects []*objects
	close   func() error
}

// Open opens a data folder, makes what is missing in it, and takes this instance's lock.
func Open(ctx context.Context, o Options) (l *Local, err error) {
	if o, err = o.complete(); err != nil {
		return nil, err
	}
	l = &Local{Instance: o.Instance, bells: &bells{}}
	l.close = sync.OnceValue(l.closeAll)
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
			l = nil
		}
	}()
	opening, err := openLock(filepath.Join(o.Data, "run", "open.lock"))
	if err != nil {
		return l, err
	}
	defer opening.close()
	if err := opening.lock(); err != nil {
		return l, err
	}
	defer opening.unlock()
	if len(o.Secret) == 0 {
		if o.Secret, err = keptSecret(filepath.Join(o.Data, "secret")); err != nil {
			return l, err
		}
	}
	if err := l.openDatabase(ctx, o); err != nil {
		return l, err
	}
	return l, l.openPorts(ctx, o)
}

// complete fills in what is not set and makes the folders.
func (o Options) complete() (Options, error) {
	if o.Data == "" {
		return o, errors.New("open data folder: no folder is named")
	}
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return o, fmt.Errorf("open data folder: %w", err)
	}
	o.Data = data
	if o.Instance == "" {
		o.Instance = newInstance()
	}
	if o.Clock == nil {
		o.Clock = func() time.Time { return time.Now().UTC() }
	}
	setDefault(&o.Expedited, 5*time.Second)
	setDefault(&o.Standard, 30*time.Second)
	setDefault(&o.WarmFor, 24*time.Hour)
	for _, folder := range []string{"", "run", "inputs", "results", "vault", "mail"} {
		if err := os.MkdirAll(filepath.Join(data, folder), 0o700); err != nil {
			return o, fmt.Errorf("make data folder: %w", err)
		}
	}
	return o, nil
}

// setDefault sets a duration that is zero.
func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}

// openDatabase takes this instance's lock and opens the database.
func (l *Local) openDatabase(ctx context.Context, o Options) (err error) {
	if l.run, err = startInstance(filepath.Join(o.Data, "run"), o.Instance); err != nil {
		return err
	}
	if l.lock, err = openLock(filepath.Join(o.Data, "run", "write.lock")); err != nil {
		return err
	}
	if l.db, err = openDatabase(ctx, filepath.Join(o.Data, "gas.db"), l.lock, o.Clock); err != nil {
		return err
	}
	l.peers = startPeers(filepath.Join(o.Data, "run"), o.Instance, l.bells)
	l.db.writer.ring = func(topics map[job.Topic]bool) {
		for topic := range topics {
			l.Wake(topic)
		}
	}
	l.Install, err = install(ctx, l.db, o.Data)
	return err
}

// openPorts puts every port on the open database and folders.
func (l *Local) openPorts(ctx context.Context, o Options) error {
	folders := map[string]*objects{}
	for _, name := range []string{"inputs", "results", "vault"} {
		opened, err := openObjects(filepath.Join(o.Data, name), o.Instance, l.OwnerGone)
		if err != nil {
			return err
		}
		l.objects = append(l.objects, opened)
		folders[name] = opened
	}
	inputs := &blobs{name: "inputs", objects: folders["inputs"], secret: o.Secret, now: o.Clock}
	records := &records{l.db}
	l.Store = &store{database: l.db, install: func(ctx context.Context) (port.Installation, error) { return installed(ctx, l.db) }}
	l.Records = records
	l.Inputs, l.Parts = inputs, inputs
	l.Results = &blobs{name: "results", objects: folders["results"], secret: o.Secret, now: o.Clock}
	l.Bus, l.Queue = &bus{l.db}, &queue{l.db, l.bells}
	l.Vault = &vault{database: l.db, objects: folders["vault"], o: o}
	l.Payments = &payments{records: records, secret: o.Secret, now: o.Clock}
	l.Identity = identity{}
	l.Mailer = &mailbox{folder: filepath.Join(o.Data, "mail"), from: o.MailFrom}
	if o.SMTPURL == "" {
		return nil
	}
	mailer, err := NewSMTP(o.SMTPURL, o.MailFrom)
	l.Mailer = mailer
	return err
}

// Wake tells receivers of a topic, here and in the other processes on this folder, that a message may be there.
func (l *Local) Wake(topic job.Topic) {
	l.bells.ring(topic)
	l.peers.ring(topic)
}

// OwnerGone tells whether the process of an instance has ended: its lock is free.
func (l *Local) OwnerGone(name string) bool { return l.run.gone(name) }

// Snapshot writes a consistent copy of the database to a new file, while others go on writing.
func (l *Local) Snapshot(ctx context.Context, path string) error {
	if err := makePrivate(path); err != nil {
		return err
	}
	return l.db.copyTo(ctx, path)
}

// Close ends what runs and closes the folder. Repeatable.
func (l *Local) Close() error { return l.close() }

func (l *Local) closeAll() error {
	var errs []error
	if l.db != nil {
		errs = append(errs, l.db.close())
	}
	if l.peers != nil {
		errs = append(errs, l.peers.close())
	}
	for _, o := range l.objects {
		errs = append(errs, o.close())
	}
	if l.lock != nil {
		errs = append(errs, l.lock.close())
	}
	if l.run != nil {
		errs = append(errs, l.run.end())
	}
	return errors.Join(errs...)
}
