package browser

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/billing"
	"gas/pkg/job"
	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/roles"
	"gas/test/peers"
)

// live is the whole service with all its roles at work, whose payments are taken by a Stripe of the test.
type live struct {
	t     *testing.T
	url   string
	peer  *peers.Stripe
	ports *local.Local
	ahead atomic.Int64 // of the clock
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{t: t, peer: peers.NewStripe(t)}
	c := config.Default()
	c.Data, c.Addr, c.Drain, c.SweepEvery = t.TempDir(), "127.0.0.1:0", time.Second, time.Second
	c.StripeSecretKey, c.StripeWebhookSecret, c.StripePriceID = config.Secret(l.peer.Key), peers.StripeSecret, peers.StripePrice
	c.Test, c.StripeURL = true, l.peer.URL
	now := l.now
	l.peer.Now = now
	ports, err := local.Open(t.Context(), local.Options{Data: c.Data, Clock: now, MailFrom: "gas@localhost", Expedited: 2 * time.Second, Standard: 2 * time.Second})
	require.NoError(t, err)
	l.ports = ports
	pay, err := billing.New(billing.Options{Key: l.peer.Key, Secrets: c.StripeSecrets(), Prices: c.StripePrices(), Installation: ports.Install.ID, Now: now, URL: l.peer.URL})
	require.NoError(t, err)
	d := role.Deps{
		Config: c, Plans: user.DefaultPlans(), Log: zerolog.Nop(), Now: now, Instance: ports.Instance, Install: ports.Install, Version: "1.0.0",
		Store: ports.Store, Records: ports.Records, Inputs: ports.Inputs, Results: ports.Results, Parts: ports.Parts, Bus: ports.Bus, Queue: ports.Queue,
		Vault: ports.Vault, Mailer: ports.Mailer, Payments: pay, Identity: ports.Identity, OwnerGone: ports.OwnerGone, Wake: ports.Wake,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	signals, listening, ended := make(chan os.Signal, 2), make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- role.Run(t.Context(), d, roles.All(), role.RunOptions{Addr: c.Addr, Listening: func(addr string) { listening <- addr }, Signals: signals})
	}()
	t.Cleanup(func() {
		signals <- os.Interrupt
		require.NoError(t, <-ended)
		require.NoError(t, ports.Close())
	})
	l.url = "http://" + <-listening
	l.peer.Webhook = l.url + "/webhooks/stripe"
	return l
}

func (l *live) now() time.Time { return time.Now().UTC().Add(time.Duration(l.ahead.Load())) }

func (l *live) pass(d time.Duration) { l.ahead.Add(int64(d)) }

// person makes a free user and returns a link that signs him in.
func (l *live) person(name string) (id, link string) {
	l.t.Helper()
	now := l.now()
	id = user.ID(user.Local, name)
	require.NoError(l.t, l.ports.Store.CreateUser(l.t.Context(), user.User{ID: id, Issuer: user.Local, Subject: name, Name: name, Plan: user.Free, FreeSince: now, Created: now, Updated: now}))
	token, err := port.NewLink(l.t.Context(), l.ports.Records, now, id)
	require.NoError(l.t, err)
	return id, l.url + "/login/once?t=" + token
}

// within waits until a job is where it belongs.
func (l *live) within(id string, is func(job.Job) bool) job.Job {
	l.t.Helper()
	var j job.Job
	require.Eventually(l.t, func() bool {
		var err error
		j, err = l.ports.Store.Job(l.t.Context(), id)
		return err == nil && is(j)
	}, time.Minute, 20*time.Millisecond)
	return j
}

// look holds the page that is open to what every page is held to, wide and narrow. With GAS_SCREENSHOTS=FOLDER it also keeps the pictures.
func (p *tab) look(name string) {
	p.t.Helper()
	script := axe(p.t)
	p.install(script)
	for _, size := range [][2]int64{{390, 844}, {1280, 800}} {
		p.do(chromedp.EmulateViewport(size[0], size[1]))
		require.Empty(p.t, run(p, chromedp.Evaluate[[]string](overflow)), "%s at %d", name, size[0])
		require.Empty(p.t, p.judge(script), "%s at %d", name, size[0])
		p.shoot(fmt.Sprintf("%s-%d-light", name, size[0]))
	}
}

func stored(at job.Storage) func(job.Job) bool {
	return func(j job.Job) bool { return j.Storage == at }
}

func TestAPersonSubscribesAtStripeAndCancelsThere(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	id, link := l.person("ada")
	p := openTab(t)
	p.signIn(link)

	// A result of a free user, whose window passes.
	p.do(chromedp.Navigate(l.url+"/annotate"), chromedp.SetUploadFiles("#file", []string{writeFile(t, "mine.vcf", exampleText(t))}), chromedp.Click("#send"))
	p.waitFor(`document.querySelector("#sentence")?.textContent.startsWith("Done in")`)
	jobID := strings.TrimPrefix(run(p, chromedp.Evaluate[string]("location.pathname")), "/annotations/")
	l.pass(6 * time.Minute)
	l.within(jobID, stored(job.Archived))

	// Checkout, webhook, premium: the page says so by itself, and the result comes back.
	p.do(chromedp.Navigate(l.url + "/subscribe"))
	p.waitFor(`document.querySelector("main").textContent.includes("1 result (") && document.querySelector(".best .price").textContent === "9.00 USD a month"`)
	p.look("subscribe-archived")
	p.do(chromedp.Click(`//button[text()="Upgrade to Premium"]`), chromedp.WaitVisible(`//h1[text()="Checkout"]`))
	require.True(t, strings.HasPrefix(run(p, chromedp.Evaluate[string]("location.href")), l.peer.URL+"/pay/"))
	p.do(chromedp.Click(`//button[@value="pay"]`))
	p.waitFor(`document.querySelector("#subscription")?.textContent.includes("You are premium now.")`)
	p.waitFor(`document.querySelector("main").textContent.includes("is renewed on")`)
	p.look("subscribe-paid")
	l.within(jobID, stored(job.Hot))
	p.waitFor(`!document.querySelector("main").textContent.includes("On their way back")`)
	p.do(chromedp.Navigate(l.url + "/annotations/" + jobID + "/variants"))
	p.waitFor(`document.querySelectorAll("main tbody tr").length > 3`)

	// Cancelled for the end of the period: nothing changes yet.
	portal := func(button string) {
		p.do(chromedp.Navigate(l.url+"/subscribe"), chromedp.Click(`//button[contains(text(), "the subscription") or contains(text(), "the card")]`), chromedp.WaitVisible(`//h1[text()="Billing portal"]`))
		p.do(chromedp.Click(`//button[@value="` + button + `"]`))
		p.waitFor(`location.pathname === "/subscribe"`)
	}
	portal("end")
	p.waitFor(`document.querySelector("main").textContent.includes("Premium stays until")`)
	p.look("subscribe-ending")

	// A payment that fails, and is made.
	portal("fail")
	p.waitFor(`document.querySelector(".note-failed").textContent.includes("The last payment failed")`)
	p.look("subscribe-owing")
	portal("renew")
	p.waitFor(`document.querySelector("main").textContent.includes("is renewed on")`)

	// Cancelled: free, and every result has a fresh window.
	l.pass(2 * time.Hour)
	portal("cancel")
	p.waitFor(`document.querySelector("#subscription").textContent.includes("Your plan is free now.")`)
	p.look("subscribe-cancelled")
	u, err := l.ports.Store.User(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, user.Free, u.Plan)
	require.WithinDuration(t, l.now(), u.FreeSince, time.Minute)
	p.do(chromedp.Navigate(l.url + "/subscribe?done=paid"))
	p.look("subscribe-waiting")
	p.do(chromedp.Navigate(l.url + "/annotations/" + jobID))
	p.waitFor(`document.querySelector("main").textContent.includes("Free window ends")`)
	l.pass(6 * time.Minute)
	l.within(jobID, stored(job.Archived))
	p.quiet()
}
