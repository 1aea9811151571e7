package vcf

import (
	"bytes"
	"fmt"

	"gas/pkg/fault"
)

// Vetter holds records against everything that the specification says of them: beside the fixed columns, which a Parser judges, the values of INFO
// and of the samples, the order and duplicates.
type Vetter struct {
	parser       *Parser
	declarations *declarations
	record       Record
	alleles      [][]byte
	contigs      map[string]bool
	contig       string
	position     uint32
	unsorted     bool
	variants     map[string]bool // of the last stretch of the contig
}

// rememberedVariants is how many variants are remembered to find duplicates among them.
const rememberedVariants = 20000

// NewVetter makes a Vetter of the records that follow a header.
func NewVetter(h *Header, limits Limits) *Vetter {
	return &Vetter{parser: NewParser(h, limits), declarations: newDeclarations(h), contigs: map[string]bool{}, variants: map[string]bool{}}
}

// Vet judges one line. It returns what the file is refused for, or the rules by which the line is read.
func (v *Vetter) Vet(line []byte, number int64) (*fault.Fault, []Note) {
	var notes []Note
	if bytes.IndexByte(line, 0) >= 0 {
		return fault.At(number, 0, "The line holds a NUL byte: this is not text."), nil
	}
	if text, had := bytes.CutSuffix(line, []byte{'\r'}); had {
		line = text
		notes = append(notes, Note{RuleLineEnd, number, "The lines end in CR LF; they were written with LF."})
	}
	if len(line) == 0 {
		return nil, append(notes, Note{RuleBlank, number, "A blank line was left out."})
	}
	if wrong := v.parser.Parse(&v.record, line); wrong != nil {
		return wrong.At(number), notes
	}
	v.alleles = v.alleles[:0]
	if string(v.record.Alt) != "." {
		v.alleles = v.record.Alleles(v.alleles)
	}
	if rule, wrong := v.declarations.judgeInfo(v.record.Info, len(v.alleles)); wrong != "" {
		notes = append(notes, Note{rule, number, wrong})
	}
	if rule, wrong := v.declarations.judgeSamples(v.record.Rest, len(v.alleles)); wrong != "" {
		notes = append(notes, Note{rule, number, wrong})
	}
	return nil, v.sequence(notes, number)
}

// Record is the record of the line vetted last, when it was not refused.
func (v *Vetter) Record() *Record { return &v.record }

// Sorted tells whether all records so far were sorted by contig and position.
func (v *Vetter) Sorted() bool { return !v.unsorted }

// sequence judges the record's place behind those before it.
func (v *Vetter) sequence(notes []Note, number int64) []Note {
	r := &v.record
	name := string(r.Chrom)
	before := v.contig == name && r.Pos < v.position
	apart := v.contig != name && v.contigs[name]
	if before || apart {
		v.unsorted = true
		notes = append(notes, Note{RuleOrder, number, "The record is not sorted behind the one before it."})
	}
	if v.contig != name || len(v.variants) > rememberedVariants {
		clear(v.variants)
	}
	v.contig, v.position = name, r.Pos
	v.contigs[name] = true
	for _, alt := range v.alleles {
		if !isBases(alt) {
			continue // two symbolic alleles at a place may differ in their ends
		}
		key := variantKey(r.Pos, r.Ref, alt)
		if v.variants[key] {
			notes = append(notes, Note{RuleDuplicate, number, fmt.Sprintf("The variant %s:%d %s>%s is there already.", name, r.Pos, shortened(r.Ref), shortened(alt))})
		}
		v.variants[key] = true
	}
	return notes
}

// variantKey names an allele without the bases that it shares with REF.
func variantKey(pos uint32, ref, alt []byte) string {
	for len(ref) > 1 && len(alt) > 1 && ref[len(ref)-1] == alt[len(alt)-1] {
		ref, alt = ref[:len(ref)-1], alt[:len(alt)-1]
	}
	for len(ref) > 1 && len(alt) > 1 && ref[0] == alt[0] {
		ref, alt, pos = ref[1:], alt[1:], pos+1
	}
	return fmt.Sprintf("%d %s %s", pos, ref, alt)
}
