package genome

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// FASTA reads the sequences of a FASTA file one after the other, without holding more than a buffer of them.
//
//	>21 any description
//	NNNNacgtACGT
//	ACGT
//
// A sequence's name is the first word of its line. Bases come out in upper case, IUPAC codes kept, '*' and '-' as N. Empty lines, lines that begin with ';', blanks and carriage returns are skipped.
type FASTA struct {
	in        *bufio.Reader
	line      int
	bases     []byte // of the current line, not yet handed out
	name      string // of the sequence that Next gave
	following string // name of the next sequence, once its line was seen
	ended     bool
	midLine   bool // the buffer ended within a line
}

// NewFASTA returns a reader of plain text; see Inflate for compressed files.
func NewFASTA(in io.Reader) *FASTA { return &FASTA{in: bufio.NewReaderSize(in, 1<<20)} }

// Next skips what is left of the current sequence and returns the next one's name, or io.EOF.
func (f *FASTA) Next() (string, error) {
	for f.following == "" && !f.ended {
		if err := f.fill(); err != nil {
			return "", err
		}
		if len(f.bases) > 0 && f.name == "" {
			return "", f.fault("bases before the first line that begins with '>'")
		}
		f.bases = nil
	}
	if f.following == "" {
		return "", io.EOF
	}
	f.name, f.following = f.following, ""
	return f.name, nil
}

// Read fills p with bases of the current sequence, and returns io.EOF at its end.
func (f *FASTA) Read(p []byte) (int, error) {
	for len(f.bases) == 0 {
		if f.following != "" || f.ended {
			return 0, io.EOF
		}
		if err := f.fill(); err != nil {
			return 0, err
		}
	}
	n, err := f.upper(p)
	f.bases = f.bases[n:]
	return n, err
}

// upper copies bases in upper case and refuses what is no base.
func (f *FASTA) upper(p []byte) (int, error) {
	n := min(len(p), len(f.bases))
	for i, b := range f.bases[:n] {
		if p[i] = uppers[b]; p[i] == 0 {
			return i, f.fault(fmt.Sprintf("%q is not a base", b))
		}
	}
	return n, nil
}

// fill reads one line, or the part of a long line that fits the buffer.
func (f *FASTA) fill() error {
	chunk, err := f.in.ReadSlice('\n')
	begins := !f.midLine
	f.midLine = errors.Is(err, bufio.ErrBufferFull)
	if begins {
		f.line++
	}
	if errors.Is(err, io.EOF) {
		f.ended = true
	} else if err != nil && !f.midLine {
		return fmt.Errorf("read FASTA, line %d: %w", f.line, err)
	}
	chunk = bytes.TrimRight(chunk, " \t\r\n")
	switch {
	case !begins || len(chunk) == 0:
		f.bases = chunk
	case chunk[0] == '>':
		return f.header(chunk[1:])
	case chunk[0] == ';':
		f.bases = nil
	default:
		f.bases = chunk
	}
	if bytes.IndexByte(f.bases, ' ') >= 0 || bytes.IndexByte(f.bases, '\t') >= 0 {
		f.bases = bytes.Join(bytes.Fields(f.bases), nil)
	}
	return nil
}

func (f *FASTA) header(text []byte) error {
	words := bytes.Fields(text)
	if f.midLine || len(words) == 0 {
		return f.fault("a sequence without a name, or with a description longer than 1 MiB")
	}
	f.bases, f.following = nil, string(words[0])
	return nil
}

func (f *FASTA) fault(reason string) error {
	return &FormatError{Format: "FASTA", Line: f.line, Reason: reason}
}
