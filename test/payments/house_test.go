// Package payments shows that plans follow what Stripe says: the real adapter and the real web role against a payment server that remembers, with
// hostile events, events in any order, and events that never come.
package payments

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/billing"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/roles/restore"
	"gas/roles/thaw"
	"gas/roles/web"
	"gas/test/peers"
)

// house is a served data folder whose payments are taken by a Stripe of the test. Workers move only when the test says so.
type house struct {
	t     testing.TB
	deps  role.Deps
	flow  flow.Flow
	peer  *peers.Stripe
	web   http.Handler
	ahead atomic.Int64 // of the clock
}

// secretThatComes is the second secret of a rotation.
const secretThatComes = "whsec_that_comes"

func newHouse(t testing.TB, edits ...func(*billing.Options)) *house {
	t.Helper()
	return newHouseOn(t, peers.StripeMock(t), edits...)
}

func newHouseOn(t testing.TB, mock *peers.Peer, edits ...func(*billing.Options)) *house {
	t.Helper()
	h := &house{t: t, peer: peers.NewStripeOn(t, mock)}
	now := func() time.Time { return time.Now().UTC().Add(time.Duration(h.ahead.Load())) }
	ports, err := local.Open(t.Context(), local.Options{Data: t.TempDir(), Clock: now, MailFrom: "gas@localhost", Expedited: time.Nanosecond, Standard: time.Nanosecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ports.Close()) })
	o := billing.Options{Key: h.peer.Key, Secrets: []string{secretThatComes, peers.StripeSecret}, Prices: []string{peers.StripePrice}, Installation: ports.Install.ID, Now: now, URL: h.peer.URL}
	for _, edit := range edits {
		edit(&o)
	}
	pay, err := billing.New(o)
	require.NoError(t, err)
	h.peer.Now = now
	c := config.Default()
	c.LimitAPI, c.LimitUpload, c.LimitLogin = 0, 0, 0
	h.deps = role.Deps{
		Config: c, Plans: user.DefaultPlans(), Log: zerolog.Nop(), Now: now, Role: "web", Instance: ports.Instance, Install: ports.Install, Version: "1.0.0",
		Store: ports.Store, Records: ports.Records, Inputs: ports.Inputs, Results: ports.Results, Parts: ports.Parts, Bus: ports.Bus, Queue: ports.Queue,
		Vault: ports.Vault, Mailer: ports.Mailer, Payments: pay, Identity: ports.Identity,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	h.web, err = web.Serve(h.deps)
	require.NoError(t, err)
	h.flow = h.deps.Flow()
	return h
}

func (h *house) pass(d time.Duration) { h.ahead.Add(int64(d)) }

// person makes a free user.
func (h *house) person(name string) string {
	h.t.Helper()
	id, now := user.ID(user.Local, name), h.deps.Now()
	require.NoError(h.t, h.deps.Store.CreateUser(h.t.Context(), user.User{ID: id, Issuer: user.Local, Subject: name, Name: name, Plan: user.Free, FreeSince: now, Created: now, Updated: now}))
	return id
}

func (h *house) user(id string) user.User {
	h.t.Helper()
	u, err := h.deps.Store.User(h.t.Context(), id)
	require.NoError(h.t, err)
	return u
}

// checkout begins a user's subscription.
func (h *house) checkout(id string) port.Checkout {
	h.t.Helper()
	begun, err := h.flow.Checkout(h.t.Context(), h.deps.Payments, id, "http://gas.example/subscribe?done=paid", "http://gas.example/subscribe")
	require.NoError(h.t, err)
	return begun
}

// subscribe begins and pays a subscription, and delivers its events.
func (h *house) subscribe(id string) port.Checkout {
	h.t.Helper()
	begun := h.checkout(id)
	require.NoError(h.t, h.peer.Pay(begun.ID))
	h.deliver(h.peer.Events()...)
	return begun
}

// post sends a body to the webhook.
func (h *house) post(payload []byte, header http.Header) int {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/stripe", bytes.NewReader(payload))
	r.Header = header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.web.ServeHTTP(w, r)
	return w.Code
}

// deliver sends events, signed now, of which each has to be taken.
func (h *house) deliver(events ...peers.StripeEvent) {
	h.t.Helper()
	for _, e := range events {
		require.Equal(h.t, http.StatusOK, h.post(e.Payload, h.peer.Signed(e)), e.Type)
	}
}

// result makes a finished job with a result of a few bytes.
func (h *house) result(owner string) job.Job {
	h.t.Helper()
	ctx := context.WithoutCancel(h.t.Context())
	j, err := h.flow.Intend(ctx, flow.Intent{UserID: owner, UploadID: uuid.NewString(), Name: "a.vcf", Options: job.Options{Reference: "auto"}})
	require.NoError(h.t, err)
	_, err = h.deps.Inputs.Put(ctx, j.Input.Key, strings.NewReader("input"), port.Put{Size: 5})
	require.NoError(h.t, err)
	j, err = h.flow.Submit(ctx, owner, j.ID, "")
	require.NoError(h.t, err)
	j, err = h.flow.Claim(ctx, j.ID)
	require.NoError(h.t, err)
	by := flow.FenceOf(j)
	info, err := h.deps.Results.Put(ctx, flow.ResultKey(h.deps.Install.Epoch, j.ID, by, flow.ResultName), strings.NewReader("result"), port.Put{Size: 6})
	require.NoError(h.t, err)
	j, err = h.flow.Complete(ctx, j.ID, by, flow.Outcome{Result: info.Object})
	require.NoError(h.t, err)
	return j
}

// archive moves a result to the vault, its window being over.
func (h *house) archive(j job.Job) {
	h.t.Helper()
	ctx := h.t.Context()
	j, err := h.flow.ClaimArchive(ctx, j.ID)
	require.NoError(h.t, err)
	r, _, err := h.deps.Results.Open(ctx, j.Result.Key, j.Result.Version, port.Whole)
	require.NoError(h.t, err)
	defer r.Close()
	ref, err := h.deps.Vault.Store(ctx, port.VaultItem{Key: flow.ArchiveKey(h.deps.Install.Epoch, j.ID, j.Gen), JobID: j.ID, Gen: j.Gen, SHA256: j.Result.SHA256, Size: j.Result.Size}, r)
	require.NoError(h.t, err)
	j, kept, err := h.flow.CommitArchive(ctx, j.ID, flow.FenceOf(j), ref)
	require.NoError(h.t, err)
	require.False(h.t, kept)
	require.NoError(h.t, h.flow.DropHot(ctx, j))
}

// work lets the roles thaw and restore handle what is there, until there is nothing left.
func (h *house) work() {
	h.t.Helper()
	ctx := h.t.Context()
	for {
		_, err := h.deps.As("relay").Flow().Relay(ctx, "")
		require.NoError(h.t, err)
		n := 0
		for _, r := range []role.Role{thaw.Role(), restore.Role()} {
			for _, handler := range r.Handles {
				got, err := h.deps.Queue.Receive(ctx, handler.Topic, 10, 0, time.Minute)
				require.NoError(h.t, err)
				for _, d := range got {
					require.NoError(h.t, handler.Do(ctx, h.deps.As(r.Name), role.Message{Delivery: d}))
					require.NoError(h.t, h.deps.Queue.Ack(ctx, d))
				}
				n += len(got)
			}
		}
		if n == 0 {
			return
		}
	}
}

func (h *house) storage(id string) job.Storage {
	h.t.Helper()
	j, err := h.deps.Store.Job(h.t.Context(), id)
	require.NoError(h.t, err)
	return j.Storage
}
