package annotate

import (
	"bytes"
	"encoding/binary"
)

// sampleCounts counts genotypes by sample. Those without an ALT allele are what is left of the records.
type sampleCounts struct {
	records int64 // with genotypes
	each    []sampleCount
}

type sampleCount struct{ het, hom, missing int64 }

func (s *sampleCounts) init(samples int) { s.each = make([]sampleCount, samples) }

// Two samples without an ALT allele as eight bytes, unphased and phased.
var (
	unphased = binary.LittleEndian.Uint64([]byte("0/0\t0/0\t"))
	phased   = binary.LittleEndian.Uint64([]byte("0|0\t0|0\t"))
)

// record counts the genotypes of one record, from its column FORMAT on with the tab before it. It counts none where GT is not the first key.
func (s *sampleCounts) record(rest []byte) {
	if len(rest) < 3 || rest[1] != 'G' || rest[2] != 'T' {
		return
	}
	at := 1 + bytes.IndexByte(rest[1:], '\t') + 1
	if at == 1 || at != 4 && rest[3] != ':' {
		return
	}
	s.records++
	for sample := 0; sample < len(s.each); sample++ {
		for at+8 <= len(rest) {
			if word := binary.LittleEndian.Uint64(rest[at:]); word != unphased && word != phased {
				break
			}
			at += 8
			sample += 2
		}
		if sample >= len(s.each) || at >= len(rest) {
			return
		}
		at = s.genotype(&s.each[sample], rest, at)
	}
}

// genotype counts one genotype and returns where the next sample begins.
func (s *sampleCounts) genotype(count *sampleCount, rest []byte, at int) int {
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
		count.missing++
	case het:
		count.het++
	case alt:
		count.hom++
	}
	if next := bytes.IndexByte(rest[min(i, len(rest)):], '\t'); next >= 0 {
		return min(i, len(rest)) + next + 1
	}
	return len(rest)
}

func (s *sampleCounts) add(other *sampleCounts) {
	s.records += other.records
	for i := range s.each {
		s.each[i].het += other.each[i].het
		s.each[i].hom += other.each[i].hom
		s.each[i].missing += other.each[i].missing
	}
}
