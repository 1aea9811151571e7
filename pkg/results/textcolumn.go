package results

import (
	"encoding/binary"
	"sync"
)

// textBuilder gathers a column whose values hardly ever repeat, but begin like the ones before: HGVS and identifiers. Of each row it keeps how many bytes it shares
// with the last value that was there (one byte), how many follow (a uvarint) and those. A missing value shares nothing and has nothing.
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
	c.data = append(c.data, make([]byte, 2*c.blank)...)
	c.blank = 0
}

func (c *textBuilder) addValue(value []byte) {
	if c.blank > 0 {
		c.fill()
	}
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
		var value []byte
		value, data, _ = nextText(data, last)
		c.add(value)
		if len(value) > 0 {
			last = value
		}
	}
}

func (c *textBuilder) appendTo(to []byte, _ int) (_ []byte, encoding, count uint32) {
	if !c.found {
		return to, encodingMissing, 0
	}
	c.fill()
	return append(to, c.data...), encodingText, 0
}

// nextText reads a row behind the last value that was there. It reports false where the bytes are damaged.
func nextText(data, last []byte) (value, rest []byte, ok bool) {
	shared, length, rest, ok := nextShape(data)
	if !ok || shared > len(last) || shared+length == 0 {
		return nil, rest, ok && shared <= len(last)
	}
	value = make([]byte, 0, shared+length)
	value = append(append(value, last[:shared]...), rest[:length]...)
	return value, rest[length:], true
}

// nextShape reads how many bytes of a row are shared and how many follow. All of those are there where it reports true.
func nextShape(data []byte) (shared, length int, rest []byte, ok bool) {
	if len(data) < 2 {
		return 0, 0, nil, false
	}
	if n := data[1]; n < 0x80 {
		return int(data[0]), int(n), data[2:], int(n) <= len(data)-2
	}
	n, size := binary.Uvarint(data[1:])
	if size <= 0 || n > uint64(len(data)-1-size) {
		return 0, 0, nil, false
	}
	return int(data[0]), int(n), data[1+size:], true
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
	for range rows {
		shared, length, rest, ok := nextShape(data)
		at := len(t.text)
		if !ok || at+shared+length > maxBlockText {
			return false
		}
		if shared+length > 0 {
			if last+shared > at {
				return false
			}
			t.text = append(t.text, t.text[last:last+shared]...)
			t.text = append(t.text, rest[:length]...)
			last = at
		}
		t.ends = append(t.ends, uint32(len(t.text)))
		data = rest[length:]
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
