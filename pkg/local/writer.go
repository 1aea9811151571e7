package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

const (
	// groupWait is how long a group waits for companions. It waits only for as many as the last group had: a lone caller pays nothing.
	groupWait = 2 * time.Millisecond
	// groupTime ends a group that goes on filling.
	groupTime = 5 * time.Millisecond
	groupSize = 256
)

// errClosed is what a call after Close gets.
var errClosed = fmt.Errorf("%w: the database is closed", port.ErrUnavailable)

// transaction is what a function given to write sees: the tables, and what is to be done after the commit.
type transaction struct {
	*statements
	rung map[job.Topic]bool // topics whose receivers are woken after the commit
}

// ring notes that a topic has a message.
func (tx *transaction) ring(topic job.Topic) { tx.rung[topic] = true }

// ask is one caller's transaction on its way through the writer.
type ask struct {
	ctx      context.Context
	do       func(*transaction) error
	err      error
	panicked any
	done     chan struct{}
}

// writer is the one goroutine of this process that writes. It groups the transactions that wait into one commit, because the fsync of a
// commit costs far more than all that is written, and it queues at a file lock for its turn among processes.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	tx    *transaction
	lock  *fileLock
	asked chan *ask
	quit  chan struct{}
	ended chan struct{}
	ring  func(topics map[job.Topic]bool) // set before the first write
	last  int                             // size of the last group
}

// newWriter takes the one connection of db and starts the goroutine.
func newWriter(ctx context.Context, db *sql.DB, lock *fileLock) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	w := &writer{
		db: db, conn: conn, lock: lock,
		tx:    &transaction{statements: newStatements(conn.PrepareContext), rung: map[job.Topic]bool{}},
		asked: make(chan *ask, groupSize), quit: make(chan struct{}), ended: make(chan struct{}),
		ring: func(map[job.Topic]bool) {},
	}
	go w.run()
	return w, nil
}

// write hands do to the goroutine and waits for its commit. A context that ends while it waits for its turn ends it; once begun it is finished.
func (w *writer) write(ctx context.Context, do func(*transaction) error) error {
	a := &ask{ctx: ctx, do: do, done: make(chan struct{})}
	select {
	case <-w.quit:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	case w.asked <- a:
	}
	select {
	case <-a.done:
	case <-w.ended:
		select {
		case <-a.done:
		default:
			return errClosed
		}
	}
	if a.panicked != nil {
		panic(a.panicked)
	}
	return a.err
}

// run serves groups until the writer is closed and nothing waits.
func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case a := <-w.asked:
			w.serve(w.gather(a))
		case <-w.quit:
			select {
			case a := <-w.asked:
				w.serve(w.gather(a))
			default:
				return
			}
		}
	}
}

// gather waits a moment for as many companions as the last group had.
func (w *writer) gather(first *ask) []*ask {
	group := []*ask{first}
	if len(w.asked) == 0 && w.last <= 1 {
		return group
	}
	enough := time.NewTimer(groupWait)
	defer enough.Stop()
	for len(group) < w.last {
		select {
		case a := <-w.asked:
			group = append(group, a)
		case <-enough.C:
			return group
		}
	}
	return group
}

// serve runs a group in one transaction, lets latecomers in, commits, and tells everyone.
func (w *writer) serve(group []*ask) {
	group, err := w.transact(group)
	w.last = len(group)
	if err == nil && len(w.tx.rung) > 0 {
		w.ring(w.tx.rung)
	}
	clear(w.tx.rung)
	for _, a := range group {
		if err != nil {
			a.err = err
		}
		close(a.done)
	}
}

// transact is one database transaction over a group. Its error is everyone's.
func (w *writer) transact(group []*ask) ([]*ask, error) {
	ctx := context.Background() // a transaction of many callers does not end with the context of one
	if err := w.lock.lock(); err != nil {
		return group, err
	}
	defer w.lock.unlock()
	if _, err := w.tx.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return group, fmt.Errorf("begin: %w", err)
	}
	group = w.apply(ctx, group)
	if _, err := w.tx.exec(ctx, "COMMIT"); err != nil {
		_, undone := w.tx.exec(ctx, "ROLLBACK")
		return group, errors.Join(fmt.Errorf("commit: %w", err), undone)
	}
	return group, nil
}

// apply runs each of the group, then whoever has come meanwhile.
func (w *writer) apply(ctx context.Context, group []*ask) []*ask {
	end := time.Now().Add(groupTime)
	for i := 0; i < len(group); i++ {
		w.one(ctx, group[i])
		if i+1 < len(group) || len(group) >= groupSize || time.Now().After(end) {
			continue
		}
		select {
		case a := <-w.asked:
			group = append(group, a)
		default:
		}
	}
	return group
}

// one runs a single caller's function in a savepoint, so that its failure undoes its own writes alone.
func (w *writer) one(ctx context.Context, a *ask) {
	if a.err = a.ctx.Err(); a.err != nil {
		return
	}
	if _, a.err = w.tx.exec(ctx, "SAVEPOINT one"); a.err != nil {
		return
	}
	a.err = w.call(a)
	if a.err != nil || a.panicked != nil {
		if _, err := w.tx.exec(ctx, "ROLLBACK TO one"); err != nil {
			a.err = errors.Join(a.err, err)
		}
	}
	if _, err := w.tx.exec(ctx, "RELEASE one"); err != nil {
		a.err = errors.Join(a.err, err)
	}
}

// call calls the function and keeps its panic for the goroutine that asked.
func (w *writer) call(a *ask) error {
	defer func() { a.panicked = recover() }()
	return a.do(w.tx)
}

// close serves what waits and ends the goroutine.
func (w *writer) close() error {
	select {
	case <-w.quit:
		return nil
	default:
	}
	close(w.quit)
	<-w.ended
	w.tx.close()
	return errors.Join(w.conn.Close(), w.db.Close())
}
