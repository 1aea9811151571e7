package results

import (
	"bytes"
	"errors"
	"math/bits"
	"strconv"

	"gas/pkg/consequence"
)

// errLine says that a line of a result is not a record.
var errLine = errors.New("not a record of eight columns")

// lineReader takes a line of a result apart. It allocates nothing once its buffers have grown; what it holds points into the line.
type lineReader struct {
	header  *Header
	layout  csqLayout
	keys    [][]byte // of the databases' fields
	numbers []byte   // first letter of their Number

	chrom, id, ref, alt, qual, filter, info []byte
	rest                                    []byte // FORMAT and samples
	pos                                     uint32
	alts                                    [][]byte
	spelled                                 [][]byte // each ALT as CSQ's Allele spells it
	values                                  [][]byte // of the databases' fields
	entries                                 []byte   // the value of CSQ
	entry                                   [][]byte // the fields of the entry of CSQ that is looked at
	picks                                   []pick   // of each ALT

	consequences map[string]consequenceSet
	anyText      map[anySet][2][]byte // impacts, consequences
	lastText     []byte               // the consequence that was seen last
	lastSet      consequenceSet
	unknown      map[string]uint // bits of terms that pkg/consequence does not know
}

// consequenceSet is what is known of the text of a Consequence.
type consequenceSet struct {
	terms uint64
	rank  int
}

// anySet is the impacts and terms of all transcripts.
type anySet struct {
	terms   uint64
	impacts uint8
}

// pick is the transcript that speaks for an allele, and what all of its transcripts say together.
type pick struct {
	found                                                        bool
	score                                                        int
	consequence, impact, gene, transcript, biotype, hgvsc, hgvsp []byte
	any                                                          anySet
}

func newLineReader(h *Header) *lineReader {
	r := &lineReader{
		header: h, layout: newCSQLayout(h.Fields), consequences: make(map[string]consequenceSet), anyText: make(map[anySet][2][]byte), unknown: make(map[string]uint),
	}
	for _, f := range h.databaseFields() {
		r.keys = append(r.keys, []byte(f.Key))
		number := byte('.')
		if len(f.Number) == 1 {
			number = f.Number[0]
		}
		r.numbers = append(r.numbers, number)
	}
	r.values = make([][]byte, len(r.keys))
	return r
}

// read takes a line apart, without its line end.
func (r *lineReader) read(line []byte) error {
	var columns [8][]byte
	r.rest = nil
	for i := range columns {
		end := bytes.IndexByte(line, '\t')
		if end < 0 {
			if i < 7 {
				return errLine
			}
			columns[i] = line
			break
		}
		columns[i], line = line[:end], line[end+1:]
		if i == 7 {
			r.rest = line
		}
	}
	pos, err := strconv.ParseUint(string(columns[1]), 10, 32)
	if err != nil {
		return errLine
	}
	r.pos = uint32(pos)
	r.chrom, r.id, r.ref, r.alt = columns[0], present(columns[2]), columns[3], columns[4]
	r.qual, r.filter, r.info = present(columns[5]), present(columns[6]), columns[7]
	r.splitAlts(columns[4])
	r.readInfo()
	r.readEntries()
	return nil
}

// present gives nil for the missing value.
func present(value []byte) []byte {
	if len(value) == 1 && value[0] == '.' {
		return nil
	}
	return value
}

func (r *lineReader) splitAlts(alt []byte) {
	r.alts = r.alts[:0]
	for {
		end := bytes.IndexByte(alt, ',')
		if end < 0 {
			r.alts = append(r.alts, alt)
			return
		}
		r.alts, alt = append(r.alts, alt[:end]), alt[end+1:]
	}
}

// readInfo finds the annotation and the databases' values.
func (r *lineReader) readInfo() {
	clear(r.values)
	r.entries = nil
	info := r.info
	for len(info) > 0 {
		entry := info
		if end := bytes.IndexByte(info, ';'); end >= 0 {
			entry, info = info[:end], info[end+1:]
		} else {
			info = nil
		}
		if n := len(r.header.Key); n > 0 && len(entry) > n && entry[n] == '=' && string(entry[:n]) == r.header.Key {
			r.entries = entry[n+1:]
			continue
		}
		for i, key := range r.keys {
			if len(entry) < len(key) || entry[0] != key[0] || !bytes.HasPrefix(entry, key) {
				continue
			}
			if len(entry) == len(key) {
				r.values[i] = flagValue
			} else if entry[len(key)] == '=' {
				r.values[i] = entry[len(key)+1:]
			}
		}
	}
}

// flagValue stands for a flag that is set.
var flagValue = []byte("1")

// value is what a database's field says of an allele, by its index; nil where it says nothing.
func (r *lineReader) value(field, allele int) []byte {
	v := r.values[field]
	if v == nil {
		return nil
	}
	if r.numbers[field] == 'A' || r.numbers[field] == '.' && len(r.alts) > 1 && bytes.Count(v, []byte{','}) == len(r.alts)-1 {
		v = element(v, allele, len(r.alts) > 1)
	}
	return present(v)
}

// element is one element of a list; the whole list where it is none.
func element(list []byte, index int, isList bool) []byte {
	for ; isList && index > 0; index-- {
		end := bytes.IndexByte(list, ',')
		if end < 0 {
			return nil
		}
		list = list[end+1:]
	}
	if end := bytes.IndexByte(list, ','); isList && end >= 0 {
		return list[:end]
	}
	return list
}

// readEntries goes through CSQ and keeps each allele's pick.
func (r *lineReader) readEntries() {
	r.picks = r.picks[:0]
	for range r.alts {
		r.picks = append(r.picks, pick{})
	}
	if r.layout.consequence < 0 {
		return
	}
	r.spell()
	for n, rest := 0, r.entries; len(rest) > 0; n++ {
		rest = r.cutEntry(rest)
		if len(r.entry) < r.layout.count {
			continue
		}
		if allele := r.alleleOfEntry(); allele >= 0 {
			r.judge(&r.picks[allele])
		}
	}
}

// cutEntry cuts the next entry of CSQ into its fields and returns what follows it.
func (r *lineReader) cutEntry(text []byte) (rest []byte) {
	r.entry = r.entry[:0]
	start := 0
	for i, c := range text {
		switch c {
		case '|':
			r.entry = append(r.entry, text[start:i])
			start = i + 1
		case ',':
			r.entry = append(r.entry, text[start:i])
			return text[i+1:]
		}
	}
	r.entry = append(r.entry, text[start:])
	return nil
}

// spell writes each ALT as CSQ's Allele does, where there is more than one to tell apart (ANN has ALT as it is): where an allele is an insertion or deletion and all begin with REF's first base,
// that base is dropped, and `-` stands for nothing.
func (r *lineReader) spell() {
	if len(r.alts) < 2 {
		return
	}
	drop := false
	for _, alt := range r.alts {
		if len(alt) != len(r.ref) && isBases(alt) && r.header.Key != "ANN" {
			drop = true
		}
	}
	for _, alt := range r.alts {
		if isBases(alt) && (len(r.ref) == 0 || alt[0] != r.ref[0]) {
			drop = false
		}
	}
	r.spelled = r.spelled[:0]
	for _, alt := range r.alts {
		if drop && isBases(alt) {
			alt = alt[1:]
		}
		if len(alt) == 0 {
			alt = []byte("-")
		}
		r.spelled = append(r.spelled, alt)
	}
}

func isBases(allele []byte) bool {
	return len(allele) > 0 && (allele[0] >= 'A' && allele[0] <= 'Z' || allele[0] >= 'a' && allele[0] <= 'z') && bytes.IndexByte(allele, '[') < 0 && bytes.IndexByte(allele, ']') < 0
}

// alleleOfEntry finds the ALT that an entry of CSQ speaks of: by its number, else by its spelling; -1 for none.
func (r *lineReader) alleleOfEntry() int {
	if len(r.alts) == 1 {
		return 0
	}
	if at := r.layout.number; at >= 0 {
		if n, err := strconv.Atoi(string(r.entry[at])); err == nil && n >= 1 && n <= len(r.alts) {
			return n - 1
		}
	}
	if r.layout.allele < 0 {
		return -1
	}
	allele := r.entry[r.layout.allele]
	for i, spelled := range r.spelled {
		if bytes.Equal(spelled, allele) {
			return i
		}
	}
	for i, alt := range r.alts {
		if name := bytes.Trim(alt, "<>"); len(name) < len(alt) && spellsSymbol(allele, name) {
			return i
		}
	}
	return -1
}

// spellsSymbol tells whether CSQ's Allele is that of a symbolic ALT, for which VEP writes the name of its class.
func spellsSymbol(allele, name []byte) bool {
	kind, _, _ := bytes.Cut(name, []byte{':'})
	switch string(allele) {
	case "deletion":
		return string(kind) == "DEL"
	case "duplication":
		return string(kind) == "DUP"
	case "insertion":
		return string(kind) == "INS"
	case "inversion":
		return string(kind) == "INV"
	case "copy_number_variation":
		return string(kind) == "CNV" || string(kind) == "CN"
	}
	return bytes.Equal(allele, name)
}

// What makes a transcript the pick, above the rank of its terms.
const (
	scoreMANE      = 1024
	scoreCanonical = 256
)

// judge takes an entry into an allele's pick. The pick is the transcript of MANE Select, else the canonical one, else the most severe one; of equals the first.
func (r *lineReader) judge(p *pick) {
	set := r.consequenceOf(r.field(r.layout.consequence))
	impact := r.field(r.layout.impact)
	p.any.terms |= set.terms
	if rank := impactBit(impact); rank >= 0 {
		p.any.impacts |= 1 << rank
	}
	score := 64 - set.rank
	if len(r.field(r.layout.mane)) > 0 {
		score += scoreMANE
	}
	if len(r.field(r.layout.canonical)) > 0 {
		score += scoreCanonical
	}
	if p.found && score <= p.score {
		return
	}
	p.found, p.score = true, score
	p.consequence, p.impact = r.field(r.layout.consequence), impact
	p.gene, p.transcript = r.field(r.layout.symbol), r.field(r.layout.feature)
	if len(p.gene) == 0 {
		p.gene = r.field(r.layout.gene)
	}
	p.biotype, p.hgvsc, p.hgvsp = r.field(r.layout.biotype), r.field(r.layout.hgvsc), r.field(r.layout.hgvsp)
}

// field is one field of the entry at hand, empty where CSQ has none of it.
func (r *lineReader) field(at int) []byte {
	if at < 0 {
		return nil
	}
	return r.entry[at]
}

// impactBit is the rank of an impact, -1 for what is none.
func impactBit(impact []byte) int {
	for rank, text := range impactText {
		if bytes.Equal(impact, text) {
			return rank
		}
	}
	return -1
}

// consequenceOf reads the terms of an entry. Texts repeat, so each is taken apart once.
func (r *lineReader) consequenceOf(text []byte) consequenceSet {
	if bytes.Equal(text, r.lastText) {
		return r.lastSet
	}
	set, known := r.consequences[string(text)]
	if !known {
		set.rank = 63
		for name := range bytes.SplitSeq(text, []byte{'&'}) {
			bit := r.termBit(string(name))
			set.terms |= 1 << bit
			set.rank = min(set.rank, int(bit))
		}
		r.consequences[string(text)] = set
	}
	r.lastText, r.lastSet = append(r.lastText[:0], text...), set
	return set
}

// termBit numbers terms by their rank, unknown ones behind the known; from the 64th on they share a bit and are not told apart.
func (r *lineReader) termBit(name string) uint {
	if term, ok := consequence.TermOf(name); ok {
		return uint(bits.TrailingZeros64(uint64(term)))
	}
	bit, known := r.unknown[name]
	if !known {
		bit = min(uint(len(consequence.TermNames())+len(r.unknown)), 63)
		r.unknown[name] = bit
	}
	return bit
}

// anyOf writes the impacts and terms of all transcripts, the most severe first.
func (r *lineReader) anyOf(set anySet) [2][]byte {
	if text, known := r.anyText[set]; known {
		return text
	}
	var text [2][]byte
	add := func(i int, name string) {
		if len(text[i]) > 0 {
			text[i] = append(text[i], '&')
		}
		text[i] = append(text[i], name...)
	}
	for bit := 3; bit >= 0; bit-- {
		if set.impacts>>bit&1 == 1 {
			add(0, consequence.Impact(bit).String())
		}
	}
	names := consequence.TermNames()
	for bit := range uint(64) {
		if set.terms>>bit&1 == 0 {
			continue
		}
		if bit < uint(len(names)) {
			add(1, names[bit])
		}
		for name, other := range r.unknown {
			if other == bit {
				add(1, name)
			}
		}
	}
	r.anyText[set] = text
	return text
}

// The words of the columns type, impact and gt.
var (
	typeSNV, typeIns, typeDel, typeMNV, typeDelins, typeSV = []byte("snv"), []byte("ins"), []byte("del"), []byte("mnv"), []byte("delins"), []byte("sv")

	genotypeHom, genotypeHet, genotypeRef, genotypeMissing = []byte("hom"), []byte("het"), []byte("ref"), []byte("missing")

	impactText = [4][]byte{[]byte("MODIFIER"), []byte("LOW"), []byte("MODERATE"), []byte("HIGH")}
)

// types are the values of `type`.
var types = []string{"snv", "ins", "del", "mnv", "delins", "sv"}

// variantType is what a filter's `type` compares: snv, mnv, ins, del, delins, sv; nil for `.`, `*` and an allele equal to REF.
func variantType(ref, alt []byte) []byte {
	if len(alt) == 1 && len(ref) == 1 && isBases(alt) {
		if alt[0]|0x20 == ref[0]|0x20 {
			return nil
		}
		return typeSNV
	}
	switch {
	case len(alt) == 0 || string(alt) == "." || string(alt) == "*" || string(alt) == "<*>" || string(alt) == "<NON_REF>":
		return nil
	case !isBases(alt):
		return typeSV
	}
	for len(ref) > 0 && len(alt) > 0 && ref[len(ref)-1]|0x20 == alt[len(alt)-1]|0x20 {
		ref, alt = ref[:len(ref)-1], alt[:len(alt)-1]
	}
	for len(ref) > 0 && len(alt) > 0 && ref[0]|0x20 == alt[0]|0x20 {
		ref, alt = ref[1:], alt[1:]
	}
	switch {
	case len(ref) == 0 && len(alt) == 0:
		return nil
	case len(ref) == 0:
		return typeIns
	case len(alt) == 0:
		return typeDel
	case len(ref) == 1 && len(alt) == 1:
		return typeSNV
	case len(ref) == len(alt):
		return typeMNV
	}
	return typeDelins
}

// genotypeClass tells what a genotype says of an allele, by its number in the record (1 for the first ALT): hom, het, ref or missing.
func genotypeClass(gt []byte, allele int) []byte {
	have, other, absent := 0, 0, 0
	for len(gt) > 0 {
		number, digits := 0, 0
		for digits < len(gt) && gt[digits] >= '0' && gt[digits] <= '9' {
			number = number*10 + int(gt[digits]-'0')
			digits++
		}
		switch {
		case digits == 0 && gt[0] != '.':
			// VCF 4.4 allows a phase before the first allele.
		case digits == 0:
			absent++
		case number == allele:
			have++
		default:
			other++
		}
		gt = gt[max(digits, 1):]
		if len(gt) > 0 && digits+absent > 0 && (gt[0] == '/' || gt[0] == '|') {
			gt = gt[1:]
		}
	}
	switch {
	case have > 0 && other+absent == 0:
		return genotypeHom
	case have > 0:
		return genotypeHet
	case absent > 0 || other == 0:
		return genotypeMissing
	}
	return genotypeRef
}

func startsWithGT(format []byte) bool {
	return bytes.HasPrefix(format, []byte("GT")) && (len(format) == 2 || format[2] == ':')
}

// cutGenotype cuts the next sample off the columns of samples, and returns its GT, nil where there is none.
func cutGenotype(samples []byte, hasGT bool) (gt, rest []byte) {
	sample := samples
	if end := bytes.IndexByte(samples, '\t'); end >= 0 {
		sample, rest = samples[:end], samples[end+1:]
	}
	if !hasGT {
		return nil, rest
	}
	for i, c := range sample {
		if c == ':' {
			return sample[:i], rest
		}
	}
	return sample, rest
}

// genotypes calls a function with the genotype of each sample, up to a number of them. GT stands first in FORMAT where it is there.
func (r *lineReader) genotypes(count int, each func(sample int, gt []byte)) {
	format, rest, _ := bytes.Cut(r.rest, []byte{'\t'})
	hasGT := startsWithGT(format)
	for i := range count {
		var gt []byte
		gt, rest = cutGenotype(rest, hasGT)
		each(i, gt)
	}
}
