package annotate

import (
	"bytes"
	"encoding/binary"
)

// sampleCounts counts genotypes by sample. Those without an ALT allele are what is left of the records.
type sampleCounts struct {
	records int64 // with genotypes
	each    []sampleCount
	format  []byte // the last FORMAT of which GT is the first key, with the tabs around it
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
	at := len(s.format)
	if at == 0 || len(rest) < at || string(rest[:at]) != string(s.format) {
		if at = samplesBegin(rest); at == 0 {
			return
		}
		s.format = append(s.format[:0], rest[:at]...)
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
		if at = s.genotype(&s.each[sample], rest, at); sample < len(s.each)-1 {
			at = nextSample(rest, at)
		}
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
	if at+3 <= len(rest) && (at+3 == len(rest) || rest[at+3] == ':' || rest[at+3] == '\t') && rest[at]-'0' <= 9 && rest[at+2]-'0' <= 9 && (rest[at+1] == '/' || rest[at+1] == '|') {
		switch {
		case rest[at] != rest[at+2]:
			count.het++
		case rest[at] != '0':
			count.hom++
		}
		return at + 3
	}
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
	return min(i, len(rest))
}

// nextSample is where the sample behind a place in one begins, or the end of rest.
func nextSample(rest []byte, at int) int {
	if next := bytes.IndexByte(rest[at:], '\t'); next >= 0 {
		return at + next + 1
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
