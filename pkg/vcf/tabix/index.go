package tabix

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"gas/pkg/vcf/bgzf"
)

// ErrDamaged says that an index cannot be read.
var ErrDamaged = errors.New("the index is damaged or not a .tbi or .csi")

// Index is an index that was read. It is immutable and safe for concurrent use.
type Index struct {
	Kind    Kind
	Names   []string // of the contigs, in the order of the index
	byName  map[string]int
	shift   int
	depth   int
	contigs []indexed
}

// indexed is one contig of an index.
type indexed struct {
	bins    map[uint32]bin
	windows []bgzf.VirtualOffset // TBI
	records uint64
}

type bin struct {
	first  bgzf.VirtualOffset // CSI
	chunks []Chunk
}

// maxIndex bounds an index's size after decompression, in bytes: far above that of any genome.
const maxIndex = 1 << 30

// Read reads a .tbi or .csi.
func Read(r io.Reader) (*Index, error) {
	body, err := io.ReadAll(io.LimitReader(bgzf.NewReader(r), maxIndex))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	d := decoder{in: body}
	x := &Index{shift: minShift, depth: tbiDepth, byName: map[string]int{}}
	count := 0
	switch string(d.bytes(4)) {
	case "TBI\x01":
		count = d.count(8)
		d.columns(x)
	case "CSI\x01":
		x.Kind, x.shift, x.depth = CSI, int(d.uint32()), int(d.uint32())
		aux := decoder{in: d.bytes(d.count(1))}
		aux.columns(x)
		d.bad = d.bad || aux.bad || x.shift > 30 || x.depth > 9
		count = d.count(8)
	default:
		return nil, ErrDamaged
	}
	for range count {
		if d.bad {
			break
		}
		x.contigs = append(x.contigs, d.contig(x))
	}
	if d.bad || len(x.Names) > len(x.contigs) {
		return nil, ErrDamaged
	}
	return x, nil
}

// Contains tells whether the index knows a contig.
func (x *Index) Contains(name string) bool {
	_, ok := x.byName[name]
	return ok
}

// Records is how many records the index counts on a contig, 0 where it does not count them.
func (x *Index) Records(name string) uint64 {
	i, ok := x.byName[name]
	if !ok {
		return 0
	}
	return x.contigs[i].records
}

// Chunks lists the parts of the file that may hold records that overlap the bases start:end of a contig, 0-based and half-open, in the order of
// the file and without overlaps.
func (x *Index) Chunks(name string, start, end uint64) []Chunk {
	i, ok := x.byName[name]
	if !ok || start >= end {
		return nil
	}
	end = min(end, 1<<(x.shift+3*x.depth))
	if start >= end {
		return nil
	}
	c := &x.contigs[i]
	var least bgzf.VirtualOffset
	if x.Kind == TBI && len(c.windows) > 0 {
		least = c.windows[min(int(start>>x.shift), len(c.windows)-1)]
	}
	var chunks []Chunk
	first, shift := uint64(0), x.shift+3*x.depth
	for level := 0; level <= x.depth; level++ {
		for n := first + start>>shift; n <= first+(end-1)>>shift; n++ {
			for _, chunk := range c.bins[uint32(n)].chunks {
				if chunk.End > least {
					chunks = append(chunks, chunk)
				}
			}
		}
		first += 1 << (3 * level)
		shift -= 3
	}
	return joined(chunks)
}

// joined sorts chunks and joins those that touch.
func joined(chunks []Chunk) []Chunk {
	slices.SortFunc(chunks, func(a, b Chunk) int { return cmp.Compare(a.Begin, b.Begin) })
	var out []Chunk
	for _, c := range chunks {
		if n := len(out); n > 0 && c.Begin <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, c.End)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// decoder reads little-endian numbers and remembers when there were too few bytes.
type decoder struct {
	in  []byte
	bad bool
}

func (d *decoder) bytes(n int) []byte {
	if d.bad || n < 0 || n > len(d.in) {
		d.bad = true
		return nil
	}
	b := d.in[:n]
	d.in = d.in[n:]
	return b
}

func (d *decoder) uint32() uint32 {
	if b := d.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if b := d.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// count reads how many things of at least size bytes follow, and refuses more than there is room for.
func (d *decoder) count(size int) int {
	n := int(d.uint32())
	if n > len(d.in)/size {
		d.bad = true
		return 0
	}
	return n
}

func (d *decoder) columns(x *Index) {
	d.bytes(6 * 4)
	names := d.bytes(d.count(1))
	for len(names) > 0 {
		end := slices.Index(names, 0)
		if end < 0 {
			d.bad = true
			return
		}
		x.byName[string(names[:end])] = len(x.Names)
		x.Names = append(x.Names, string(names[:end]))
		names = names[end+1:]
	}
}

func (d *decoder) contig(x *Index) indexed {
	c := indexed{bins: map[uint32]bin{}}
	for range d.count(8) {
		number := d.uint32()
		var b bin
		if x.Kind == CSI {
			b.first = bgzf.VirtualOffset(d.uint64())
		}
		chunks := d.count(16)
		for range chunks {
			b.chunks = append(b.chunks, Chunk{bgzf.VirtualOffset(d.uint64()), bgzf.VirtualOffset(d.uint64())})
		}
		if number == countBin(x.depth) {
			if len(b.chunks) == 2 {
				c.records = uint64(b.chunks[1].Begin)
			}
			continue
		}
		c.bins[number] = b
	}
	if x.Kind == TBI {
		for range d.count(8) {
			c.windows = append(c.windows, bgzf.VirtualOffset(d.uint64()))
		}
	}
	return c
}
