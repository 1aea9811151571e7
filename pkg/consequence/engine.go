// Package consequence says what a variant does to the transcripts near it: the terms, positions, codons and names that Ensembl VEP 115 gives.
//
// An Engine is made once from a reference and shared. Each goroutine takes a Scratch of its own from it, gives it one Variant after another
// and reads the answer as Effects, or appends it as the text of CSQ or ANN. In steady state nothing is allocated for a record.
package consequence

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"

	"gas/pkg/genome"
)

// Variant is one record of a VCF file.
type Variant struct {
	Contig int      // index in the reference's Contigs
	Pos    uint32   // POS, 1-based
	Ref    []byte   // REF as in the file
	Alts   [][]byte // the ALT alleles as in the file, without the commas
	ID     []byte   // the column ID; used by no rule, kept for messages
	Info   []byte   // the whole INFO column; END, SVLEN, SVTYPE and CHR2 are read from it when an allele is symbolic
}

// Options are the choices that an engine keeps for its whole life.
type Options struct {
	Distance     uint32       // how far upstream and downstream a transcript is affected, in bases; 0 stands for 5000
	Fields       []Field      // the fields of CSQ, in any order (they are written in VEP's); nil stands for DefaultFields
	Style        Style        // the annotation that HeaderLine and AppendInfo write
	Nomenclature Nomenclature // whose reading of HGVS is followed
	Pick         bool         // one effect for each record, by VEP's order of picking
	PerGene      bool         // one effect for each record and gene
	Canonical    bool         // transcripts that are their gene's canonical one, no others
	MANE         bool         // transcripts that are MANE Select or MANE Plus Clinical, no others
	NoHGVS       bool         // leave HGVSc, HGVSp and HGVSg empty
}

// Style is the INFO key and its form.
type Style uint8

// The styles.
const (
	CSQ Style = iota // VEP's CSQ
	ANN              // the joint standard's ANN, version 1.0
)

// Nomenclature is whose reading of the HGVS nomenclature is followed.
type Nomenclature uint8

// The nomenclatures.
const (
	VEPNomenclature  Nomenclature = iota // as Ensembl VEP writes it
	HGVSNomenclature                     // as the HGVS nomenclature 21.1 asks, in the kinds that docs/differences.md marks
)

// Engine answers for one reference and one set of options. It is immutable and safe for concurrent use.
type Engine struct {
	ref      *genome.Reference
	opt      Options
	codes    [256]*genome.GeneticCode
	biotypes []biotype // of each transcript
	short    []uint64  // one bit for each transcript: it has an intron that is taken for a frameshift
	stops    []atomic.Int32
	ends     []uint32 // of each contig: where the last base that is no N ends
	cut      []int    // of each contig: its first transcript that reaches across that end, -1 where none does
	nearby   []nearby
	plan     []step
	asVEP    bool // where VEP departs from the nomenclature, do as VEP does
}

// New makes an engine. The reference must stay open as long as the engine is used.
func New(ref *genome.Reference, opt Options) (*Engine, error) {
	if opt.Distance == 0 {
		opt.Distance = 5000
	}
	if opt.Fields == nil {
		opt.Fields = DefaultFields()
	}
	opt.Fields = inOrder(opt.Fields)
	e := &Engine{ref: ref, opt: opt, asVEP: opt.Nomenclature == VEPNomenclature}
	if err := e.readCodes(); err != nil {
		return nil, err
	}
	e.readTranscripts()
	e.readEnds()
	e.nearby, e.plan = make([]nearby, len(ref.Contigs)), planOf(opt.Fields)
	return e, nil
}

// biotype is what the rules ask of a transcript's biotype.
type biotype uint8

const (
	anyBiotype biotype = iota
	proteinCoding
	nonsenseMediatedDecay
)

// readCodes finds the genetic code of every transcript.
func (e *Engine) readCodes() error {
	for i := range e.ref.Transcripts {
		id := max(e.ref.Transcripts[i].GeneticCode, 1)
		code, ok := genome.Code(id)
		if !ok {
			return fmt.Errorf("no genetic code %d, which transcript %s needs", id, e.ref.Text(e.ref.Transcripts[i].ID))
		}
		e.codes[e.ref.Transcripts[i].GeneticCode] = code
	}
	return nil
}

// readTranscripts finds what the rules ask of each transcript again and again.
func (e *Engine) readTranscripts() {
	n := len(e.ref.Transcripts)
	e.biotypes, e.short, e.stops = make([]biotype, n), make([]uint64, (n+63)/64), make([]atomic.Int32, n)
	for i := range e.ref.Transcripts {
		t := &e.ref.Transcripts[i]
		switch string(e.ref.Text(t.Biotype)) {
		case "protein_coding":
			e.biotypes[i] = proteinCoding
		case "nonsense_mediated_decay":
			e.biotypes[i] = nonsenseMediatedDecay
		}
		if hasShortIntron(t, e.ref.ExonsOf(t)) {
			e.short[i/64] |= 1 << (i % 64)
		}
	}
}

// readEnds finds where each contig's known bases end, and the first transcript that reaches across that end: a sequence that is cut short, as tests have it.
func (e *Engine) readEnds() {
	e.ends, e.cut = make([]uint32, len(e.ref.Contigs)), make([]int, len(e.ref.Contigs))
	for i := range e.ref.Contigs {
		c := &e.ref.Contigs[i]
		e.ends[i] = uint32(len(bytes.TrimRight(e.ref.Bases(i, 0, c.Length), "N")))
		e.cut[i] = slices.IndexFunc(e.ref.TranscriptsOf(i), func(t genome.Transcript) bool { return t.Start < e.ends[i] && t.End > e.ends[i] })
		if e.cut[i] >= 0 {
			e.cut[i] += int(c.FirstTranscript)
		}
	}
}

// hasShortIntron says whether any intron is short enough to be taken for a frameshift in the gene model.
func hasShortIntron(t *genome.Transcript, exons []genome.Exon) bool {
	for i := 1; i < len(exons); i++ {
		left, right := exons[i-1], exons[i]
		if t.Strand < 0 {
			left, right = right, left
		}
		if start, end := int(left.End)+1, int(right.Start); start <= end && shortIntron(start, end) {
			return true
		}
	}
	return false
}

// slips says whether a transcript has such an intron.
func (e *Engine) slips(transcript int) bool { return e.short[transcript/64]>>(transcript%64)&1 == 1 }

// firstStop is the place of the first stop codon of a transcript's CDS, -1 where there is none. It is found once for each transcript.
func (e *Engine) firstStop(p *site) int {
	kept := &e.stops[p.index]
	if at := kept.Load(); at != 0 {
		return int(at) - 2
	}
	c, at := p.sequence(), -1
	for i := 0; 3*i+3 <= c.length && at < 0; i++ {
		if c.codonIsStop(i) {
			at = i
		}
	}
	kept.Store(int32(at + 2))
	return at
}

// Status says what became of a record.
type Status uint8

// What may become of a record.
const (
	Annotated   Status = iota // Effects holds at least one effect, or none where the options leave out every transcript near
	NoAllele                  // the record has no allele that differs from REF (ALT is "."); Effects is empty
	RefMismatch               // REF differs from the reference sequence; Effects is empty
	PastEnd                   // the record begins or ends beyond its contig; Effects is empty
	Unsupported               // no allele could be judged; Reason says why; Effects is empty
)

// String names the status for a ledger.
func (s Status) String() string {
	return [...]string{"annotated", "no_allele", "ref_mismatch", "past_end", "unsupported"}[s]
}

// Outcome is what became of a record and, where it was not annotated, why.
type Outcome struct {
	Status Status
	Reason string // a short constant text, empty when the record was annotated
}

// Effect is what one allele does to one transcript, or the one intergenic effect of an allele.
type Effect struct {
	Allele     int   // index in Variant.Alts
	Transcript int   // index in the reference's Transcripts, -1 where the effect is intergenic
	Terms      Terms // never empty
	Impact     Impact
	Structural bool  // judged by overlap alone: no sequence, codons or HGVS
	Exon       Part  // the exons that the allele overlaps
	Intron     Part  // the introns that the allele overlaps
	CDNA       Range // in the spliced transcript, 1-based
	CDS        Range // in the coding sequence, 1-based
	Protein    Range // in the protein, 1-based
	Distance   int32 // to the transcript in bases, -1 where the effect is not upstream or downstream
	HGVSOffset int32 // by how many bases HGVS moved the allele, along the transcript's strand as VEP signs it
	AlleleSeq  Span  // VEP's spelling of the allele: trimmed, "-" where nothing is left
	Codons     Span  // for example "gAt/gGt"
	AminoAcids Span  // for example "D/G"
	HGVSc      Span
	HGVSp      Span // "=" is written "%3D", as VEP writes it

	block Span // the fields from EXON to Codons as CSQ has them, where they were written in one piece
}

// Part is a run of numbered exons or introns; First is 0 where there is none. First equals Last where there is one.
type Part struct{ First, Last, Total int32 }

// Range is a run of 1-based positions. An end that is not in the sequence is 0 and written "?"; Range{} is no position at all.
type Range struct{ Start, End int32 }

// Span is text that lies in the scratch: the bytes Start:End of its buffer. It is good until the next call of Annotate.
type Span struct{ Start, End uint32 }

// Scratch is one goroutine's working memory and its last answer.
type Scratch struct {
	Effects []Effect // by allele in the order of ALT, then by transcript in the order of the reference

	variant   *Variant
	text      []byte // what the effects' spans point into
	arena     []byte // short-lived sequences
	head      []byte // the site's 5' UTR, where it had to be made
	tail      []byte // and its 3' UTR
	variation variation
	site      site
	judge     judge
	pieces    pieces
	introns   intronTree
	shifts    [][2]shift // of each allele, on the forward and the reverse strand
	unmoved   shift

	typed      bool // the record's SVTYPE goes before its sequences
	exact      bool // REF is the reference's sequence to the letter
	contig     int  // of the segment below
	segment    int  // where the last record lay among its contig's segments
	known      [knownSlots]known
	judgements [judgementSlots]judgement
	spelled    []Span // of each allele of the record
	rules      bool   // ask the rules one by one even where a short cut is known, for the tests
}

// Scratch makes working memory for one goroutine.
func (e *Engine) Scratch() *Scratch {
	return &Scratch{Effects: make([]Effect, 0, 64), text: make([]byte, 0, 4096)}
}

// Bytes is the text of a span; empty for the zero Span.
func (s *Scratch) Bytes(sp Span) []byte { return s.text[sp.Start:sp.End] }

// Terms is the union of the terms of one allele's effects.
func (s *Scratch) Terms(allele int) Terms {
	var all Terms
	for i := range s.Effects {
		if s.Effects[i].Allele == allele {
			all |= s.Effects[i].Terms
		}
	}
	return all
}
