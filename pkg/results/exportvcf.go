package results

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gas/pkg/vcf"
)

// vcfExport writes a VCF: the lines of the result as they are, but for records of which only some alleles pass. Those keep the alleles that pass.
type vcfExport struct {
	index   *Index
	to      *bufio.Writer
	filter  string
	numbers map[string]string // Number of INFO keys and, behind a slash, of FORMAT keys
	line    []byte
	alleles []int // of the record that pass
	all     int
	read    *lineReader
}

func (v *vcfExport) begin(c Count) error {
	header := make([]byte, v.index.about.Length)
	if _, err := io.ReadFull(v.index.text.reader(0), header); err != nil {
		return fmt.Errorf("read the result's header: %w", err)
	}
	v.numbers, v.read = declaredNumbers(header), newLineReader(&v.index.about.Header)
	columns := bytes.LastIndex(header, []byte("#CHROM"))
	if columns < 0 {
		return damaged(errLine)
	}
	lines := fmt.Sprintf("##GAS_filter=<Rows=%d,Of=%d,Filter=%s>\n", c.Total, c.All, quoteAttribute(v.filter))
	for _, t := range c.Terms {
		lines += fmt.Sprintf("##GAS_filter_term=<Removed=%d,Term=%s>\n", t.Removed, quoteAttribute(t.Term))
	}
	_, _ = v.to.Write(header[:columns])
	_, _ = v.to.WriteString(lines)
	_, err := v.to.Write(header[columns:])
	return err
}

func quoteAttribute(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(text)) + `"`
}

// declaredNumbers reads the Number of every ##INFO and ##FORMAT line.
func declaredNumbers(header []byte) map[string]string {
	numbers := make(map[string]string)
	for line := range strings.Lines(string(header)) {
		for prefix, mark := range map[string]string{"##INFO=<": "", "##FORMAT=<": "/"} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				a := attributes(rest)
				numbers[mark+a["ID"]] = a["Number"]
			}
		}
	}
	return numbers
}

// row gathers the alleles of a record, whose rows follow each other.
func (v *vcfExport) row(r *Row) error {
	last := len(v.alleles) - 1
	if last >= 0 && r.Allele > v.alleles[last] && bytes.Equal(r.Line, v.line) {
		v.alleles = append(v.alleles, r.Allele)
		return nil
	}
	if err := v.put(); err != nil {
		return err
	}
	v.line = append(v.line[:0], r.Line...)
	v.all, v.alleles = len(r.reader.alts), append(v.alleles[:0], r.Allele)
	return nil
}

func (v *vcfExport) end() error { return v.put() }

func (v *vcfExport) put() error {
	if len(v.alleles) == 0 {
		return nil
	}
	line := v.line
	if len(v.alleles) < v.all {
		if err := v.read.read(line); err != nil {
			return damaged(err)
		}
		line = v.reduced()
	}
	v.alleles = v.alleles[:0]
	_, _ = v.to.Write(line)
	return v.to.WriteByte('\n')
}

// reduced writes the record with the alleles that pass alone: lists by allele are shortened, entries of CSQ that speak of others dropped, genotypes renumbered, an allele that is gone a dot.
func (v *vcfExport) reduced() []byte {
	r := v.read
	columns := bytes.SplitN(v.line, []byte{'\t'}, 9)
	var alts [][]byte
	for _, allele := range v.alleles {
		alts = append(alts, r.alts[allele])
	}
	columns[4] = bytes.Join(alts, []byte{','})
	columns[7] = v.reducedInfo()
	if len(columns) == 9 {
		columns[8] = v.reducedSamples(columns[8])
	}
	return bytes.Join(columns, []byte{'\t'})
}

func (v *vcfExport) reducedInfo() []byte {
	var entries [][]byte
	for entry := range bytes.SplitSeq(v.read.info, []byte{';'}) {
		key, value, found := bytes.Cut(entry, []byte{'='})
		if string(key) == v.read.header.Key {
			value = v.reducedCSQ()
		} else if found {
			value = v.reducedList(value, numberOf(v.numbers[string(key)], vcf.ReservedInfo(string(key))))
		}
		if !found {
			entries = append(entries, key)
		} else if len(value) > 0 {
			entries = append(entries, append(append(bytes.Clone(key), '='), value...))
		}
	}
	if len(entries) == 0 {
		return []byte{'.'}
	}
	return bytes.Join(entries, []byte{';'})
}

// reducedCSQ keeps the entries of CSQ that speak of the alleles that pass. An entry's ALLELE_NUM, where there is one, follows the new numbers.
func (v *vcfExport) reducedCSQ() []byte {
	r := v.read
	var kept [][]byte
	for rest := r.entries; len(rest) > 0; {
		rest = r.cutEntry(rest)
		if len(r.entry) < r.layout.count {
			continue
		}
		allele := r.alleleOfEntry()
		for i, passing := range v.alleles {
			if passing != allele {
				continue
			}
			fields := append([][]byte(nil), r.entry...)
			if at := r.layout.number; at >= 0 {
				fields[at] = strconv.AppendInt(nil, int64(i+1), 10)
			}
			kept = append(kept, bytes.Join(fields, []byte{'|'}))
		}
	}
	return bytes.Join(kept, []byte{','})
}

// numberOf is how many values a key has: as the header says, or where it says nothing or leaves it open, as is often done for AC, as the specification reserves it.
func numberOf(declared, reserved string) string {
	if declared == "" || declared == "." {
		return reserved
	}
	return declared
}

// reducedList keeps the elements of a list that belong to the alleles that pass. A list by genotype becomes missing.
func (v *vcfExport) reducedList(value []byte, number string) []byte {
	elements := bytes.Split(value, []byte{','})
	var kept [][]byte
	switch {
	case number == "A" && len(elements) == v.all:
	case number == "R" && len(elements) == v.all+1:
		kept, elements = append(kept, elements[0]), elements[1:]
	case number == "G" && len(elements) > 1:
		return []byte{'.'}
	default:
		return value
	}
	for _, allele := range v.alleles {
		kept = append(kept, elements[allele])
	}
	return bytes.Join(kept, []byte{','})
}

// reducedSamples shortens the lists of FORMAT and renumbers genotypes.
func (v *vcfExport) reducedSamples(text []byte) []byte {
	columns := bytes.Split(text, []byte{'\t'})
	keys := bytes.Split(columns[0], []byte{':'})
	for i := 1; i < len(columns); i++ {
		values := bytes.Split(columns[i], []byte{':'})
		for j := range values {
			if j >= len(keys) {
				break
			}
			if string(keys[j]) == "GT" {
				values[j] = v.renumbered(values[j])
			} else {
				values[j] = v.reducedList(values[j], numberOf(v.numbers["/"+string(keys[j])], vcf.ReservedFormat(string(keys[j]))))
			}
		}
		columns[i] = bytes.Join(values, []byte{':'})
	}
	return bytes.Join(columns, []byte{'\t'})
}

func (v *vcfExport) renumbered(gt []byte) []byte {
	var out []byte
	for len(gt) > 0 {
		end := bytes.IndexAny(gt, "/|")
		part := gt
		if end >= 0 {
			part = gt[:end]
		}
		out = append(out, v.newNumber(part)...)
		if end < 0 {
			break
		}
		out, gt = append(out, gt[end]), gt[end+1:]
	}
	return out
}

func (v *vcfExport) newNumber(part []byte) []byte {
	n, err := strconv.Atoi(string(part))
	if err != nil || n == 0 {
		return part
	}
	for i, allele := range v.alleles {
		if allele == n-1 {
			return strconv.AppendInt(nil, int64(i+1), 10)
		}
	}
	return []byte{'.'}
}
