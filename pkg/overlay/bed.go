package overlay

import (
	"bytes"
	"slices"
	"strings"

	"gas/pkg/fault"
)

// bedColumns are the names of a BED file's columns after the first three, unless its first line, beginning with #, names them.
var bedColumns = []string{"name", "score", "strand", "thickStart", "thickEnd", "itemRgb", "blockCount", "blockSizes", "blockStarts"}

// bedFlag is the field of a BED file that has intervals and nothing else: a flag.
var bedFlag = Field{ID: "overlap", Number: "0", Type: "Flag", Description: "Overlaps an interval"}

// bedReader makes a row of each interval.
type bedReader struct {
	columns []int // of each field, counted from 0; negative for bedFlag
	contigs *contigList
	fields  int
	text    []byte
}

// newBEDReader chooses the fields of a BED file by the names of its columns. Without names the fourth column is taken, where there is none a flag.
func newBEDReader(d *Description, asked, names []string, width int, contigs *contigList) (*bedReader, error) {
	if len(asked) == 0 && width > 3 && len(names) > 0 {
		asked = names[:1]
	}
	b := &bedReader{contigs: contigs}
	for _, id := range asked {
		column := slices.Index(names, id)
		if column < 0 {
			return nil, fault.New(fault.BadInput, "The BED file %s has no column %q.", d.Source.File, id).WithHint("Its columns after the third are %s.", strings.Join(names, ", "))
		}
		b.columns = append(b.columns, column+3)
		d.Fields = append(d.Fields, Field{ID: id, Number: ".", Type: "String", Description: "Column " + id + " of the overlapping intervals"})
	}
	if len(asked) == 0 {
		b.columns, d.Fields = []int{-1}, []Field{bedFlag}
	}
	b.fields = len(b.columns)
	return b, nil
}

func (b *bedReader) record(line []byte, number int64, to *orderer) error {
	columns := bytes.Split(line, []byte{'\t'})
	if len(columns) < 3 {
		return fault.At(number, 0, "An interval needs three columns separated by tabs.")
	}
	start, startOK := parsePosition(columns[1])
	end, endOK := parsePosition(columns[2])
	if !startOK || !endOK || end < start {
		return fault.At(number, 0, "An interval's start and end must be numbers, its start not larger than its end.")
	}
	contig := b.contigs.of(columns[0])
	if err := to.begin(contig, start+1); err != nil {
		return err
	}
	if start == end {
		return nil
	}
	r := to.row()
	r.reset(b.fields)
	r.contig, r.pos, r.end = contig, start+1, end
	for i, column := range b.columns {
		switch {
		case column < 0:
			r.setValue(i, flagValue)
		case column < len(columns):
			b.text = appendInfoSafe(b.text[:0], columns[column])
			r.setValue(i, b.text)
		}
	}
	return to.push(r)
}

// appendInfoSafe appends a text with the characters that mean something in INFO written by their percent code, as the specification of VCF 4.3 says in section 1.2.
func appendInfoSafe(to, text []byte) []byte {
	for _, b := range text {
		switch b {
		case ';', '=', ',', '%', ' ', '\t', '\r':
			const digits = "0123456789ABCDEF"
			to = append(to, '%', digits[b>>4], digits[b&15])
		default:
			to = append(to, b)
		}
	}
	return to
}

// isBED tells a BED file by its name.
func isBED(path string) bool {
	name := strings.ToLower(path)
	return strings.HasSuffix(name, ".bed") || strings.HasSuffix(name, ".bed.gz") || strings.HasSuffix(name, ".bed.bgz")
}
