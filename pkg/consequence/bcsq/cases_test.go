package bcsq

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"gas/pkg/genome"
	"gas/test/shared"
)

// The cases of bcftools csq are held against as its own test suite does it: each annotated file goes through a query, whose text is compared.

// text is a VCF and what the caller added to it.
type text struct {
	samples []string
	lines   []*line
}

type line struct {
	fields  []string
	answer  Answer
	skipped bool // a filter of the case left it out
}

// format is a query in the language of bcftools query, as far as the cases use it.
const (
	sitesFormat   = `%POS\t%REF\t%ALT\t%EXP\n%POS\t%REF\t%ALT\t%BCSQ\n\n`
	samplesFormat = `[%POS\t%REF\t%ALT\t%TBCSQ\n]\n`
)

func TestEveryCaseOfCsqIsAnsweredAsCsqDoes(t *testing.T) {
	root := shared.Path(t, "data", "csq")
	files, err := filepath.Glob(filepath.Join(root, "*", "*.vcf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", root, err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".vcf")
		for _, suffix := range []string{".txt", ".txt-l"} {
			local := suffix == ".txt-l"
			want, err := os.ReadFile(base + suffix)
			if err != nil {
				continue
			}
			name, _ := filepath.Rel(root, base)
			t.Run(name+suffix, func(t *testing.T) {
				dir := filepath.Dir(file)
				v := annotated(t, filepath.Join(dir, filepath.Base(dir)+".fa"), filepath.Join(dir, filepath.Base(dir)+".gff"), file, Options{Local: local}, "")
				format, sorted := samplesFormat, false
				if len(v.samples) == 0 {
					format, sorted = sitesFormat, true
				}
				compare(t, sortedColumns(string(want)), sortedColumns(v.query(format, sorted)))
			})
		}
	}
}

// commandLine finds the calls of csq and of query in a case's commands.
var commandLine = regexp.MustCompile(`bcftools csq (.*?)\s*\|(.*)`)

func TestEveryCaseWithOptionsIsAnsweredAsCsqDoes(t *testing.T) {
	root := shared.Path(t, "data", "csq")
	files, err := filepath.Glob(filepath.Join(root, "*", "*.cmd"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", root, err)
	}
	for _, file := range files {
		name, _ := filepath.Rel(root, file)
		t.Run(name, func(t *testing.T) {
			commands, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(file + ".out")
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, command := range strings.Split(strings.TrimSpace(string(commands)), "\n") {
				if command == "echo" {
					got.WriteByte('\n')
					continue
				}
				got.WriteString(runCommand(t, filepath.Dir(file), command))
			}
			compare(t, string(want), got.String())
		})
	}
}

func runCommand(t *testing.T, dir, command string) string {
	parts := commandLine.FindStringSubmatch(command)
	if parts == nil {
		t.Fatalf("not a call of csq: %s", command)
	}
	var options Options
	var fasta, genes, vcf, filter string
	plain := false
	args := strings.Fields(strings.ReplaceAll(parts[1], "'", ""))
	for i := 0; i < len(args); i++ {
		next := func() string { i++; return args[i] }
		switch arg := args[i]; arg {
		case "-f":
			fasta = filepath.Join(dir, next())
		case "-g":
			genes = filepath.Join(dir, next())
		case "-B":
			options.Brief, _ = strconv.Atoi(next())
		case "-b":
			options.Brief = 1
		case "-lb":
			options.Brief, options.Local = 1, true
		case "-p", "--phase":
			options.Phase = Phase(next()[0])
		case "-C":
			options.AllStarts = next() == "1"
		case "-i":
			filter = next()
		case "-v":
			next()
		case "-Ot":
			plain = true
		case "--force":
		default:
			vcf = filepath.Join(dir, arg)
		}
	}
	v := annotated(t, fasta, genes, vcf, options, filter)
	if plain {
		return v.plain()
	}
	_, format, _ := strings.Cut(parts[2], "-f'")
	format, _, _ = strings.Cut(format, "'")
	out := v.query(format, strings.Contains(parts[2], "sort-csq | "))
	if strings.Contains(parts[2], "sort-csq -q") {
		return sortedColumns(out)
	}
	return out
}

func annotated(t *testing.T, fasta, genes, vcf string, options Options, filter string) *text {
	t.Helper()
	out := t.TempDir()
	if err := genome.Build(context.Background(), genome.BuildOptions{Name: "case", FASTA: fasta, Genes: genes, Out: out}); err != nil {
		t.Fatal(err)
	}
	reference, err := genome.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer reference.Close()
	file, err := os.Open(vcf)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	v := &text{}
	var caller *Caller
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		fields := strings.Split(scanner.Text(), "\t")
		switch {
		case strings.HasPrefix(fields[0], "##"):
		case fields[0] == "#CHROM":
			if len(fields) > 9 {
				v.samples = fields[9:]
			}
			options.Samples = len(v.samples)
			caller = New(reference, options, func(a Answer) error {
				a.Record.Line.(*line).answer = a
				return nil
			})
		default:
			l := &line{fields: fields, skipped: !passes(filter, fields)}
			v.lines = append(v.lines, l)
			if err := caller.Push(l.record()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	if err := caller.Flush(); err != nil {
		t.Fatal(err)
	}
	return v
}

// passes evaluates the filters that cases use.
func passes(filter string, fields []string) bool {
	if pos, ok := strings.CutPrefix(filter, "POS!="); ok {
		return fields[1] != pos
	}
	return filter != `FILTER="PASS"` || fields[6] == "PASS"
}

func (l *line) record() Record {
	pos, _ := strconv.Atoi(l.fields[1])
	r := Record{Contig: l.fields[0], Pos: pos, Ref: []byte(l.fields[3]), Line: l}
	if l.skipped || l.fields[4] == "." {
		return r
	}
	for _, alt := range strings.Split(l.fields[4], ",") {
		r.Alts = append(r.Alts, []byte(alt))
	}
	if end := l.info("END"); end != "." {
		last, _ := strconv.Atoi(end)
		r.Span = last - pos + 1
	}
	if len(l.fields) > 9 {
		for _, sample := range l.fields[9:] {
			gt, _, _ := strings.Cut(sample, ":")
			g, ploidy := ReadGenotype([]byte(gt))
			r.Genotypes = append(r.Genotypes, g)
			r.Ploidy = max(r.Ploidy, ploidy)
		}
	}
	return r
}

func (l *line) info(key string) string {
	for _, entry := range strings.Split(l.fields[7], ";") {
		if value, ok := strings.CutPrefix(entry, key+"="); ok {
			return value
		}
	}
	return "."
}

func (v *text) query(format string, sorted bool) string {
	format = strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(format)
	var b strings.Builder
	for _, l := range v.lines {
		before, rest, loop := strings.Cut(format, "[")
		b.WriteString(v.expand(before, l, -1, sorted))
		if !loop {
			continue
		}
		inner, after, _ := strings.Cut(rest, "]")
		for sample := range v.samples {
			if strings.Contains(inner, "%TBCSQ") && l.translated(sample) == "" {
				continue // as bcftools query does
			}
			b.WriteString(v.expand(inner, l, sample, sorted))
		}
		b.WriteString(v.expand(after, l, -1, sorted))
	}
	return b.String()
}

func (v *text) expand(format string, l *line, sample int, sorted bool) string {
	answers := string(l.answer.Text)
	if answers == "" {
		answers = "."
	}
	expected := l.info("EXP")
	site := answers
	if sorted {
		site, expected = sortedList(answers), sortedList(expected)
	}
	pairs := []string{"%POS", l.fields[1], "%REF", l.fields[3], "%ALT", l.fields[4], "%EXP", expected, "%BCSQ", site}
	if sample >= 0 {
		gt, _, _ := strings.Cut(l.fields[9+sample], ":")
		pairs = append(pairs, "%SAMPLE", v.samples[sample], "%GT", gt, "%TBCSQ", l.translated(sample))
	}
	return strings.NewReplacer(pairs...).Replace(format)
}

// translated is what %TBCSQ prints: the answers of both haplotypes of a sample.
func (l *line) translated(sample int) string {
	if l.answer.Bits == nil {
		return ""
	}
	var haplotypes [2][]string
	all := strings.Split(string(l.answer.Text), ",")
	any := false
	for i, answer := range all {
		for h := range 2 {
			bit := 2*i + h
			if bit/30 < len(l.answer.Bits[sample]) && l.answer.Bits[sample][bit/30]>>(bit%30)&1 == 1 {
				haplotypes[h], any = append(haplotypes[h], answer), true
			}
		}
	}
	if !any {
		return ""
	}
	out := make([]string, 2)
	for h := range 2 {
		if out[h] = strings.Join(haplotypes[h], ","); out[h] == "" {
			out[h] = "."
		}
	}
	return strings.Join(out, "\t")
}

// plain is the text output of csq: one line for each consequence of each haplotype.
func (v *text) plain() string {
	var b strings.Builder
	for sample, name := range v.samples {
		for h := range 2 {
			for _, l := range v.lines {
				answers := strings.Split(l.translated(sample), "\t")
				if len(answers) < 2 || answers[h] == "." {
					continue
				}
				for _, answer := range strings.Split(answers[h], ",") {
					if !strings.HasPrefix(answer, "@") {
						fmt.Fprintf(&b, "CSQ\t%s\t%d\t%s\t%d\t%s\n", name, h+1, l.fields[0], l.answer.Record.Pos, answer)
					}
				}
			}
		}
	}
	return b.String()
}

func sortedList(list string) string {
	parts := strings.Split(list, ",")
	sort.Strings(parts)
	return strings.Join(parts, ",")
}

func sortedColumns(out string) string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	for i, l := range lines {
		columns := strings.Fields(l)
		for j := range columns {
			columns[j] = sortedList(columns[j])
		}
		lines[i] = strings.Join(columns, "\t")
	}
	return strings.Join(lines, "\n") + "\n"
}

func compare(t *testing.T, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b && !slices.Equal(strings.Fields(a), strings.Fields(b)) {
			t.Errorf("line %d\nwant %s\ngot  %s", i+1, a, b)
		}
	}
}
