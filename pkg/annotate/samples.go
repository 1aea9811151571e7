package annotate

import (
	"bytes"
	"encoding/binary"

	index "gas/pkg/results"
)

// sampleCounts counts genotypes by sample. Those without an ALT allele are what is left of the records.
type sampleCounts struct {
	records int64 // with genotypes
	each    []sampleCount
	keep    bool // found is wanted
	whole   bool // found has all samples of the last record that may have another genotype than two REF
	found   []index.Sample
	format  []byte // the last FORMAT of which GT is the first key, with the tabs around it
	head    uint64 // the first eight bytes of format, where it has at least as many, and not more than twice as many
	tail    uint64 // its last eight bytes
}

// sampleCount counts genotypes by their kind.
type sampleCount [4]int64

// Kinds of genotypes. Those of REF alone are not counted everywhere.
const (
	genotypeRef = iota
	genotypeHet
	genotypeHom
	genotypeMissing
)

// init makes room for the samples. The room of one worker shares no line of the cache with that of another: two processors would take the line from each other with every record.
func (s *sampleCounts) init(samples int) { s.each = make([]sampleCount, samples, samples+4) }

// Two samples without an ALT allele as eight bytes, unphased and phased.
var (
	unphased = binary.LittleEndian.Uint64([]byte("0/0\t0/0\t"))
	phased   = binary.LittleEndian.Uint64([]byte("0|0\t0|0\t"))
)

// record counts the genotypes of one record, from its column FORMAT on with the tab before it. It counts none where GT is not the first key.
func (s *sampleCounts) record(rest []byte) {
	s.whole, s.found = false, s.found[:0]
	at := len(s.format)
	if !s.same(rest) {
		if at = samplesBegin(rest); at == 0 {
			return
		}
		s.take(rest[:at])
	}
	s.records++
	if len(s.each) == 1 {
		if at < len(rest) {
			s.note(0, at)
			s.genotype(&s.each[0], rest, at)
			s.whole = s.keep
		}
		return
	}
	for sample := 0; sample < len(s.each); sample++ {
		for at+8 <= len(rest) {
			if word := binary.LittleEndian.Uint64(rest[at:]); word != unphased && word != phased {
				break
			}
			at += 8
			sample += 2
		}
		if sample >= len(s.each) {
			break
		}
		if at >= len(rest) {
			return
		}
		s.note(sample, at)
		if at = s.genotype(&s.each[sample], rest, at); sample < len(s.each)-1 {
			at = nextSample(rest, at)
		}
	}
	s.whole = s.keep
}

// same tells whether a record has the FORMAT of the last one.
func (s *sampleCounts) same(rest []byte) bool {
	n := len(s.format)
	if n < 8 || n > 16 || len(rest) < n {
		return n > 0 && len(rest) >= n && string(rest[:n]) == string(s.format)
	}
	return binary.LittleEndian.Uint64(rest) == s.head && binary.LittleEndian.Uint64(rest[n-8:]) == s.tail
}

// take keeps the FORMAT of the record at hand.
func (s *sampleCounts) take(format []byte) {
	s.format = append(s.format[:0], format...)
	if n := len(format); n >= 8 {
		s.head, s.tail = binary.LittleEndian.Uint64(format), binary.LittleEndian.Uint64(format[n-8:])
	}
}

// note keeps where the genotype of a sample stands.
func (s *sampleCounts) note(sample, at int) {
	if s.keep {
		s.found = append(s.found, index.Sample{Number: int32(sample), At: int32(at)})
	}
}

// samplesBegin is where the first sample begins behind a FORMAT of which GT is the first key, 0 behind another.
func samplesBegin(rest []byte) int {
	if len(rest) < 3 || rest[1] != 'G' || rest[2] != 'T' {
		return 0
	}
	tab := bytes.IndexByte(rest[1:], '\t')
	if tab < 0 || tab != 2 && rest[3] != ':' {
		return 0
	}
	return tab + 2
}

// genotype counts one genotype and returns where it ends.
func (s *sampleCounts) genotype(count *sampleCount, rest []byte, at int) int {
	if at+3 <= len(rest) {
		first, between, second, behind := rest[at], rest[at+1], rest[at+2], byte('\t')
		if at+3 < len(rest) {
			behind = rest[at+3]
		}
		if one(between == '/')|one(between == '|') != 0 && one(behind == ':')|one(behind == '\t') != 0 && (first-'0')|(second-'0') <= 9 {
			count[(one(first != second)*genotypeHet+one(first == second)&one(first != '0')*genotypeHom)&3]++
			return at + 3
		}
	}
	return s.rareGenotype(count, rest, at)
}

// one is 1 for true and 0 for false, without a branch: which genotype comes next cannot be foreseen.
func one(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}

// rareGenotype counts a genotype letter by letter and returns where it ends.
func (s *sampleCounts) rareGenotype(count *sampleCount, rest []byte, at int) int {
	const none = -1
	first, het, alt, missing := none, false, false, false
	number := none
	i := at
	for ; ; i++ {
		c := byte('\t')
		if i < len(rest) {
			c = rest[i]
		}
		switch {
		case c-'0' <= 9:
			number = max(number, 0)*10 + int(c-'0')
			continue
		case c == '.':
			missing = true
		}
		if number != none {
			alt = alt || number > 0
			het = het || first != none && number != first
			first, number = number, none
		}
		if c == ':' || c == '\t' {
			break
		}
	}
	switch {
	case missing:
		count[genotypeMissing]++
	case het:
		count[genotypeHet]++
	case alt:
		count[genotypeHom]++
	}
	return min(i, len(rest))
}

// nextSample is where the sample behind a place in one begins, or the end of rest.
func nextSample(rest []byte, at int) int {
	if at < len(rest) && rest[at] == '\t' {
		return at + 1 // mostly: FORMAT is GT alone
	}
	if next := bytes.IndexByte(rest[at:], '\t'); next >= 0 {
		return at + next + 1
	}
	return len(rest)
}

func (s *sampleCounts) add(other *sampleCounts) {
	s.records += other.records
	for i := range s.each {
		addAll(s.each[i][:], other.each[i][:])
	}
}
