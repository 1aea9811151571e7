package consequence

import (
	"gas/pkg/genome"
	"gas/pkg/hgvs"
)

// fastSNV gives the effect of a substitution of one base at a transcript where the answer needs no more than a look at where it lies, and at one codon. It reports false where the rules have to be asked
// one by one: at start and stop codons, in codons that are cut short or not known, in transcripts with introns short enough to be frameshifts, and where the genetic code is not the standard one.
// TestFastAnswersAreTheSlowOnes holds it against the rules.
func (e *Engine) fastSNV(s *Scratch, number, transcript int) bool {
	w := &s.variation
	a := &w.alts[number]
	q := snv{engine: e, scratch: s, fx: s.next(), t: &e.ref.Transcripts[transcript], index: transcript, at: w.start, ref: w.ref[0], alt: a.seq[0]}
	q.fx.Allele, q.fx.Transcript, q.fx.Distance, q.fx.AlleleSeq = a.index, transcript, -1, s.alleleText(number)
	if !q.judge() {
		s.Effects = s.Effects[:len(s.Effects)-1]
		return false
	}
	q.fx.Impact = q.fx.Terms.Impact()
	return true
}

// next is a new effect at the end of the scratch's.
func (s *Scratch) next() *Effect {
	n := len(s.Effects)
	if n == cap(s.Effects) {
		s.Effects = append(s.Effects, Effect{})
	} else {
		s.Effects = s.Effects[:n+1]
		s.Effects[n] = Effect{}
	}
	return &s.Effects[n]
}

// snv is a substitution at a transcript.
type snv struct {
	engine   *Engine
	scratch  *Scratch
	t        *genome.Transcript
	index    int
	at       int  // 1-based on the contig
	ref, alt byte // on the contig's forward strand, then on the transcript's
	forward  bool
	exon     int // the exon that holds it, or the one to the right of its intron, counted from the left
	exons    []genome.Exon
	fx       *Effect
}

func (q *snv) left(i int) *genome.Exon {
	if q.forward {
		return &q.exons[i]
	}
	return &q.exons[len(q.exons)-1-i]
}

// judge fills in the effect.
func (q *snv) judge() bool {
	t := q.t
	q.forward = t.Strand > 0
	start, end := int(t.Start)+1, int(t.End)
	if q.at < start || q.at > end {
		q.beside(start, end)
		return true
	}
	if q.engine.slips(q.index) || start == end {
		return false
	}
	q.exons = q.engine.ref.ExonsOf(t)
	if !q.find() {
		return false
	}
	if !q.forward {
		q.ref, q.alt = genome.Complement(q.ref), genome.Complement(q.alt)
	}
	if q.engine.biotypes[q.index] == nonsenseMediatedDecay {
		q.fx.Terms = NMDTranscript
	}
	x := q.left(q.exon)
	if q.at <= int(x.Start) {
		return q.intron(x)
	}
	return q.exonic(x)
}

// beside is the effect beside the transcript.
func (q *snv) beside(start, end int) {
	if q.at < start {
		q.fx.Distance = int32(start - q.at)
	} else {
		q.fx.Distance = int32(q.at - end)
	}
	q.fx.Terms = DownstreamGene
	if (q.at < start) == q.forward {
		q.fx.Terms = UpstreamGene
	}
}

// find finds the first exon from the left that does not end before the base.
func (q *snv) find() bool {
	lo, hi := 0, len(q.exons)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); int(q.left(mid).End) >= q.at {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	q.exon = lo
	return lo < len(q.exons)
}

// leastExon is the shortest exon beside an intron for which a base of the intron cannot be close to the next one.
const leastExon = 4

// intron is the effect between two exons; x is the one to the right.
func (q *snv) intron(x *genome.Exon) bool {
	if q.exon == 0 {
		return false
	}
	y := q.left(q.exon - 1)
	if x.End-x.Start < leastExon || y.End-y.Start < leastExon {
		return false
	}
	fromLeft, fromRight := q.at-int(y.End)-1, int(x.Start)-q.at
	if fromLeft > 16 && fromRight > 16 {
		q.fx.Terms |= Intron
	} else {
		q.fx.Terms |= q.spliceTerms(fromLeft, fromRight)
	}
	if !q.t.Coding() && q.engine.biotypes[q.index] != proteinCoding {
		q.fx.Terms |= NonCodingTranscript
	}
	if q.fx.Terms == 0 {
		q.fx.Terms = Intergenic
	}
	n := len(q.exons) - 1
	number := int32(q.exon)
	if !q.forward {
		number = int32(n - q.exon + 1)
	}
	q.fx.Intron = Part{number, number, int32(n)}
	q.writeIntron(q.inIntron(x, y))
	return true
}

// inIntron is the base's place between the exon to the right, x, and the one to the left, y, counted from the nearer one.
func (q *snv) inIntron(x, y *genome.Exon) hgvs.Position {
	up, down := q.at-int(y.End), int(x.Start)+1-q.at
	nearLeft := up < down || up == down && q.forward
	switch {
	case nearLeft && q.forward:
		return fromCodons(q.t, int(y.SplicedStart+y.End-y.Start), up)
	case nearLeft:
		return fromCodons(q.t, int(y.SplicedStart)+1, -up)
	case q.forward:
		return fromCodons(q.t, int(x.SplicedStart)+1, -down)
	}
	return fromCodons(q.t, int(x.SplicedStart+x.End-x.Start), down)
}

// spliceTerms are the terms at the ends of an intron, by the number of the intron's bases to the left and to the right of the base.
func (q *snv) spliceTerms(fromLeft, fromRight int) Terms {
	donor, acceptor := fromLeft, fromRight
	if !q.forward {
		donor, acceptor = fromRight, fromLeft
	}
	var t Terms
	if fromLeft >= 2 && fromRight >= 2 {
		t |= Intron
	}
	if acceptor >= 2 && acceptor <= 16 {
		t |= SplicePolypyrimidineTract
	}
	switch {
	case donor <= 1 && acceptor <= 1:
		return t | SpliceDonor | SpliceAcceptor
	case donor <= 1:
		return t | SpliceDonor
	}
	fifth, region := donor == 4, donor >= 2 && donor <= 5 && donor != 4
	if acceptor <= 1 {
		t |= SpliceAcceptor
	}
	if fifth {
		t |= SpliceDonor5thBase
	}
	if region {
		t |= SpliceDonorRegion
	}
	if acceptor > 1 && !fifth && !region && (donor <= 7 || acceptor <= 7) {
		t |= SpliceRegion
	}
	return t
}

// exonic is the effect in an exon.
func (q *snv) exonic(x *genome.Exon) bool {
	n := len(q.exons)
	left, right := q.at-int(x.Start)-1, int(x.End)-q.at
	if left < 3 && q.exon > 0 && q.left(q.exon-1).End < x.Start || right < 3 && q.exon < n-1 && q.left(q.exon+1).Start > x.End {
		q.fx.Terms |= SpliceRegion
	}
	number, spliced := int32(q.exon+1), int(x.SplicedStart)+left
	if !q.forward {
		number, spliced = int32(n-q.exon), int(x.SplicedStart)+right
	}
	q.fx.Exon = Part{number, number, int32(n)}
	q.fx.CDNA = Range{int32(spliced + 1), int32(spliced + 1)}
	if q.engine.ref.Spliced[q.t.SplicedOffset+uint64(spliced)] != q.ref {
		return false
	}
	switch {
	case !q.t.Coding():
		if q.engine.biotypes[q.index] != proteinCoding {
			q.fx.Terms |= NonCodingTranscriptExon
		}
		if q.fx.Terms == 0 {
			q.fx.Terms = Intergenic
		}
		q.writeExon(hgvs.Position{Base: spliced + 1})
	case uint32(spliced) < q.t.CDSStart:
		q.fx.Terms |= FivePrimeUTR
		q.writeExon(hgvs.Position{Base: spliced - int(q.t.CDSStart)})
	case uint32(spliced) >= q.t.CDSEnd:
		q.fx.Terms |= ThreePrimeUTR
		q.writeExon(hgvs.Position{Base: spliced + 1 - int(q.t.CDSEnd), After: true})
	default:
		return q.coding(spliced)
	}
	return true
}

// coding is the effect in the coding sequence.
func (q *snv) coding(spliced int) bool {
	t := q.t
	pad := int(t.Phase)
	place := spliced - int(t.CDSStart) + pad
	codon, frame := place/3, place%3
	if codon == 0 || t.GeneticCode > 1 || pad != max(int(q.exons[0].Phase), 0) || spliced-frame+3 > int(t.CDSEnd) {
		return false
	}
	at := t.SplicedOffset + uint64(spliced-frame)
	c := q.engine.ref.Spliced[at : at+3 : at+3]
	i, j, k := baseCode[c[0]], baseCode[c[1]], baseCode[c[2]]
	if i|j|k > 3 {
		return false
	}
	code := i<<4 | j<<2 | k
	shift := uint(4 - 2*frame)
	altered := code&^(3<<shift) | baseCode[q.alt]<<shift
	aa, bb := standardResidues[code], standardResidues[altered]
	switch {
	case aa == '*':
		return false
	case aa == bb:
		q.fx.Terms |= Synonymous
	case bb == '*':
		q.fx.Terms |= StopGained
	default:
		q.fx.Terms |= Missense
	}
	cds, residue := int32(place+1), int32(codon+1)
	q.fx.CDS, q.fx.Protein = Range{cds, cds}, Range{residue, residue}
	q.writeCoding(c, frame, aa, bb)
	return true
}

// baseCode gives the two bits of a base in the order of standardResidues; more than 3 for anything else.
var baseCode = baseCodes()

func baseCodes() (table [256]byte) {
	for i := range table {
		table[i] = 0x80
	}
	for i, base := range []byte("ACGT") {
		table[base] = byte(i)
	}
	return table
}

// standardResidues gives the amino acid of each codon by the standard code.
var standardResidues = standardTable()

func standardTable() (table [64]byte) {
	const bases = "ACGT"
	for i := range table {
		table[i] = standard.Translate(bases[i>>4], bases[i>>2&3], bases[i&3])
	}
	return table
}
