package results

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"gas/pkg/fault"
	"gas/pkg/results/filter"
	"gas/pkg/vcf/bgzf"
	"gas/test/volume"
)

const testHeader = `##fileformat=VCFv4.2
##INFO=<ID=AC,Number=A,Type=Integer,Description="Count">
##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations. Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|HGVSc|HGVSp|CANONICAL|MANE_SELECT">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depths">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Likelihoods">
##GAS_database=<ID=gnomad,Version="v4",File="g.vcf",Digest=00,Keys="AF:AF,gnomad_AC:AC">
##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency",Source="gnomad">
##INFO=<ID=gnomad_AC,Number=A,Type=Integer,Description="Count",Source="gnomad">
##GAS_database=<ID=clinvar,Version="2026",File="c.vcf",Digest=00,Keys="CLNSIG:CLNSIG,OK:OK">
##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Meaning",Source="clinvar">
##INFO=<ID=OK,Number=0,Type=Flag,Description="Fine",Source="clinvar">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	S1	S 2
`

var testImpacts = map[string]string{
	"missense_variant": "MODERATE", "stop_gained": "HIGH", "synonymous_variant": "LOW", "intron_variant": "MODIFIER", "splice_region_variant&intron_variant": "LOW",
}

// randomResult is the text of an annotated VCF.
func randomResult(seed uint64, records int) string {
	r := rand.New(rand.NewPCG(seed, 99))
	of := func(list ...string) string { return list[r.IntN(len(list))] }
	var b strings.Builder
	b.WriteString(testHeader)
	pos := 0
	for i := range records {
		pos += r.IntN(30)
		ref := of("A", "C", "AT", "GGG")
		var alts, csq, af, sig []string
		for len(alts) == 0 || r.IntN(4) == 0 {
			alt := of("T", "G", "AC", "GGGG", "*", "<DEL>", "CA")
			if slices.Contains(alts, alt) || alt == ref {
				continue
			}
			alts = append(alts, alt)
			af = append(af, of(".", "0.1", "1e-4", "0.02", "0.5"))
			sig = append(sig, of(".", "Pathogenic", "Benign", "Likely_pathogenic|drug_response"))
		}
		reader := newLineReader(&Header{})
		reader.ref, reader.alts = []byte(ref), nil
		for _, alt := range alts {
			reader.alts = append(reader.alts, []byte(alt))
		}
		reader.spell()
		for n, alt := range alts {
			spelled := alt
			if len(alts) > 1 {
				spelled = string(reader.spelled[n])
			}
			if spelled == "<DEL>" {
				spelled = "deletion"
			}
			for t := range r.IntN(4) {
				consequence := of("missense_variant", "stop_gained", "synonymous_variant", "intron_variant", "splice_region_variant&intron_variant")
				csq = append(csq, strings.Join([]string{
					spelled, consequence, testImpacts[consequence], of("", "BRCA1", "TP53", "TTN"), "ENSG" + strconv.Itoa(r.IntN(5)), "Transcript", fmt.Sprintf("ENST%d", 10*i+t),
					of("protein_coding", "lncRNA"), of("", fmt.Sprintf("ENST1:c.%d=", i)), of("", "=ENSP1:p.Ala1%3D"), of("", "", "YES"), of("", "", "", "NM_1"),
				}, "|"))
			}
		}
		info := []string{"AC=" + strings.Repeat("1,", len(alts)-1) + "2"}
		if len(csq) > 0 {
			info = append(info, "CSQ="+strings.Join(csq, ","))
		}
		if r.IntN(3) > 0 {
			info = append(info, "AF="+strings.Join(af, ","), "gnomad_AC="+strings.Repeat("7,", len(alts)-1)+"9", "CLNSIG="+strings.Join(sig, ","))
		}
		if r.IntN(5) == 0 {
			info = append(info, "OK")
		}
		gt := func() string { return of("0/0", "0|1", "1/1", "./.", "1/2", ".", "1", "0/2") }
		fmt.Fprintf(&b, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\tGT:AD:PL\t%s:1,2:0,1,2\t%s\n", []string{"chr1", "chr2", "MT"}[i*3/records], pos, of(".", "rs1", "rs2;x"), ref, strings.Join(alts, ","),
			of(".", "30", "99.5", "7"), of("PASS", ".", "q10;s50"), strings.Join(info, ";"), gt(), gt())
	}
	return b.String()
}

// pack compresses text with bgzip in small blocks.
func pack(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	e, err := bgzf.NewEncoder(1)
	require.NoError(t, err)
	for piece := range slices.Chunk([]byte(text), 5000) {
		out.Write(e.Append(nil, piece))
	}
	w, err := bgzf.NewWriter(&out, bgzf.WriterOptions{Level: 1, Threads: 1})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// indexOf makes the index of a result and opens it.
func indexOf(t testing.TB, result []byte) *Index {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x"+Extension)
	file, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, Rebuild(context.Background(), bytes.NewReader(result), int64(len(result)), file))
	require.NoError(t, file.Close())
	x, err := Open(path, bytes.NewReader(result), int64(len(result)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	return x
}

func parse(t testing.TB, x *Index, text string) filter.Expr {
	t.Helper()
	e, err := x.Parse(text)
	require.NoError(t, err, text)
	return e
}

func all(t testing.TB, x *Index, e filter.Expr) []Variant {
	t.Helper()
	var list []Variant
	for r, err := range x.Rows(context.Background(), e) {
		require.NoError(t, err)
		list = append(list, r.Variant())
	}
	return list
}

const tinyHeader = `##fileformat=VCFv4.2
##INFO=<ID=CSQ,Number=.,Type=String,Description="x. Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|BIOTYPE|HGVSc|HGVSp|CANONICAL|MANE_SELECT">
##GAS_database=<ID=g,Version="1",File="f",Digest=0,Keys="AF:AF">
##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	S
`

func TestARowIsAnAlleleWithItsPick(t *testing.T) {
	x := indexOf(t, []byte(tinyHeader+
		"1\t100\trs1\tAT\tA,ATT\t30.5\tPASS\tDP=3;CSQ=-|intron_variant|MODIFIER|G1|E1|T1|lncRNA||||,-|stop_gained|HIGH|G2|E2|T2|protein_coding|||YES|,-|missense_variant|MODERATE||E3|T3|protein_coding|T3:c.1|P3:p.1||NM_1,TT|intron_variant|MODIFIER|G1|E1|T1|lncRNA||||;AF=0.5,.\tGT:DP\t1|2:7\n"+
		"1\t101\t.\tA\t.\t.\t.\t.\tGT\t0/0\n"))
	rows := all(t, x, nil)
	require.Len(t, rows, 3)
	qual := 30.5
	require.Empty(t, cmp.Diff(Variant{
		Key: "1", Chrom: "1", Pos: 100, Ref: "AT", Alt: "A", ID: "rs1", Qual: &qual, Filter: "PASS", Type: "del", Gene: "E3", Transcript: "T3", Consequence: []string{"missense_variant"},
		Impact: "MODERATE", Biotype: "protein_coding", HGVSc: "T3:c.1", HGVSp: "P3:p.1", Databases: map[string]map[string]any{"g": {"AF": 0.5}}, Genotypes: map[string]string{"S": "1|2"},
	}, rows[0]))
	require.Equal(t, "ins", rows[1].Type)
	require.Equal(t, "G1", rows[1].Gene)
	require.Empty(t, rows[1].Databases)
	require.Equal(t, Variant{Key: "3", Chrom: "1", Pos: 101, Ref: "A", Alt: ".", Consequence: []string{}, Databases: map[string]map[string]any{}, Genotypes: map[string]string{"S": "0/0"}}, rows[2])

	d, err := x.Details("1")
	require.NoError(t, err)
	require.Len(t, d.Transcripts, 3)
	require.Equal(t, "T2", d.Transcripts[1]["Feature"])
	require.Equal(t, "DP=3;AF=0.5,.", d.Info)
	require.Equal(t, "1|2:7", d.Samples["S"])
	for _, key := range []string{"0", "4", "x", "-1"} {
		_, err = x.Details(key)
		require.True(t, fault.Is(err, fault.NotFound), key)
	}
}

func TestRegionsAndTypesAreJudged(t *testing.T) {
	x := indexOf(t, []byte(tinyHeader+
		"chr1\t100\t.\tACGT\tA\t.\t.\t.\tGT\t0/1\nchr1\t104\t.\tA\tG\t.\t.\t.\tGT\t1/1\nchr2\t104\t.\tAC\tGT\t.\t.\t.\tGT\t./.\nM\t1\t.\tAC\tG\t.\t.\t.\tGT\t0/0\nM\t2\t.\tA\t<DEL>\t.\t.\t.\tGT\t1\n"))
	for text, want := range map[string][]string{
		"region = 1:103-103":           {"1"},
		"region = chr1:104":            {"2"},
		"region in (1:99-100, MT)":     {"1", "4", "5"},
		"region != 1":                  {"3", "4", "5"},
		"chrom = chrM and type = sv":   {"5"},
		"type in (mnv, delins, snv)":   {"2", "3", "4"},
		"gt.S = het":                   {"1"},
		"gt.S in (hom, missing)":       {"2", "3", "5"},
		"gt.S != ref and not pos<104":  {"2", "3"},
		"g.AF = missing and chrom = 2": {"3"},
		"impact = missing":             {"1", "2", "3", "4", "5"},
		"any_impact != missing":        nil,
	} {
		t.Run(text, func(t *testing.T) {
			var keys []string
			for _, v := range all(t, x, parse(t, x, text)) {
				keys = append(keys, v.Key)
			}
			require.Equal(t, want, keys)
		})
	}
}

// naive judges a filter on a row as it is shown: the second opinion.
func naive(e filter.Expr, v *Variant, d *Details) bool {
	switch e := e.(type) {
	case nil:
		return true
	case *filter.And:
		for _, t := range e.Terms {
			if !naive(t, v, d) {
				return false
			}
		}
		return true
	case *filter.Or:
		for _, t := range e.Terms {
			if naive(t, v, d) {
				return true
			}
		}
		return false
	case *filter.Not:
		return !naive(e.Term, v, d)
	}
	c := e.(*filter.Comparison)
	values := naiveValues(c.Field.Name, v, d)
	if c.Missing {
		return (len(values) == 0) == (c.Op == filter.Equal)
	}
	return slices.ContainsFunc(values, func(value string) bool { return naiveCompare(c, value) })
}

// naiveValues are what a comparison looks at: none for a missing value, several for any_impact and any_consequence.
func naiveValues(field string, v *Variant, d *Details) []string {
	var list []string
	switch field {
	case "any_impact", "any_consequence":
		for _, t := range d.Transcripts {
			if field == "any_impact" {
				list = append(list, t["IMPACT"])
			} else {
				list = append(list, strings.Split(t["Consequence"], "&")...)
			}
		}
		return list
	case "consequence":
		list = []string{strings.Join(v.Consequence, "&")}
	case "gt.S1", "gt.S 2":
		number := slices.Index(strings.Split(d.recordAlts(), ","), v.Alt) + 1
		return []string{naiveGenotype(v.Genotypes[strings.TrimPrefix(field, "gt.")], strconv.Itoa(number))}
	case "clinvar.OK":
		if v.Databases["clinvar"]["OK"] == true {
			return []string{"1"}
		}
		return nil
	default:
		list = []string{cellText(v.Cell(field))}
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

func naiveGenotype(gt, allele string) string {
	parts := strings.FieldsFunc(gt, func(r rune) bool { return r == '/' || r == '|' })
	n := 0
	for _, p := range parts {
		if p == allele {
			n++
		}
	}
	switch {
	case n == len(parts) && n > 0:
		return "hom"
	case n > 0:
		return "het"
	case len(parts) == 0 || slices.Contains(parts, "."):
		return "missing"
	}
	return "ref"
}

func naiveCompare(c *filter.Comparison, value string) bool {
	number := func(s string) float64 {
		if i := slices.Index(filter.Impacts, s); i >= 0 {
			return float64(i)
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	equal := func(s string) bool {
		switch c.Field.Type {
		case filter.Number:
			return number(s) == number(value)
		case filter.Contig:
			return strings.TrimPrefix(s, "chr") == strings.TrimPrefix(value, "chr")
		}
		return s == value
	}
	switch c.Op {
	case filter.Equal, filter.In:
		return slices.ContainsFunc(c.Values, equal)
	case filter.NotEqual:
		return !equal(c.Values[0])
	case filter.Less:
		return number(value) < number(c.Values[0])
	case filter.LessEqual:
		return number(value) <= number(c.Values[0])
	case filter.Greater:
		return number(value) > number(c.Values[0])
	case filter.GreaterEqual:
		return number(value) >= number(c.Values[0])
	case filter.Has:
		return slices.Contains(regexp.MustCompile(`[&;,|]`).Split(value, -1), c.Values[0])
	case filter.Match:
		return regexp.MustCompile(c.Values[0]).MatchString(value)
	}
	panic(c.Op)
}

// recordAlts finds ALT of the record in the details of a test: the key's record is not kept there, so it is looked up by the test.
func (d *Details) recordAlts() string { return d.Samples["alts of the record"] }

// randomFilter writes a filter.
func randomFilter(r *rand.Rand, depth int) string {
	of := func(list ...string) string { return list[r.IntN(len(list))] }
	if depth > 0 && r.IntN(3) > 0 {
		switch r.IntN(4) {
		case 0:
			return "not (" + randomFilter(r, depth-1) + ")"
		case 1:
			return "(" + randomFilter(r, depth-1) + " or " + randomFilter(r, depth-1) + ")"
		}
		return randomFilter(r, depth-1) + " and " + randomFilter(r, depth-1)
	}
	return of(
		"chrom "+of("=", "!=")+" "+of("1", "chr2", "MT"), "pos "+of("<", ">=", "=")+" "+strconv.Itoa(r.IntN(20000)), "ref = "+of("A", "GGG"), "alt "+of("= T", "in (T, *)", "~ ^G+$"),
		"id "+of("has x", "= missing", "= rs1"), "qual "+of("> 20", "<= 99.5", "= missing", "!= 30", "in (7, 30)"), "filter "+of("has q10", "= PASS", "= missing", "!= PASS"),
		"type "+of("= snv", "in (ins, del)", "!= sv", "= missing"), "gene "+of("= BRCA1", "in (TP53, TTN)", "~ ^ENSG", "= missing", "!= TTN"),
		"consequence "+of("has intron_variant", "= missense_variant", "~ splice", "in (stop_gained, synonymous_variant)"), "impact "+of(">= MODERATE", "< LOW", "= HIGH", "!= HIGH", "= missing"),
		"biotype = lncRNA", "hgvsc "+of("~ \"c\\\\.1\"", "= missing"), "hgvsp "+of("!= missing", "~ Ala"), "any_impact "+of("= HIGH", ">= MODERATE", "has LOW", "< LOW", "= missing", "!= HIGH"),
		"any_consequence "+of("has intron_variant", "= stop_gained", "~ ^syn", "= missing"), "gnomad.AF "+of("< 0.01", ">= 0.02", "= missing", "in (0.1, 0.5)"), "gnomad.AC >= 8",
		"clinvar.CLNSIG "+of("has drug_response", "= Pathogenic", "~ athogenic", "= missing", "in (Benign, Pathogenic)"), "clinvar.OK "+of("= 1", "= missing"),
		"gt.S1 "+of("= het", "in (hom, het)", "!= ref", "= missing"), `gt."S 2" `+of("= hom", "= ref"), "transcript ~ ENST1",
	)
}

// altsOf reads ALT of the record of each row from the result's text.
func altsOf(result string) []string {
	var list []string
	for line := range strings.Lines(result) {
		if f := strings.Split(line, "\t"); len(f) > 8 && !strings.HasPrefix(line, "#") {
			for range strings.Split(f[4], ",") {
				list = append(list, f[4])
			}
		}
	}
	return list
}

// TestScreenAndExportsHoldTheSameAlleles compares, for random filters, the pages, every export and a naive evaluation of each row. Under the race detector, where all of them take minutes, the formats
// take turns, and all have all columns of every twentieth filter.
func TestScreenAndExportsHoldTheSameAlleles(t *testing.T) {
	ctx := context.Background()
	text := randomResult(1, 250)
	x := indexOf(t, pack(t, text))
	alts := altsOf(text)
	rows := all(t, x, nil)
	require.Len(t, rows, len(alts))
	details := make([]Details, len(rows))
	for i := range rows {
		var err error
		details[i], err = x.Details(rows[i].Key)
		require.NoError(t, err)
		details[i].Samples["alts of the record"] = alts[i]
	}
	r := rand.New(rand.NewPCG(5, 5))
	formats := []Format{VCF, TSV, CSV, JSONLines, XLSX}
	turns := volume.Of(1, len(formats))
	some := 0
	for n := range 200 {
		wanted := randomFilter(r, 3)
		e := parse(t, x, wanted)
		var want []string
		for i := range rows {
			if naive(e, &rows[i], &details[i]) {
				want = append(want, alleleName(&rows[i]))
			}
		}
		if len(want) > 0 && len(want) < len(rows) {
			some++
		}
		count, err := x.Count(ctx, e)
		require.NoError(t, err)
		require.EqualValues(t, len(want), count.Total, wanted)
		left := count.All
		for _, term := range count.Terms {
			left -= term.Removed
		}
		require.Equal(t, count.Total, left, wanted)
		var screen []string
		for q := (Query{Filter: e, Limit: 700}); ; {
			p, err := x.Query(ctx, q)
			require.NoError(t, err)
			for i := range p.Items {
				screen = append(screen, alleleName(&p.Items[i]))
			}
			if p.Next == nil {
				break
			}
			q.Cursor = *p.Next
		}
		require.Equal(t, want, screen, wanted)
		for i, format := range formats {
			if n%20 > 0 && n%turns != i%turns {
				continue
			}
			var out bytes.Buffer
			export := Export{Filter: e, Format: format}
			if format == XLSX && n%20 > 0 {
				export.Columns = []string{"key", "chrom", "pos", "ref", "alt"}
			}
			require.NoError(t, x.Export(ctx, &out, export))
			require.Equal(t, want, exportedAlleles(t, format, &out), "%s of %s", format, wanted)
		}
	}
	require.Greater(t, some, 100, "most filters remove nothing or everything")
}

func alleleName(v *Variant) string { return fmt.Sprint(v.Chrom, ":", v.Pos, v.Ref, ">", v.Alt) }

// sheetOf reads the cells of the first sheet of a workbook with nothing but zip and XML: a second opinion on what was written, and much quicker than the writer's own reader.
func sheetOf(t *testing.T, workbook []byte) [][]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	require.NoError(t, err)
	sheet, err := archive.Open("xl/worksheets/sheet1.xml")
	require.NoError(t, err)
	defer sheet.Close()
	var content struct {
		Rows []struct {
			Cells []struct {
				Place  string `xml:"r,attr"`
				Number string `xml:"v"`
				Text   string `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	require.NoError(t, xml.NewDecoder(sheet).Decode(&content))
	var rows [][]string
	for _, r := range content.Rows {
		var row []string
		for _, c := range r.Cells {
			column, _, err := excelize.CellNameToCoordinates(c.Place)
			require.NoError(t, err)
			for len(row) < column-1 {
				row = append(row, "")
			}
			row = append(row, c.Number+c.Text)
		}
		rows = append(rows, row)
	}
	return rows
}

// exportedAlleles reads an export back.
func exportedAlleles(t *testing.T, format Format, from io.Reader) []string {
	t.Helper()
	var list []string
	text, err := io.ReadAll(from)
	require.NoError(t, err)
	if format == XLSX {
		for _, row := range sheetOf(t, text)[1:] {
			list = append(list, row[1]+":"+row[2]+row[3]+">"+row[4])
		}
		return list
	}
	head := true
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		switch format {
		case VCF:
			f := strings.Split(line, "\t")
			for alt := range strings.SplitSeq(f[4], ",") {
				list = append(list, f[0]+":"+f[1]+f[3]+">"+alt)
			}
			continue
		case JSONLines:
			var v Variant
			require.NoError(t, json.Unmarshal([]byte(line), &v))
			if !head {
				list = append(list, alleleName(&v))
			}
		default:
			f := strings.Split(line, map[Format]string{TSV: "\t", CSV: ","}[format])
			if !head {
				list = append(list, f[1]+":"+f[2]+f[3]+">"+f[4])
			}
		}
		head = false
	}
	return list
}

func TestEveryPageOfASortedTableIsRight(t *testing.T) {
	ctx := context.Background()
	x := indexOf(t, pack(t, randomResult(2, 700)))
	e := parse(t, x, "pos > 100")
	rows := all(t, x, e)
	page := volume.Of(37, 97)
	rank := func(list []string, v string) int { return slices.Index(list, v) }
	for name, compare := range map[string]func(a, b *Variant) int{
		"gene":   func(a, b *Variant) int { return strings.Compare(a.Gene, b.Gene) },
		"impact": func(a, b *Variant) int { return rank(filter.Impacts, a.Impact) - rank(filter.Impacts, b.Impact) },
		"qual":   func(a, b *Variant) int { return int(*a.Qual*10) - int(*b.Qual*10) },
		"gnomad.AC": func(a, b *Variant) int {
			return int(a.Databases["gnomad"]["AC"].(int64) - b.Databases["gnomad"]["AC"].(int64))
		},
		"pos": func(a, b *Variant) int { return 0 },
		"gnomad.AF": func(a, b *Variant) int {
			return int(1e6*a.Databases["gnomad"]["AF"].(float64)) - int(1e6*b.Databases["gnomad"]["AF"].(float64))
		},
		"transcript": func(a, b *Variant) int { return strings.Compare(a.Transcript, b.Transcript) },
		"id":         func(a, b *Variant) int { return strings.Compare(a.ID, b.ID) },
		"hgvsc":      func(a, b *Variant) int { return strings.Compare(a.HGVSc, b.HGVSc) },
		"hgvsp":      func(a, b *Variant) int { return strings.Compare(a.HGVSp, b.HGVSp) },
	} {
		for _, reverse := range []bool{false, true} {
			sort := map[bool]string{false: "", true: "-"}[reverse] + name
			want := slices.Clone(rows)
			slices.SortStableFunc(want, func(a, b Variant) int {
				missingA, missingB := a.Cell(name) == nil, b.Cell(name) == nil
				switch {
				case missingA && missingB:
					return 0
				case missingA:
					return 1
				case missingB:
					return -1
				case reverse && name == "pos":
					return strings.Compare(fmt.Sprintf("%s%010d", b.Chrom, b.Pos), fmt.Sprintf("%s%010d", a.Chrom, a.Pos)) * map[bool]int{true: 1, false: 1}[a.Chrom != b.Chrom]
				case reverse:
					return compare(&b, &a)
				}
				return compare(&a, &b)
			})
			if name == "pos" && reverse {
				contigs := []string{"chr1", "chr2", "MT"}
				slices.SortStableFunc(want, func(a, b Variant) int { return rank(contigs, b.Chrom) - rank(contigs, a.Chrom) })
			}
			var got []string
			for offset := int64(0); offset < int64(len(want)); offset += int64(page) {
				p, err := x.Query(ctx, Query{Filter: e, Sort: sort, Cursor: CursorAt(offset), Limit: page})
				require.NoError(t, err)
				require.EqualValues(t, len(want), p.Total)
				for i := range p.Items {
					got = append(got, p.Items[i].Key)
				}
			}
			var keys []string
			for i := range want {
				keys = append(keys, want[i].Key)
			}
			require.Equal(t, keys, got, sort)
		}
	}
	for _, bad := range []string{"nothing", "gt.S9", "region"} {
		_, err := x.Query(ctx, Query{Sort: bad})
		require.True(t, fault.Is(err, fault.BadInput), bad)
	}
	_, err := x.Query(ctx, Query{Cursor: "!"})
	require.True(t, fault.Is(err, fault.BadInput))
}

func TestAnIndexWrittenWithTheResultAnswersAsARebuiltOne(t *testing.T) {
	ctx := context.Background()
	text := randomResult(3, 3000)
	result := pack(t, text)
	rebuilt := indexOf(t, result)

	header, found := headerOf([]byte(text))
	require.True(t, found)
	path := filepath.Join(t.TempDir(), "w"+Extension)
	file, err := os.Create(path)
	require.NoError(t, err)
	w := NewWriter(file)
	require.NoError(t, w.Begin(header))
	lines := strings.SplitAfter(strings.TrimSuffix(text[len(header):], "\n"), "\n")
	lines[len(lines)-1] += "\n"
	r := rand.New(rand.NewPCG(1, 2))
	big, edge := w.Piece(), w.Piece()
	for len(lines) > 0 {
		n := min(len(lines), r.IntN(900))
		for _, line := range lines[:n] {
			require.NoError(t, big.Line([]byte(line)))
		}
		if lines = lines[n:]; len(lines) > 0 {
			require.NoError(t, edge.Line([]byte(lines[0])))
			lines = lines[1:]
		}
		require.NoError(t, big.Finish())
		require.NoError(t, edge.Finish())
	}
	places, err := listBlocks(bytes.NewReader(result), int64(len(result)))
	require.NoError(t, err)
	require.NoError(t, w.Close(int64(len(result)), places))
	require.NoError(t, file.Close())
	written, err := Open(path, bytes.NewReader(result), int64(len(result)))
	require.NoError(t, err)
	defer written.Close()

	require.Equal(t, rebuilt.Alleles(), written.Alleles())
	require.Equal(t, rebuilt.Records(), written.Records())
	require.EqualValues(t, 3000, written.Records())
	require.Equal(t, rebuilt.Header(), written.Header())
	require.Equal(t, all(t, rebuilt, nil), all(t, written, nil))
	for range 50 {
		e := parse(t, written, randomFilter(r, 2))
		a, err := rebuilt.Query(ctx, Query{Filter: e, Sort: "-qual"})
		require.NoError(t, err)
		b, err := written.Query(ctx, Query{Filter: e, Sort: "-qual"})
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
}

func TestValuesAndGenesAreCounted(t *testing.T) {
	ctx := context.Background()
	x := indexOf(t, []byte(randomResult(4, 500)))
	e := parse(t, x, "qual > 20")
	rows := all(t, x, e)
	facets, err := x.Facets(ctx, e, 3, "consequence", "impact")
	require.NoError(t, err)
	counts, genes := make(map[string]int64), make(map[string]int64)
	for _, v := range rows {
		for _, c := range v.Consequence {
			counts[c]++
		}
		if v.Gene != "" {
			genes[v.Gene]++
		}
	}
	require.Len(t, facets[0].Values, 3)
	for _, v := range facets[0].Values {
		if v.Value != "" {
			require.Equal(t, counts[v.Value], v.Count, v.Value)
		}
	}
	p, err := x.Genes(ctx, Query{Filter: e, Sort: "-variants", Limit: 2})
	require.NoError(t, err)
	require.EqualValues(t, len(genes), p.Total)
	require.Len(t, p.Items, 2)
	require.NotNil(t, p.Next)
	for _, g := range p.Items {
		require.Equal(t, genes[g.Gene], g.Variants)
		require.Equal(t, g.Variants, g.High+g.Moderate+g.Low+g.Modifier)
	}
	_, err = x.Facets(ctx, nil, 5, "hgvsc")
	require.True(t, fault.Is(err, fault.BadInput))
	for _, preset := range x.Presets() {
		parse(t, x, preset.Filter)
	}
}

func TestAVCFOfSomeAllelesIsReducedToThem(t *testing.T) {
	header := strings.Replace(testHeader, "\tS 2", "", 1)
	x := indexOf(t, []byte(header+"1\t5\t.\tA\tC,G,T\t.\t.\tAC=1,2,3;DP=9;CSQ=C|intron_variant|MODIFIER|||||||||,T|stop_gained|HIGH|||||||||,G|stop_gained|HIGH|||||||||;AF=0.1,0.2,0.3\tGT:AD:PL\t1/3:7,1,2,3:1,2,3\n"))
	var out bytes.Buffer
	require.NoError(t, x.Export(context.Background(), &out, Export{Filter: parse(t, x, "impact = HIGH and qual = missing"), Format: VCF}))
	require.Contains(t, out.String(), "##GAS_filter=<Rows=2,Of=3,Filter=\"impact = HIGH and qual = missing\">\n##GAS_filter_term=<Removed=1,Term=\"impact = HIGH\">\n##GAS_filter_term=<Removed=0,Term=\"qual = missing\">\n#CHROM")
	require.True(t, strings.HasSuffix(out.String(), "1\t5\t.\tA\tG,T\t.\t.\tAC=2,3;DP=9;CSQ=T|stop_gained|HIGH|||||||||,G|stop_gained|HIGH|||||||||;AF=0.2,0.3\tGT:AD:PL\t./2:7,2,3:.\n"), out.String())
}

func TestCountsByAlleleAreReducedAlsoWhereTheHeaderLeavesTheirNumberOpen(t *testing.T) {
	const line = "1\t5\t.\tA\tC,G\t.\t.\tAC=1,2;LIST=1,2;CIGAR=1M,1X;CSQ=C|intron_variant|MODIFIER||||||||,G|stop_gained|HIGH||||||||\tGT:AD:PL:XX\t1/2:7,1,2:0,1,2,3,4,5:1,2\n"
	for name, declared := range map[string]string{
		"left open":    "##INFO=<ID=AC,Number=.,Type=Integer,Description=\"Count\">\n##FORMAT=<ID=AD,Number=.,Type=Integer,Description=\"Depths\">\n",
		"not declared": "",
	} {
		t.Run(name, func(t *testing.T) {
			x := indexOf(t, []byte(strings.Replace(tinyHeader, "#CHROM", declared+"#CHROM", 1)+line))
			var out bytes.Buffer
			require.NoError(t, x.Export(context.Background(), &out, Export{Filter: parse(t, x, "impact = HIGH"), Format: VCF}))
			require.Contains(t, out.String(), "\tG\t.\t.\tAC=2;LIST=1,2;CIGAR=1X;CSQ=G|stop_gained|HIGH||||||||\tGT:AD:PL:XX\t./1:7,2:.:1,2\n")
		})
	}
}

func TestNoTextBecomesAFormula(t *testing.T) {
	for text, want := range map[string]string{"=1+1": "'=1+1", "+x": "'+x", "@x": "'@x", "-": "-", "-x": "'-x", "a,b": `"a,b"`, "\tx": "'\tx", `a"b`: `"a""b"`, "": ""} {
		require.Equal(t, want, csvCell(text))
	}
	require.Equal(t, "-5", csvCell(-5.0))
	x := indexOf(t, []byte(tinyHeader+"1\t5\t=HYPERLINK(1)\tA\tC\t.\t.\t.\tGT\t0/1\n"))
	var out bytes.Buffer
	require.NoError(t, x.Export(context.Background(), &out, Export{Format: XLSX}))
	f, err := excelize.OpenReader(&out)
	require.NoError(t, err)
	formula, err := f.GetCellFormula("Variants", "F2")
	require.NoError(t, err)
	require.Empty(t, formula)
	value, err := f.GetCellValue("Variants", "F2")
	require.NoError(t, err)
	require.Equal(t, "=HYPERLINK(1)", value)
	kind, err := f.GetCellType("Variants", "F2")
	require.NoError(t, err)
	require.Equal(t, excelize.CellTypeInlineString, kind)
}

func TestADamagedOrForeignIndexIsRefused(t *testing.T) {
	result := pack(t, randomResult(6, 100))
	var out bytes.Buffer
	require.NoError(t, Rebuild(context.Background(), bytes.NewReader(result), int64(len(result)), &out))
	path := filepath.Join(t.TempDir(), "x"+Extension)
	open := func(data []byte, size int64) error {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		x, err := Open(path, bytes.NewReader(result), size)
		if err == nil {
			_, err = x.Query(context.Background(), Query{})
			require.NoError(t, x.Close())
		}
		return err
	}
	require.NoError(t, open(out.Bytes(), int64(len(result))))
	require.True(t, fault.Is(open(out.Bytes(), int64(len(result))+1), fault.BadInput), "of another result")
	require.True(t, fault.Is(open(out.Bytes()[:len(out.Bytes())/2], int64(len(result))), fault.BadInput), "cut off")
	for _, at := range []int{0, 100, out.Len() - 10, out.Len() - 100} {
		broken := bytes.Clone(out.Bytes())
		broken[at] ^= 0x40
		require.True(t, fault.Is(open(broken, int64(len(result))), fault.BadInput), at)
	}
	_, err := Open(path+"none", bytes.NewReader(result), 1)
	require.True(t, fault.Is(err, fault.NotFound))
	var plain bytes.Buffer
	z := gzip.NewWriter(&plain)
	_, err = z.Write([]byte("no bgzip"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.True(t, fault.Is(Rebuild(context.Background(), bytes.NewReader(plain.Bytes()), int64(plain.Len()), io.Discard), fault.BadInput))
}

func TestASieveKeepsTheRecordsOfTheAllelesThatPass(t *testing.T) {
	text := randomResult(7, 300)
	x := indexOf(t, []byte(text))
	header, _ := headerOf([]byte(text))
	r := rand.New(rand.NewPCG(8, 8))
	for range 150 {
		wanted := randomFilter(r, 3)
		s, err := NewSieve(header, wanted)
		require.NoError(t, err)
		require.Equal(t, filter.String(parse(t, x, wanted)), s.String())
		want := make(map[string]bool)
		for row, err := range x.Rows(context.Background(), parse(t, x, wanted)) {
			require.NoError(t, err)
			want[string(row.Line)] = true
		}
		keeps := s.Keeps()
		for line := range strings.Lines(text[len(header):]) {
			kept, err := keeps([]byte(line))
			require.NoError(t, err)
			require.Equal(t, want[strings.TrimSuffix(line, "\n")], kept, "%s: %s", wanted, line)
		}
	}
	_, err := NewSieve(header, "pos ~ 1")
	require.Equal(t, 5, fault.Of(err).Column)
}
