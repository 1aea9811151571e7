package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/genome"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// odd are payloads of a kind of their own: as an address, a style, a template, an escape, an order to the browser.
var odd = []string{
	`javascript:pwned=1`, `JaVaScRiPt:pwned=1`, "java\tscript:pwned=1", `data:text/html,<script>pwned=1</script>`, `vbscript:pwned=1`, `{{constructor.constructor('pwned=1')()}}`, `${pwned=1}`, `<%=pwned=1%>`, `{{.}}`, "`-pwned=1-`",
	`'-pwned=1-'`, `\";pwned=1;//`, `</script><script>pwned=1</script>`, `%3Cscript%3Epwned=1%3C/script%3E`, `&lt;script&gt;pwned=1&lt;/script&gt;`, `&#60;script&#62;pwned=1&#60;/script&#62;`, `\u003cscript\u003epwned=1`,
	"\u202egnp.exe", "\u2028pwned=1\u2029", "+ADw-script+AD4-pwned=1+ADw-/script+AD4-", "<scr\x00ipt>pwned=1</script>", `<<script>script>pwned=1<</script>/script>`, `<ScRiPt>pwned=1</sCrIpT>`, `<script/x>pwned=1</script/x>`, `<a/href=javascript:pwned=1>x</a>`,
	`<style>@import'//x'</style>`, `<base/href=//evil.example/>`, `<form/action=//evil.example><button>`, `<meta/http-equiv=refresh/content=0;url=//evil.example>`, `<link/rel=stylesheet/href=//evil.example/x.css>`,
	`<iframe/srcdoc='<script>parent.pwned=1</script>'>`, `<object/data=javascript:pwned=1>`, `<embed/src=javascript:pwned=1>`, `<template><script>pwned=1</script></template>`, `<noscript><p/title="</noscript><img/src=x/onerror=pwned=1>">`,
	`<math><mtext></mtext><mglyph><style><img/src=x/onerror=pwned=1></style></mglyph></math>`, `<svg><script>pwned=1</script></svg>`, `<svg><animate/onbegin=pwned=1/attributeName=x>`, `<![CDATA[<script>pwned=1</script>]]>`, `<!--><script>pwned=1</script>-->`,
}

// Each of these breaks out of where text stands, and each of the next ones does something there.
var (
	breaks = []string{"", `">`, `'>`, `</title>`, `</pre>`, `</textarea>`, `-->`}
	acts   = []string{`<script>pwned=1</script>`, `<img/src=x/onerror=pwned=1>`, `<svg/onload=pwned=1>`, `<details/open/ontoggle=pwned=1>`, `<input/autofocus/onfocus=pwned=1>`, `<video/src=x/onerror=pwned=1>`, `<body/onload=pwned=1>`, `<select/autofocus/onfocus=pwned=1>`, `<marquee/onstart=pwned=1>`}
)

// payloads run a script where a page puts them in without care.
func payloads() []string {
	all := append([]string(nil), odd...)
	for _, b := range breaks {
		for _, a := range acts {
			all = append(all, b+a)
		}
	}
	return append(all, `"onmouseover="pwned=1`, `'onmouseover='pwned=1`, "onfocus=pwned=1/autofocus", `x"/onpointerenter="pwned=1`)
}

// injected lists what is in a page and was not put there by us: elements that load or run something, handlers in attributes, addresses elsewhere.
const injected = `[
	...[...document.querySelectorAll("script")].filter(e => !e.getAttribute("src")?.startsWith("/static/")),
	...document.querySelectorAll("iframe, object, embed, base, style, img, video, audio, meta[http-equiv], template, noscript, marquee, math, animate, frame, applet"),
	...[...document.querySelectorAll("link")].filter(e => !e.getAttribute("href").startsWith("/static/")),
	...[...document.querySelectorAll("a[href], form[action], use")].filter(e => !["http:", "https:"].includes(new URL(e.getAttribute("href") ?? e.getAttribute("action"), location).protocol) || /evil/.test(new URL(e.getAttribute("href") ?? e.getAttribute("action"), location).host)),
	...[...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on") || a.name === "style" || a.name === "srcdoc")),
].map(e => e.outerHTML.slice(0, 200)).concat(typeof pwned === "undefined" ? [] : ["pwned"])`

// clean opens a page and fails when a payload has become more than text there.
func (p *tab) clean(s *stage, path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(s.server.URL+path), chromedp.WaitReady("footer"))
	require.Empty(p.t, run(p, chromedp.Evaluate[[]string](injected)), path)
	at, _, _ := strings.Cut(path, "?")
	require.Equal(p.t, at, run(p, chromedp.Evaluate[string]("decodeURI(location.pathname)")), "the page went elsewhere")
}

// hostileFile is a file with every payload wherever a file can say something: header lines, IDs, INFO, FILTER, samples.
func hostileFile(t *testing.T, all []string) []byte {
	t.Helper()
	reference, err := genome.Builtin("rCRS")
	require.NoError(t, err)
	defer reference.Close()
	plain := strings.NewReplacer(" ", "_", "\t", "_", ";", ".", ",", ".", "=", ":", "\x00", "_").Replace
	var text strings.Builder
	text.WriteString("##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n")
	for i, payload := range all {
		payload = strings.ReplaceAll(payload, "\x00", "")
		fmt.Fprintf(&text, "##odd%d=%s\n##FILTER=<ID=F%d,Description=\"%s\">\n", i, payload, i, strings.ReplaceAll(payload, `"`, `\"`))
	}
	text.WriteString("##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT")
	for i, payload := range all {
		fmt.Fprintf(&text, "\t%d%s", i, strings.NewReplacer("\t", "_", "\x00", "_").Replace(payload))
	}
	text.WriteString("\n")
	other := map[byte]string{'A': "G", 'G': "A", 'C': "T", 'T': "C"}
	for i, payload := range all {
		pos := uint32(8000 + 3*i)
		base := reference.Bases(0, pos-1, pos)
		fmt.Fprintf(&text, "MT\t%d\t%s\t%s\t%s\t.\t%s\tX=%s\tGT%s\n", pos, plain(payload), base, other[base[0]], plain(payload), strings.NewReplacer(" ", "_", "\t", "_", ";", ".", "\x00", "_").Replace(payload), strings.Repeat("\t0/1", len(all)))
	}
	return []byte(text.String())
}

// T9: a hundred payloads, in whatever a stranger or a file can say, are text in a real browser: nothing runs, nothing loads, nothing is asked to.
func TestT09NothingThatAPersonOrAFileSaysRunsInAPage(t *testing.T) {
	t.Parallel()
	all := payloads()
	require.GreaterOrEqual(t, len(all), 100)
	s := newStage(t, func(_ string, d *role.Deps) {
		d.Config.Providers = []config.Provider{{Name: "x", Kind: "oidc", Issuer: "https://provider.example", ClientID: "x"}}
	})
	owner, link := s.person("owner", user.Premium)
	p := openTab(t)
	p.signIn(link)
	said := hostileFile(t, all)
	j := s.finish(s.submit(owner, "hostile.vcf", said), said)
	base := "/annotations/" + j.ID
	pages := []string{base, base + "/summary", base + "/genes", base + "/files", base + "/log", base + "/details", base + "/variants", base + "/variants?filter=" + url.QueryEscape(`id = "`+all[0]+`"`)}
	for n := range (len(all)+24)/25 + 1 {
		pages = append(pages, fmt.Sprintf("%s/variants?page=%d", base, n+1))
	}
	for n := 1; n <= len(all); n += 25 {
		pages = append(pages, fmt.Sprintf("%s/variants/%d", base, n))
	}
	for n := range 8 {
		pages = append(pages, fmt.Sprintf("/annotations?page=%d", n+1))
	}
	jobs := make([]string, len(all))
	for i, payload := range all {
		small := s.submit(owner, payload, []byte("x"))
		s.edit(small.ID, func(j *job.Job) {
			j.Status, j.Error, j.Due = job.Failed, &job.Failure{Code: "bad_input", Line: 1, Text: payload}, time.Time{}
			j.Reference, j.Options.Reference = payload, payload
		})
		jobs[i] = "/annotations/" + small.ID
	}
	for _, path := range pages {
		p.clean(s, path)
	}
	for i, payload := range all {
		s.sayOfOneself(owner, payload)
		p.clean(s, jobs[i])
		if i%3 == 0 {
			p.clean(s, asked(i/3, payload))
			p.clean(s, []string{"/profile", "/profile", "/admin", "/inbox"}[i/3%4])
		}
	}
	p.clean(s, "/profile")
	p.quiet()
}

// asked is an address with a payload in its query, of one kind after the other.
func asked(i int, payload string) string {
	q := url.QueryEscape(payload)
	return []string{"/annotations?q=" + q, "/annotations?sort=" + q + "&status=" + q, "/annotate?reference=" + q, "/annotations?cursor=" + q, "/subscribe?done=" + q}[i%5]
}

// sayOfOneself puts a payload wherever a person or a program speaks of itself: name, address, institution, token, session, mail, banner, audit.
func (s *stage) sayOfOneself(owner, payload string) {
	s.t.Helper()
	ctx, now := s.t.Context(), s.deps.Now()
	_, err := s.deps.Store.UpdateUser(ctx, owner, func(c *port.Change) error {
		c.User.Name, c.User.Institution, c.User.Email, c.User.Subject = payload, payload, payload, payload
		return nil
	})
	require.NoError(s.t, err)
	text, err := json.Marshal(payload)
	require.NoError(s.t, err)
	keep := func(kind, value string) {
		require.NoError(s.t, s.deps.Records.Create(ctx, port.Record{Kind: kind, ID: uuid.NewString(), Owner: owner, Value: []byte(value), Created: now, Expires: now.Add(time.Hour)}))
	}
	keep("token", fmt.Sprintf(`{"name":%s,"scopes":["read"],"hash":"x"}`, text))
	keep("session", fmt.Sprintf(`{"provider":%s,"browser":%s}`, text, text))
	line := port.Audit{ID: uuid.NewString(), About: owner, By: owner, Did: "signed in", Detail: payload}.Record(now)
	require.NoError(s.t, s.deps.Records.Create(ctx, line))
	require.NoError(s.t, s.deps.Mailer.Send(ctx, port.Mail{ID: uuid.NewString(), To: "x@example.org", UserID: owner, Subject: strings.Map(printable, payload), Text: payload, HTML: payload, At: now}))
}

// printable drops what a mail's header may not hold.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

// T10: a page that calls itself a VCF is kept on the disk, and not shown.
func TestT10APageThatCallsItselfAVCFIsNeverRendered(t *testing.T) {
	t.Parallel()
	s, owner, p := signedIn(t, user.Premium)
	text := []byte("<!doctype html><title>pwned</title><h1 id=pwned>hello</h1><script>pwned=1</script>")
	disk := t.TempDir()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{BrowserContextID: chromedp.FromContext(ctx).BrowserContextID, Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: disk})
		return err
	}))
	for _, name := range []string{"x.vcf", "x.html", "x.svg", "x.vcf.html"} {
		j := s.submit(owner, name, text)
		p.do(chromedp.Navigate(s.server.URL+"/annotations"), chromedp.WaitReady("footer"))
		// A link of ours to the file: the browser decides by the headers alone whether it shows it.
		p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`void (location.href = "/api/v1/jobs/%s/files/input")`, j.ID)))
		files := 0
		require.Eventually(t, func() bool {
			kept, err := filepath.Glob(filepath.Join(disk, "*"))
			require.NoError(t, err)
			files = 0
			for _, path := range kept {
				if raw, err := os.ReadFile(path); err == nil && string(raw) == string(text) {
					files++
				}
			}
			return files > 0
		}, 20*time.Second, 50*time.Millisecond, name)
		require.Equal(t, "/annotations", run(p, chromedp.Evaluate[string]("location.pathname")), name)
		require.True(t, run(p, chromedp.Evaluate[bool](`typeof pwned === "undefined" && document.title !== "pwned"`)), name)
	}
}
