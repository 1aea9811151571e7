package annotate_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gas/pkg/annotate"
	"gas/pkg/consequence"
	"gas/pkg/fault"
	"gas/pkg/genome"
	"gas/pkg/vcf"
	"gas/pkg/vcf/bgzf"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mitochondrion annotates with the built-in reference.
func mitochondrion(t testing.TB) *annotate.Annotator {
	t.Helper()
	ref, err := genome.Builtin("rCRS")
	require.NoError(t, err)
	engine, err := consequence.New(ref, consequence.Options{})
	require.NoError(t, err)
	return &annotate.Annotator{Reference: ref, Engine: engine}
}

const head = "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n"

const columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"

// made makes a file of sorted records of SNVs and small indels on MT.
func made(t testing.TB, records, samples int) string {
	t.Helper()
	ref := mitochondrion(t).Reference
	contig, _ := ref.Contig("MT")
	r := rand.New(rand.NewPCG(1, uint64(records)))
	var b strings.Builder
	b.WriteString(head + columns)
	if samples > 0 {
		b.WriteString("\tFORMAT")
	}
	for i := range samples {
		fmt.Fprintf(&b, "\tS%d", i)
	}
	b.WriteByte('\n')
	pos := uint32(1)
	for i := range records {
		pos = uint32(1 + uint64(i)*16000/uint64(records))
		n := uint32(1)
		if r.IntN(10) == 0 {
			n += uint32(r.IntN(4))
		}
		refBases := ref.Bases(contig, pos-1, pos-1+n)
		alt := other(refBases[0], r.IntN(3)) + strings.Repeat("A", r.IntN(20)/18)
		fmt.Fprintf(&b, "MT\t%d\trs%d\t%s\t%s\t%d\tPASS\tAC=%d;END=%d", pos, i, refBases, alt, r.IntN(99), r.IntN(9), pos+n-1)
		if samples > 0 {
			b.WriteString("\tGT")
		}
		for range samples {
			b.WriteString([...]string{"\t0|0", "\t0|0", "\t0|0", "\t0|1", "\t1|1", "\t./.", "\t0/0"}[r.IntN(7)])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// other is one of the three bases that differ from a base.
func other(base byte, n int) string {
	return string(strings.ReplaceAll("ACGT", string(base), "")[n%3])
}

// run annotates text and returns the result, which must be complete.
func run(t testing.TB, in io.Reader, out annotate.Output, o annotate.Options) (string, *annotate.Summary) {
	t.Helper()
	var b bytes.Buffer
	out.Writer = &b
	if o.Choose == nil {
		o.Choose = annotate.Use(mitochondrion(t))
	}
	summary, err := annotate.Run(context.Background(), annotate.Input{Reader: in, Name: "test"}, out, o)
	require.NoError(t, err)
	return b.String(), summary
}

// packed is a text as gzip of several members, and as bgzip of small blocks.
func packed(t testing.TB, text string) (gz, bgz []byte) {
	t.Helper()
	var a bytes.Buffer
	for part := range strings.SplitSeq(text, "\nMT\t9") { // several members
		w := gzip.NewWriter(&a)
		if a.Len() > 10 {
			part = "\nMT\t9" + part
		}
		_, err := io.WriteString(w, part)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	e, err := bgzf.NewEncoder(6)
	require.NoError(t, err)
	for block := range slices.Chunk([]byte(text), 5000) {
		bgz = e.Append(bgz, block)
	}
	return a.Bytes(), append(bgz, bgzf.EOF...)
}

func TestTheSameFilesWhateverTheThreadsAndThePacking(t *testing.T) {
	for name, text := range map[string]string{"without samples": made(t, 2500, 0), "with samples": made(t, 1400, 50), "short": made(t, 3, 1)} {
		t.Run(name, func(t *testing.T) {
			gz, bgz := packed(t, text)
			inputs := map[string]func() io.Reader{
				"plain": func() io.Reader { return strings.NewReader(text) }, "gzip": func() io.Reader { return bytes.NewReader(gz) }, "bgzip": func() io.Reader { return bytes.NewReader(bgz) },
				"pipe": func() io.Reader {
					r, w := io.Pipe()
					go func() { _, _ = io.Copy(w, &oneByOne{data: bgz}); _ = w.Close() }()
					return r
				},
			}
			var first, firstIndex, firstSummary string
			for packing, open := range inputs {
				for _, threads := range []int{1, 2, 8} {
					var index bytes.Buffer
					got, summary := run(t, open(), annotate.Output{Bgzip: true, Level: 1, Index: &index}, annotate.InPiecesOf(32<<10, annotate.Options{Threads: threads}))
					summary.Input.Compression, summary.Input.Size = "", 0
					var counted bytes.Buffer
					require.NoError(t, summary.WriteJSON(&counted))
					if first == "" {
						first, firstIndex, firstSummary = got, index.String(), counted.String()
						require.EqualValues(t, strings.Count(text, "\nMT"), summary.Ledger.Read)
					}
					require.True(t, first == got, "%s with %d threads", packing, threads)
					require.True(t, firstIndex == index.String(), "index of %s with %d threads", packing, threads)
					require.True(t, firstSummary == counted.String(), "summary of %s with %d threads", packing, threads)
				}
			}
			plain, _ := run(t, strings.NewReader(text), annotate.Output{}, annotate.Options{Threads: 2})
			unpacked, err := io.ReadAll(bgzf.NewReader(strings.NewReader(first)))
			require.NoError(t, err)
			require.True(t, plain == string(unpacked))
		})
	}
}

// oneByOne reads a few bytes at a time.
type oneByOne struct{ data []byte }

func (r *oneByOne) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 997)], r.data)
	r.data = r.data[n:]
	return n, nil
}

// WriteTo keeps io.Copy from reading everything at once.
func (r *oneByOne) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for len(r.data) > 0 {
		n, err := w.Write(r.data[:min(997, len(r.data))])
		total += int64(n)
		r.data = r.data[n:]
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func TestEverythingButInfoIsPassedByteForByte(t *testing.T) {
	text := made(t, 500, 3)
	got, summary := run(t, strings.NewReader(text), annotate.Output{}, annotate.Options{Threads: 2, Version: "1", Settings: []annotate.Setting{{Name: "pick", Value: "true"}}})
	require.EqualValues(t, 500, summary.Records.Read)
	var kept []string
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "##GAS=") || strings.HasPrefix(line, "##INFO=<ID=CSQ,") {
			continue
		}
		if !strings.HasPrefix(line, "#") {
			columns := strings.Split(line, "\t")
			info, _, annotated := strings.Cut(columns[7], ";CSQ=")
			require.True(t, annotated, line)
			columns[7] = info
			line = strings.Join(columns, "\t")
		}
		kept = append(kept, line)
	}
	require.Equal(t, text, strings.Join(kept, ""))
}

// one is a file of a header and records.
func one(records ...string) string {
	return head + columns + "\n" + strings.Join(records, "\n") + "\n"
}

func TestInfoIsCompleted(t *testing.T) {
	for name, row := range map[string]struct{ in, want string }{
		"a missing INFO is replaced":             {".", "CSQ="},
		"entries stay":                           {"DP=1;DB", "DP=1;DB;CSQ="},
		"an old annotation is replaced":          {"CSQ=old|x;DP=1", "DP=1;CSQ="},
		"an old annotation alone":                {"CSQ=old", "CSQ="},
		"a key that only ends like ours stays":   {"XCSQ=1", "XCSQ=1;CSQ="},
		"another program's annotation stays":     {"ANN=x", "ANN=x;CSQ="},
		"an old annotation in the middle leaves": {"A=1;CSQ=o;B=2", "A=1;B=2;CSQ="},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := run(t, strings.NewReader(one("MT\t100\t.\tG\tA\t.\t.\t"+row.in)), annotate.Output{}, annotate.Options{})
			last := got[strings.LastIndex(strings.TrimSuffix(got, "\n"), "\n")+1:]
			info := strings.Split(last, "\t")[7]
			require.True(t, strings.HasPrefix(info, row.want), info)
			require.Equal(t, 1, strings.Count(";"+info, ";CSQ="))
		})
	}
}

func TestTheLedgerAccountsForEveryRecord(t *testing.T) {
	got, s := run(t, strings.NewReader(one("MT\t100\t.\tG\tA\t.\t.\t.", "MT\t101\t.\tA\tG\t.\t.\tDP=1", "weird\t5\t.\tA\tC\t.\t.\t.", "MT\t300\t.\tA\t.\t.\t.\t.", "MT\t99999\t.\tA\tC\t.\t.\t.")),
		annotate.Output{}, annotate.Options{Threads: 2})
	l := s.Ledger
	require.EqualValues(t, 5, l.Read)
	require.Equal(t, l.Read, l.Annotated+l.PassedThrough+l.Rejected)
	require.EqualValues(t, 1, l.Passed[annotate.ReasonContig])
	require.Contains(t, got, "weird\t5\t.\tA\tC\t.\t.\t.\n")
	require.Equal(t, []annotate.ContigSummary{{Name: "MT", Records: 4, Annotated: l.Annotated}, {Name: "weird", Records: 1}}, s.Contigs)
}

func TestBadInputIsRefusedWithItsLine(t *testing.T) {
	line := strings.Count(head, "\n") + 2
	gz, bgz := packed(t, made(t, 5000, 0))
	for name, row := range map[string]struct {
		in      string
		line    int
		message string
	}{
		"an empty file":                     {"", 1, "empty"},
		"not a VCF":                         {"hello\nworld\n", 1, "not a VCF"},
		"a web page":                        {"<!DOCTYPE html>\n", 1, "a web page"},
		"UTF-16":                            {"\xff\xfe#\x00#\x00", 1, "UTF-16"},
		"no line #CHROM":                    {head, 3, "#CHROM"},
		"records without the line #CHROM":   {head + "MT\t1\t.\tG\tA\t.\t.\t.\n", 4, "#CHROM is missing"},
		"spaces for tabs":                   {head + strings.ReplaceAll(columns, "\t", " ") + "\n", 4, "spaces"},
		"a column missing":                  {one("MT\t100\t.\tG\tA\t.\t."), line, "7 columns"},
		"an empty INFO":                     {one("MT\t100\t.\tG\tA\t.\t.\t"), line, "INFO is empty"},
		"more columns than named":           {one("MT\t100\t.\tG\tA\t.\t.\t.\tGT\t0/1"), line, "10 columns"},
		"a NUL":                             {one("MT\t100\t.\tG\tA\t.\t.\t.", "MT\t101\t.\tG\x00\tA\t.\t.\t."), line + 1, "NUL"},
		"a position that is none":           {one("MT\t1e3\t.\tG\tA\t.\t.\t."), line, "POS"},
		"a base that is none":               {one("MT\t100\t.\tG\tQ\t.\t.\t."), line, "ALT"},
		"a header among records":            {one("MT\t100\t.\tG\tA\t.\t.\t.", "##x=y"), line + 1, "header line"},
		"bgzip cut short":                   {string(bgz[:len(bgz)-100]), 0, "cut short"},
		"bgzip without its end":             {string(bgz[:len(bgz)-28]), 0, "cut short"},
		"gzip cut short":                    {string(gz[:len(gz)-20]), 0, "cut short"},
		"a bgzip block with a flipped byte": {string(bgz[:40000]) + "\xff" + string(bgz[40001:]), 0, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := annotate.Run(context.Background(), annotate.Input{Reader: strings.NewReader(row.in)}, annotate.Output{Writer: &out}, annotate.Options{Threads: 2, Choose: annotate.Use(mitochondrion(t))})
			var f *fault.Fault
			require.ErrorAs(t, err, &f)
			require.Equal(t, fault.BadInput, f.Kind)
			require.Contains(t, f.Message, row.message)
			if row.line > 0 {
				require.EqualValues(t, row.line, f.Line)
			} else {
				require.Positive(t, f.Line)
			}
		})
	}
}

func TestUnusualFilesAreAcceptedByARule(t *testing.T) {
	want, _ := run(t, strings.NewReader(one("MT\t100\t.\tG\tA\t.\t.\t.", "MT\t101\t.\tA\tG\t.\t.\tDP=1")), annotate.Output{}, annotate.Options{})
	text := one("MT\t100\t.\tG\tA\t.\t.\t.", "MT\t101\t.\tA\tG\t.\t.\tDP=1")
	for name, row := range map[string]struct {
		in   string
		rule vcf.Rule
	}{
		"a byte order mark":      {"\ufeff" + text, vcf.RuleMark},
		"CR LF":                  {strings.ReplaceAll(text, "\n", "\r\n"), vcf.RuleLineEnd},
		"no last line end":       {strings.TrimSuffix(text, "\n"), vcf.RuleLastLine},
		"CR at the very end":     {strings.TrimSuffix(text, "\n") + "\r", vcf.RuleLastLine},
		"blank lines at the end": {text + "\n\n", vcf.RuleBlank},
	} {
		t.Run(name, func(t *testing.T) {
			got, s := run(t, strings.NewReader(row.in), annotate.Output{}, annotate.Options{})
			require.Equal(t, want, got)
			var rules []string
			for _, w := range s.Warnings {
				rules = append(rules, w.Rule)
			}
			require.Contains(t, rules, row.rule.String())
		})
	}
	t.Run("no records", func(t *testing.T) {
		got, s := run(t, strings.NewReader(head+columns), annotate.Output{}, annotate.Options{})
		require.True(t, strings.HasSuffix(got, columns+"\n"))
		require.Zero(t, s.Ledger.Read)
	})
	t.Run("unsorted records", func(t *testing.T) {
		var index bytes.Buffer
		_, s := run(t, strings.NewReader(one("MT\t101\t.\tA\tG\t.\t.\t.", "MT\t100\t.\tG\tA\t.\t.\t.")), annotate.Output{Bgzip: true, Index: &index}, annotate.Options{})
		require.Zero(t, index.Len())
		require.Empty(t, s.Index)
		require.False(t, s.Sorted)
	})
}

func TestAFileWithoutASharedContigIsRefused(t *testing.T) {
	_, err := annotate.Run(context.Background(), annotate.Input{Reader: strings.NewReader(one("1\t100\t.\tG\tA\t.\t.\t."))}, annotate.Output{Writer: io.Discard}, annotate.Options{Choose: annotate.Use(mitochondrion(t))})
	require.Equal(t, fault.NoSharedContig, fault.Of(err).Kind)
}

// endless gives the same text again and again, up to a size.
type endless struct {
	text  string
	at    int
	left  int64
	given atomic.Int64 // bytes
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		m := copy(p[n:], e.text[e.at:])
		n += m
		e.at = (e.at + m) % len(e.text)
	}
	e.left -= int64(n)
	e.given.Add(int64(n))
	return n, nil
}

func TestBombsEndSoon(t *testing.T) {
	start := head + columns + "\n"
	record := "weird\t100\t.\tG\tA\t.\t.\t.\n"
	bomb := func(source *endless) io.Reader {
		r, w := io.Pipe()
		go func() {
			z, _ := gzip.NewWriterLevel(w, 1)
			_, err := io.Copy(z, io.MultiReader(strings.NewReader(start), source))
			_ = z.Close()
			_ = w.CloseWithError(err)
		}()
		return &closing{r}
	}
	records := &endless{text: strings.Repeat(record, 1000), left: 10 << 30}
	nothing := &endless{text: strings.Repeat("\x00", 4096), left: 10 << 30}
	long := &endless{text: strings.Repeat("x", 1000), left: 2 << 30}
	header := &endless{text: "##x=" + strings.Repeat("y", 1000) + "\n", left: 2 << 30}
	for name, row := range map[string]struct {
		in     io.Reader
		source *endless
		text   int64 // the limit
		kind   fault.Kind
	}{
		"10 GiB of records":    {bomb(records), records, 8 << 20, fault.TooLarge},
		"10 GiB of NUL":        {bomb(nothing), nothing, 64 << 20, fault.TooLarge},
		"a line of 2 GiB":      {io.MultiReader(strings.NewReader(start+"MT\t100\t"), long), long, 64 << 20, fault.TooLarge},
		"a header of 2 GiB":    {io.MultiReader(strings.NewReader("##fileformat=VCFv4.2\n"), header), header, 64 << 20, fault.TooLarge},
		"a million ALTs":       {strings.NewReader(start + "MT\t100\t.\tG\tA" + strings.Repeat(",A", 1e6) + "\t.\t.\t.\n"), nil, 64 << 20, fault.BadInput},
		"a million INFO entry": {strings.NewReader(start + "MT\t100\t.\tG\tA\t.\t.\tA" + strings.Repeat(";A", 1e6) + "\n"), nil, 64 << 20, fault.BadInput},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := annotate.Run(context.Background(), annotate.Input{Reader: row.in}, annotate.Output{Writer: io.Discard},
				annotate.Options{Threads: 2, Limits: vcf.Limits{Text: row.text}, Choose: annotate.Use(mitochondrion(t))})
			if c, ok := row.in.(io.Closer); ok {
				_ = c.Close()
			}
			require.Equal(t, row.kind, fault.Of(err).Kind, "%v", err)
			if row.source != nil {
				require.Less(t, row.source.given.Load(), 8*row.text, "the rest of the bomb is not read")
			}
		})
	}
}

type closing struct{ *io.PipeReader }

func TestCancellingEndsTheRunSoon(t *testing.T) {
	t.Run("while it computes", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		source := &endless{text: "MT\t100\t.\tG\tA\t.\t.\t.\n", left: 1 << 40}
		in := io.MultiReader(strings.NewReader(head+columns+"\n"), source)
		began := make(chan struct{})
		var once bool
		done := make(chan error, 1)
		go func() {
			_, err := annotate.Run(ctx, annotate.Input{Reader: in}, annotate.Output{Writer: io.Discard}, annotate.Options{Threads: 2, Choose: annotate.Use(mitochondrion(t)),
				Progress: func(annotate.Progress) {
					if !once {
						once = true
						close(began)
					}
				}})
			done <- err
		}()
		<-began
		before := source.given.Load()
		cancel()
		require.Equal(t, fault.Cancelled, fault.Of(<-done).Kind)
		require.Less(t, source.given.Load()-before, int64(64<<20), "little is read after that")
	})
	t.Run("while a read blocks", func(t *testing.T) {
		r, w := io.Pipe()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			_, err := annotate.Run(ctx, annotate.Input{Reader: r}, annotate.Output{Writer: io.Discard, Bgzip: true}, annotate.Options{Choose: annotate.Use(mitochondrion(t))})
			done <- err
		}()
		_, err := io.WriteString(w, head+columns+"\n")
		require.NoError(t, err)
		cancel()
		require.Equal(t, fault.Cancelled, fault.Of(<-done).Kind)
		require.NoError(t, w.Close())
	})
}

func TestAResultThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, bgzip := range []bool{false, true} {
		_, err := annotate.Run(context.Background(), annotate.Input{Reader: strings.NewReader(made(t, 5000, 0))}, annotate.Output{Writer: full{}, Bgzip: bgzip}, annotate.Options{Threads: 2, Choose: annotate.Use(mitochondrion(t))})
		require.ErrorContains(t, err, "disk full")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFilesAreCompleteOrNotThere(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.vcf")
	f := annotate.Files{In: in, Out: filepath.Join(dir, "out.vcf.gz"), Log: filepath.Join(dir, "log"), Summary: filepath.Join(dir, "summary.json"), Manifest: filepath.Join(dir, "manifest.json"), Level: 1}
	o := annotate.Options{Threads: 2, Choose: annotate.Use(mitochondrion(t))}
	names := func() []string {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	require.NoError(t, os.WriteFile(in, []byte(made(t, 2000, 0)+"MT\tx\n"), 0o600))
	_, err := annotate.RunFiles(context.Background(), f, o)
	require.Equal(t, fault.BadInput, fault.Of(err).Kind)
	require.Equal(t, []string{"in.vcf"}, names())

	require.NoError(t, os.WriteFile(in, []byte(made(t, 2000, 0)), 0o600))
	_, err = annotate.RunFiles(context.Background(), f, o)
	require.NoError(t, err)
	require.Equal(t, []string{"in.vcf", "log", "manifest.json", "out.vcf.gz", "out.vcf.gz.tbi", "summary.json"}, names())
	manifest, err := os.ReadFile(f.Manifest)
	require.NoError(t, err)
	_, err = annotate.RunFiles(context.Background(), f, o)
	require.NoError(t, err)
	again, err := os.ReadFile(f.Manifest)
	require.NoError(t, err)
	require.Equal(t, string(manifest), string(again), "a repeated run gives the same manifest")

	unsorted := one("MT\t101\t.\tA\tG\t.\t.\t.", "MT\t100\t.\tG\tA\t.\t.\t.")
	require.NoError(t, os.WriteFile(in, []byte(unsorted), 0o600))
	_, err = annotate.RunFiles(context.Background(), f, o)
	require.NoError(t, err)
	require.NotContains(t, names(), "out.vcf.gz.tbi", "the index of the earlier result is gone")

	_, err = annotate.RunFiles(context.Background(), annotate.Files{In: filepath.Join(dir, "missing")}, o)
	require.Equal(t, fault.NotFound, fault.Of(err).Kind)
}

func TestRejectedRecordsAreLeftOutUpToTheLimit(t *testing.T) {
	text := one("MT\t100\t.\tG\tA\t.\t.\t.", "MT\tx\t.\tG\tA\t.\t.\t.", "MT\t101\t.\tA\tG\t.\t.\t.")
	got, s := run(t, strings.NewReader(text), annotate.Output{}, annotate.Options{MaxRejected: 1})
	require.EqualValues(t, 1, s.Records.Rejected)
	require.EqualValues(t, 3, s.Records.Read)
	require.EqualValues(t, strings.Count(head, "\n")+3, s.Records.Rejections[0].Line)
	require.NotContains(t, got, "MT\tx")
}
