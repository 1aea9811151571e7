package overlay

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/test/peers"
	"gas/test/shared"
	"gas/test/volume"
)

// site is a record of a database or a variant in a test.
type site struct {
	contig string
	pos    uint32
	ref    string
	alts   []string
	info   string
}

const testHeader = `##fileformat=VCFv4.2
##fileDate=20260101
##INFO=<ID=RS,Number=1,Type=Integer,Description="An id, with a \"quote\"">
##INFO=<ID=AF,Number=A,Type=Float,Description="A frequency">
##INFO=<ID=AD,Number=R,Type=Integer,Description="A depth">
##INFO=<ID=SIG,Number=.,Type=String,Description="A meaning">
##INFO=<ID=OK,Number=0,Type=Flag,Description="A flag">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
`

func writeVCF(t testing.TB, path string, sites []site) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(testHeader)
	for _, s := range sites {
		fmt.Fprintf(&b, "%s\t%d\t.\t%s\t%s\t.\tPASS\t%s\n", s.contig, s.pos, s.ref, strings.Join(s.alts, ","), s.info)
	}
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

// buildFrom compiles a file with fields and opens it.
func buildFrom(t testing.TB, file string, fields ...string) *Set {
	t.Helper()
	out := filepath.Join(t.TempDir(), "db"+Extension)
	_, err := Build(context.Background(), BuildOptions{Name: "db", File: file, Fields: fields, Out: out})
	require.NoError(t, err)
	return openSet(t, Spec{File: out})
}

func openSet(t testing.TB, specs ...Spec) *Set {
	t.Helper()
	s, err := Open(context.Background(), specs)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func ask(c *Cursor, contig string, pos uint32, ref string, alts ...string) string {
	var list [][]byte
	for _, alt := range alts {
		list = append(list, []byte(alt))
	}
	return string(c.AppendInfo(nil, []byte(contig), pos, []byte(ref), list))
}

func TestRecordsAreFoundByExactAllele(t *testing.T) {
	sites := []site{
		{"1", 100, "A", []string{"C", "G"}, "RS=1;AF=0.1,0.2;AD=5,6,7;SIG=a,b;OK"},
		{"1", 200, "AT", []string{"A"}, "RS=2;SIG=del"},
		{"1", 200, "A", []string{"AT"}, "RS=3"},
		{"1", 300, "CAA", []string{"CA", "CAAA"}, "RS=007;AF=1,."},
		{"1", 400, strings.Repeat("ACGT", 20), []string{"A"}, "RS=4"},
		{"1", 500, "A", []string{"<DEL>", "*", "T"}, "RS=5"},
		{"1", 600, "A", []string{"T"}, "RS=6;SIG=one"},
		{"1", 600, "A", []string{"T"}, "RS=8;SIG=two"},
		{"MT", 10, "A", []string{"T"}, "RS=9"},
	}
	c := buildFrom(t, writeVCF(t, filepath.Join(t.TempDir(), "x.vcf"), sites), "RS", "AF", "AD", "SIG", "OK").Cursor()
	for _, test := range []struct {
		name, contig string
		pos          uint32
		ref          string
		alts         []string
		want         string
	}{
		{"one allele of two takes its own elements", "1", 100, "A", []string{"G"}, "RS=1;AF=0.2;AD=7;SIG=a,b;OK"},
		{"two alleles are joined in the order of the record", "1", 100, "A", []string{"G", "C"}, "RS=1,1;AF=0.2,0.1;AD=7,6;SIG=a&b,a&b;OK"},
		{"an allele that is missing is a dot", "1", 100, "A", []string{"T", "C"}, "RS=.,1;AF=.,0.1;AD=.,6;SIG=.,a&b;OK"},
		{"an allele that is not there says nothing", "1", 100, "A", []string{"T"}, ""},
		{"a further base on both sides does not matter", "1", 99, "GAT", []string{"GGT"}, "RS=1;AF=0.2;AD=7;SIG=a,b;OK"},
		{"a deletion", "1", 200, "AT", []string{"A"}, "RS=2;SIG=del"},
		{"an insertion at the same place", "1", 199, "GA", []string{"GAT"}, "RS=3"},
		{"a value keeps its text", "1", 300, "CA", []string{"C"}, "RS=007;AF=1"},
		{"a long allele", "1", 400, strings.Repeat("ACGT", 20), []string{"A"}, "RS=4"},
		{"a long allele that differs in its last base", "1", 400, strings.Repeat("ACGT", 19) + "ACGA", []string{"A"}, ""},
		{"a symbolic allele is in no database", "1", 500, "A", []string{"<DEL>", "T"}, "RS=.,5"},
		{"a repeated allele has its texts joined, its number as it came first", "1", 600, "A", []string{"T"}, "RS=6;SIG=one&two"},
		{"another name of the mitochondrion", "chrM", 10, "A", []string{"T"}, "RS=9"},
		{"a prefix", "chr1", 600, "a", []string{"t"}, "RS=6;SIG=one&two"},
		{"RefSeq's name", "NC_000001.11", 200, "A", []string{"AT"}, "RS=3"},
		{"an unknown contig", "2", 100, "A", []string{"C"}, ""},
		{"no allele", "1", 100, "A", []string{"."}, ""},
		{"back to an earlier place", "1", 100, "A", []string{"C"}, "RS=1;AF=0.1;AD=6;SIG=a,b;OK"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, ask(c, test.contig, test.pos, test.ref, test.alts...))
			require.NoError(t, c.Err())
		})
	}
}

// naive is the join as it is defined: all records of the database are looked at for each allele.
type naive struct {
	rows map[string]string
}

func newNaive(sites []site) naive {
	n := naive{make(map[string]string)}
	for _, s := range sites {
		for i, alt := range s.alts {
			value := strings.Split(strings.TrimPrefix(s.info, "AF="), ",")[i]
			key := naiveKey(s.contig, s.pos, s.ref, alt)
			if _, taken := n.rows[key]; !taken {
				n.rows[key] = value
			}
		}
	}
	return n
}

func naiveKey(contig string, pos uint32, ref, alt string) string {
	for ref != "" && alt != "" && ref[len(ref)-1] == alt[len(alt)-1] {
		ref, alt = ref[:len(ref)-1], alt[:len(alt)-1]
	}
	for ref != "" && alt != "" && ref[0] == alt[0] {
		ref, alt, pos = ref[1:], alt[1:], pos+1
	}
	return fmt.Sprint(contig, ":", pos, ":", ref, ">", alt)
}

func (n naive) ask(s site) string {
	var parts []string
	any := false
	for _, alt := range s.alts {
		value, ok := n.rows[naiveKey(s.contig, s.pos, s.ref, alt)]
		if !ok {
			value = "."
		}
		any = any || ok
		parts = append(parts, value)
	}
	if !any {
		return ""
	}
	return "AF=" + strings.Join(parts, ",")
}

func randomSites(r *rand.Rand, n, span int) []site {
	word := func(max int) string {
		b := make([]byte, 1+r.IntN(max))
		for i := range b {
			b[i] = "AC"[r.IntN(2)]
		}
		return string(b)
	}
	var sites []site
	for i := range n {
		s := site{contig: []string{"1", "2", "X"}[i*3/n], pos: uint32(1 + r.IntN(span)), ref: word(5)}
		var values []string
		for len(s.alts) == 0 || r.IntN(3) == 0 {
			alt := word(5)
			if r.IntN(50) == 0 {
				alt = strings.Repeat(alt, 30)
			}
			if alt == s.ref || slices.Contains(s.alts, alt) {
				continue
			}
			s.alts = append(s.alts, alt)
			values = append(values, fmt.Sprintf("0.%d", r.IntN(1000)))
		}
		s.info = "AF=" + strings.Join(values, ",")
		sites = append(sites, s)
	}
	return sites
}

func sortSites(sites []site) {
	slices.SortStableFunc(sites, func(a, b site) int {
		if a.contig != b.contig {
			return strings.Compare(a.contig, b.contig)
		}
		return int(a.pos) - int(b.pos)
	})
}

func TestTheJoinEqualsANaiveOneOnRandomData(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 7))
		sites := randomSites(r, 3000, 2000)
		if seed%2 == 0 {
			sortSites(sites)
		}
		want := newNaive(sites)
		file := writeVCF(t, filepath.Join(t.TempDir(), "x.vcf"), sites)
		sets := map[string]*Set{"compiled": buildFrom(t, file, "AF")}
		if _, err := exec.LookPath("tabix"); err == nil && seed%2 == 0 {
			require.NoError(t, exec.Command("bgzip", "-kf", file).Run())
			require.NoError(t, exec.Command("tabix", "-fp", "vcf", file+".gz").Run())
			sets["indexed"] = openSet(t, Spec{Name: "db", File: file + ".gz", Fields: []string{"AF"}})
		}
		queries := append(randomSites(r, volume.Of(3000, 1000), 2000), sites[:volume.Of(500, 200)]...)
		if seed%4 < 2 {
			sortSites(queries)
		}
		for name, set := range sets {
			c := set.Cursor()
			for _, q := range queries {
				require.Equal(t, want.ask(q), ask(c, q.contig, q.pos, q.ref, q.alts...), "%s, seed %d: %v", name, seed, q)
			}
			require.NoError(t, c.Err())
			require.NoError(t, c.Close())
		}
	}
}

func TestManyBlocksAndSortedRunsGiveTheSameFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var sites []site
	for i := range 100_000 {
		sites = append(sites, site{"1", uint32(1 + i/3), "A", []string{"ACGT"[1+i%3 : 2+i%3]}, fmt.Sprintf("AF=0.%d", i%700)})
	}
	dir := t.TempDir()
	sorted := writeVCF(t, filepath.Join(dir, "sorted.vcf"), sites)
	first, err := Build(context.Background(), BuildOptions{Name: "db", File: sorted, Fields: []string{"AF"}, Out: filepath.Join(dir, "a.gasdb")})
	require.NoError(t, err)
	require.EqualValues(t, 100_000, first.Rows)
	shuffled := slices.Clone(sites)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	_, err = Build(context.Background(), BuildOptions{Name: "db", File: writeVCF(t, filepath.Join(dir, "shuffled.vcf"), shuffled), Fields: []string{"AF"}, Out: filepath.Join(dir, "b.gasdb")})
	require.NoError(t, err)
	a, b := openSet(t, Spec{File: filepath.Join(dir, "a.gasdb")}).Cursor(), openSet(t, Spec{File: filepath.Join(dir, "b.gasdb")}).Cursor()
	for i := 0; i < len(sites); i += volume.Of(1, 7) {
		s := sites[i]
		require.Equal(t, s.info, ask(a, s.contig, s.pos, s.ref, s.alts...))
		require.Equal(t, s.info, ask(b, s.contig, s.pos, s.ref, s.alts...))
	}
	_, err = Verify(filepath.Join(dir, "b.gasdb"))
	require.NoError(t, err)
}

func TestIntervalsAreFoundByOverlap(t *testing.T) {
	bed := filepath.Join(t.TempDir(), "genes.bed")
	require.NoError(t, os.WriteFile(bed, []byte("1\t0\t1000\twide; one\n1\t99\t100\tpoint\n1\t99\t100\tpoint\n1\t200\t300\tlater\n2\t5\t5\tempty\n"), 0o600))
	c := buildFrom(t, bed).Cursor()
	for _, test := range []struct {
		name, contig string
		pos          uint32
		ref, want    string
	}{
		{"values are distinct and safe in INFO", "1", 100, "A", "db=wide%3B%20one,point"},
		{"an end is not a part", "1", 101, "A", "db=wide%3B%20one"},
		{"every base of REF counts", "chr1", 150, strings.Repeat("A", 60), "db=wide%3B%20one,later"},
		{"beyond", "1", 1001, "A", ""},
		{"an empty interval covers nothing", "2", 5, "AA", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, ask(c, test.contig, test.pos, test.ref, "T"))
		})
	}
	t.Run("without further columns it is a flag", func(t *testing.T) {
		require.NoError(t, os.WriteFile(bed, []byte("1\t0\t10\n"), 0o600))
		s := buildFrom(t, bed)
		require.Equal(t, "db", ask(s.Cursor(), "1", 5, "A", "T"))
		require.Contains(t, s.HeaderLines()[1], "##INFO=<ID=db,Number=0,Type=Flag")
	})
}

func TestKeysAreTheFieldsOwnUnlessTheyClash(t *testing.T) {
	dir := t.TempDir()
	file := writeVCF(t, filepath.Join(dir, "x.vcf"), []site{{"1", 5, "A", []string{"T"}, "RS=1;AF=0.5"}})
	for _, name := range []string{"one", "two"} {
		_, err := Build(context.Background(), BuildOptions{Name: name, File: file, Fields: []string{"RS", "AF", "ID"}, Out: filepath.Join(dir, name+".gasdb")})
		require.NoError(t, err)
	}
	s := openSet(t, Spec{File: filepath.Join(dir, "one.gasdb"), Fields: []string{"AF", "ID"}}, Spec{File: filepath.Join(dir, "two.gasdb")})
	s.Bind(func(key string) bool { return key == "AF" })
	require.Equal(t, []string{"one_AF", "one_ID", "RS", "two_AF", "two_ID"}, s.Keys())
	require.Equal(t, "one_AF=0.5;RS=1;two_AF=0.5", ask(s.Cursor(), "1", 5, "A", "T"))
	header := strings.Join(s.HeaderLines(), "\n")
	require.Contains(t, header, `##INFO=<ID=RS,Number=A,Type=Integer,Description="An id, with a \"quote\"",Source="two",Version="20260101">`)
	require.Contains(t, header, `Keys="RS:RS,two_AF:AF,two_ID:ID"`)
}

func TestMistakesAreFaults(t *testing.T) {
	dir := t.TempDir()
	file := writeVCF(t, filepath.Join(dir, "x.vcf"), []site{{"1", 5, "A", []string{"T"}, "RS=1"}})
	build := func(o BuildOptions) error { _, err := Build(context.Background(), o); return err }
	out := filepath.Join(dir, "o.gasdb")
	require.True(t, fault.Is(build(BuildOptions{File: file, Fields: []string{"NOPE"}, Out: out}), fault.BadInput), "an unknown field")
	require.True(t, fault.Is(build(BuildOptions{File: file, Out: out}), fault.BadInput), "no fields and no preset")
	require.True(t, fault.Is(build(BuildOptions{File: filepath.Join(dir, "none.vcf"), Out: out}), fault.NotFound), "a missing file")
	require.True(t, fault.Is(build(BuildOptions{Name: "a-b", File: file, Fields: []string{"RS"}, Out: out}), fault.BadInput), "a bad name")
	bad := filepath.Join(dir, "bad.vcf")
	require.NoError(t, os.WriteFile(bad, []byte(testHeader+"1\tx\t.\tA\tT\t.\t.\tRS=1\n"), 0o600))
	err := build(BuildOptions{File: bad, Fields: []string{"RS"}, Out: out})
	require.Equal(t, int64(9), fault.Of(err).Line)
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left, "temporary files stay behind")

	require.NoError(t, build(BuildOptions{File: file, Fields: []string{"RS"}, Out: out}))
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	data[len(magic)+30] ^= 1
	require.NoError(t, os.WriteFile(out, data, 0o600))
	c := openSet(t, Spec{File: out}).Cursor()
	require.Empty(t, ask(c, "1", 5, "A", "T"))
	require.True(t, fault.Is(c.Err(), fault.BadInput), "a damaged block")
	_, err = Verify(out)
	require.True(t, fault.Is(err, fault.BadInput))
}

func TestSpecsAreRead(t *testing.T) {
	existing := filepath.Join(t.TempDir(), "a=b.gasdb:X")
	require.NoError(t, os.WriteFile(existing, nil, 0o600))
	for text, want := range map[string]Spec{
		"f.gasdb":               {File: "f.gasdb"},
		"clinvar=f.gasdb":       {Name: "clinvar", File: "f.gasdb"},
		"x=/d/f.vcf.gz:RS,AF.x": {Name: "x", File: "/d/f.vcf.gz", Fields: []string{"RS", "AF.x"}},
		existing:                {File: existing},
	} {
		got, err := ParseSpec(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := ParseSpec("")
	require.True(t, fault.Is(err, fault.Usage))
}

// TestClinVarAgreesWithBcftools annotates ClinVar's own records and compares every value with that of bcftools annotate.
func TestClinVarAgreesWithBcftools(t *testing.T) {
	clinvar := shared.Path(t, "data", "inputs", "clinvar.grch38.subset.vcf.gz")
	out := filepath.Join(t.TempDir(), "c.gasdb")
	d, err := Build(context.Background(), BuildOptions{File: clinvar, Out: out})
	require.NoError(t, err)
	require.Equal(t, "clinvar", d.Name)
	require.NotEmpty(t, d.Version)
	s := openSet(t, Spec{File: out})
	require.Subset(t, s.Keys(), []string{"CLNSIG", "CLNREVSTAT", "CLNDN"})

	peers.Tool(t, "bcftools")
	dir := t.TempDir()
	run := func(script string) []byte {
		cmd := exec.Command("bash", "-c", "set -o pipefail; "+script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CLINVAR="+clinvar)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		text, err := cmd.Output()
		require.NoError(t, err, stderr.String())
		return text
	}
	run(`zcat "$CLINVAR" | awk '!/^#/ && !s[$1]++ {print "##contig=<ID=" $1 ">"}' > contigs; (zcat "$CLINVAR" | grep '^##'; cat contigs; zcat "$CLINVAR" | grep -v '^##') | bgzip > db.vcf.gz; tabix -p vcf db.vcf.gz; bcftools annotate -x INFO db.vcf.gz -Oz -o query.vcf.gz; tabix -p vcf query.vcf.gz`)
	annotated := run(`bcftools annotate -a db.vcf.gz -c INFO/CLNSIG,INFO/CLNREVSTAT,INFO/CLNDN query.vcf.gz 2>/dev/null | grep -v '^#'`)
	c := openSet(t, Spec{File: out, Fields: []string{"CLNSIG", "CLNREVSTAT", "CLNDN"}}).Cursor()
	raw := openSet(t, Spec{File: filepath.Join(dir, "db.vcf.gz"), Fields: []string{"CLNSIG", "CLNREVSTAT", "CLNDN"}}).Cursor()
	t.Cleanup(func() { require.NoError(t, raw.Close()) })
	compared, step, number := 0, volume.Of(1, 7), 0
	for line := range strings.Lines(string(annotated)) {
		if number++; number%step != 0 {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), "\t")
		var pos uint32
		_, err := fmt.Sscan(f[1], &pos)
		require.NoError(t, err)
		if !isSequence([]byte(f[4])) {
			continue
		}
		want := strings.Split(strings.Replace(f[7], ".", "", 1), ";")
		if f[7] != "." {
			want = strings.Split(f[7], ";")
		}
		got := strings.Split(ask(c, f[0], pos, f[3], f[4]), ";")
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got, line)
		inPlace := strings.Split(ask(raw, f[0], pos, f[3], f[4]), ";")
		slices.Sort(inPlace)
		require.Equal(t, got, inPlace, line)
		compared++
	}
	require.Greater(t, compared, 60_000/step)
}

func BenchmarkJoin(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 3))
	var sites []site
	for i := range 200_000 {
		sites = append(sites, site{"1", uint32(40*i + r.IntN(40)), "A", []string{"ACGT"[1+r.IntN(3):][:1]}, fmt.Sprintf("RS=%d;AF=0.%d", 1000000+i, i%1000)})
	}
	sites = slices.DeleteFunc(sites, func(s site) bool { return s.pos == 0 })
	c := buildFrom(b, writeVCF(b, filepath.Join(b.TempDir(), "x.vcf"), sites), "RS", "AF").Cursor()
	contig, ref, alts := []byte("1"), []byte("A"), [][]byte{[]byte("C")}
	var to []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		to = c.AppendInfo(to[:0], contig, sites[i*2%len(sites)].pos, ref, alts)
	}
}
