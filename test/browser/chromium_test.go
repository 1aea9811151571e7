package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/test/peers"
)

// tab is one page of a chromium of its own.
type tab struct {
	t      *testing.T
	ctx    context.Context
	mu     sync.Mutex
	faults []string // errors and broken policies that the page wrote to its console
}

// chromium is the browser of all tests, which the first of them starts: each opens a window that shares nothing with the others, no cookie and no file.
var chromium = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("headless", "new"), chromedp.Flag("disable-component-update", true),
		// Pages are not kept for the way back, and no process is made in advance: a seventh of what the pages cost.
		chromedp.Flag("disable-features", "BackForwardCache,PaintHolding,SpareRendererForSitePerProcess,Translate"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.Flag("hide-scrollbars", true),
	)
	parent, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(parent)
	ending = func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_ = chromedp.Cancel(ctx)
	}
	return ctx, chromedp.Do(ctx)
})

// ending ends the browser where one was started.
var ending = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	ending()
	os.Exit(code)
}

// openTab opens a window of a person of its own.
func openTab(t *testing.T) *tab {
	t.Helper()
	peers.Tool(t, "chromium")
	browser, err := chromium()
	require.NoError(t, err)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	require.NoError(t, chromedp.Do(ctx, ready))
	p := &tab{t: t, ctx: ctx}
	watching, stop := context.WithCancel(ctx)
	messages := chromedp.Console(watching)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type == "error" || m.IsException() {
				p.mu.Lock()
				p.faults = append(p.faults, m.Text+" at "+m.URL)
				p.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		<-done
		cancel()
	})
	return p
}

// ready lets a page have the keyboard though others are open, and spares it what no test asks for: of every request that it is told, and of every style sheet
// that it is read once more and told, chromedp waits for none.
var ready = chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
	_, focus := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	_, styles := chromedp.Call(ctx, css.Disable, cdp.Empty{})
	_, requests := chromedp.Call(ctx, network.Disable, cdp.Empty{})
	return errors.Join(focus, styles, requests)
})

// do runs steps, each test within half a minute.
func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		require.NoError(p.t, err, "%s", p.seen())
	}
}

// goOn goes from a page that may be loading itself again to another, and stays there: a reload that has begun can end our own way, which is then
// gone once more.
func (p *tab) goOn(url string) {
	p.t.Helper()
	here := fmt.Sprintf("location.href === %q", url)
	for range 6 {
		ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
		err := chromedp.Do(ctx, chromedp.Navigate(url))
		time.Sleep(300 * time.Millisecond) // another process: no clock of ours moves it
		there, failed := chromedp.Run(ctx, chromedp.Evaluate[bool](here))
		cancel()
		if err == nil && failed == nil && there {
			return
		}
	}
	require.Fail(p.t, "the browser never comes to "+url, "%s", p.seen())
}

// seen is where the browser is and what stands there, for a test that failed.
func (p *tab) seen() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.querySelector("main")?.innerText.slice(0, 1500)`))
	return fmt.Sprint(text, err)
}

// run runs one step that gives a value.
func run[T any](p *tab, step chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	value, err := chromedp.Run(ctx, step)
	require.NoError(p.t, err)
	return value
}

// waitFor waits until an expression of the page is true.
func (p *tab) waitFor(expression string) {
	p.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		cancel()
		if err == nil && ok {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	require.Fail(p.t, "the page never became so", expression)
}

// signIn opens a one-time link and presses its button.
func (p *tab) signIn(link string) {
	p.t.Helper()
	p.do(chromedp.Navigate(link), chromedp.Click("main button"))
	p.waitFor(`location.pathname === "/"`)
}

// complaints are what the pages wrote to the console until now.
func (p *tab) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.faults)
}

// quiet fails when a page complained: an exception, a blocked load, a broken policy.
func (p *tab) quiet() {
	p.t.Helper()
	require.Empty(p.t, p.complaints())
}

// withoutScripts switches scripts off for the pages that follow.
func (p *tab) withoutScripts() {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}
