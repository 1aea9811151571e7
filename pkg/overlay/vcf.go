package overlay

import (
	"bytes"
	"math"

	"gas/pkg/fault"
)

// recordReader turns a line of a database into rows.
type recordReader interface {
	record(line []byte, number int64, to *orderer) error
}

// contigList numbers contigs in the order in which they are met.
type contigList struct {
	names  []string
	number map[string]int
	last   int
}

func newContigList() *contigList { return &contigList{number: make(map[string]int), last: -1} }

func (c *contigList) of(name []byte) int {
	if c.last >= 0 && c.names[c.last] == string(name) {
		return c.last
	}
	i, known := c.number[string(name)]
	if !known {
		i = len(c.names)
		c.names = append(c.names, string(name))
		c.number[c.names[i]] = i
	}
	c.last = i
	return i
}

// The columns of a VCF record before FORMAT.
const (
	columnChrom = iota
	columnPos
	columnID
	columnRef
	columnAlt
	columnQual
	columnFilter
	columnInfo
	columnCount
)

// vcfReader makes a row of each alternative allele of a VCF record.
type vcfReader struct {
	fields  []Field
	keys    [][]byte // of the fields
	contigs *contigList
	skipped int64

	bases    func(contig []byte) []byte // nil: alleles are taken as they are given
	contig   int                        // whose sequence is at hand
	sequence []byte
	met      bool   // a contig has a sequence
	moved    int64  // alleles
	turned   []byte // the allele that was moved last

	columns [columnCount][]byte
	raw     [][]byte // the record's value of each field, nil where it has none
}

func newVCFReader(fields []Field, contigs *contigList) *vcfReader {
	v := &vcfReader{fields: fields, contigs: contigs, contig: -1, raw: make([][]byte, len(fields))}
	for _, f := range fields {
		v.keys = append(v.keys, []byte(f.ID))
	}
	return v
}

func (v *vcfReader) record(line []byte, number int64, to *orderer) error {
	if !v.split(line) {
		return fault.At(number, 0, "A record needs eight columns separated by tabs.")
	}
	pos, ok := parsePosition(v.columns[columnPos])
	if !ok {
		return fault.At(number, len(v.columns[columnChrom])+2, "POS is %q, but must be a number up to 4,294,967,295.", clip(v.columns[columnPos]))
	}
	if err := to.begin(v.contigs.of(v.columns[columnChrom]), pos); err != nil {
		return err
	}
	v.readFields()
	alts := v.columns[columnAlt]
	for i, more := 0, true; more; i++ {
		var alt []byte
		alt, alts, more = bytes.Cut(alts, []byte{','})
		if !isSequence(alt) || !isSequence(v.columns[columnRef]) {
			v.skipped++
			continue
		}
		if err := to.push(v.row(to, pos, alt, i)); err != nil {
			return err
		}
	}
	return nil
}

func (v *vcfReader) split(line []byte) bool {
	for i := range v.columns {
		end := bytes.IndexByte(line, '\t')
		if end < 0 {
			v.columns[i] = line
			return i == columnCount-1
		}
		v.columns[i], line = line[:end], line[end+1:]
	}
	return true
}

// row fills a row with the allele of a number, counted from 0.
func (v *vcfReader) row(to *orderer, pos uint32, alt []byte, allele int) *row {
	shift, ref, alt := trim(v.columns[columnRef], alt)
	r := to.row()
	r.reset(len(v.fields))
	r.contig, r.pos = to.contig, pos+uint32(shift)
	if (len(ref) == 0) != (len(alt) == 0) {
		r.pos, ref, alt = v.leftAlign(to.contig, pos, r.pos, ref, alt)
	}
	r.setAlleles(ref, alt)
	for i, f := range v.fields {
		switch value := v.raw[i]; f.Number {
		case "A":
			r.setValue(i, element(value, allele))
		case "R":
			r.setValue(i, element(value, allele+1))
		default:
			r.setValue(i, value)
		}
	}
	return r
}

// leftAlign moves a trimmed allele, of which one side is empty, as far to the left as the sequence lets it. Where there is none, or the record's REF is another, it
// stays where it is.
func (v *vcfReader) leftAlign(contig int, recordPos, pos uint32, ref, alt []byte) (_ uint32, movedRef, movedAlt []byte) {
	if v.bases == nil {
		return pos, ref, alt
	}
	if contig != v.contig {
		v.contig, v.sequence = contig, v.bases(v.columns[columnChrom])
		v.met = v.met || v.sequence != nil
	}
	if !agrees(v.sequence, recordPos, v.columns[columnRef]) {
		return pos, ref, alt
	}
	text := ref
	if len(ref) == 0 {
		text = alt
	}
	steps := stepsLeft(v.sequence, pos, text)
	if steps == 0 {
		return pos, ref, alt
	}
	v.moved++
	v.turned = appendTurned(v.turned[:0], text, steps)
	if len(ref) == 0 {
		return pos - uint32(steps), nil, v.turned
	}
	return pos - uint32(steps), v.turned, nil
}

// readFields finds the record's values of the fields.
func (v *vcfReader) readFields() {
	clear(v.raw)
	info := v.columns[columnInfo]
	for len(info) > 0 {
		var entry []byte
		if end := bytes.IndexByte(info, ';'); end >= 0 {
			entry, info = info[:end], info[end+1:]
		} else {
			entry, info = info, nil
		}
		for i, key := range v.keys {
			if !bytes.HasPrefix(entry, key) {
				continue
			}
			if rest := entry[len(key):]; len(rest) == 0 {
				v.raw[i] = flagValue
			} else if rest[0] == '=' {
				v.raw[i] = rest[1:]
			}
		}
	}
	for i, f := range v.fields {
		switch f {
		case columnFields[0]:
			v.raw[i] = v.columns[columnID]
		case columnFields[1]:
			v.raw[i] = v.columns[columnQual]
		case columnFields[2]:
			v.raw[i] = v.columns[columnFilter]
		}
	}
}

// flagValue is what is stored for a flag that is set.
var flagValue = []byte("1")

// element returns one element of a list separated by commas, nil where the list is shorter.
func element(list []byte, index int) []byte {
	for ; index > 0; index-- {
		end := bytes.IndexByte(list, ',')
		if end < 0 {
			return nil
		}
		list = list[end+1:]
	}
	if end := bytes.IndexByte(list, ','); end >= 0 {
		return list[:end]
	}
	return list
}

// parsePosition reads a decimal number below 2^32.
func parsePosition(text []byte) (uint32, bool) {
	if len(text) == 0 || len(text) > 10 {
		return 0, false
	}
	var n uint64
	for _, b := range text {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + uint64(b-'0')
	}
	return uint32(n), n <= math.MaxUint32
}

// clip shortens a text that is shown in a message.
func clip(text []byte) []byte {
	if len(text) > 40 {
		return text[:40]
	}
	return text
}
