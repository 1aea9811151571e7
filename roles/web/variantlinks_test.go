package web

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/results"
)

func TestAVariantLeadsToTheBuildOfItsReference(t *testing.T) {
	v := &results.Variant{Chrom: "chr21", Pos: 25891796, Ref: "C", Alt: "T", ID: "rs63750066"}
	addresses := func(build string) (out []string) {
		for _, l := range outsideLinks(build, v) {
			out = append(out, l.Text+" "+l.URL)
		}
		return out
	}
	require.Len(t, addresses(""), 1, "only dbSNP knows a variant without its build")
	require.True(t, strings.HasPrefix(addresses("")[0], "dbSNP rs63750066 "))
	require.Contains(t, addresses("GRCh38")[1], "/21-25891796-C-T?dataset=gnomad_r4")
	require.Contains(t, addresses("GRCh38")[4], "db=hg38&position=chr21%3A25891796")
	require.Contains(t, addresses("GRCh37")[1], "dataset=gnomad_r2_1")
	require.Equal(t, "GRCh38", (&site{}).humanBuild("rCRS"))
	require.Empty(t, (&site{}).humanBuild("no such reference"))
}

func TestAProteinThatDoesNotChangeIsWrittenAsPeopleDo(t *testing.T) {
	v := results.Variant{HGVSp: "ENSP1.1:p.Lys424%3D"}
	require.Equal(t, "ENSP1.1:p.Lys424=", variantCells("1", &v, []string{"hgvsp"})[0].Text)
	d := results.Details{Variant: v, Transcripts: []map[string]string{{"Feature": "ENST1", "HGVSp": v.HGVSp}}}
	require.Contains(t, variantFacts(&d), factView{"HGVSp", "ENSP1.1:p.Lys424=", true})
	_, rows := transcriptTable(&d)
	require.Equal(t, "ENSP1.1:p.Lys424=", rows[0][1].Text)
}
