package overlay

import (
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInsertionsAndDeletionsAreFoundAlongARepeat(t *testing.T) {
	sequence := []byte("GGCACACATTTTTG") // 1-based: CA three times from 3 to 8, T from 9 to 13
	c := buildFrom(t, writeVCF(t, filepath.Join(t.TempDir(), "x.vcf"), []site{
		{"1", 2, "GCA", []string{"G"}, "RS=1"},
		{"1", 2, "G", []string{"GCA"}, "RS=2"},
		{"1", 8, "A", []string{"AT", "ATT"}, "RS=3"},
		{"1", 12, "TT", []string{"T"}, "RS=4"},
	}), "RS").Cursor()
	for _, test := range []struct {
		name    string
		pos     uint32
		ref     string
		alts    []string
		want    string
		unmoved string
	}{
		{"a deletion as the database has it", 2, "GCA", []string{"G"}, "RS=1", "RS=1"},
		{"a deletion at the repeat's other end", 6, "ACA", []string{"A"}, "RS=1", ""},
		{"a deletion in the other rhythm", 5, "CAC", []string{"C"}, "RS=1", ""},
		{"an insertion at the repeat's other end", 8, "A", []string{"ACA"}, "RS=2", ""},
		{"two alleles, each moved by itself", 13, "T", []string{"TTT", "TT"}, "RS=3,3", ""},
		{"one that moves beside one that does not", 13, "TG", []string{"TTG", "TC"}, "RS=3,.", ""},
		{"a row that is not left-aligned, spelled alike", 12, "TT", []string{"T"}, "RS=4", "RS=4"},
		{"a row that is not left-aligned, spelled otherwise", 11, "TT", []string{"T"}, "", ""},
		{"a REF that is not the sequence's moves nowhere", 6, "AGA", []string{"A"}, "", ""},
		{"beyond the end of the contig", 40, "TT", []string{"T"}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.LeftAlign(nil)
			c.contig, c.sequence = nil, nil
			require.Equal(t, test.unmoved, ask(c, "1", test.pos, test.ref, test.alts...), "without a sequence")
			c.LeftAlign(func([]byte) []byte { return sequence })
			c.contig = nil
			require.Equal(t, test.want, ask(c, "1", test.pos, test.ref, test.alts...), "with the sequence")
		})
	}
}

// TestEverySpellingOfAnIndelIsFound takes random insertions and deletions on sequences full of repeats: whatever place and padding spells the same change, the row
// that has it furthest left is found, in a compiled database and in place.
func TestEverySpellingOfAnIndelIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 40 {
		sequence := make([]byte, 40)
		for i := range sequence {
			sequence[i] = "AAC"[r.IntN(3)]
		}
		size, deletes := 1+r.IntN(4), r.IntN(2) == 0
		from := 5 + r.IntN(25)
		spellings := spellings(sequence, from, size, deletes, r)
		first := spellings[0]
		file := writeVCF(t, filepath.Join(t.TempDir(), "x.vcf"), []site{{"1", first.pos, first.ref, first.alts, "RS=1"}})
		sets := []*Set{buildFrom(t, file, "RS")}
		if _, err := exec.LookPath("tabix"); err == nil {
			require.NoError(t, exec.Command("bgzip", "-k", file).Run())
			require.NoError(t, exec.Command("tabix", "-p", "vcf", file+".gz").Run())
			sets = append(sets, openSet(t, Spec{Name: "x", File: file + ".gz", Fields: []string{"RS"}}))
		}
		for _, set := range sets {
			c := set.Cursor()
			c.LeftAlign(func([]byte) []byte { return sequence })
			for _, s := range spellings {
				require.Equal(t, "RS=1", ask(c, "1", s.pos, s.ref, s.alts...), "%s: %v, first %v", sequence, s, first)
			}
			require.NoError(t, c.Err())
			require.NoError(t, c.Close())
		}
	}
}

// spellings are all records that make the same sequence as an edit behind a number of bases, each with the base before it and up to two bases behind it, the leftmost
// first: found by making every sequence, not by moving.
func spellings(sequence []byte, from, size int, deletes bool, r *rand.Rand) []site {
	edit := func(at int, inserted string) string {
		if deletes {
			return string(sequence[:at]) + string(sequence[at+size:])
		}
		return string(sequence[:at]) + inserted + string(sequence[at:])
	}
	inserted := make([]byte, size)
	for i := range inserted {
		inserted[i] = "AC"[r.IntN(2)]
	}
	want := edit(from, string(inserted))
	var found []site
	for at := 1; at+size+2 < len(sequence); at++ {
		piece := ""
		if !deletes {
			piece = want[at : at+size]
		}
		if edit(at, piece) != want {
			continue
		}
		behind := r.IntN(3)
		ref, alt := string(sequence[at-1:at+behind]), string(sequence[at-1:at])+piece+string(sequence[at:at+behind])
		if deletes {
			ref, alt = string(sequence[at-1:at+size+behind]), string(sequence[at-1:at])+string(sequence[at+size:at+size+behind])
		}
		found = append(found, site{"1", uint32(at), ref, []string{alt}, ""})
	}
	return found
}
