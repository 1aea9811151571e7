package genome

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
)

// assemblyOf makes a reference with these contigs, all of the same repeated bases.
func assemblyOf(t *testing.T, name, unit string, lengths map[string]int) *Reference {
	t.Helper()
	b := NewBuilder(name, "test")
	for _, contig := range []string{"1", "2", "MT"} {
		if n, ok := lengths[contig]; ok {
			b.Contig(ContigModel{Name: contig}, []byte(strings.Repeat(unit, n/len(unit)+1)[:n]))
		}
	}
	r, err := b.Reference()
	require.NoError(t, err)
	return r
}

// seen makes n records on a contig whose REF is the base at their place in the repeated unit.
func seen(contig, unit string, n int) []SeenRecord {
	var list []SeenRecord
	for i := range n {
		list = append(list, SeenRecord{Contig: contig, Position: int64(i), Ref: unit[i%len(unit) : i%len(unit)+1]})
	}
	return list
}

func TestTheReferenceThatFitsIsChosen(t *testing.T) {
	rcrs, err := Builtin("rCRS")
	require.NoError(t, err)
	virus, err := Builtin("SARS-CoV-2")
	require.NoError(t, err)
	newer := assemblyOf(t, "newer", "ACGTT", map[string]int{"1": 1000, "2": 800, "MT": 16569})
	older := assemblyOf(t, "older", "AGGCT", map[string]int{"1": 900, "2": 850})
	all := []*Reference{rcrs, virus, newer, older}
	mitochondrial := func(position int64) SeenRecord {
		return SeenRecord{Contig: "MT", Position: position, Ref: string(rcrs.Bases(0, uint32(position), uint32(position)+1))}
	}

	for _, c := range []struct {
		name     string
		from     []*Reference
		sighting Sighting
		chosen   string
		why      string
		warns    string
		fails    fault.Kind
		says     string
	}{
		{
			name: "names and lengths of the header decide, whatever REF says of a few records", from: all,
			sighting: Sighting{Header: []HeaderContig{{Name: "chr1", Length: 900}, {Name: "chr2", Length: 850}}, Records: seen("chr1", "ACGTT", 5)},
			chosen:   "older", why: "2 contigs of the header have its name and length",
		},
		{
			name: "without lengths, REF of the records decides", from: all,
			sighting: Sighting{Header: []HeaderContig{{Name: "1"}, {Name: "2"}}, Records: seen("1", "AGGCT", 100)},
			chosen:   "older", why: "100 of 100 REF alleles are its bases",
		},
		{
			name: "without a header, too", from: all,
			sighting: Sighting{Records: seen("chr2", "ACGTT", 100)},
			chosen:   "newer", why: "100 of the first 100 records lie on its contigs",
		},
		{
			name: "a file of mitochondrial variants gets the smallest reference that has them", from: all,
			sighting: Sighting{Records: []SeenRecord{mitochondrial(59), mitochondrial(63)}},
			chosen:   "rCRS", why: "2 of 2 REF alleles are its bases",
		},
		{
			name: "chrM of 16,569 bases is rCRS", from: []*Reference{rcrs, virus},
			sighting: Sighting{Header: []HeaderContig{{Name: "chrM", Length: 16569}}, Records: []SeenRecord{{Contig: "chrM", Position: 0, Ref: "G"}}},
			chosen:   "rCRS", why: "1 contig of the header has its name and length",
		},
		{
			name: "another MD5 only warns", from: all,
			sighting: Sighting{Header: []HeaderContig{{Name: "NC_045512.2", Length: 29903, MD5: "00000000000000000000000000000000"}}, Records: []SeenRecord{{Contig: "NC_045512.2", Position: 0, Ref: "A"}}},
			chosen:   "SARS-CoV-2", warns: "MD5",
		},
		{
			name: "hg19's chrM is not rCRS", from: []*Reference{rcrs, virus},
			sighting: Sighting{Header: []HeaderContig{{Name: "chrM", Length: 16571}}, Records: []SeenRecord{{Contig: "chrM", Position: 0, Ref: "G"}}},
			fails:    fault.NoSharedContig, says: "sequence of hg19",
		},
		{
			name: "another assembly is told by REF", from: []*Reference{newer, virus},
			sighting: Sighting{Records: seen("1", "TTTTT", 100)},
			fails:    fault.UnknownRef, says: "called against another assembly",
		},
		{
			name: "another assembly is told by its lengths", from: []*Reference{newer, virus},
			sighting: Sighting{Header: []HeaderContig{{Name: "1", Length: 900}}, Records: seen("1", "ACGTT", 100)},
			fails:    fault.NoSharedContig, says: "1 has 900 bases, not 1000",
		},
		{
			name: "a length that differs is no matter where no record lies", from: []*Reference{newer, virus},
			sighting: Sighting{Header: []HeaderContig{{Name: "1", Length: 900}}, Records: []SeenRecord{{Contig: "7", Position: 1, Ref: "A"}}},
			fails:    fault.NoSharedContig, says: "contigs are 7",
		},
		{
			name: "no contig in common", from: all,
			sighting: Sighting{Records: []SeenRecord{{Contig: "scaffold_7", Position: 1, Ref: "A"}}},
			fails:    fault.NoSharedContig, says: "scaffold_7",
		},
		{
			name: "no records: the header alone decides", from: all,
			sighting: Sighting{Header: []HeaderContig{{Name: "1", Length: 1000}}},
			chosen:   "newer", why: "1 contig of the header has its name and length",
		},
		{
			name: "bases that the reference does not know are no evidence", from: []*Reference{assemblyOf(t, "masked", "N", map[string]int{"1": 1000})},
			sighting: Sighting{Records: seen("1", "ACGTT", 100)},
			chosen:   "masked", why: "100 of the first 100 records",
		},
		{name: "no reference", fails: fault.UnknownRef, says: "No reference is installed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			choice, err := Choose(c.from, c.sighting)
			if c.fails != "" {
				require.Equal(t, c.fails, fault.KindOf(err))
				require.Contains(t, err.Error(), c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.chosen, choice.Reference.Name)
			require.Contains(t, choice.Why, c.why)
			if c.warns == "" {
				require.Empty(t, choice.Warnings)
			} else {
				require.Contains(t, strings.Join(choice.Warnings, "\n"), c.warns)
			}
		})
	}
}

func TestAContigOfAnotherLengthIsMappedUnlessItIsMitochondrial(t *testing.T) {
	r := assemblyOf(t, "toy", "ACGTT", map[string]int{"1": 1000, "MT": 16569})
	m, warnings := MapContigs(r, []HeaderContig{{Name: "chr1", Length: 999}, {Name: "chrM", Length: 16571}, {Name: "3", Length: 5}})
	require.Len(t, warnings, 2)
	_, ok := m.Contig([]byte("chr1"))
	require.True(t, ok)
	_, ok = m.Contig([]byte("chrM"))
	require.False(t, ok)
	_, ok = m.Contig([]byte("3"))
	require.False(t, ok)
}

func TestInstalledReferencesAreListedAndFound(t *testing.T) {
	dir := t.TempDir()
	fasta := filepath.Join(dir, "toy.fa")
	require.NoError(t, os.WriteFile(fasta, []byte(">1\nACGT\n"), 0o644))
	require.NoError(t, Build(context.Background(), BuildOptions{Name: "toy", FASTA: fasta, Out: filepath.Join(dir, "toy")}))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "empty"), 0o755))

	list, err := List(dir)
	require.NoError(t, err)
	var names []string
	for _, l := range list {
		names = append(names, l.Name)
		r, err := l.Open()
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.NoError(t, r.Close(), "a second time does nothing")
	}
	require.Equal(t, []string{"rCRS", "SARS-CoV-2", "toy"}, names)
	require.Equal(t, int64(4), list[2].Manifest.Bases)
	require.Equal(t, "sequence", list[2].Manifest.Inputs[0].Kind)

	for name, known := range map[string]bool{"toy": true, "MN908947.3": true, "empty": false, "../" + filepath.Base(dir) + "/toy": false, "": false} {
		r, err := Find(dir, name)
		require.Equal(t, known, err == nil, "%s: %v", name, err)
		if err == nil {
			require.NoError(t, r.Close())
		} else {
			require.ErrorIs(t, err, ErrUnknown)
		}
	}
	r, err := FindOrOpen(dir, filepath.Join(dir, "toy"))
	require.NoError(t, err)
	require.NoError(t, r.Close())

	require.NoError(t, os.MkdirAll(filepath.Join(dir, "damaged"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "damaged", ModelFile), []byte("x"), 0o644))
	var skipped []string
	all, err := OpenAll(dir, func(name string, err error) {
		require.ErrorIs(t, err, ErrNotReference)
		skipped = append(skipped, name)
	})
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, []string{"damaged"}, skipped)
	for _, r := range all {
		require.NoError(t, r.Close())
	}

	list, err = List(filepath.Join(dir, "missing"))
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestABuildThatFailsLeavesNothingAndKeepsTheEarlierReference(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	out := filepath.Join(dir, "out")
	good := write("good.fa", ">1\nACGT\n")
	require.NoError(t, Build(context.Background(), BuildOptions{Name: "toy", FASTA: good, Out: out}))
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		o    BuildOptions
		says string
	}{
		{"a fault in the sequence", context.Background(), BuildOptions{Name: "toy", FASTA: write("bad.fa", ">1\nAC!T\n")}, "line 2"},
		{"two sequences of one name", context.Background(), BuildOptions{Name: "toy", FASTA: write("twice.fa", ">1\nA\n>1\nC\n")}, "second sequence"},
		{"no sequence", context.Background(), BuildOptions{Name: "toy", FASTA: write("none.fa", "")}, "no sequence"},
		{"a fault in the genes", context.Background(), BuildOptions{Name: "toy", FASTA: good, Genes: write("bad.gff3", "1\tx\n")}, "line 1"},
		{"genes on other contigs", context.Background(), BuildOptions{Name: "toy", FASTA: good, Genes: write("other.gff3", tabbed("2 x mRNA 1 3 . + . ID=T\n2 x exon 1 3 . + . Parent=T\n"))}, "no contig in common"},
		{"an index of another file", context.Background(), BuildOptions{Name: "toy", FASTA: write("indexed.fa", ">1\nACG\n") + write("indexed.fa.fai", "1\t4\t3\t4\t5\n")[:0]}, "cut short"},
		{"a file that is missing", context.Background(), BuildOptions{Name: "toy", FASTA: filepath.Join(dir, "missing.fa")}, "missing.fa"},
		{"a name that is no name", context.Background(), BuildOptions{Name: "../toy", FASTA: good}, "cannot be the name"},
		{"the context ended", cancelled, BuildOptions{Name: "toy", FASTA: good}, "canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Out = out
			err := Build(c.ctx, c.o)
			require.ErrorContains(t, err, c.says)
			entries, err := os.ReadDir(out)
			require.NoError(t, err)
			require.Len(t, entries, 2, "the model and its manifest")
			require.NoError(t, Verify(out))
		})
	}
}

func TestAFileWithoutRecordsTakesAnyReference(t *testing.T) {
	rCRS, err := Builtin("rCRS")
	require.NoError(t, err)
	choice, err := Choose([]*Reference{rCRS}, Sighting{Header: []HeaderContig{{Name: "chr7", Length: 159345973}}})
	require.NoError(t, err)
	require.Same(t, rCRS, choice.Reference)
	require.Contains(t, choice.Why, "no record")

	_, err = Choose(nil, Sighting{})
	require.Error(t, err, "where there is no reference there is none to take")
}
