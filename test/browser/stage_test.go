// Package browser drives the pages in a real chromium.
package browser

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/annotate"
	"gas/pkg/consequence"
	"gas/pkg/flow"
	"gas/pkg/genome"
	"gas/pkg/job"
	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/roles/web"
)

// stage is a served data folder whose jobs the test moves by hand, with the real engine.
type stage struct {
	t      *testing.T
	deps   role.Deps
	flow   flow.Flow
	server *httptest.Server
	clock  time.Duration // ahead of the machine's
}

func newStage(t *testing.T, edits ...func(url string, d *role.Deps)) *stage {
	t.Helper()
	s := &stage{t: t}
	now := func() time.Time { return time.Now().UTC().Add(s.clock) }
	ports, err := local.Open(t.Context(), local.Options{Data: t.TempDir(), Clock: now, MailFrom: "gas@localhost"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ports.Close()) })
	c := config.Default()
	c.LimitAPI, c.LimitUpload, c.LimitLogin = 0, 0, 0
	c.Admins = []string{user.ID(user.Local, "owner")}
	s.deps = role.Deps{
		Config: c, Plans: user.DefaultPlans(), Log: zerolog.Nop(), Now: now, Role: "web", Instance: ports.Instance, Install: ports.Install, Version: "1.0.0",
		Store: ports.Store, Records: ports.Records, Inputs: ports.Inputs, Results: ports.Results, Parts: ports.Parts, Bus: ports.Bus, Queue: ports.Queue,
		Vault: ports.Vault, Mailer: ports.Mailer, Payments: ports.Payments, Identity: ports.Identity,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	s.server = httptest.NewUnstartedServer(nil)
	for _, edit := range edits {
		edit("http://"+s.server.Listener.Addr().String(), &s.deps)
	}
	s.server.Config.Handler, err = web.Serve(s.deps)
	require.NoError(t, err)
	s.flow = s.deps.Flow()
	s.server.Start()
	t.Cleanup(s.server.Close)
	return s
}

// signedIn is a stage with one person, who is signed in in a tab.
func signedIn(t *testing.T, plan user.Plan) (s *stage, id string, p *tab) {
	s = newStage(t)
	id, link := s.person("owner", plan)
	p = openTab(t)
	p.signIn(link)
	return s, id, p
}

// person makes a user and returns the address of a link that signs him in.
func (s *stage) person(name string, plan user.Plan) (id, link string) {
	s.t.Helper()
	now := s.deps.Now()
	id = user.ID(user.Local, name)
	require.NoError(s.t, s.deps.Store.CreateUser(s.t.Context(), user.User{
		ID: id, Issuer: user.Local, Subject: name, Name: name, Plan: plan, FreeSince: now, Created: now, Updated: now,
		Email: name + "@example.org", EmailVerified: true, Institution: "Institute of Examples",
	}))
	return id, s.link(id)
}

func (s *stage) link(id string) string {
	s.t.Helper()
	token, err := port.NewLink(s.t.Context(), s.deps.Records, s.deps.Now(), id)
	require.NoError(s.t, err)
	return s.server.URL + "/login/once?t=" + token
}

// submit makes a waiting job of a file.
func (s *stage) submit(userID, name string, text []byte) job.Job {
	s.t.Helper()
	ctx := s.t.Context()
	j, err := s.flow.Intend(ctx, flow.Intent{UserID: userID, UploadID: uuid.NewString(), Name: name, Options: job.Options{Reference: "auto"}})
	require.NoError(s.t, err)
	_, err = s.deps.Inputs.Put(ctx, j.Input.Key, bytes.NewReader(text), port.Put{Size: int64(len(text))})
	require.NoError(s.t, err)
	j, err = s.flow.Submit(ctx, userID, j.ID, "")
	require.NoError(s.t, err)
	return j
}

// finish claims a job and runs the engine on its input.
func (s *stage) finish(j job.Job, text []byte) job.Job {
	s.t.Helper()
	reference, err := genome.Builtin("rCRS")
	require.NoError(s.t, err)
	return s.finishOn(reference, j, text, consequence.Options{})
}

// finishOn is finish on a reference, with options of the engine.
func (s *stage) finishOn(reference *genome.Reference, j job.Job, text []byte, options consequence.Options) job.Job {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	j, err := s.flow.Claim(ctx, j.ID)
	require.NoError(s.t, err)
	engine, err := consequence.New(reference, options)
	require.NoError(s.t, err)
	var result, index, log, summary bytes.Buffer
	sum, err := annotate.Run(ctx, annotate.Input{Reader: bytes.NewReader(text), Name: j.Name, Size: int64(len(text))},
		annotate.Output{Writer: &result, Index: &index, Bgzip: true, Level: 1},
		annotate.Options{Threads: 1, Version: "1.0.0", Choose: annotate.Use(&annotate.Annotator{Reference: reference, Engine: engine, Choice: reference.Name + ", by its contigs"})})
	require.NoError(s.t, err)
	require.NoError(s.t, sum.WriteLog(&log))
	require.NoError(s.t, sum.WriteJSON(&summary))
	by := flow.FenceOf(j)
	put := func(name string, data []byte) job.Object {
		info, err := s.deps.Results.Put(ctx, flow.ResultKey(s.deps.Install.Epoch, j.ID, by, name), bytes.NewReader(data), port.Put{Size: int64(len(data))})
		require.NoError(s.t, err)
		return info.Object
	}
	j, err = s.flow.Complete(ctx, j.ID, by, flow.Outcome{
		Result: put("result", result.Bytes()), Reference: reference.Name, Versions: map[string]string{"gas": "1.0.0", "reference": reference.Digest},
		Counts: &job.Counts{Records: sum.Records.Read, Annotated: sum.Records.Annotated, PassedThrough: sum.Records.PassedThrough, Rejected: sum.Records.Rejected, High: sum.High()},
		Files:  map[string]job.Object{job.FileIndex: put("index", index.Bytes()), job.FileLog: put("log", log.Bytes()), job.FileSummary: put("summary", summary.Bytes())},
	})
	require.NoError(s.t, err)
	return j
}

// edit writes a job's record as no step of the flow would: a test sets the scene with it.
func (s *stage) edit(id string, fn func(*job.Job)) {
	s.t.Helper()
	_, err := s.deps.Store.UpdateJob(s.t.Context(), id, func(c *port.Change) error { fn(c.Job); return nil })
	require.NoError(s.t, err)
}

// heartbeats lets roles live.
func (s *stage) heartbeats(roles ...string) {
	s.t.Helper()
	now := s.deps.Now()
	for _, name := range roles {
		value := fmt.Sprintf(`{"instance":"here","role":%q,"version":"1.0.0","at":%q}`, name, now.Format(time.RFC3339))
		require.NoError(s.t, s.deps.Records.Create(s.t.Context(), port.Record{Kind: role.HeartbeatKind, ID: "here/" + name, Value: []byte(value), Created: now, Expires: now.Add(time.Hour)}))
	}
}

// exampleText is the example that every user can run.
func exampleText(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../roles/web/example.vcf")
	require.NoError(t, err)
	return text
}

// manyVariants is a larger file over the whole mitochondrion.
func manyVariants(t *testing.T) []byte {
	t.Helper()
	reference, err := genome.Builtin("rCRS")
	require.NoError(t, err)
	var out strings.Builder
	out.WriteString("##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n")
	out.WriteString("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\tNA2\n")
	other := map[byte]string{'A': "G", 'G': "A", 'C': "T", 'T': "C"}
	for pos := uint32(20); pos < 16500; pos += 37 {
		base := reference.Bases(0, pos-1, pos+1)
		ref, alt := string(base[:1]), other[base[0]]
		switch pos % 5 {
		case 0:
			ref, alt = string(base), ref
		case 1:
			alt = ref + strings.Repeat("A", int(pos%7)+1)
		}
		fmt.Fprintf(&out, "MT\t%d\t.\t%s\t%s\t50\tPASS\t.\tGT\t0/1\t1/1\n", pos, ref, alt)
	}
	return []byte(out.String())
}
