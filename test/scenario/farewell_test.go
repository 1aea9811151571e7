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

	"gas/test/program"
)

// T30: whoever deletes the account leaves nothing behind that says who it was or what was in the files: not in an object, not in the vault, not in a
// mail, not in what the database no longer shows.
func TestT30NothingIsLeftOfADeletedAccount(t *testing.T) {
	t.Parallel()
	w := program.New(t, "GAS_FREE_WINDOW=1ms", "GAS_SWEEP_EVERY=200ms", "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_API=0", "GAS_JOB_LIMIT_QUEUED=100", "GAS_JOB_LIMIT_RUNNING=4")
	left := canaries{}
	person, file, sample, variant := left.of("the person's name"), left.of("a file's name"), left.of("a sample"), left.of("a variant's name")
	w.Must("user", "add", "ada", "--email="+left.of("the address")+"@example.org", "--institution="+left.of("the institution"))
	s := w.Serve()
	ada, bea := s.Browser("ada"), w.Token("bea", "premium_user")
	_, r := s.Submit(bea, w.Write("other.vcf", program.Mitochondrial(t, 20)))
	require.Zero(t, r.Code, r.Err)
	require.Equal(t, http.StatusSeeOther, ada.Post("/profile", url.Values{"name": {person}, "institution": {left["the institution"]}}).Status)
	content := "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + sample + "\nMT\t73\t" + variant + "\tA\tG\t50\tPASS\t.\tGT\t0/1\n"
	submit := func(name string) {
		body, kind := multipartFile(t, name, []byte(content))
		require.Equal(t, http.StatusCreated, ada.Do(http.MethodPost, "/api/v1/jobs", strings.NewReader(body), "Content-Type", kind, "Idempotency-Key", "one").Status)
	}
	submit(file + ".vcf")
	ada.Eventually("/api/v1/jobs", func(a program.Answer) bool { return strings.Contains(a.Body, `"ARCHIVED"`) }) // the window is over at once
	require.Equal(t, http.StatusOK, ada.Post("/profile/tokens", url.Values{"name": {left.of("a token's name")}, "days": {"1"}, "scope": {"read"}}).Status)
	a := ada.Do(http.MethodPost, "/api/v1/uploads", strings.NewReader(`{"name":"`+file+`","size":5}`), "Content-Type", "application/json") // and never sent
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	require.Positive(t, holding(t, left, w.Data), "what is looked for is there before")

	a = ada.Post("/profile/delete", url.Values{"confirm": {left["the address"] + "@example.org"}})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Contains(t, strings.ToLower(a.Body), "receipt")
	require.Equal(t, http.StatusUnauthorized, ada.Get("/api/v1/me").Status)
	shown := w.Gas("user", "show", user.ID(user.Local, "ada"), "-o", "json")
	left.sings(t, "the tombstone", shown.Out+shown.Err)
	s.Stop()
	repaired := w.Gas("fsck", "--repair")
	require.Zero(t, repaired.Code, repaired.Out+repaired.Err)
	require.Zero(t, w.Gas("fsck").Code)
	left.sings(t, "the last log", s.Log.String())
	searched(t, left, w.Data)
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
