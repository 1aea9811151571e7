package overlay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/biogo/hts/bgzf"
	"github.com/biogo/hts/tabix"
	"github.com/klauspost/compress/gzip"

	"gas/pkg/fault"
)

// indexed is a VCF or BED compressed by bgzip that is read in place through its tabix index. Its Digest is that of the index: the file itself may be larger than anybody wants to read.
type indexed struct {
	Description
	path  string
	index *tabix.Index
	names *contigNames
	make  func(*contigList) recordReader
}

func openIndexed(ctx context.Context, spec Spec) (*indexed, error) {
	c, err := begin(ctx, spec.Name, spec.File, spec.Fields)
	if err != nil {
		return nil, err
	}
	c.source.close()
	x := &indexed{Description: c.Description, path: spec.File}
	x.Path = spec.File
	switch reader := c.reader.(type) {
	case *vcfReader:
		x.make = func(contigs *contigList) recordReader { return newVCFReader(reader.fields, contigs) }
	case *bedReader:
		x.make = func(contigs *contigList) recordReader {
			return &bedReader{columns: reader.columns, contigs: contigs, fields: reader.fields}
		}
	}
	info, err := os.Stat(spec.File)
	if err != nil {
		return nil, fmt.Errorf("size of database: %w", err)
	}
	x.Source.Size = info.Size()
	if err := x.readIndex(); err != nil {
		return nil, err
	}
	return x, nil
}

func (x *indexed) readIndex() error {
	name := filepath.Base(x.path)
	compressed, err := os.ReadFile(x.path + ".tbi")
	if errors.Is(err, os.ErrNotExist) {
		return fault.New(fault.BadInput, "The database %s is neither compiled nor has it an index %s.tbi.", name, name).
			WithHint("Compile it with gas db build, or index it with tabix.").Because(err)
	}
	if err != nil {
		return fmt.Errorf("read index: %w", err)
	}
	damaged := func(err error) error {
		return fault.New(fault.BadInput, "The index %s.tbi cannot be read.", name).Because(err)
	}
	text, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return damaged(err)
	}
	if x.index, err = tabix.ReadFrom(text); err != nil {
		return damaged(err)
	}
	sum := sha256.Sum256(compressed)
	x.Digest = hex.EncodeToString(sum[:])
	x.Contigs = x.index.Names()
	x.names = newContigNames(x.Contigs)
	// The first search sorts the index; from then on it is only read, by all cursors at once.
	if len(x.Contigs) > 0 {
		_, _ = x.index.Chunks(x.Contigs[0], 0, 1)
	}
	return nil
}

// farAway is the distance in bases from which on seeking is better than reading on.
const farAway = 1 << 16

// indexedFinder reads the records around one place of an indexed file.
type indexedFinder struct {
	*indexed
	contig int
	file   *os.File
	blocks *bgzf.Reader
	lines  *bufio.Scanner
	reader recordReader
	order  *orderer
	merged *merger
	window []*row // the rows that are not behind the last variant, in order
	free   []*row
	from   uint32 // the position that was sought: rows before it are not in the window
	ended  bool   // nothing follows on the contig
	hits   []*row // of each allele, nil for none; of intervals all
	err    error
}

func newIndexedFinder(x *indexed) *indexedFinder { return &indexedFinder{indexed: x, contig: -1} }

func (f *indexedFinder) failure() error { return f.err }

func (f *indexedFinder) seek(contig int) {
	f.contig, f.from = contig, math.MaxUint32
}

// add takes a row into the window.
func (f *indexedFinder) add(r *row) error {
	if r.contig != f.contig {
		return nil
	}
	own := new(row)
	if n := len(f.free); n > 0 {
		own, f.free = f.free[n-1], f.free[:n-1]
	}
	own.contig, own.pos, own.end, own.refLen, own.altLen = r.contig, r.pos, r.end, r.refLen, r.altLen
	own.text, own.values = append(own.text[:0], r.text...), append(own.values[:0], r.values...)
	f.window = append(f.window, own)
	return nil
}

func (f *indexedFinder) matches(pos uint32, ref []byte, alleles []allele) bool {
	f.hits = f.hits[:0]
	if f.err != nil {
		return false
	}
	last := pos
	for i := range alleles {
		last = max(last, alleles[i].pos)
	}
	if f.Kind != Intervals {
		pos = leftmost(pos, alleles)
	} else if isSequence(ref) {
		last = pos + uint32(len(ref)) - 1
	}
	if f.err = f.gather(pos, last); f.err != nil {
		return false
	}
	if f.Kind == Intervals {
		return f.overlapping(last)
	}
	return f.exact(alleles)
}

// overlapping finds the intervals of the window that begin at or before a position; those that end too early are not in it.
func (f *indexedFinder) overlapping(last uint32) bool {
	for _, r := range f.window {
		if r.pos <= last {
			f.hits = append(f.hits, r)
		}
	}
	return len(f.hits) > 0
}

func (f *indexedFinder) exact(alleles []allele) bool {
	any := false
	for i := range alleles {
		a := &alleles[i]
		hit := f.rowOf(a)
		if hit == nil && a.left != nil {
			hit = f.rowOf(a.left)
		}
		any = any || hit != nil
		f.hits = append(f.hits, hit)
	}
	return any
}

// rowOf finds an allele's row in the window.
func (f *indexedFinder) rowOf(a *allele) *row {
	for _, r := range f.window {
		if r.pos == a.pos && a.sequence && equalBases(r.ref(), a.ref) && equalBases(r.alt(), a.alt) {
			return r
		}
	}
	return nil
}

// gather fills the window with the rows from a position up to another.
func (f *indexedFinder) gather(pos, last uint32) error {
	if pos < f.from || !f.ended && pos > f.order.position && pos-f.order.position > farAway {
		if err := f.jump(pos); err != nil {
			return err
		}
	}
	f.from = pos
	f.window = slices.DeleteFunc(f.window, func(r *row) bool {
		gone := r.end == 0 && r.pos < pos || r.end > 0 && r.end < pos
		if gone {
			f.free = append(f.free, r)
		}
		return gone
	})
	for !f.ended && f.order.position <= last {
		if err := f.readLine(); err != nil {
			return err
		}
	}
	return f.merged.flush()
}

func (f *indexedFinder) readLine() error {
	if !f.lines.Scan() {
		if err := f.lines.Err(); err != nil {
			return fault.New(fault.BadInput, "The database %s cannot be read on contig %s.", f.Name, f.Contigs[f.contig]).Because(err)
		}
		f.ended = true
		return f.order.flush()
	}
	line := bytes.TrimSuffix(f.lines.Bytes(), []byte{'\r'})
	if len(line) == 0 || line[0] == '#' {
		return nil
	}
	if err := f.reader.record(line, 0, f.order); err != nil {
		return fault.New(fault.BadInput, "The database %s has a record on contig %s that cannot be read.", f.Name, f.Contigs[f.contig]).Because(err)
	}
	f.ended = f.order.contig != f.contig
	return nil
}

// jump begins to read at the first record that may reach a position.
func (f *indexedFinder) jump(pos uint32) error {
	if err := f.open(); err != nil {
		return err
	}
	contigs := newContigList()
	for _, name := range f.Contigs {
		contigs.of([]byte(name))
	}
	f.reader = f.make(contigs)
	f.merged = &merger{to: f, fields: f.Fields}
	f.order = newOrderer(f.merged)
	f.window, f.ended = f.window[:0], false
	// A record whose trimmed allele is an insertion behind its last base ends one base before the position.
	start := int(max(pos, 2)) - 2
	for _, end := range []int{start + farAway, 1<<29 - 1} {
		chunks, err := f.index.Chunks(f.Contigs[f.contig], start, max(end, start+1))
		if err != nil || len(chunks) == 0 {
			continue
		}
		if err := f.blocks.Seek(chunks[0].Begin); err != nil {
			return fmt.Errorf("seek in database %s: %w", f.Name, err)
		}
		f.lines = bufio.NewScanner(f.blocks)
		f.lines.Buffer(nil, longestLine)
		return nil
	}
	f.ended = true
	return nil
}

func (f *indexedFinder) open() error {
	if f.blocks != nil {
		return nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("open database %s: %w", f.Name, err)
	}
	blocks, err := bgzf.NewReader(file, 1)
	if err != nil {
		return errors.Join(fault.New(fault.BadInput, "The database %s is not compressed by bgzip.", f.Name).Because(err), file.Close())
	}
	f.file, f.blocks = file, blocks
	return nil
}

func (f *indexedFinder) close() error {
	if f.blocks == nil {
		return nil
	}
	return errors.Join(f.blocks.Close(), f.file.Close())
}

func (f *indexedFinder) appendValue(to []byte, field, allele int) []byte {
	if f.Kind == Intervals {
		return f.appendUnion(to, field)
	}
	if hit := f.hits[allele]; hit != nil {
		return append(to, hit.value(field)...)
	}
	return to
}

// appendUnion appends the distinct values of all intervals found, separated by commas.
func (f *indexedFinder) appendUnion(to []byte, field int) []byte {
	for i, r := range f.hits {
		value := r.value(field)
		known := func(earlier *row) bool { return bytes.Equal(earlier.value(field), value) }
		if value == nil || slices.ContainsFunc(f.hits[:i], known) {
			continue
		}
		if slices.ContainsFunc(f.hits[:i], func(earlier *row) bool { return earlier.value(field) != nil }) {
			to = append(to, ',')
		}
		to = append(to, value...)
	}
	return to
}

var _ io.Closer = (*Cursor)(nil)

// Close releases what the cursor opened for itself.
func (c *Cursor) Close() error {
	var err error
	for i := range c.members {
		if f, ok := c.members[i].found.(*indexedFinder); ok {
			err = errors.Join(err, f.close())
		}
	}
	return err
}
