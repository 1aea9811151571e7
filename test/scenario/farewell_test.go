package scenario

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/user"
)

// T30: whoever deletes the account leaves nothing behind that says who it was or what was in the files: not in an object, not in the vault, not in a
// mail, not in what the database no longer shows.
func TestT30NothingIsLeftOfADeletedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "GAS_FREE_WINDOW=1ms", "GAS_SWEEP_EVERY=200ms", "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_API=0", "GAS_JOB_LIMIT_QUEUED=100", "GAS_JOB_LIMIT_RUNNING=4")
	left := canaries{}
	person, file, sample, variant := left.of("the person's name"), left.of("a file's name"), left.of("a sample"), left.of("a variant's name")
	w.must("user", "add", "ada", "--email="+left.of("the address")+"@example.org", "--institution="+left.of("the institution"))
	s := w.serve()
	ada, bea := s.browser("ada"), w.token("bea", "premium_user")
	_, r := s.submit(bea, w.write("other.vcf", mitochondrial(t, 20)))
	require.Zero(t, r.code, r.err)
	require.Equal(t, http.StatusSeeOther, ada.post("/profile", url.Values{"name": {person}, "institution": {left["the institution"]}}).status)
	content := "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + sample + "\nMT\t73\t" + variant + "\tA\tG\t50\tPASS\t.\tGT\t0/1\n"
	submit := func(name string) {
		body, kind := multipartFile(t, name, []byte(content))
		require.Equal(t, http.StatusCreated, ada.do(http.MethodPost, "/api/v1/jobs", strings.NewReader(body), "Content-Type", kind, "Idempotency-Key", "one").status)
	}
	submit(file + ".vcf")
	ada.eventually("/api/v1/jobs", func(a answer) bool { return strings.Contains(a.body, `"ARCHIVED"`) }) // the window is over at once
	require.Equal(t, http.StatusOK, ada.post("/profile/tokens", url.Values{"name": {left.of("a token's name")}, "days": {"1"}, "scope": {"read"}}).status)
	a := ada.do(http.MethodPost, "/api/v1/uploads", strings.NewReader(`{"name":"`+file+`","size":5}`), "Content-Type", "application/json") // and never sent
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Positive(t, holding(t, left, w.data), "what is looked for is there before")

	a = ada.post("/profile/delete", url.Values{"confirm": {left["the address"] + "@example.org"}})
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Contains(t, strings.ToLower(a.body), "receipt")
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status)
	shown := w.gas("user", "show", user.ID(user.Local, "ada"), "-o", "json")
	left.sings(t, "the tombstone", shown.out+shown.err)
	s.stop()
	repaired := w.gas("fsck", "--repair")
	require.Zero(t, repaired.code, repaired.out+repaired.err)
	require.Zero(t, w.gas("fsck").code)
	left.sings(t, "the last log", s.log.String())
	searched(t, left, w.data)
}

// holding counts the files of a folder that hold a canary.
func holding(t *testing.T, c canaries, dir string) (files int) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, value := range c {
			if strings.Contains(string(text), value) {
				files++
				break
			}
		}
		return err
	}))
	return files
}
