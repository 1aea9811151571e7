package tabix

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"gas/pkg/vcf/bgzf"
)

// ErrUnsorted says that records are not sorted by contig and position, so that no index can be made.
var ErrUnsorted = errors.New("the records are not sorted by contig and position")

// Builder collects where records lie in a text, to write the index of the text's bgzip file. Offsets in the text are in bytes.
type Builder struct {
	contigs  []*contig
	seen     map[string]bool
	last     *contig
	position uint64
	longest  uint64 // the greatest end of a record
}

// contig is what is known of one contig's records.
type contig struct {
	name       string
	bins       map[uint32][]stretch // of the deepest hierarchy
	windows    []int64              // the first record's offset in each window, -1 where there is none
	begin, end int64                // of all its records
	records    uint64
	lastBin    uint32
	lastList   []stretch
}

// stretch is a part of the text.
type stretch struct{ begin, end int64 }

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder { return &Builder{seen: map[string]bool{}} }

// Add adds the record of the bases start:end, 0-based and half-open, that lies in the text at begin:stop. It returns ErrUnsorted where the record
// does not come after the one before it.
func (b *Builder) Add(name []byte, start, end uint64, begin, stop int64) error {
	if b.last == nil || string(name) != b.last.name {
		if b.seen[string(name)] {
			return ErrUnsorted
		}
		b.finish()
		b.last = &contig{name: string(name), bins: map[uint32][]stretch{}, begin: begin, lastBin: math.MaxUint32}
		b.seen[b.last.name] = true
		b.contigs = append(b.contigs, b.last)
		b.position = 0
	}
	if start < b.position {
		return ErrUnsorted
	}
	b.position = start
	end = max(end, start+1)
	b.longest = max(b.longest, end)
	b.last.add(start, end, begin, stop)
	return nil
}

func (c *contig) add(start, end uint64, begin, stop int64) {
	c.end = stop
	c.records++
	if bin := binOf(start, end, csiDepth); bin != c.lastBin {
		c.keep()
		c.lastBin, c.lastList = bin, c.bins[bin]
	}
	if n := len(c.lastList); n > 0 && begin/bgzf.MaxPayload <= c.lastList[n-1].end/bgzf.MaxPayload {
		c.lastList[n-1].end = stop // both lie in one block: reading it once is enough
	} else {
		c.lastList = append(c.lastList, stretch{begin, stop})
	}
	for window := start >> minShift; window <= (end-1)>>minShift; window++ {
		for uint64(len(c.windows)) <= window {
			c.windows = append(c.windows, -1)
		}
		if c.windows[window] < 0 {
			c.windows[window] = begin
		}
	}
}

// keep puts the list of the bin at hand back.
func (c *contig) keep() {
	if len(c.lastList) > 0 {
		c.bins[c.lastBin] = c.lastList
	}
}

func (b *Builder) finish() {
	if b.last != nil {
		b.last.keep()
	}
}

// Kind is the form that the contigs' lengths ask for: TBI while it can.
func (b *Builder) Kind() Kind {
	if b.longest > MaxTBI {
		return CSI
	}
	return TBI
}

// Write writes the index in the form of Kind. The file is the bgzip file's writer, closed; it says where in the file an offset in the text lies.
func (b *Builder) Write(w io.Writer, at func(text int64) bgzf.VirtualOffset) error {
	b.finish()
	out, err := bgzf.NewWriter(w, bgzf.WriterOptions{Level: 6, Threads: 1})
	if err != nil {
		return fmt.Errorf("write an index: %w", err)
	}
	defer out.Abort()
	body := b.encode(at)
	if _, err := out.Write(body); err != nil {
		return fmt.Errorf("write an index: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write an index: %w", err)
	}
	return nil
}

// encode makes the index's bytes.
func (b *Builder) encode(at func(int64) bgzf.VirtualOffset) []byte {
	e := encoder{at: at, kind: b.Kind(), depth: tbiDepth}
	names := b.names()
	if e.kind == CSI {
		e.depth = csiDepth
		e.text("CSI\x01")
		e.numbers(minShift, csiDepth, uint32(7*4+len(names)))
		e.columns(names)
		e.numbers(uint32(len(b.contigs)))
	} else {
		e.text("TBI\x01")
		e.numbers(uint32(len(b.contigs)))
		e.columns(names)
	}
	for _, c := range b.contigs {
		e.contig(c)
	}
	e.offsets(0) // records without a place
	return e.out
}

func (b *Builder) names() []byte {
	var names bytes.Buffer
	for _, c := range b.contigs {
		names.WriteString(c.name)
		names.WriteByte(0)
	}
	return names.Bytes()
}

// encoder writes little-endian numbers.
type encoder struct {
	out   []byte
	at    func(int64) bgzf.VirtualOffset
	kind  Kind
	depth int
}

func (e *encoder) text(s string) { e.out = append(e.out, s...) }

func (e *encoder) numbers(numbers ...uint32) {
	for _, n := range numbers {
		e.out = binary.LittleEndian.AppendUint32(e.out, n)
	}
}

func (e *encoder) offsets(offsets ...uint64) {
	for _, n := range offsets {
		e.out = binary.LittleEndian.AppendUint64(e.out, n)
	}
}

// columns says where a VCF's contig and position stand, and the contigs' names.
func (e *encoder) columns(names []byte) {
	e.numbers(formatVCF, 1, 2, 0, commentByte, 0, uint32(len(names)))
	e.out = append(e.out, names...)
}

func (e *encoder) contig(c *contig) {
	windows := e.windows(c)
	bins := c.bins
	if e.kind == TBI {
		bins = shallower(bins)
	}
	numbers := make([]uint32, 0, len(bins))
	for bin := range bins {
		numbers = append(numbers, bin)
	}
	slices.Sort(numbers)
	e.numbers(uint32(len(bins) + 1))
	for _, bin := range numbers {
		e.numbers(bin)
		if e.kind == CSI {
			e.offsets(uint64(windows[min(firstWindow(bin, e.depth), uint64(len(windows)-1))]))
		}
		e.numbers(uint32(len(bins[bin])))
		for _, s := range bins[bin] {
			e.offsets(uint64(e.at(s.begin)), uint64(e.at(s.end)))
		}
	}
	e.numbers(countBin(e.depth))
	if e.kind == CSI {
		e.offsets(0)
	}
	e.numbers(2)
	e.offsets(uint64(e.at(c.begin)), uint64(e.at(c.end)), c.records, 0)
	if e.kind == TBI {
		e.numbers(uint32(len(windows)))
		for _, w := range windows {
			e.offsets(uint64(w))
		}
	}
}

// windows gives each window its first record, and where it has none that of the window before it.
func (e *encoder) windows(c *contig) []bgzf.VirtualOffset {
	windows := make([]bgzf.VirtualOffset, len(c.windows))
	var last bgzf.VirtualOffset
	for i, begin := range c.windows {
		if begin >= 0 {
			last = e.at(begin)
		}
		windows[i] = last
	}
	return windows
}

// shallower renumbers bins of the deep hierarchy for that of TBI, whose root is a first child of the deep one's root. Contigs that TBI can index
// use no other child; a record that only the deep root holds cannot be among them.
func shallower(bins map[uint32][]stretch) map[uint32][]stretch {
	out := make(map[uint32][]stretch, len(bins))
	for bin, list := range bins {
		level, first := 0, uint32(0)
		for bin >= first+1<<(3*level) {
			first += 1 << (3 * level)
			level++
		}
		if level == 0 {
			continue
		}
		shallow := (uint32(1)<<(3*(level-1)) - 1) / 7
		out[shallow+bin-first] = list
	}
	return out
}
