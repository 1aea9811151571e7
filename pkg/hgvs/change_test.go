package hgvs

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// sequenceOf is a whole sequence as Bases.
func sequenceOf(text string) Bases {
	return func(from, to int) []byte {
		from, to = min(max(from, 0), len(text)), min(max(to, 0), len(text))
		return []byte(text[from:max(from, to)])
	}
}

func TestChangesAreNamedByWhatTheyDo(t *testing.T) {
	const sequence = "ACGTTTGCAGAGAGTC"
	for _, c := range []struct {
		name       string
		start, end int
		alt, want  string
	}{
		{"a substitution", 4, 4, "A", "4T>A"},
		{"a deletion of one base", 3, 3, "", "3del"},
		{"a deletion of several", 4, 6, "", "4_6del"},
		{"an insertion", 5, 4, "CC", "4_5insCC"},
		{"a repeat of what stands before", 8, 7, "G", "7dup"},
		{"a repeat of what stands behind", 9, 8, "AG", "9_10dup"},
		{"two bases for two", 1, 2, "TT", "1_2delinsTT"},
		{"an inversion", 1, 3, "CGT", "1_3inv"},
		{"one base for two that share one", 2, 3, "C", "3del"},
		{"two bases for one that share one: Ordered turns its ends round", 3, 3, "GA", "4_3insA"},
		{"twice the reference", 7, 7, "GG", "7dup"},
		{"three times two bases", 9, 10, "AGAGAG", "11_10insAGAG"},
		{"several bases that share both ends", 4, 7, "TACG", "5_6delinsAC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			change, ok := Describe(sequenceOf(sequence), len(sequence), c.start, c.end, []byte(c.alt))
			require.True(t, ok)
			change.Clip()
			require.Equal(t, c.want, string(change.AppendNucleotide(nil, strconv.AppendInt(nil, int64(change.Start), 10), strconv.AppendInt(nil, int64(change.End), 10))))
		})
	}
	_, ok := Describe(sequenceOf(sequence), len(sequence), 4, 5, []byte("TT"))
	require.False(t, ok, "what changes nothing has no name")
}

func TestPositionsAreWrittenFromTheNearestCodingBase(t *testing.T) {
	for want, p := range map[string]Position{
		"76": {Base: 76}, "-5": {Base: -5}, "*3": {Base: 3, After: true}, "88+1": {Base: 88, Offset: 1}, "89-2": {Base: 89, Offset: -2}, "-5+3": {Base: -5, Offset: 3}, "*3-7": {Base: 3, After: true, Offset: -7},
		"*1": {After: true, Offset: 1},
	} {
		require.Equal(t, want, string(p.Append(nil)))
	}
}

func TestTwoPositionsAreOrderedUnlessTheSecondIsBehindTheStop(t *testing.T) {
	a, b := Position{Base: 10, Offset: 2}, Position{Base: 10, Offset: -1}
	from, to := Ordered(a, b)
	require.Equal(t, [2]Position{b, a}, [2]Position{from, to})
	last, behind := Position{Base: 300}, Position{Base: 2, After: true}
	from, to = Ordered(last, behind)
	require.Equal(t, [2]Position{last, behind}, [2]Position{from, to})
}

func TestResiduesHaveThreeLetters(t *testing.T) {
	require.Equal(t, "AlaAsxCysAspGluPheGlyHisIleXleLysLeuMetAsnPylProGlnArgSerThrSecValTrpTerTyrGlxTer", string(AppendResidues(nil, []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ*"))))
}
