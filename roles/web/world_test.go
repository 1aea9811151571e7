package web

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// world is the web role over a data folder of its own, with people in it.
type world struct {
	t      *testing.T
	deps   role.Deps
	flow   flow.Flow
	server *httptest.Server
	clock  *clock
}

// clock is a clock that a test moves, or stops at a time.
type clock struct {
	ahead   time.Duration
	stopped time.Time
}

func (c *clock) now() time.Time {
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return time.Now().UTC().Add(c.ahead)
}

func newWorld(t *testing.T, edits ...func(*role.Deps)) *world {
	t.Helper()
	return newWorldIn(t, t.TempDir(), edits...)
}

// newWorldIn is newWorld on a data folder that the test looks into.
func newWorldIn(t *testing.T, data string, edits ...func(*role.Deps)) *world {
	t.Helper()
	ticks := &clock{}
	ports, err := local.Open(t.Context(), local.Options{Data: data, Clock: ticks.now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ports.Close()) })
	c := config.Default()
	c.LimitAPI, c.LimitUpload, c.LimitLogin = 0, 0, 0
	d := role.Deps{
		Config: c, Plans: user.DefaultPlans(), Log: zerolog.Nop(), Now: ticks.now, Role: "web", Instance: ports.Instance, Install: ports.Install, Version: "test",
		Store: ports.Store, Records: ports.Records, Inputs: ports.Inputs, Results: ports.Results, Parts: ports.Parts, Bus: ports.Bus, Queue: ports.Queue,
		Vault: ports.Vault, Mailer: ports.Mailer, Payments: ports.Payments, Identity: ports.Identity,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	for _, edit := range edits {
		edit(&d)
	}
	handler, err := Serve(d)
	require.NoError(t, err)
	w := &world{t: t, deps: d, flow: d.Flow(), server: httptest.NewServer(handler), clock: ticks}
	t.Cleanup(w.server.Close)
	return w
}

// person makes a user and returns a browser in which he is signed in.
func (w *world) person(name string, plan user.Plan) *browser {
	w.t.Helper()
	now := w.deps.Now()
	id := user.ID(user.Local, name)
	require.NoError(w.t, w.deps.Store.CreateUser(w.t.Context(), user.User{
		ID: id, Issuer: user.Local, Subject: name, Name: name, Plan: plan, FreeSince: now, Created: now, Updated: now,
	}))
	b := w.visitor()
	b.signIn(id)
	return b
}

// signIn signs a user in by a one-time link.
func (b *browser) signIn(userID string) {
	b.world.t.Helper()
	token, err := port.NewLink(b.world.t.Context(), b.world.deps.Records, b.world.deps.Now(), userID)
	require.NoError(b.world.t, err)
	require.Equal(b.world.t, http.StatusOK, b.post("/login/once", url.Values{"t": {token}}).status)
	b.user = userID
}

// visitor is a browser in which nobody is signed in.
func (w *world) visitor() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &browser{world: w, client: &http.Client{Jar: jar}}
}

// program is a client with a token.
func (w *world) program(userID string, scopes ...Scope) *browser {
	b := w.visitor()
	_, secret, err := NewToken(w.t.Context(), w.deps.Records, userID, "test", scopes, w.deps.Now(), w.deps.Now().Add(time.Hour))
	require.NoError(w.t, err)
	b.token, b.user = secret, userID
	return b
}

// browser sends requests as one person.
type browser struct {
	world  *world
	client *http.Client
	token  string
	user   string
}

// answer is what came back, read whole.
type answer struct {
	status int
	header http.Header
	body   string
	url    string // after redirects
}

func (a answer) json(t *testing.T, value any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.body), value), a.body)
}

// shows fails when the text that a person reads lacks a piece. It prints the page's main part alone.
func shows(t *testing.T, a answer, want string) {
	t.Helper()
	text := html.UnescapeString(a.body)
	if strings.Contains(text, want) {
		return
	}
	if _, main, ok := strings.Cut(text, "<main"); ok {
		text = main
	}
	require.Fail(t, "the answer lacks a piece", "%s %d lacks %q:\n%.1500s", a.url, a.status, want, text)
}

func (b *browser) do(method, path string, body io.Reader, headers ...string) answer {
	b.world.t.Helper()
	r, err := http.NewRequestWithContext(b.world.t.Context(), method, b.world.server.URL+path, body)
	require.NoError(b.world.t, err)
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(r)
	require.NoError(b.world.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(b.world.t, err)
	return answer{response.StatusCode, response.Header, string(raw), response.Request.URL.String()}
}

func (b *browser) get(path string, headers ...string) answer {
	b.world.t.Helper()
	return b.do(http.MethodGet, path, nil, headers...)
}

func (b *browser) post(path string, form url.Values) answer {
	b.world.t.Helper()
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

func (b *browser) postJSON(path, body string, headers ...string) answer {
	b.world.t.Helper()
	return b.do(http.MethodPost, path, strings.NewReader(body), append(headers, "Content-Type", "application/json")...)
}

// field is one part of a form; a file where it has a file name.
type field struct{ name, file, value string }

func form(t *testing.T, fields ...field) (body io.Reader, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, f := range fields {
		if f.file == "" {
			require.NoError(t, w.WriteField(f.name, f.value))
			continue
		}
		part, err := w.CreateFormFile(f.name, f.file)
		require.NoError(t, err)
		_, err = io.WriteString(part, f.value)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return &out, w.FormDataContentType()
}

func (b *browser) upload(path string, headers []string, fields ...field) answer {
	b.world.t.Helper()
	body, kind := form(b.world.t, fields...)
	return b.do(http.MethodPost, path, body, append(headers, "Content-Type", kind)...)
}

const smallVCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\t8993\t.\tT\tG\t.\t.\t.\n"

// submit uploads a small file and returns its job.
func (b *browser) submit(name string) jobJSON {
	b.world.t.Helper()
	a := b.upload("/api/v1/jobs", nil, field{"file", name, smallVCF}, field{"reference", "", "rCRS"})
	require.Equal(b.world.t, http.StatusCreated, a.status, a.body)
	var j jobJSON
	a.json(b.world.t, &j)
	return j
}

// complete does the annotator's part for a job with made-up files.
func (w *world) complete(id string) job.Job {
	w.t.Helper()
	return w.completeWith(id, resultText)
}

// completeWith is complete with a result of one's own.
func (w *world) completeWith(id, result string) job.Job {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	j, err := w.flow.Claim(ctx, id)
	require.NoError(w.t, err)
	by := flow.FenceOf(j)
	put := func(name, text string) job.Object {
		info, err := w.deps.Results.Put(ctx, flow.ResultKey(w.deps.Install.Epoch, id, by, name), strings.NewReader(text), port.Put{Size: int64(len(text))})
		require.NoError(w.t, err)
		return info.Object
	}
	j, err = w.flow.Complete(ctx, id, by, flow.Outcome{
		Result: put("result", result), Reference: "rCRS", Versions: map[string]string{"gas": "test"},
		Counts: &job.Counts{Records: 1, Annotated: 1},
		Files: map[string]job.Object{
			job.FileLog: put("log", "read 1 record\nwarning: line 3: something odd\nwarning: line 4: something odd\n"), job.FileSummary: put("summary", summaryText),
			job.FileManifest: put("manifest", "{}"), job.FileIndex: put("index", "tbi"),
		},
	})
	require.NoError(w.t, err)
	return j
}

const summaryText = `{"reference":{"name":"rCRS","choice":"it was asked for"},"records":{"read":3,"annotated":1,"passed_through":1,"rejected":1,
"passed_through_because":[{"name":"no_alternative_allele","count":1}],"rejections":[{"line":7,"reason":"the position is not a number"}]},
"variants":2,"alleles":2,"genes_touched":1,"consequences":[{"name":"missense_variant","count":1},{"name":"synonymous_variant","count":1}],
"impacts":[{"name":"MODERATE","count":1},{"name":"LOW","count":1}],"types":[{"name":"snv","count":2}],"transitions":1,"transversions":1,"ts_tv":1,
"indel_lengths":[{"gained":-2,"count":3},{"gained":31,"count":1}],"contigs":[{"name":"MT","records":2},{"name":"chr1","records":1}],
"samples":[{"name":"NA1","hom_ref":0,"het":1,"hom_alt":1,"missing":0}],"top_genes":[{"id":"4508","symbol":"MT-ATP6","alleles":1,"high":0,"moderate":1,"low":0,"modifier":0}],
"warnings":[{"rule":"odd","number":7,"count":2,"line":3,"message":"something odd"}]}`

// resultText is a result with four alleles, three of them in a gene.
const resultText = "##fileformat=VCFv4.2\n" +
	"##INFO=<ID=CSQ,Number=.,Type=String,Description=\"Consequence annotations from GAS. Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|HGVSc|HGVSp\">\n" +
	"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\n" +
	"MT\t3243\trs199474657\tA\tG\t50\tPASS\tCSQ=G|non_coding_transcript_exon_variant|MODIFIER|TRNL1|1|Transcript|TRNL1|Mt_tRNA|TRNL1:n.14A>G|\tGT\t0/1\n" +
	"MT\t8993\t.\tT\tG,C\t50\tPASS\tCSQ=G|missense_variant|MODERATE|ATP6|2|Transcript|ATP6|protein_coding|ATP6:c.467T>G|ATP6.p:p.Leu156Arg,C|missense_variant|MODERATE|ATP6|2|Transcript|ATP6|protein_coding|ATP6:c.467T>C|ATP6.p:p.Leu156Pro\tGT\t1/2\n" +
	"MT\t9952\t.\tG\tA\t.\tq10\tCSQ=A|stop_gained|HIGH|COX3|3|Transcript|COX3|protein_coding|COX3:c.746G>A|COX3.p:p.Trp249Ter\tGT\t1/1\n"
