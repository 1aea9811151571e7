package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func TestAFileGoesInAndAnAnnotatedFileComesOut(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)

	a := ada.upload("/annotate", nil, field{"reference", "", "rCRS"}, field{"file", "small.vcf", smallVCF})
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.url, "/annotations/")
	shows(t, a, "First in the queue")

	id := a.url[strings.LastIndex(a.url, "/")+1:]
	w.complete(id)
	for page, want := range map[string]string{
		"": "Done in", "/summary": "3 records read = 1 annotated + 1 passed through + 1 rejected</p>\n<p class=\"mt-2 mb-0 small muted number\">Passed through: 1 no alternative allele.</p>", "/files": "small.annot.vcf.gz",
		"/log": "something odd", "/details": "gas annotate small.vcf --reference rCRS",
	} {
		a := ada.get("/annotations/" + id + page)
		require.Equal(t, http.StatusOK, a.status)
		shows(t, a, want)
	}
	a = ada.get("/annotations")
	shows(t, a, "small.vcf")
	shows(t, a, "available until")

	a = ada.get("/api/v1/jobs/"+id+"/files/result", "Range", "bytes=2-6")
	require.Equal(t, http.StatusPartialContent, a.status)
	require.Equal(t, "filef", a.body)
	require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
	require.Equal(t, "default-src 'none'; sandbox", a.header.Get("Content-Security-Policy"))
	require.Equal(t, `attachment; filename="small.annot.vcf.gz"`, a.header.Get("Content-Disposition"))
	require.NotEmpty(t, a.header.Get("Repr-Digest"))
	again := ada.get("/api/v1/jobs/"+id+"/files/result", "If-None-Match", a.header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.status)
}

func TestTheExampleAndPastedRecordsMakeJobs(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	a := ada.upload("/annotate/example", nil, field{"style", "", "ann"}, field{"file", "ignored.vcf", "x"})
	require.Equal(t, http.StatusOK, a.status)
	shows(t, a, "example.vcf")
	a = ada.post("/annotate/example", nil)
	require.Equal(t, http.StatusOK, a.status)
	a = ada.upload("/annotate", nil, field{"paste", "", smallVCF}, field{"reference", "", "auto"})
	shows(t, a, "pasted.vcf")
	a = ada.upload("/annotate", nil, field{"reference", "", "auto"})
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	shows(t, a, "No file came")
}

func TestAFileOverTheLimitIsRefusedWithTheLimitAndAnInvitation(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	limit := int(w.deps.Plans.Free.Upload)
	for name, size := range map[string]int{"one byte more": limit + 1, "far more": 3 << 20} {
		t.Run(name, func(t *testing.T) {
			a := ada.upload("/annotate", nil, field{"file", "big.vcf", strings.Repeat("x", size)})
			require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
			shows(t, a, "150 KiB")
			shows(t, a, "/subscribe")
			a = ada.upload("/api/v1/jobs", nil, field{"file", "big.vcf", strings.Repeat("x", size)})
			var p problem
			a.json(t, &p)
			require.Equal(t, "too_large", p.Code)
			require.EqualValues(t, limit, p.Limit)
			require.Equal(t, "/subscribe", p.Upgrade)
		})
	}
	a := ada.upload("/api/v1/jobs", nil, field{"file", "fits.vcf", strings.Repeat("x", limit)})
	require.Equal(t, http.StatusCreated, a.status, a.body)
	u, err := w.deps.Store.User(t.Context(), ada.user)
	require.NoError(t, err)
	require.Equal(t, 1, u.Load.Queued(), "a refused file gives its place back")
}

func TestOptionsCountWhereverTheyStandInTheForm(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	file, style := field{"file", "a.vcf", smallVCF}, field{"style", "", "ann"}
	for _, fields := range [][]field{{file, style}, {style, file}} {
		a := ada.upload("/api/v1/jobs", nil, fields...)
		require.Equal(t, http.StatusCreated, a.status, a.body)
		var j jobJSON
		a.json(t, &j)
		require.Equal(t, "ann", j.Options.Style)
		stored, err := w.deps.Store.Job(t.Context(), j.ID)
		require.NoError(t, err)
		require.Equal(t, "ann", stored.Options.Style)
		require.Equal(t, job.Pending, stored.Status)
	}
	a := ada.upload("/api/v1/jobs", nil, file, field{"stile", "", "ann"})
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	shows(t, a, "stile")
}

func TestTheSameKeyGivesTheSameJobAndAnotherFileIsRefused(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	key := []string{"Idempotency-Key", "k1"}
	var first, second jobJSON
	ada.upload("/api/v1/jobs", key, field{"file", "a.vcf", smallVCF}).json(t, &first)
	ada.upload("/api/v1/jobs", key, field{"file", "a.vcf", smallVCF}).json(t, &second)
	require.NotEmpty(t, first.ID)
	require.Equal(t, first.ID, second.ID)
	a := ada.upload("/api/v1/jobs", key, field{"file", "a.vcf", smallVCF + "MT\t1\t.\tG\tA\t.\t.\t.\n"})
	require.Equal(t, http.StatusUnprocessableEntity, a.status, a.body)

	a = ada.postJSON("/api/v1/jobs/"+first.ID+"/rerun", `{"pick":true}`, "Idempotency-Key", "k2")
	require.Equal(t, http.StatusCreated, a.status, a.body)
	var once, twice jobJSON
	a.json(t, &once)
	require.True(t, once.Options.Pick)
	require.Equal(t, first.ID, *once.RerunOf)
	ada.postJSON("/api/v1/jobs/"+first.ID+"/rerun", `{"pick":true}`, "Idempotency-Key", "k2").json(t, &twice)
	require.Equal(t, once.ID, twice.ID)
	a = ada.postJSON("/api/v1/jobs/"+first.ID+"/rerun", `{"pick":false}`, "Idempotency-Key", "k2")
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
}

func TestAJobWhoseRoleIsAwaySaysSo(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	id := ada.submit("a.vcf").ID
	shows(t, ada.get("/annotations/"+id), "No process of the role annotator has been heard of")
	now := w.deps.Now()
	require.NoError(t, w.deps.Records.Create(t.Context(), port.Record{Kind: role.HeartbeatKind, ID: "here/annotator", Value: []byte("{}"), Created: now, Expires: now.Add(time.Minute)}))
	w.clock.ahead += pulseLasts + time.Millisecond
	require.NotContains(t, ada.get("/annotations/"+id).body, "has been heard of")
}

func TestPastedRecordsNeedNoHeader(t *testing.T) {
	const header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	for name, test := range map[string]struct{ pasted, want string }{
		"with a header they stay as they are":        {"##fileformat=VCFv4.1\r\n#CHROM\tPOS\n", "##fileformat=VCFv4.1\r\n#CHROM\tPOS\n"},
		"tabs part columns":                          {"MT\t8993\t.\tT\tG\r\nMT\t73\tan id\tA\tG\t50\tPASS\tAC=1\tGT\t0/1\r\n", header + "MT\t8993\t.\tT\tG\t.\t.\t.\nMT\t73\tan id\tA\tG\t50\tPASS\tAC=1\n"},
		"blanks part them where there is no tab":     {"  MT 8993  . T G\n\n", header + "MT\t8993\t.\tT\tG\t.\t.\t.\n"},
		"a word is no record and is left to be said": {"hello\n", header + "hello\n"},
	} {
		t.Run(name, func(t *testing.T) {
			a := ada.upload("/annotate", nil, field{"paste", "", test.pasted}, field{"reference", "", "rCRS"})
			shows(t, a, "pasted.vcf")
			require.Equal(t, test.want, ada.get("/api/v1/jobs/"+path.Base(a.url)+"/files/input").body)
		})
	}
	require.Equal(t, http.StatusUnprocessableEntity, ada.upload("/annotate", nil, field{"paste", "", " \r\n"}).status)
	a := ada.upload("/annotate", nil, field{"paste", "", strings.Repeat("MT 1 . A G\n", 100_000)})
	shows(t, a, "Pasted records without a header are larger than 1 MiB.")
	shows(t, a, "Back to the form")
}

func TestWhoeverIsSignedInIsSoOnPagesThatAreNotThere(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	for path, want := range map[string]int{"/nowhere": http.StatusNotFound, "/annotate/example": http.StatusMethodNotAllowed} {
		a := ada.get(path)
		require.Equal(t, want, a.status)
		shows(t, a, "Sign out")
		require.Equal(t, 1, strings.Count(a.body, "This address does not take such a request.</")+strings.Count(a.body, "There is nothing here.</"), path)
	}
}

func TestASignInThatFailsLeadsBackToIt(t *testing.T) {
	a := newWorld(t).visitor().post("/login/nobody", url.Values{})
	require.GreaterOrEqual(t, a.status, 400)
	shows(t, a, `href="/login">Back to the sign-in`)
}
