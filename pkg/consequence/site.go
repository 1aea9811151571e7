package consequence

import (
	"sort"

	"gas/pkg/genome"
)

// optional is an answer that is found when it is first asked for.
type optional uint8

const (
	unasked optional = iota
	no
	yes
)

func answer(b bool) optional {
	if b {
		return yes
	}
	return no
}

// limits are a first and a last position, 0 where it lies in a gap.
type limits struct {
	start, end int
	known      bool
}

func (l limits) both() bool { return l.start != 0 && l.end != 0 }

// site is a variation at one transcript: where it lies and what the transcript is there. It is remade for each pair in the scratch.
//
// Positions are found when first asked for and then kept, under the names that VEP's BaseTranscriptVariation gives them, because VEP's answers depend on what it kept: naming an insertion
// or a deletion (hgvsp.go) moves the kept positions to the 3' end, and the next allele of the record sees them there.
type site struct {
	engine  *Engine
	scratch *Scratch
	v       *variation
	t       *genome.Transcript
	exons   []genome.Exon
	spliced []byte
	index   int // of the transcript
	code    *genome.GeneticCode
	reading *genome.GeneticCode // what whole proteins are read with: the standard code where the nomenclature is VEP's, as VEP does for a gene model from a file
	forward bool

	txStart, txEnd           int // 1-based and closed on the contig, as all the places below
	codingLeft, codingRight  int // the CDS on the contig, 0 where there is none
	codingStart, codingEnd   int // the CDS in the spliced sequence, 0 where there is none
	firstPhase               int // missing bases at the first exon's start, counted in CDS and protein positions
	pad                      int // missing bases at the CDS's start, read as N
	firstExon, lastExon      int // the exons that the variation touches, in the exons' order; last < first where none
	firstIntron, lastIntron  int // the introns that it touches or comes close to
	intron, boundary, exonic bool

	cdna, cds, pep                   pieces
	cdnaKnown, cdsKnown, pepKnown    bool
	cdnaLimits, cdsLimits, pepLimits limits

	coding    codingSequence
	residues  int    // of the protein, -1 until it is asked for
	reference side   // the reference allele
	display   []byte // the reference's codons as they are written: once for all alleles
	tailMade  bool   // the scratch holds the 3' UTR
	overlap   overlap
}

// overlap is how the variation as a whole lies to the transcript.
type overlap struct {
	complete bool // it covers the transcript
	inside   bool // it shares a base with the transcript
	utr      bool
	coding   bool
}

// reset turns the site to another transcript.
func (p *site) reset(e *Engine, s *Scratch, index int) {
	t := &e.ref.Transcripts[index]
	*p = site{engine: e, scratch: s, v: &s.variation, t: t, index: index, exons: e.ref.ExonsOf(t), spliced: e.ref.SplicedOf(t), code: e.codes[t.GeneticCode], forward: t.Strand > 0,
		txStart: int(t.Start) + 1, txEnd: int(t.End), cdna: p.cdna[:0], cds: p.cds[:0], pep: p.pep[:0]}
	p.reading = p.code
	if e.asVEP {
		p.reading = standard
	}
	if t.Coding() {
		p.codingLeft, p.codingRight = int(t.CodingStart)+1, int(t.CodingEnd)
		p.codingStart, p.codingEnd = int(t.CDSStart)+1, int(t.CDSEnd)
		p.pad = int(t.Phase)
		p.firstPhase = max(int(p.exons[0].Phase), 0)
		p.residues = -1
		p.setCoding()
	}
	p.reference = side{seq: p.v.ref, isReference: true, plain: true, dna: true}
	p.lie()
}

// touches says whether two closed intervals share a base, with VEP's meaning for an insertion (its start is its end + 1).
func touches(start1, end1, start2, end2 int) bool { return end1 >= start2 && start1 <= end2 }

// lie finds how the variation lies to the transcript, its exons and introns.
func (p *site) lie() {
	start, end := p.v.start, p.v.end
	p.overlap.complete = start <= p.txStart && end >= p.txEnd
	p.overlap.inside = touches(start, end, p.txStart, p.txEnd)
	p.firstExon, p.lastExon, p.firstIntron, p.lastIntron = 0, -1, 0, -1
	if !p.overlap.inside {
		return
	}
	low, high := min(start, end), max(start, end)
	p.findIntrons(low, high)
	p.findExons(low, high)
	if p.codingLeft == 0 {
		return
	}
	if !touches(low, high, p.codingLeft, p.codingRight) {
		p.overlap.utr = true
		return
	}
	p.overlap.utr = low < p.codingLeft || high > p.codingRight
	p.overlap.coding = p.exonic
}

// stretch is by how many bases exons reach out in transcripts that have an intron so short that it is taken for a frameshift.
const stretch = 12

// shortIntron says whether an intron is taken for a frameshift in the gene model.
func shortIntron(start, end int) bool { return end-start <= stretch && start-end <= stretch }

// left is the i-th exon from the left of the contig.
func (p *site) left(i int) *genome.Exon {
	if p.forward {
		return &p.exons[i]
	}
	return &p.exons[len(p.exons)-1-i]
}

// findExons finds the exons that the stretch low to high touches, counted from the left.
func (p *site) findExons(low, high int) {
	reach := 0
	if p.engine.slips(p.index) {
		reach = stretch
	}
	n := len(p.exons)
	p.firstExon = sort.Search(n, func(i int) bool { return int(p.left(i).End)+reach >= low })
	p.lastExon = p.firstExon - 1
	for i := p.firstExon; i < n && int(p.left(i).Start)+1-reach <= high; i++ {
		p.lastExon = i
	}
	p.exonic = p.lastExon >= p.firstExon
}

// intronAt is the i-th intron from the left, 1-based and closed.
func (p *site) intronAt(i int) (start, end int) {
	return int(p.left(i).End) + 1, int(p.left(i + 1).Start)
}

// findIntrons finds the introns whose ends' regions the stretch low to high may touch, whether it comes within three bases of any, and whether it touches the region of a splice site.
func (p *site) findIntrons(low, high int) {
	n := len(p.exons) - 1
	if n < 1 {
		return
	}
	p.firstIntron = sort.Search(n, func(i int) bool { _, end := p.intronAt(i); return end+8 >= low })
	p.lastIntron = p.firstIntron - 1
	for i := p.firstIntron; i < n; i++ {
		start, end := p.intronAt(i)
		if start-8 > high {
			break
		}
		p.lastIntron = i
		if start > end {
			continue
		}
		p.intron = p.intron || touches(low, high, start-3, end+3)
		p.boundary = p.boundary || nearSplice(low, high, start, end)
	}
}

// nearSplice says whether a stretch touches three bases of exon or eight of intron at either end of an intron.
func nearSplice(low, high, start, end int) bool {
	return touches(low, high, start-3, start+7) || touches(low, high, end-7, end+3)
}

// The kept positions.

func (p *site) cdnaPieces(shift int) pieces {
	if !p.cdnaKnown {
		p.cdnaKnown = true
		p.cdna = mapToCDNA(p.cdna[:0], p.t, p.exons, p.v.start+shift, p.v.end+shift)
	}
	return p.cdna
}

func (p *site) cdsPieces(shift int) pieces {
	if !p.cdsKnown {
		p.cdsKnown = true
		p.cds = p.mapToCDS(p.cds[:0], shift)
	}
	return p.cds
}

func (p *site) mapToCDS(dst pieces, shift int) pieces {
	start, end := p.v.start+shift, p.v.end+shift
	if p.codingStart == 0 {
		return append(dst, piece{gap: true, start: start, end: end})
	}
	if shift == 0 {
		return toCDS(dst, p.cdnaPieces(0), p.codingStart, p.codingEnd)
	}
	p.scratch.pieces = mapToCDNA(p.scratch.pieces[:0], p.t, p.exons, start, end)
	return toCDS(dst, p.scratch.pieces, p.codingStart, p.codingEnd)
}

func (p *site) pepPieces(shift int) pieces {
	if !p.pepKnown {
		p.pepKnown = true
		p.pep = toPeptide(p.mapToCDS(p.pep[:0], shift), p.firstPhase)
	}
	return p.pep
}

// cdnaAt is where the variation lies in the spliced sequence.
func (p *site) cdnaAt() limits {
	if !p.cdnaLimits.known {
		start, end := p.cdnaPieces(0).ends()
		p.cdnaLimits = limits{start, end, true}
	}
	return p.cdnaLimits
}

// cdsAt is where the variation lies in the coding sequence, missing bases of the first codon counted; shift is by how many bases of the contig it is moved if the place is not known yet.
func (p *site) cdsAt(shift int) limits {
	if !p.cdsLimits.known {
		start, end := p.cdsPieces(shift).ends()
		if start != 0 {
			start += p.firstPhase
		}
		if end != 0 {
			end += p.firstPhase
		}
		p.cdsLimits = limits{start, end, true}
	}
	return p.cdsLimits
}

// pepAt is where the variation lies in the protein; shift as for cdsAt.
func (p *site) pepAt(shift int) limits {
	if !p.pepLimits.known {
		start, end := p.pepPieces(shift).ends()
		p.pepLimits = limits{start, end, true}
	}
	return p.pepLimits
}

func (p *site) forgetCDS() { p.cdsLimits.known, p.cdsKnown = false, false }
func (p *site) forgetPep() { p.pepLimits.known, p.pepKnown = false, false }

// signed is a shift along the transcript as a shift along the contig.
func (p *site) signed(shift int) int {
	if p.forward {
		return shift
	}
	return -shift
}

// distance is the smallest distance between an end of the variation and an end of the transcript, in bases.
func (p *site) distance() int {
	d := 1 << 60
	for _, a := range [2]int{p.v.start, p.v.end} {
		for _, b := range [2]int{p.txStart, p.txEnd} {
			d = min(d, max(a-b, b-a))
		}
	}
	return d
}
