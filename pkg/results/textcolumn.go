package results

import (
	"encoding/binary"
	"sync"
)

// textBuilder gathers a column whose values hardly ever repeat, but begin like the ones before: HGVS and identifiers. Of each row it keeps how many bytes it shares
// with the last value that was there (one byte), how many follow (a uvarint) and those. Rows without a value share nothing and have nothing, and say how many of them
// follow each other (a uvarint).
type textBuilder struct {
	data  []byte
	last  []byte
	blank int // rows without a value behind those of data
	found bool
}

func (c *textBuilder) reset() { c.data, c.last, c.blank, c.found = c.data[:0], c.last[:0], 0, false }

func (c *textBuilder) add(value []byte) {
	if len(value) == 0 {
		c.blank++
		return
	}
	c.addValue(value)
}

// fill adds the rows without a value that were only counted.
func (c *textBuilder) fill() {
	if c.blank > 0 {
		c.data = binary.AppendUvarint(append(c.data, 0, 0), uint64(c.blank))
		c.blank = 0
	}
}

func (c *textBuilder) addValue(value []byte) {
	c.fill()
	shared, most := 0, min(len(value), len(c.last), 255)
	for shared+8 <= most && binary.LittleEndian.Uint64(value[shared:]) == binary.LittleEndian.Uint64(c.last[shared:]) {
		shared += 8
	}
	for shared < most && value[shared] == c.last[shared] {
		shared++
	}
	rest := value[shared:]
	c.data = append(c.data, byte(shared))
	if len(rest) < 0x80 {
		c.data = append(c.data, byte(len(rest)))
	} else {
		c.data = binary.AppendUvarint(c.data, uint64(len(rest)))
	}
	c.data = append(c.data, rest...)
	c.last = append(c.last[:shared], rest...)
	c.found = true
}

func (c *textBuilder) takeOver(other columnBuilder, _ int) {
	o := other.(*textBuilder)
	o.fill()
	var last []byte
	for data := o.data; len(data) > 0; {
		shape, rest, _ := nextShape(data)
		if data = rest[shape.length:]; shape.blanks > 0 {
			c.blank += shape.blanks
			continue
		}
		last = append(last[:shape.shared], rest[:shape.length]...)
		c.addValue(last)
	}
}

func (c *textBuilder) appendTo(to []byte, _ int) (_ []byte, encoding, count uint32) {
	if !c.found {
		return to, encodingMissing, 0
	}
	c.fill()
	return append(to, c.data...), encodingText, 0
}

// shape is how a row is kept.
type shape struct {
	shared, length int // bytes that are shared with the last value, and that follow
	blanks         int // rows without a value, where there is none
}

// nextShape reads the shape of a row or of some without a value, and what follows. All bytes of it are there where it reports true.
func nextShape(data []byte) (s shape, rest []byte, ok bool) {
	if len(data) < 2 {
		return s, nil, false
	}
	n, size := uint64(data[1]), 1
	if n >= 0x80 {
		n, size = binary.Uvarint(data[1:])
	}
	if size <= 0 || n > uint64(len(data)-1-size) {
		return s, nil, false
	}
	s.shared, s.length, rest = int(data[0]), int(n), data[1+size:]
	if s.shared+s.length > 0 {
		return s, rest, true
	}
	n, size = binary.Uvarint(rest)
	if size <= 0 || n == 0 || n > maxRows {
		return s, nil, false
	}
	s.blanks = int(n)
	return s, rest[size:], true
}

// texts are the values of a column of texts, one behind the other. Those who asked for them give them back by release.
type texts struct {
	text []byte
	ends []uint32 // of each row
}

var freeTexts = sync.Pool{New: func() any { return new(texts) }}

func (t *texts) release() { freeTexts.Put(t) }

// texts reads all values of a column. Of a damaged one, and one without any value, all are missing.
func (c *column) texts() *texts {
	t := freeTexts.Get().(*texts)
	t.text, t.ends = t.text[:0], t.ends[:0]
	if c.encoding != encodingText || !t.read(c.text, c.rows) {
		t.text = t.text[:0]
		t.ends = append(t.ends[:0], make([]uint32, c.rows)...)
	}
	return t
}

// maxBlockText bounds what a damaged column can ask for.
const maxBlockText = 1 << 30

func (t *texts) read(data []byte, rows int) bool {
	last := 0 // where the last value that was there begins
	for len(t.ends) < rows {
		s, rest, ok := nextShape(data)
		at := len(t.text)
		if !ok || s.blanks > rows-len(t.ends) || at+s.shared+s.length > maxBlockText {
			return false
		}
		data = rest[s.length:]
		for range s.blanks {
			t.ends = append(t.ends, uint32(at))
		}
		if s.blanks > 0 {
			continue
		}
		if last+s.shared > at {
			return false
		}
		t.text = append(t.text, t.text[last:last+s.shared]...)
		t.text = append(t.text, rest[:s.length]...)
		t.ends = append(t.ends, uint32(len(t.text)))
		last = at
	}
	return true
}

// of is the value of a row, empty where it is missing.
func (t *texts) of(row int) []byte {
	start := uint32(0)
	if row > 0 {
		start = t.ends[row-1]
	}
	return t.text[start:t.ends[row]]
}
