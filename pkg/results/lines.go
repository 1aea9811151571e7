package results

import "bytes"

// lines reads the lines of rows from the result. One goroutine may use it.
type lines struct {
	index  *Index
	from   *textReader
	reader *lineReader
	place  uint64 // of the line that is read
	loaded bool
	buffer []byte
}

func (x *Index) lines() *lines {
	return &lines{index: x, from: x.text.reader(0), reader: newLineReader(&x.about.Header)}
}

// at reads the line of a row. What it returns is good until the next call.
func (l *lines) at(number int, b *block, row int) (*lineReader, error) {
	if err := l.load(l.index.entries[number].text + uint64(b.line(row))); err != nil {
		return nil, err
	}
	if b.allele(row) >= len(l.reader.alts) || b.position(row) != l.reader.pos {
		return nil, damaged(errLine)
	}
	return l.reader, nil
}

// load reads the line at a place of the text, unless it is the last one that was read.
func (l *lines) load(place uint64) error {
	if l.loaded && place == l.place {
		return nil
	}
	l.loaded = false
	var err error
	if l.buffer, err = l.from.line(place, l.buffer); err != nil {
		return err
	}
	if err := l.reader.read(bytes.TrimRight(l.buffer, "\r")); err != nil {
		return damaged(err)
	}
	l.place, l.loaded = place, true
	return nil
}
