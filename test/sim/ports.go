package sim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/role/between"
)

// deps is what a role is given when it acts as a: each call to a port parks until the scheduler lets it go on.
func (a *actor) deps(roleName string) role.Deps {
	d := a.base
	d.Role = roleName
	d.Instance = a.process.name
	d.Store, d.Records, d.Inputs, d.Results, d.Bus = a.raw.Store, a.raw.Records, a.raw.Inputs, a.raw.Results, a.raw.Bus
	d.Queue, d.Vault, d.Mailer, d.Payments = a.raw.Queue, a.raw.Vault, a.raw.Mailer, a.raw.Payments
	return between.Wrap(d, a)
}

// Call makes one call to a port under the scheduler.
func (a *actor) Call(ctx context.Context, name string, fn func() error) error {
	v, err := a.park(ctx, name)
	if err != nil {
		return err
	}
	done := func() error {
		a.about(name)
		return fn()
	}
	return a.judge(v, name, done)
}

// about looks at a call that is about to be made.
func (a *actor) about(name string) {
	method, what, _ := strings.Cut(name, " ")
	switch {
	case strings.HasSuffix(method, ".Delete"):
		a.deletesKey(what)
	case method == "queue.Ack":
		a.acks(what)
	case method == "mailer.Send":
		a.mailed(what)
	}
}

// refusal is what a port may say no with.
func refusal(name string) error {
	switch {
	case strings.HasPrefix(name, "vault.Thaw"):
		return port.ErrCapacity
	case strings.HasPrefix(name, "vault.Open"):
		return port.ErrCold
	}
	return nil
}

// Stream cuts a reader short or turns a bit in it, when the scheduler wants that.
func (a *actor) Stream(_ string, r io.ReadCloser) io.ReadCloser {
	if !a.bendNext {
		return r
	}
	a.bendNext = false
	data, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || len(data) == 0 {
		return io.NopCloser(bytes.NewReader(nil))
	}
	if a.src.pick(2) == 0 {
		data = data[:len(data)-1]
	} else {
		data[len(data)/2] ^= 1
	}
	return io.NopCloser(bytes.NewReader(data))
}
