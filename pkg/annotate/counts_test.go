package annotate

import (
	"testing"

	"gas/pkg/consequence"
	"gas/pkg/genome"
	"gas/pkg/vcf"

	"github.com/stretchr/testify/require"
)

func TestAllelesAreCountedByTheirKind(t *testing.T) {
	for name, test := range map[string]struct {
		ref, alt                   string
		kind                       int
		transitions, transversions int64
	}{
		"a transition":                        {"A", "G", kindSNV, 1, 0},
		"a transition in lower case":          {"c", "t", kindSNV, 1, 0},
		"a transition in both cases":          {"T", "c", kindSNV, 1, 0},
		"a transversion":                      {"A", "T", kindSNV, 0, 1},
		"a code for several bases":            {"N", "G", kindSNV, 0, 1},
		"REF again":                           {"C", "C", kindOther, 0, 0},
		"REF again in the other case":         {"C", "c", kindSNV, 0, 1},
		"an allele that another one deletes":  {"A", "*", kindOther, 0, 0},
		"a substitution written with others":  {"ACG", "ATG", kindSNV, 1, 0},
		"several bases":                       {"AC", "GT", kindMNV, 0, 0},
		"an insertion":                        {"A", "AC", kindInsertion, 0, 0},
		"a deletion":                          {"AC", "A", kindDeletion, 0, 0},
		"a deletion with a change":            {"ACT", "G", kindIndel, 0, 0},
		"a symbol":                            {"A", "<DEL>", kindStructural, 0, 0},
		"a breakend":                          {"A", "A[1:5[", kindStructural, 0, 0},
		"a symbol for anything that may come": {"A", "<*>", kindOther, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			one, both := &counts{contigs: map[string]*contigCount{}}, &counts{contigs: map[string]*contigCount{}}
			w := &worker{record: vcf.Record{Ref: []byte(test.ref)}, variant: consequence.Variant{Alts: [][]byte{[]byte(test.alt), []byte(test.alt)}}}
			one.enter([]byte("1"))
			one.record(w, false)
			one.enter([]byte("2"))
			one.record(w, false)
			one.enter([]byte("1"))
			one.record(w, false)
			both.add(one)
			both.settle()
			want := [kindCount]int64{}
			want[test.kind] = 6
			require.Equal(t, want, both.kinds)
			require.EqualValues(t, 6, both.alleles())
			require.Equal(t, []int64{6 * test.transitions, 6 * test.transversions}, []int64{both.transitions, both.transversions})
			require.Equal(t, contigCount{records: 2}, *both.contigs["1"])
			require.Equal(t, contigCount{records: 1}, *both.contigs["2"])
		})
	}
}

func TestAnAlleleIsCountedOnceInAGeneByItsGreatestImpact(t *testing.T) {
	transcripts := []genome.Transcript{{Gene: 0}, {Gene: 1}, {Gene: 0}, {Gene: 1}}
	effect := func(allele, transcript int, terms consequence.Terms) consequence.Effect {
		return consequence.Effect{Allele: allele, Transcript: transcript, Terms: terms, Impact: terms.Impact()}
	}
	c := &counts{genes: make([]geneCount, 2)}
	c.effects([]consequence.Effect{
		effect(0, 0, consequence.Intron), effect(0, 1, consequence.UpstreamGene), effect(0, 2, consequence.Missense), effect(0, 3, consequence.Synonymous),
		effect(1, 0, consequence.StopGained), effect(1, 1, consequence.Synonymous), effect(1, 2, consequence.Intron), effect(1, 3, consequence.Missense),
		effect(3, -1, consequence.Intergenic),
	}, transcripts)
	require.Equal(t, [4]uint32{consequence.Moderate: 1, consequence.High: 1}, c.genes[0].impacts)
	require.Equal(t, [4]uint32{consequence.Low: 1, consequence.Moderate: 1}, c.genes[1].impacts)
	require.EqualValues(t, 2, c.genes[0].alleles())
	require.Equal(t, [4]int64{consequence.Modifier: 1, consequence.Moderate: 1, consequence.High: 1}, c.impacts())
}
