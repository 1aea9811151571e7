package install

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gas/pkg/fault"
	"gas/pkg/genome"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a server with a provider's layout. Its handler may be made to fail.
type site struct {
	*httptest.Server
	mu     sync.Mutex
	files  map[string][]byte
	ranges []string                                                 // the Range headers that came
	fail   func(w http.ResponseWriter, r *http.Request) (done bool) // is asked first
}

func newSite(t *testing.T) *site {
	s := &site{files: make(map[string][]byte)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Range") != "" {
		s.ranges = append(s.ranges, r.Header.Get("Range"))
	}
	if s.fail != nil && s.fail(w, r) {
		return
	}
	body, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// add puts the files of a release on the server, with the provider's checksums.
func (s *site) add(t *testing.T, r *Release) {
	sequence := ">1 made\n" + strings.Repeat("ACGTTGCA", 100) + "\n"
	genes := strings.ReplaceAll("1 havana gene 1 90 . + . ID=gene:G;Name=TOY\n1 havana mRNA 1 90 . + . ID=transcript:T;Parent=gene:G;biotype=protein_coding\n1 havana exon 1 90 . + . Parent=transcript:T\n", " ", "\t")
	for text, file := range map[string]remote{sequence: r.sequence(), genes: r.genes()} {
		packed := gzipped(t, text)
		s.files["/"+file.folder+"/"+file.name] = packed
		line := fmt.Sprintf("%x  ./%s\n", md5.Sum(packed), file.name)
		if file.checksums == "CHECKSUMS" {
			sum := newDigester(file.checksums)
			_, err := sum.Write(packed)
			require.NoError(t, err)
			line = "0" + sum.digest() + " " + file.name + "\n"
		}
		list := "/" + file.folder + "/" + file.checksums
		s.files[list] = append(s.files[list], "1 1 other.fa.gz\n"+line...)
	}
}

func gzipped(t *testing.T, text string) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

func (s *site) options(dir, name string) Options {
	return Options{Name: name, Dir: dir, Base: s.URL, Client: s.Client(), Pause: time.Millisecond, Attempts: 3}
}

func TestAReleaseIsDownloadedCheckedAndBuilt(t *testing.T) {
	for _, name := range []string{"GRCh38", "hg19", "mouse", "GRCh38-RefSeq", "TAIR10"} {
		t.Run(name, func(t *testing.T) {
			release, err := Lookup(name)
			require.NoError(t, err)
			s, dir := newSite(t), t.TempDir()
			s.add(t, release)
			stages := make(map[string]bool)
			o := s.options(dir, name)
			o.Progress = func(stage string, _, _ int64) { stages[stage] = true }

			require.NoError(t, Install(context.Background(), o))
			at := filepath.Join(dir, release.Name)
			require.NoError(t, genome.Verify(at))
			r, err := genome.Find(dir, release.Name)
			require.NoError(t, err)
			require.Len(t, r.Transcripts, 1)
			require.NoError(t, r.Close())
			require.NoDirExists(t, filepath.Join(at, "download"))
			for _, stage := range []string{"download genes", "download sequence", "read genes", "read sequence"} {
				require.True(t, stages[stage], stage)
			}
		})
	}
}

func TestADownloadGoesOnWhereItWasCut(t *testing.T) {
	release, err := Lookup("GRCh38")
	require.NoError(t, err)
	s, dir := newSite(t), t.TempDir()
	s.add(t, release)
	path := "/" + release.sequence().folder + "/" + release.sequence().name
	cuts := 0
	s.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path || cuts == 2 {
			return false
		}
		cuts++
		if cuts == 2 {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return true
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(s.files[path])))
		_, _ = w.Write(s.files[path][:10])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	require.NoError(t, Install(context.Background(), s.options(dir, "GRCh38")))
	require.Equal(t, []string{"bytes=10-", "bytes=10-"}, s.ranges)
}

func TestWhatAnEarlierRunLeftIsUsed(t *testing.T) {
	release, err := Lookup("GRCh38")
	require.NoError(t, err)
	for _, c := range []struct {
		name  string
		left  func(whole []byte) []byte
		asked int // requests with a Range
	}{
		{"a part", func(whole []byte) []byte { return whole[:20] }, 1},
		{"the whole", func(whole []byte) []byte { return whole }, 1},
		{"something else, longer", func(whole []byte) []byte { return bytes.Repeat([]byte("x"), 2*len(whole)) }, 1},
		{"something else, shorter", func([]byte) []byte { return []byte("xxxx") }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, dir := newSite(t), t.TempDir()
			s.add(t, release)
			file := release.sequence()
			downloads := filepath.Join(dir, release.Name, "download")
			require.NoError(t, os.MkdirAll(downloads, 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(downloads, file.name), c.left(s.files["/"+file.folder+"/"+file.name]), 0o644))
			require.NoError(t, Install(context.Background(), s.options(dir, release.Name)))
			require.Len(t, s.ranges, c.asked)
			require.NoError(t, genome.Verify(filepath.Join(dir, release.Name)))
		})
	}
}

func TestAnInstallThatCannotEndSaysWhy(t *testing.T) {
	release, err := Lookup("GRCh38")
	require.NoError(t, err)
	file := release.sequence()
	for _, c := range []struct {
		name  string
		spoil func(s *site, o *Options)
		kind  fault.Kind
		says  string
	}{
		{"the bytes are not those of the checksum", func(s *site, _ *Options) { s.files["/"+file.folder+"/"+file.name][30] ^= 1 }, fault.Unavailable, "checksum"},
		{"the file is missing", func(s *site, _ *Options) { delete(s.files, "/"+file.folder+"/"+file.name) }, fault.NotFound, file.name},
		{"the list of checksums lacks the file", func(s *site, _ *Options) { s.files["/"+file.folder+"/"+file.checksums] = []byte("1 1 x\n") }, fault.Unavailable, "list of checksums"},
		{"the server is ill", func(s *site, _ *Options) {
			s.fail = func(w http.ResponseWriter, _ *http.Request) bool {
				http.Error(w, "", http.StatusBadGateway)
				return true
			}
		}, fault.Unavailable, "3 attempts"},
		{"the release is unknown", func(_ *site, o *Options) { o.Name = "GRCh99" }, fault.UnknownRef, "GRCh99"},
		{"the address is none", func(_ *site, o *Options) { o.Base = "file:///etc" }, fault.Usage, "no address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, dir := newSite(t), t.TempDir()
			s.add(t, release)
			o := s.options(dir, release.Name)
			c.spoil(s, &o)
			err := Install(context.Background(), o)
			require.Equal(t, c.kind, fault.KindOf(err), "%v", err)
			require.Contains(t, err.Error(), c.says)
			list, err := genome.List(dir)
			require.NoError(t, err)
			require.Len(t, list, 2, "only the built-in ones")
		})
	}
}

func TestWithoutAnAddressOfTheUsersOwnOnlyHTTPSWillDo(t *testing.T) {
	for _, base := range bases {
		require.True(t, strings.HasPrefix(base, "https://"), base)
	}
	plain := newSite(t)
	redirecting := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(redirecting.Close)
	_, err := secure(redirecting.Client()).Get(redirecting.URL)
	require.ErrorContains(t, err, "not https")
	redirecting.Client().CloseIdleConnections()
}

func TestAnInstallEndsWithItsContext(t *testing.T) {
	release, err := Lookup("GRCh38")
	require.NoError(t, err)
	s := newSite(t)
	s.add(t, release)
	ctx, cancel := context.WithCancel(context.Background())
	s.fail = func(http.ResponseWriter, *http.Request) bool { cancel(); return false }
	err = Install(ctx, s.options(t.TempDir(), release.Name))
	require.True(t, errors.Is(err, context.Canceled), "%v", err)
}

func TestChecksumsAreThoseOfTheCommands(t *testing.T) {
	for _, c := range []struct{ list, text, want string }{
		{"CHECKSUMS", "hello world\n", "3762 1"},
		{"CHECKSUMS", strings.Repeat("z", 5000), "4334 5"},
		{"md5checksums.txt", "", "d41d8cd98f00b204e9800998ecf8427e"},
	} {
		d := newDigester(c.list)
		for _, b := range []byte(c.text) {
			_, err := d.Write([]byte{b})
			require.NoError(t, err)
		}
		require.Equal(t, c.want, d.digest())
	}
}

func TestAListOfChecksumsIsRead(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"54833 853765 a.fa.gz\n00012 7 b.fa.gz\n", "12 7"},
		{"D41D8CD98F00B204E9800998ECF8427E  ./b.fa.gz\n", "d41d8cd98f00b204e9800998ecf8427e"},
		{"00000 1 b.fa.gz\n", "0 1"},
	} {
		got, err := findChecksum(strings.NewReader(c.text), "b.fa.gz")
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	_, err := findChecksum(strings.NewReader("1 2 c\n"), "b")
	require.Error(t, err)
}

func TestTheCatalogueHasTheProvidersAddresses(t *testing.T) {
	for name, want := range map[string][2]string{
		"GRCh38": {"https://ftp.ensembl.org/pub/release-115/fasta/homo_sapiens/dna/Homo_sapiens.GRCh38.dna.primary_assembly.fa.gz", "https://ftp.ensembl.org/pub/release-115/gff3/homo_sapiens/Homo_sapiens.GRCh38.115.gff3.gz"},
		"GRCh37": {"https://ftp.ensembl.org/pub/grch37/release-87/fasta/homo_sapiens/dna/Homo_sapiens.GRCh37.dna.primary_assembly.fa.gz", "https://ftp.ensembl.org/pub/grch37/release-87/gff3/homo_sapiens/Homo_sapiens.GRCh37.87.gff3.gz"},
		"GRCh38-RefSeq": {
			"https://ftp.ncbi.nlm.nih.gov/genomes/all/GCF/000/001/405/GCF_000001405.40_GRCh38.p14/GCF_000001405.40_GRCh38.p14_genomic.fna.gz",
			"https://ftp.ncbi.nlm.nih.gov/genomes/all/GCF/000/001/405/GCF_000001405.40_GRCh38.p14/GCF_000001405.40_GRCh38.p14_genomic.gff.gz",
		},
	} {
		r, err := Lookup(name)
		require.NoError(t, err)
		require.Equal(t, want, [2]string{join(bases[r.Provider], r.sequence().folder, r.sequence().name), join(bases[r.Provider], r.genes().folder, r.genes().name)})
	}
	names := make(map[string]bool)
	for _, r := range Catalogue {
		require.NoError(t, genome.CheckName(r.Name))
		for _, n := range append([]string{r.Name}, r.Others...) {
			require.False(t, names[strings.ToLower(n)], "%s is there twice", n)
			names[strings.ToLower(n)] = true
		}
		for _, code := range r.Codes {
			_, ok := genome.Code(code)
			require.True(t, ok)
		}
	}
}
