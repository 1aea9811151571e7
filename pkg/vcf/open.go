package vcf

import (
	"bytes"
	"errors"
	"io"

	"gas/pkg/fault"
	"gas/pkg/vcf/bgzf"
)

// headerPiece is how much text is read at a time while the header lasts, in bytes.
const headerPiece = 64 << 10

// fieldsOfLine is how many fields a header line may have on the average, if the header has as many lines as it may.
const fieldsOfLine = 8

// ReadHeader reads the header from the beginning of a source. It returns, beside it, the text behind the header that was read with it, and how
// many lines the header has. The faults name the line.
func ReadHeader(s *Source, d *bgzf.Decoder, limits Limits) (h *Header, rest []byte, lines int64, err error) {
	limits = limits.orDefaults()
	var r headerReader
	var p Piece
	var pending []byte // what was read and not yet taken
	for total := 0; ; {
		err := s.Next(&p, headerPiece)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return nil, nil, 0, onLine(err, r.line+1)
		}
		var damage error
		if !ended {
			var text []byte
			text, damage = p.Text(d)
			total += len(text)
			pending = append(pending, text...)
		}
		if pending, err = r.take(pending, ended && damage == nil, total); err != nil {
			return nil, nil, 0, err
		}
		switch {
		case r.done && r.line <= int64(limits.Lines) && r.fields <= limits.Lines*fieldsOfLine:
			r.header.notes = append(r.header.notes, r.header.checkMeta()...)
			return &r.header, pending, r.line, onLine(damage, r.line+int64(bytes.Count(pending, []byte{'\n'}))+1)
		case damage != nil:
			return nil, nil, 0, onLine(damage, r.line+1)
		case ended:
			return nil, nil, 0, fault.At(r.line, 0, "The file ends before the line #CHROM.")
		case total > limits.Header:
			return nil, nil, 0, tooLarge(r.line+1, "The header is longer than %d bytes.", limits.Header)
		case r.line > int64(limits.Lines):
			return nil, nil, 0, tooLarge(r.line, "The header has more than %d lines.", limits.Lines)
		case r.fields > limits.Lines*fieldsOfLine:
			return nil, nil, 0, tooLarge(r.line, "The header lines have more than %d fields.", limits.Lines*fieldsOfLine)
		}
	}
}

// take takes all whole lines, and what is left too when the file has ended.
func (r *headerReader) take(text []byte, ended bool, total int) ([]byte, error) {
	for !r.done {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			if r.line == 0 && len(text) > 0 && len(text) >= min(total, sniffed) && text[0] != '#' && text[0] < 0x80 && text[0] > ' ' {
				return nil, r.add(text) // whatever follows: this is no header
			}
			if !ended || len(text) == 0 {
				return text, nil
			}
			line := text
			text = nil
			if err := r.add(r.cleaned(line)); err != nil {
				return nil, err
			}
			r.note(RuleLastLine, "The last line has no line end.")
			return nil, nil
		}
		line := text[:end]
		text = text[end+1:]
		if err := r.add(r.cleaned(line)); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// cleaned is a line without the CR before its line end.
func (r *headerReader) cleaned(line []byte) []byte {
	rest, had := bytes.CutSuffix(line, []byte{'\r'})
	if had && r.line == 0 {
		r.header.notes = append(r.header.notes, Note{RuleLineEnd, 1, "The lines end in CR LF; they were written with LF."})
	}
	return rest
}

// tooLarge is the fault of a line or header over a limit.
func tooLarge(line int64, format string, args ...any) error {
	f := fault.New(fault.TooLarge, format, args...)
	f.Line = line
	return f
}

// onLine adds the line to a fault that has none yet.
func onLine(err error, line int64) error {
	var f *fault.Fault
	if err == nil || !errors.As(err, &f) || f.Line != 0 {
		return err
	}
	with := *f
	with.Line = line
	return &with
}
