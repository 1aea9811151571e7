package genome

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// IndexEntry is one line of a FASTA index (.fai): five columns parted by tabs.
type IndexEntry struct {
	Name      string
	Length    int64 // of the sequence, in bases
	Offset    int64 // of its first base in the file, in bytes
	LineBases int64 // bases in each line but the last
	LineBytes int64 // bytes in each line but the last, its end included
}

// ReadIndex reads a FASTA index as samtools faidx writes it. The sixth column, of FASTQ, is passed over.
func ReadIndex(in io.Reader) ([]IndexEntry, error) {
	lines := bufio.NewScanner(in)
	var list []IndexEntry
	for n := 1; lines.Scan(); n++ {
		e, ok := parseIndexLine(lines.Text())
		if !ok {
			return nil, &FormatError{Format: "FASTA index", Line: n, Reason: "not a name and four numbers parted by tabs"}
		}
		list = append(list, e)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, &FormatError{Format: "FASTA index", Line: len(list) + 1, Reason: "the line is too long"}
	} else if err != nil {
		return nil, fmt.Errorf("read FASTA index: %w", err)
	}
	return list, nil
}

func parseIndexLine(line string) (e IndexEntry, ok bool) {
	columns := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
	if len(columns) != 5 && len(columns) != 6 || columns[0] == "" {
		return e, false
	}
	e.Name = columns[0]
	for i, target := range []*int64{&e.Length, &e.Offset, &e.LineBases, &e.LineBytes} {
		if *target, ok = number([]byte(columns[i+1])); !ok {
			return e, false
		}
	}
	return e, e.LineBytes >= e.LineBases && (e.LineBases > 0 || e.Length == 0)
}
