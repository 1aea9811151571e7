package scenario

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

const header = "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"

const record = "MT\t73\t.\tA\tG\t50\tPASS\t.\n"

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestBadInputFailsWithItsLineAndASentence(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	token := w.Token("ada", "premium_user")
	whole := zipped(t, string(program.Mitochondrial(t, 2000)))
	tests := []struct {
		name    string
		content []byte
		code    string
	}{
		{"empty", nil, "bad_input"},
		{"a picture", append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...), "bad_input"},
		{"prose", []byte("Dear Sir,\nplease find enclosed\n"), "bad_input"},
		{"gzip cut short", whole[:len(whole)/2], "bad_input"},
		{"no shared contig", []byte("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nplastid\t5\t.\tA\tC\t.\t.\t.\n"), "no_shared_contig"},
		{"a column missing", []byte(header + record + "MT\t74\t.\tT\n"), "bad_input"},
		{"NUL bytes", []byte(header + record + "MT\t74\t.\tT\x00\tC\t.\t.\t.\n"), "bad_input"},
		{"UTF-16", append([]byte("\xff\xfe"), bytes.ReplaceAll([]byte(header), []byte("#"), []byte("#\x00"))...), "bad_input"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := w.Write(strings.ReplaceAll(test.name, " ", "-")+".vcf", test.content)
			j, r := s.Submit(token, path)
			require.Equal(t, 9, r.Code, "%s\n%s", r.Out, r.Err)
			require.NotEmpty(t, r.Err)
			if j.ID == "" {
				return // refused at the door
			}
			require.Equal(t, "FAILED", j.Status)
			require.Equal(t, test.code, j.Error.Code)
			require.Equal(t, test.code == "bad_input", j.Error.Line > 0, "line %d", j.Error.Line)
			require.True(t, strings.HasSuffix(j.Error.Message, "."), j.Error.Message)
		})
	}
}

func TestHarmlessOdditiesAreAccepted(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	token := w.Token("ada", "premium_user")
	for name, content := range map[string]string{
		"a byte order mark": "\ufeff" + header + record,
		"CRLF":              strings.ReplaceAll(header+record, "\n", "\r\n"),
		"no last newline":   strings.TrimSuffix(header+record, "\n"),
		"no records":        header,
	} {
		t.Run(name, func(t *testing.T) {
			j, r := s.Submit(token, w.Write(strings.ReplaceAll(name, " ", "-")+".vcf", []byte(content)))
			require.Zero(t, r.Code, r.Err)
			require.Equal(t, "COMPLETED", j.Status)
		})
	}
}

func TestAFileOverThePlansLimitIsRefusedWithAnInvitation(t *testing.T) {
	t.Parallel()
	w := program.New(t, "GAS_FREE_UPLOAD_LIMIT=1000")
	s := w.Serve()
	path := w.Write("large.vcf", program.Mitochondrial(t, 200))
	free := w.GasWith(s.As(w.Token("ada", "free_user")), nil, "submit", path)
	require.Equal(t, 9, free.Code, free.Err)
	require.Contains(t, strings.ToLower(free.Err), "premium")
	_, premium := s.Submit(w.Token("bea", "premium_user"), path)
	require.Zero(t, premium.Code, premium.Err)
}

func TestTwoUsersNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	owner, stranger := w.Token("ada", "premium_user"), w.Token("bea", "premium_user")
	j, r := s.Submit(owner, w.Write("x.vcf", program.Mitochondrial(t, 20)))
	require.Zero(t, r.Code, r.Err)

	ask := func(method, path, token string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
		require.NoError(t, err)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		return response.StatusCode
	}
	job := "/api/v1/jobs/" + j.ID
	for _, path := range []string{job, job + "/log", job + "/files/input", job + "/files/result", job + "/files/index", job + "/files/log", job + "/files/summary", job + "/files/manifest"} {
		require.Equal(t, 200, ask("GET", path, owner), path)
		require.Equal(t, 404, ask("GET", path, stranger), path)
		require.Equal(t, 401, ask("GET", path, ""), path)
	}
	require.Equal(t, 404, ask("GET", job+"/events", stranger))
	for _, c := range []struct{ method, path string }{{"POST", job + "/cancel"}, {"POST", job + "/rerun"}, {"DELETE", job}} {
		require.Equal(t, 404, ask(c.method, c.path, stranger), c.path)
		require.Equal(t, 401, ask(c.method, c.path, ""), c.path)
	}
	require.Equal(t, 4, w.GasWith(s.As(stranger), nil, "jobs", "download", j.ID).Code)
	require.Equal(t, 3, w.GasWith(s.As(""), nil, "jobs", "show", j.ID).Code)
	require.NotContains(t, w.GasWith(s.As(stranger), nil, "jobs", "list", "-o", "json").Out, j.ID)
	require.Equal(t, 200, ask("GET", job, owner), "nothing has happened to it")
}
