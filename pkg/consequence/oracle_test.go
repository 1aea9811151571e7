package consequence

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/genome"
	"gas/test/shared"
	"gas/test/volume"
)

// An oracle is a file of variants with the answer of Ensembl VEP 115.2 for each allele and transcript.
type oracle struct {
	name, fasta, genes, folder, vcf, answer string
}

var oracles = []oracle{
	{"every allele of MT", "mt/rCRS.fa", "mt/genes.gff3", "mt", "saturation.vcf.gz", "saturation.vep115.tsv.gz"},
	{"every allele of SARS-CoV-2", "sars-cov-2/MN908947.3.fa", "sars-cov-2/genes.gff3", "sars-cov-2", "saturation.vcf.gz", "saturation.vep115.tsv.gz"},
	{"dbSNP on chr21", "chr21/chr21.partial.fa.gz", "chr21/ensembl84.gff3.gz", "chr21", "dbsnp.vcf.gz", "dbsnp.vep115.tsv.gz"},
	{"exonic alleles on chr21", "chr21/chr21.partial.fa.gz", "chr21/ensembl84.gff3.gz", "chr21", "exonic.vcf.gz", "exonic.vep115.tsv.gz"},
	{"structural alleles on chr21", "chr21/chr21.partial.fa.gz", "chr21/ensembl84.gff3.gz", "chr21", "structural.vcf.gz", "structural.vep115.tsv.gz"},
}

// compared are the columns of an answer that are held against ours.
var compared = []string{"Consequence", "IMPACT", "SYMBOL", "Gene", "BIOTYPE", "EXON", "INTRON", "HGVSc", "HGVSp", "cDNA_position", "CDS_position", "Protein_position", "Amino_acids", "Codons",
	"DISTANCE", "STRAND", "FLAGS"}

// TestVEPGivesTheSameAnswers holds every field of our answers against VEP's: of each oracle a sample, the whole of it where GAS_ORACLE is "whole". GAS_ORACLE_OUT names a folder that is given
// our answers as VCF, for other programs to compare: of the same records.
func TestVEPGivesTheSameAnswers(t *testing.T) {
	for _, o := range oracles {
		t.Run(o.name, func(t *testing.T) {
			e := newEngine(t, openReference(t, o.fasta, o.genes), Options{Fields: AllFields()})
			answers, places := readAnswers(t, o)
			out := vcfWriter(t, o)
			c := comparison{wrong: map[string]int{}, example: map[string]string{}, of: map[string]int{}, right: map[string]int{}}
			eachRecord(t, sharedPath(t, o), e, places, func(s *Scratch, v *Variant, line []byte) {
				c.record(e, s, v, answers)
				writeAnnotated(out, e, s, line)
			})
			require.NoError(t, out.Flush())
			t.Logf("%d pairs of %d records", len(answers), len(places))
			c.report(t, answers)
		})
	}
}

var (
	referencesMu sync.Mutex
	references   = map[string]*genome.Reference{}
)

// openReference builds a reference of the shared data once for the package's tests.
func openReference(t testing.TB, fasta, genes string) *genome.Reference {
	t.Helper()
	referencesMu.Lock()
	defer referencesMu.Unlock()
	if r := references[fasta]; r != nil {
		return r
	}
	dir, err := os.MkdirTemp("", "gas-reference")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, genome.Build(context.Background(), genome.BuildOptions{Name: "oracle", FASTA: shared.Path(t, "data", fasta), Genes: shared.Path(t, "data", genes), Out: dir}))
	r, err := genome.Open(dir)
	require.NoError(t, err)
	references[fasta] = r
	return r
}

func newEngine(t testing.TB, r *genome.Reference, o Options) *Engine {
	t.Helper()
	e, err := New(r, o)
	require.NoError(t, err)
	return e
}

// openText opens a text file, gunzipped where its name says so.
func openText(t testing.TB, path string) *bufio.Scanner {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		in, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	return lines
}

// sharedPath is the path of an oracle's variants.
func sharedPath(t testing.TB, o oracle) string {
	t.Helper()
	return shared.Path(t, "data", o.folder, o.vcf)
}

// eachRecord annotates a file record by record, those of the places.
func eachRecord(t testing.TB, path string, e *Engine, places map[place]bool, do func(s *Scratch, v *Variant, line []byte)) {
	t.Helper()
	s := e.Scratch()
	for lines := openText(t, path); lines.Scan(); {
		line := lines.Bytes()
		if line[0] == '#' {
			continue
		}
		columns := bytes.SplitN(line, []byte("\t"), 9)
		if !places[place{string(columns[1]), string(columns[3]), string(columns[4])}] {
			continue
		}
		contig, ok := e.ref.ContigOf(columns[0])
		require.True(t, ok, "contig %s", columns[0])
		pos, err := strconv.ParseUint(string(columns[1]), 10, 32)
		require.NoError(t, err)
		v := Variant{Contig: contig, Pos: uint32(pos), ID: columns[2], Ref: columns[3], Alts: bytes.Split(columns[4], []byte(",")), Info: columns[7]}
		e.Annotate(s, &v)
		do(s, &v, line)
	}
}

// place is a record's place and alleles, as they are written.
type place struct{ pos, ref, alt string }

// answerKey is a record's place and alleles, the allele by VEP's spelling, and the transcript.
type answerKey struct {
	place
	allele, transcript string
}

// step is the distance of the records of an oracle that are compared: one where the whole is asked for, and of the structural ones, which are few. It shares no factor with the three alleles of a place
// and the three places of a codon.
func (o oracle) step() int {
	if volume.Whole() || strings.Contains(o.vcf, "structural") {
		return 1
	}
	return volume.Of(13, 43)
}

// ofEach is how many pairs of every set of terms of a biotype are compared in any case.
const ofEach = 50

// readAnswers reads an answer, every so many records of it, the first pairs of each set of terms, and what has a long allele, and says which places it has read.
func readAnswers(t testing.TB, o oracle) (map[answerKey]map[string]string, map[place]bool) {
	t.Helper()
	lines := openText(t, shared.Path(t, "data", o.folder, o.answer))
	lines.Scan()
	names := strings.Split(strings.TrimPrefix(lines.Text(), "#"), "\t")
	terms, biotype := slices.Index(names, "Consequence"), slices.Index(names, "BIOTYPE")
	answers, places, of := map[answerKey]map[string]string{}, map[place]bool{}, map[string]int{}
	step := o.step()
	var last []byte
	for records := 0; lines.Scan(); {
		columns := bytes.SplitN(lines.Bytes(), []byte("\t"), biotype+2)
		if record := bytes.Join(columns[1:4], nil); !bytes.Equal(record, last) {
			last = record
			records++
		}
		kind := string(columns[terms]) + " of " + string(columns[biotype])
		if of[kind] >= ofEach && records%step != 0 && len(last) < 50 {
			continue
		}
		of[kind]++
		row := map[string]string{}
		for i, column := range strings.Split(lines.Text(), "\t") {
			if column != "" {
				row[names[i]] = column
			}
		}
		at := place{row["POS"], row["REF"], row["ALT"]}
		places[at] = true
		answers[answerKey{at, row["Allele"], row["Feature"]}] = row
	}
	require.NoError(t, lines.Err())
	return answers, places
}

// comparison counts what is right and what is wrong.
type comparison struct {
	seen, right, wrong, of map[string]int
	example                map[string]string
	invented               int
}

// record compares the effects of one record.
func (c *comparison) record(e *Engine, s *Scratch, v *Variant, answers map[answerKey]map[string]string) {
	alts := string(bytes.Join(v.Alts, []byte(",")))
	for i := range s.Effects {
		fx := &s.Effects[i]
		transcript := ""
		if fx.Transcript >= 0 {
			transcript = e.ref.String(e.ref.Transcripts[fx.Transcript].ID)
		}
		key := answerKey{place{strconv.Itoa(int(v.Pos)), string(v.Ref), alts}, string(s.Bytes(fx.AlleleSeq)), transcript}
		row, ok := answers[key]
		if !ok {
			continue
		}
		row["found"] = "yes"
		for _, name := range compared {
			c.field(e, s, fx, key, name, row)
		}
	}
}

// field compares one field, and counts for each term how often the whole set of terms is right where it should be.
func (c *comparison) field(e *Engine, s *Scratch, fx *Effect, key answerKey, name string, row map[string]string) {
	field, _ := FieldNamed(name)
	got, want := string(e.AppendField(nil, s, fx, field)), row[name]
	if strings.HasPrefix(name, "HGVS") {
		want = strings.ReplaceAll(want, "=", "%3D")
	}
	counted := []string{name}
	if name == "Consequence" {
		counted = append(counted, strings.Split(want, "&")...)
	}
	for _, k := range counted {
		if got != "" || want != "" {
			c.of[k]++
		}
		if got == want && got != "" {
			c.right[k]++
		}
	}
	if got != want {
		kind := name
		if name == "Consequence" {
			kind = fmt.Sprintf("Consequence %s, not %s", got, want)
		}
		c.wrong[kind]++
		if len(c.example[kind]) < 300 {
			c.example[kind] += fmt.Sprintf("\n      %v: %s, not %s", key, got, want)
		}
	}
}

// report fails where too little is right: 99.9 % of each field, 99 % of each term that fifty or more pairs have, all pairs.
func (c *comparison) report(t *testing.T, answers map[answerKey]map[string]string) {
	t.Helper()
	missing := 0
	for key, row := range answers {
		if row["found"] == "" && row["Feature"] != "" {
			if missing++; missing < 4 {
				t.Logf("missing: %v %s", key, row["Consequence"])
			}
		}
	}
	require.Zero(t, missing, "pairs without an answer")
	for _, k := range slices.Sorted(maps.Keys(c.of)) {
		least := 99.9
		if strings.Contains(k, "_variant") || strings.HasPrefix(k, "transcript_") {
			least = 99
		}
		if share := 100 * float64(c.right[k]) / float64(c.of[k]); share < least && (c.of[k] >= 50 || least > 99) {
			t.Errorf("%s: %.3f %% of %d right", k, share, c.of[k])
		}
	}
	kinds := slices.SortedFunc(maps.Keys(c.wrong), func(a, b string) int { return cmp.Compare(c.wrong[b], c.wrong[a]) })
	for _, kind := range kinds[:min(len(kinds), 25)] {
		t.Logf("%6d %s%s", c.wrong[kind], kind, c.example[kind])
	}
}

// vcfWriter opens the file that is given our answers.
func vcfWriter(t *testing.T, o oracle) *bufio.Writer {
	t.Helper()
	dir := os.Getenv("GAS_ORACLE_OUT")
	if dir == "" {
		return bufio.NewWriter(io.Discard)
	}
	f, err := os.Create(filepath.Join(dir, o.folder+"."+strings.TrimSuffix(o.vcf, ".gz")))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	out := bufio.NewWriterSize(f, 1<<20)
	e := Engine{opt: Options{Fields: AllFields()}}
	fmt.Fprintf(out, "##fileformat=VCFv4.2\n%s\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", e.HeaderLine())
	return out
}

// writeAnnotated writes a record with its annotation.
func writeAnnotated(out *bufio.Writer, e *Engine, s *Scratch, line []byte) {
	out.Write(line)
	if len(s.Effects) > 0 {
		out.WriteString(";CSQ=")
		out.Write(e.AppendCSQ(nil, s))
	}
	out.WriteByte('\n')
}
