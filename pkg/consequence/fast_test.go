package consequence

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/genome"
	"gas/test/volume"
)

// TestFastAnswersAreTheSlowOnes holds the short cuts against the rules asked one by one, for substitutions all over real transcripts, every field of every effect.
func TestFastAnswersAreTheSlowOnes(t *testing.T) {
	rounds := volume.Of(100_000, 10_000)
	for _, o := range []oracle{oracles[0], oracles[1], oracles[3]} {
		t.Run(o.name, func(t *testing.T) {
			r := openReference(t, o.fasta, o.genes)
			e := newEngine(t, r, Options{Fields: AllFields()})
			random := rand.New(rand.NewPCG(1, 2))
			fast, slow := e.Scratch(), e.Scratch()
			slow.rules = true
			taken := 0
			for range rounds {
				v := substitution(random, r)
				e.Annotate(fast, &v)
				e.Annotate(slow, &v)
				if a, b := string(e.AppendCSQ(nil, fast)), string(e.AppendCSQ(nil, slow)); a != b {
					t.Fatalf("%s:%d %s>%s\nfast: %s\nslow: %s", r.Text(r.Contigs[v.Contig].Name), v.Pos, v.Ref, v.Alts, a, b)
				}
				taken += len(fast.Effects)
			}
			require.Greater(t, taken, rounds, "effects compared")
		})
	}
}

// substitution is a substitution in or beside an exon of a random transcript, close to the exon's ends in half of the cases, or in the middle of an intron.
func substitution(random *rand.Rand, r *genome.Reference) Variant {
	for {
		t := &r.Transcripts[random.IntN(len(r.Transcripts))]
		exons := r.ExonsOf(t)
		i := random.IntN(len(exons))
		x := exons[i]
		at := int(x.Start) + random.IntN(int(x.End-x.Start))
		switch random.IntN(12) {
		case 0, 1, 2:
			at = int(x.Start) + random.IntN(50) - 25
		case 3, 4, 5:
			at = int(x.End) + random.IntN(50) - 25
		case 6:
			y := exons[max(i-1, 0)]
			at = int(min(x.End, y.End)+max(x.Start, y.Start))/2 + random.IntN(3) - 1
		}
		at = min(max(at, 0), int(r.Contigs[t.Contig].Length)-1)
		ref := r.Bases(int(t.Contig), uint32(at), uint32(at)+1)
		if ref[0] == 'N' && random.IntN(50) > 0 {
			continue
		}
		alt := []byte{"ACGT"[random.IntN(4)]}
		if alt[0] != ref[0] {
			return Variant{Contig: int(t.Contig), Pos: uint32(at) + 1, Ref: ref, Alts: [][]byte{alt}}
		}
	}
}

// TestAnnotatingAllocatesNothing measures records of all kinds in steady state.
func TestAnnotatingAllocatesNothing(t *testing.T) {
	o := oracles[3]
	r := openReference(t, o.fasta, o.genes)
	e := newEngine(t, r, Options{})
	var records []Variant
	for _, o := range oracles[2:] {
		records = append(records, readRecords(t, r, sharedPath(t, o), 40)...)
	}
	s := e.Scratch()
	var out []byte
	all := func() {
		for i := range records {
			e.Annotate(s, &records[i])
			out = e.AppendInfo(out[:0], s)
		}
	}
	all()
	require.Zero(t, testing.AllocsPerRun(2, all), "allocations for %d records", len(records))
}

// TestAnEngineIsSharedByGoroutines has several goroutines annotate the same records with one engine; each gives the same answers.
func TestAnEngineIsSharedByGoroutines(t *testing.T) {
	o := oracles[3]
	r := openReference(t, o.fasta, o.genes)
	e := newEngine(t, r, Options{})
	records := readRecords(t, r, sharedPath(t, o), 20)
	answers := make([][]byte, 4)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			s := e.Scratch()
			for k := range records {
				e.Annotate(s, &records[k])
				answers[i] = append(e.AppendInfo(answers[i], s), '\n')
			}
		})
	}
	all.Wait()
	for _, a := range answers[1:] {
		require.Equal(t, string(answers[0]), string(a))
	}
}
