package consequence

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"gas/pkg/genome"
)

// plain is a transcript for the second opinion: every base of the contig is looked at, every protein is translated whole, nothing is clever.
type plain struct {
	contig      []byte
	exons       [][2]int // 1-based and closed, from the left
	coding      [2]int   // the CDS in the spliced sequence, 1-based and closed; 0, 0 where there is none
	forward     bool
	nonsense    bool
	start, end  int
	splicedAt   map[int]int // 1-based spliced position of each exonic base of the contig
	spliced     []byte
	codingBases [2]int // leftmost and rightmost coding base on the contig
}

// drawPlain makes a transcript with exons of 8 to 40 bases and introns of 40 to 70, on a contig with room at both ends.
func drawPlain(t *rapid.T) *plain {
	p := &plain{forward: rapid.Bool().Draw(t, "forward"), nonsense: rapid.IntRange(0, 5).Draw(t, "nonsense") == 0, splicedAt: map[int]int{}}
	at := 21
	for range rapid.IntRange(1, 4).Draw(t, "exons") {
		length := rapid.IntRange(8, 40).Draw(t, "exon")
		p.exons = append(p.exons, [2]int{at, at + length - 1})
		at += length + rapid.IntRange(40, 70).Draw(t, "intron")
	}
	p.start, p.end = p.exons[0][0], p.exons[len(p.exons)-1][1]
	p.contig = rapid.SliceOfN(rapid.SampledFrom([]byte("ACGT")), p.end+20, p.end+20).Draw(t, "bases")
	length := 0
	for _, x := range p.exons {
		length += x[1] - x[0] + 1
	}
	if length >= 24 && rapid.IntRange(0, 4).Draw(t, "codes") > 0 {
		first := rapid.IntRange(2, length-18).Draw(t, "first")
		codons := rapid.IntRange(4, (length-first)/3).Draw(t, "codons")
		p.coding = [2]int{first, first + 3*codons - 1}
	}
	p.splice()
	if p.coding[0] > 0 {
		p.plant()
	}
	return p
}

// splice numbers the exonic bases in the order of transcription and collects them.
func (p *plain) splice() {
	var places []int
	for _, x := range p.exons {
		for at := x[0]; at <= x[1]; at++ {
			places = append(places, at)
		}
	}
	if !p.forward {
		slices.Reverse(places)
	}
	p.spliced = p.spliced[:0]
	p.codingBases = [2]int{len(p.contig), 0}
	for i, at := range places {
		p.splicedAt[at] = i + 1
		p.spliced = append(p.spliced, p.strand(p.contig[at-1]))
		if p.coding[0] > 0 && i+1 >= p.coding[0] && i+1 <= p.coding[1] {
			p.codingBases[0], p.codingBases[1] = min(p.codingBases[0], at), max(p.codingBases[1], at)
		}
	}
}

func (p *plain) strand(base byte) byte {
	if p.forward {
		return base
	}
	return genome.Complement(base)
}

// plant puts a start and a stop codon at the ends of the CDS, and takes the stops inside it away.
func (p *plain) plant() {
	put := func(spliced int, base byte) {
		for at, i := range p.splicedAt {
			if i == spliced {
				p.contig[at-1] = p.strand(base)
			}
		}
	}
	for i, base := range []byte("ATG") {
		put(p.coding[0]+i, base)
	}
	p.splice()
	for i := p.coding[0] - 1; i+3 < p.coding[1]; i += 3 {
		if standard.Translate(p.spliced[i], p.spliced[i+1], p.spliced[i+2]) == '*' {
			put(i+1, 'C')
		}
	}
	for i, base := range []byte("TAA") {
		put(p.coding[1]-2+i, base)
	}
	p.splice()
}

// reference compiles the transcript.
func (p *plain) reference(t require.TestingT) *genome.Reference {
	b := genome.NewBuilder("plain", "test")
	b.Contig(genome.ContigModel{Name: "1"}, p.contig)
	m := genome.TranscriptModel{ID: "T", Version: "1", Protein: "P.1", Gene: b.Gene(genome.GeneModel{ID: "G"}), Contig: "1", Strand: 1, Biotype: "lncRNA"}
	if !p.forward {
		m.Strand = -1
	}
	if p.coding[0] > 0 {
		m.Biotype = "protein_coding"
	}
	if p.nonsense {
		m.Biotype = "nonsense_mediated_decay"
	}
	for _, x := range p.exons {
		m.Exons = append(m.Exons, genome.Span{Start: uint32(x[0] - 1), End: uint32(x[1])})
		lo, hi := max(x[0], p.codingBases[0]), min(x[1], p.codingBases[1])
		if p.coding[0] > 0 && lo <= hi {
			before := p.splicedAt[lo]
			if !p.forward {
				before = p.splicedAt[hi]
			}
			m.CDS = append(m.CDS, genome.CDS{Span: genome.Span{Start: uint32(lo - 1), End: uint32(hi)}, Phase: uint8((3 - (before-p.coding[0])%3) % 3)})
		}
	}
	r, err := b.Transcript(m).Reference()
	require.NoError(t, err)
	return r
}

// spliceFlags are what a base means to the introns beside it.
type spliceFlags struct{ donor, acceptor, fifth, donorRegion, poly, region, intron, exon bool }

// flagsAt looks at one base of the contig.
func (p *plain) flagsAt(at int) (f spliceFlags) {
	_, f.exon = p.splicedAt[at]
	for i := 1; i < len(p.exons); i++ {
		left, right := p.exons[i-1][1]+1, p.exons[i][0]-1
		fromDonor, fromAcceptor := at-left+1, right-at+1
		if !p.forward {
			fromDonor, fromAcceptor = fromAcceptor, fromDonor
		}
		if at < left || at > right {
			f.region = f.region || fromDonor <= 0 && fromDonor > -3 || fromAcceptor <= 0 && fromAcceptor > -3
			continue
		}
		f.donor, f.acceptor = fromDonor <= 2, fromAcceptor <= 2
		f.fifth = fromDonor == 5
		f.donorRegion = fromDonor >= 3 && fromDonor <= 6
		f.poly = fromAcceptor >= 3 && fromAcceptor <= 17
		f.region = f.region || fromDonor >= 3 && fromDonor <= 8 || fromAcceptor >= 3 && fromAcceptor <= 8
		f.intron = fromDonor > 2 && fromAcceptor > 2
	}
	return f
}

// spliceTerms are the terms of a stretch of changed bases that have to do with introns.
func (p *plain) spliceTerms(from, to int) Terms {
	var f spliceFlags
	for at := from; at <= to; at++ {
		g := p.flagsAt(at)
		f = spliceFlags{f.donor || g.donor, f.acceptor || g.acceptor, f.fifth || g.fifth, f.donorRegion || g.donorRegion, f.poly || g.poly, f.region || g.region, f.intron || g.intron, f.exon || g.exon}
	}
	f.donorRegion = f.donorRegion && !f.fifth
	f.region = f.region && !f.donor && !f.acceptor && !f.fifth && !f.donorRegion
	f.poly = f.poly && !f.exon
	var t Terms
	for _, x := range []struct {
		holds bool
		term  Terms
	}{{f.donor, SpliceDonor}, {f.acceptor, SpliceAcceptor}, {f.fifth, SpliceDonor5thBase}, {f.donorRegion, SpliceDonorRegion}, {f.region, SpliceRegion}, {f.poly, SplicePolypyrimidineTract}, {f.intron, Intron}} {
		if x.holds {
			t |= x.term
		}
	}
	return t
}

// placeTerms are the terms of a stretch that say where it lies. One that touches an exon is in a UTR when any of its bases, of an intron too, lies beyond the coding bases: VEP's meaning.
func (p *plain) placeTerms(from, to int) Terms {
	var t Terms
	exonic := false
	for at := from; at <= to; at++ {
		_, ok := p.splicedAt[at]
		exonic = exonic || ok
	}
	left, right := FivePrimeUTR, ThreePrimeUTR
	if !p.forward {
		left, right = right, left
	}
	if exonic && p.coding[0] > 0 && from < p.codingBases[0] {
		t |= left
	}
	if exonic && p.coding[0] > 0 && to > p.codingBases[1] {
		t |= right
	}
	if p.nonsense {
		t |= NMDTranscript
	}
	switch {
	case p.coding[0] > 0:
	case exonic:
		t |= NonCodingTranscriptExon
	default:
		t |= NonCodingTranscript
	}
	return t
}

// translated is the protein of a spliced sequence's CDS, with all that follows where whole is set.
func (p *plain) translated(spliced []byte, whole bool) string {
	var out []byte
	end := p.coding[1]
	if whole {
		end = len(spliced)
	}
	for i := p.coding[0] - 1; i+3 <= end; i += 3 {
		out = append(out, standard.Translate(spliced[i], spliced[i+1], spliced[i+2]))
	}
	return string(out)
}

// substitution is the second opinion on a substitution, and its names in HGVS.
func (p *plain) substitution(at int, alt byte) (t Terms, coding, protein string) {
	if at < p.start || at > p.end {
		if (at < p.start) == p.forward {
			return UpstreamGene, "", ""
		}
		return DownstreamGene, "", ""
	}
	t = p.spliceTerms(at, at) | p.placeTerms(at, at)
	i, exonic := p.splicedAt[at]
	if !exonic || p.coding[0] == 0 || i < p.coding[0] || i > p.coding[1] {
		return t, "", ""
	}
	changed := bytes.Clone(p.spliced)
	changed[i-1] = p.strand(alt)
	before, after := p.translated(p.spliced, false), p.translated(changed, false)
	k := (i - p.coding[0]) / 3
	a, b := before[k], after[k]
	coding = fmt.Sprintf("T.1:c.%d%c>%c", i-p.coding[0]+1, p.spliced[i-1], changed[i-1])
	switch {
	case k == 0:
		return t | StartLost, coding, "P.1:p.Met1?"
	case a == '*' && b == '*':
		return t | StopRetained, coding, fmt.Sprintf("P.1:p.Ter%d%%3D", k+1)
	case a == '*':
		whole := p.translated(changed, true)
		next := "?"
		if n := bytes.IndexByte([]byte(whole), '*'); n >= 0 {
			next = fmt.Sprint(n - k)
		}
		return t | StopLost, coding, fmt.Sprintf("P.1:p.Ter%d%sextTer%s", k+1, names[b], next)
	case b == '*':
		t |= StopGained
	case a == b:
		return t | Synonymous, coding, fmt.Sprintf("P.1:p.%s%d%%3D", names[a], k+1)
	default:
		t |= Missense
	}
	return t, coding, fmt.Sprintf("P.1:p.%s%d%s", names[a], k+1, names[b])
}

var names = map[byte]string{'A': "Ala", 'C': "Cys", 'D': "Asp", 'E': "Glu", 'F': "Phe", 'G': "Gly", 'H': "His", 'I': "Ile", 'K': "Lys", 'L': "Leu", 'M': "Met", 'N': "Asn", 'P': "Pro", 'Q': "Gln",
	'R': "Arg", 'S': "Ser", 'T': "Thr", 'V': "Val", 'W': "Trp", 'Y': "Tyr", '*': "Ter"}

// TestASecondOpinionAgreesOnSubstitutions compares terms and names with those of the plain reading, on every base of random transcripts.
func TestASecondOpinionAgreesOnSubstitutions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlain(t)
		e, err := New(p.reference(t), Options{Nomenclature: HGVSNomenclature})
		require.NoError(t, err)
		s := e.Scratch()
		for at := 1; at <= len(p.contig); at++ {
			ref := p.contig[at-1]
			alt := "ACGT"[rapid.IntRange(0, 3).Draw(t, "alt")]
			if alt == ref {
				continue
			}
			out := e.Annotate(s, &Variant{Pos: uint32(at), Ref: []byte{ref}, Alts: [][]byte{{alt}}})
			require.Equal(t, Annotated, out.Status)
			require.Len(t, s.Effects, 1)
			terms, coding, protein := p.substitution(at, alt)
			where := fmt.Sprintf("%d %c>%c, exons %v, coding %v, forward %v, %s", at, ref, alt, p.exons, p.coding, p.forward, p.contig)
			require.Equal(t, terms.String(), s.Effects[0].Terms.String(), where)
			if coding != "" {
				require.Equal(t, coding, string(s.Bytes(s.Effects[0].HGVSc)), where)
			}
			require.Equal(t, protein, string(s.Bytes(s.Effects[0].HGVSp)), where)
		}
	})
}

// TestASecondOpinionAgreesOnDeletions compares the terms of deletions with the plain reading, and where one in the middle of the CDS shifts the frame, the name of the protein change with that of the
// whole altered protein.
func TestASecondOpinionAgreesOnDeletions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlain(t)
		e, err := New(p.reference(t), Options{Nomenclature: HGVSNomenclature})
		require.NoError(t, err)
		s := e.Scratch()
		for range 50 {
			from := rapid.IntRange(p.start+1, p.end-1).Draw(t, "from")
			to := min(from+rapid.IntRange(0, 6).Draw(t, "more"), p.end-1)
			e.Annotate(s, &Variant{Pos: uint32(from - 1), Ref: p.contig[from-2 : to], Alts: [][]byte{p.contig[from-2 : from-1]}})
			require.Len(t, s.Effects, 1)
			fx := &s.Effects[0]
			where := fmt.Sprintf("%d-%d, exons %v, coding %v, forward %v, %s", from, to, p.exons, p.coding, p.forward, p.contig)
			const about = SpliceDonor | SpliceAcceptor | SpliceDonor5thBase | SpliceDonorRegion | SpliceRegion | SplicePolypyrimidineTract | Intron | FivePrimeUTR | ThreePrimeUTR | NMDTranscript |
				NonCodingTranscript | NonCodingTranscriptExon
			require.Equal(t, (p.spliceTerms(from, to) | p.placeTerms(from, to)).String(), (fx.Terms & about).String(), where)
			p.compareFrame(t, s, fx, from, to, where)
		}
	})
}

// compareFrame compares a deletion inside one exon's CDS, away from its first and last codons, with the whole altered protein.
func (p *plain) compareFrame(t require.TestingT, s *Scratch, fx *Effect, from, to int, where string) {
	a, ok := p.splicedAt[from]
	b, also := p.splicedAt[to]
	lo, hi := min(a, b), max(a, b)
	if !ok || !also || p.coding[0] == 0 || hi-lo != to-from || lo < p.coding[0]+9 || hi > p.coding[1]-12 {
		return
	}
	shifts := (to-from+1)%3 != 0
	require.Equal(t, shifts, fx.Terms.Has(Frameshift), where)
	next, first := p.contig[to], p.contig[from-1]
	if !p.forward {
		next, first = p.contig[from-2], p.contig[to-1]
	}
	if !shifts || next == first { // What can move may leave the exon, and then is named as it lies there.
		return
	}
	changed := slices.Concat(p.spliced[:lo-1], p.spliced[hi:])
	before, after := p.translated(p.spliced, true), p.translated(changed, true)
	k := 0
	for k < len(after) && before[k] == after[k] {
		k++
	}
	if k == len(after) || bytes.IndexByte([]byte(before[:k]), '*') >= 0 {
		return
	}
	want := fmt.Sprintf("P.1:p.%s%d%s", names[before[k]], k+1, names[after[k]])
	if after[k] != '*' {
		want += "fsTer"
		if n := bytes.IndexByte([]byte(after), '*'); n >= 0 {
			want += fmt.Sprint(n - k + 1)
		} else {
			want += "?"
		}
	}
	require.Equal(t, want, string(s.Bytes(fx.HGVSp)), where)
}
