package filter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
)

// fields is a schema for tests.
type fields []Field

func (f fields) Field(name string) (Field, bool) {
	for _, field := range f {
		if field.Name == name {
			return field, true
		}
	}
	return Field{}, false
}

func (f fields) Names() []string {
	var names []string
	for _, field := range f {
		names = append(names, field.Name)
	}
	return names
}

var schema = fields{
	{Name: "chrom", Type: Contig}, {Name: "pos", Type: Number}, {Name: "gene", Type: Text}, {Name: "consequence", Type: List, Separators: "&"},
	{Name: "impact", Type: Impact}, {Name: "any_impact", Type: List, Separators: "&", Any: true, Ranked: true, Values: Impacts}, {Name: "region", Type: Region},
	{Name: "type", Type: Text, Values: []string{"snv", "ins"}},
	{Name: "any_consequence", Type: List, Separators: "&", Any: true, Values: []string{"stop_gained", "stop_lost", "a_variant", "b_variant", "c_variant", "d_variant", "e_variant", "missense_variant", "5_prime_UTR_variant"}},
	{Name: "gnomad.AF", Type: Number}, {Name: "gt.S 1", Type: Genotype, Values: Genotypes}, {Name: "hgvsc", Type: Text},
	{Name: "hgvsp", Type: Text, Escaped: true},
}

func TestFiltersHaveOneCanonicalForm(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                         "",
		"  gene=TP53 ":                                             "gene = TP53",
		"impact>=moderate":                                         "impact >= MODERATE",
		"gene in(A,B , \"C D\")":                                   `gene in (A, B, "C D")`,
		"gene = A and gene = B and (pos<3)":                        "gene = A and gene = B and pos < 3",
		"gene = A or pos > 1 and pos < 2":                          "gene = A or pos > 1 and pos < 2",
		"(gene = A or pos > 1) AND NOT pos < 2":                    "(gene = A or pos > 1) and not pos < 2",
		"not (gene = A and pos = 2)":                               "not (gene = A and pos = 2)",
		"not not gene = A":                                         "not (not gene = A)",
		`gene = "missing"`:                                         `gene = "missing"`,
		"gnomad.AF = missing or gnomad.AF<1e-3":                    "gnomad.AF = missing or gnomad.AF < 1e-3",
		`gt."S 1" in (hom, het)`:                                   `gt."S 1" in (hom, het)`,
		`gt."S 1" = missing`:                                       `gt."S 1" = "missing"`,
		"hgvsc = ENST1:c.1A>G":                                     "hgvsc = ENST1:c.1A>G",
		`hgvsc ~ "^a\\.b\"c"`:                                      `hgvsc ~ "^a\\.b\"c"`,
		"hgvsp=P:p.Lys4= or hgvsp=P:p.Lys4%3D":                     "hgvsp = P:p.Lys4= or hgvsp = P:p.Lys4=",
		"region in (chr21:1-5, MT)":                                "region in (chr21:1-5, MT)",
		"region = 21:25,000,000-25,100,000":                        "region = 21:25000000-25100000",
		`region in ("21:1,000-2,000", MT)`:                         "region in (21:1000-2000, MT)",
		"pos > 25,000,000 and pos < 3":                             "pos > 25000000 and pos < 3",
		"pos in (1,200,1,000)":                                     "pos in (1, 200, 1, 000)",
		"any_consequence = a_variant&stop_lost":                    "any_consequence = a_variant&stop_lost",
		"consequence has missense_variant and any_impact has HIGH": "consequence has missense_variant and any_impact has HIGH",
	} {
		t.Run(text, func(t *testing.T) {
			e, err := Parse(text, schema)
			require.NoError(t, err)
			require.Equal(t, want, String(e))
			again, err := Parse(String(e), schema)
			require.NoError(t, err)
			require.Equal(t, e, again)
		})
	}
}

func TestAMistakeHasItsColumnAndWhatWasExpected(t *testing.T) {
	for _, test := range []struct {
		text   string
		column int
		says   string
	}{
		{"gen = A", 1, `no field "gen"`},
		{"Gene = A", 1, "Expected gene"},
		{"gene", 5, "an operator after gene"},
		{"gene =", 7, "a value"},
		{"gene < A", 6, "cannot be compared by `<`"},
		{"pos ~ 1", 5, "cannot be compared by `~`"},
		{"pos = x", 7, "not a number"},
		{"pos = 1 or", 11, "a field"},
		{"pos = 1 gene = 2", 9, "`and`, `or` or the end"},
		{"(pos = 1", 9, "`)`"},
		{"impact > VERY", 10, "MODIFIER, LOW, MODERATE, HIGH"},
		{"gene in A", 9, "`(`"},
		{"gene in (A B)", 12, "`,` or `)`"},
		{"region = 21:5-2", 10, "a region like"},
		{`gene = "A`, 8, "no end"},
		{"hgvsc ~ [", 9, "no regular expression"},
		{"type = indel", 8, "snv, ins"},
		{"any_consequence has missense", 21, `"missense" is no value of any_consequence; expected missense_variant.`},
		{"any_consequence = a_variant&stop", 19, `"stop" is no value of any_consequence; expected stop_gained, stop_lost.`},
		{"any_consequence in (stop_lost, stop_gain)", 32, "expected stop_gained."},
		{"any_consequence has utr5", 21, "expected 5_prime_UTR_variant."},
		{"any_consequence has x", 21, "expected one of stop_gained, "},
		{"pos > 25,00", 9, "`and`, `or` or the end"},
		{"gene = A,000", 9, "`and`, `or` or the end"},
		{"gene = Ü and x = 1", 14, `no field "x"`},
		{strings.Repeat("not ", 100) + "pos = 1", 256, "nested deeper"},
		{")", 1, "a field"},
	} {
		t.Run(test.text, func(t *testing.T) {
			_, err := Parse(test.text, schema)
			require.Error(t, err)
			f := fault.Of(err)
			require.Equal(t, fault.BadInput, f.Kind)
			require.Equal(t, test.column, f.Column, f.Message)
			require.Contains(t, f.Message, test.says)
		})
	}
}

func TestComparisonsHold(t *testing.T) {
	for _, test := range []struct {
		filter, value string
		want          bool
	}{
		{"gnomad.AF < 0.01", "1e-5", true},
		{"gnomad.AF < 0.01", "", false},
		{"gnomad.AF != 0.01", "", false},
		{"gnomad.AF = missing", "", true},
		{"gnomad.AF != missing", "", false},
		{"gnomad.AF != missing", "0", true},
		{"gnomad.AF in (1, 2)", "2.0", true},
		{"gnomad.AF < 1", "0.1&0.2", false},
		{"impact >= MODERATE", "HIGH", true},
		{"impact < LOW", "LOW", false},
		{"impact != LOW", "HIGH", true},
		{"any_impact = HIGH", "LOW&HIGH", true},
		{"any_impact < MODERATE", "LOW&HIGH", true},
		{"any_impact has LOW", "HIGH", false},
		{"consequence has b", "a&b", true},
		{"consequence = a", "a&b", false},
		{"consequence = a&b", "a&b", true},
		{"consequence ~ ^a", "a&b", true},
		{"chrom = 21", "chr21", true},
		{"chrom != chrM", "MT", false},
		{"gene ~ ^BR", "BRCA1", true},
		{"gene ~ CA", "BRCA1", true},
		{"gene != A", "B", true},
		{"gene in (A, B)", "B", true},
		{"hgvsp = P:p.Lys4=", "P:p.Lys4%3D", true},
		{"hgvsp = P:p.Lys4%3D", "P:p.Lys4%3D", true},
		{"hgvsp in (P:p.Lys3=, P:p.Lys4=)", "P:p.Lys4%3D", true},
		{"hgvsp ~ =$", "P:p.Lys4%3D", true},
		{"hgvsp != P:p.Lys4=", "P:p.Lys4%3D", false},
	} {
		t.Run(test.filter+" of "+test.value, func(t *testing.T) {
			e, err := Parse(test.filter, schema)
			require.NoError(t, err)
			require.Equal(t, test.want, e.(*Comparison).Test([]byte(test.value)))
		})
	}
}

func TestTermsAreTakenAwayOneByOne(t *testing.T) {
	e, err := Parse("gene = A and pos > 1 and (pos < 3 or gene = B)", schema)
	require.NoError(t, err)
	require.Len(t, Terms(e), 3)
	require.Equal(t, "gene = A and (pos < 3 or gene = B)", String(Without(e, 1)))
	require.Equal(t, "pos > 1", String(Without(Without(e, 2), 0)))
	require.Nil(t, Without(Terms(e)[0], 0))
	require.Equal(t, "gene = A and gene = A and pos > 1 and (pos < 3 or gene = B)", String(With(Terms(e)[0], e)))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"gene = A and not (pos < 3 or impact >= LOW)", `gt."S 1" in (hom, "het")`, `hgvsc ~ "a\\.b"`, "region = 1:2-3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, schema)
		if err != nil {
			return
		}
		again, err := Parse(String(e), schema)
		require.NoError(t, err, "%q", String(e))
		require.Equal(t, String(e), String(again))
	})
}
