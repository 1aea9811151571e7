package results

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"gas/pkg/consequence"
	"gas/pkg/fault"
	"gas/pkg/genome"
	"gas/pkg/vcf/bgzf"
)

// An index is: the magic, the blocks, the table of blocks, the table of the result's bgzip blocks, the description as JSON, the trailer.
// The trailer is of fixed size: offset and length of both tables and of the description as uint64, the CRC-32C of the three together, the version of the format, the magic again.
// All numbers are little-endian.
const (
	magic         = "GASROWS\x1a"
	formatVersion = 4
	trailerSize   = 6*8 + 2*4 + len(magic)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// description is what an index says of itself and its result.
type description struct {
	Header
	Rows       int64 `json:"rows"`
	Records    int64 `json:"records"`
	ResultSize int64 `json:"result_size"` // in bytes of the file
}

// Writer writes the index of a result while the result is written. Its pieces may be filled by several goroutines at once; Begin comes first, Close last.
//
// What it costs is in docs/performance.md: each worker turns the lines of its piece into columns, and Finish, called in the order of the file, has only to write them out.
type Writer struct {
	mutex   sync.Mutex
	header  *Header
	to      io.Writer
	offset  uint64
	text    uint64 // of the result so far
	entries []blockEntry
	encoded []byte        // what is not written yet
	held    *blockBuilder // the last block, which takes in small pieces that follow
	free    []*blockBuilder
	about   description

	engine    *consequence.Engine
	reference *genome.Reference
	keys      []string      // of the databases' fields, as overlay.Value numbers them
	direct    *engineReader // nil where all is read from lines
}

// NewWriter makes a writer to a file. Nothing is written before Begin.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Direct lets pieces take records from the engine that annotates, without reading them from their lines again, and values of databases that have these keys in INFO.
// It is called before Begin.
func (w *Writer) Direct(engine *consequence.Engine, reference *genome.Reference, keys []string) {
	w.engine, w.reference, w.keys = engine, reference, keys
}

// Begin takes the text of the result's header, from its first line to #CHROM, as it is written.
func (w *Writer) Begin(header []byte) error {
	h := parseHeader(header)
	w.header, w.text = &h, uint64(len(header))
	w.direct = newEngineReader(w.header, w.engine, w.reference, w.keys)
	w.append([]byte(magic))
	return nil
}

// Piece returns a collector for pieces of the file, for one goroutine at a time.
func (w *Writer) Piece() *Piece { return &Piece{writer: w} }

// Piece collects the lines of one piece of the result after the other.
type Piece struct {
	writer *Writer
	blocks []*blockBuilder
}

// Line takes a line of the result as it is written, with its line end.
func (p *Piece) Line(line []byte) error {
	if err := p.block().addLine(line); err != nil {
		return fmt.Errorf("index the result: %w", err)
	}
	return nil
}

// Record takes a record as the engine has it, where Direct said which engine that is and CSQ has what the index needs; else it takes the line.
func (p *Piece) Record(line []byte, r *Record) error {
	if p.writer.direct == nil {
		return p.Line(line)
	}
	r.Line = len(line)
	p.block().addRecord(p.writer.direct, r)
	return nil
}

// Settle ends what is kept of the text of records: it is called before that text changes, and before Finish.
func (p *Piece) Settle() {
	if last := len(p.blocks) - 1; last >= 0 {
		p.blocks[last].settle()
	}
}

// block is the block that the next rows go to.
func (p *Piece) block() *blockBuilder {
	last := len(p.blocks) - 1
	if last < 0 || p.blocks[last].full() {
		p.Settle()
		p.blocks = append(p.blocks, p.writer.builder())
		last++
	}
	return p.blocks[last]
}

// Finish ends a piece. It is called in the order of the file, from one goroutine at a time.
func (p *Piece) Finish() error {
	for _, b := range p.blocks {
		if err := p.writer.put(b); err != nil {
			return err
		}
	}
	p.blocks = p.blocks[:0]
	return nil
}

// builder takes an empty builder from those that are free.
func (w *Writer) builder() *blockBuilder {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if n := len(w.free); n > 0 {
		b := w.free[n-1]
		w.free = w.free[:n-1]
		return b
	}
	b := newBlockBuilder(w.header)
	if w.direct != nil {
		b.takesHanded(w.direct.fields)
	}
	return b
}

func (w *Writer) release(b *blockBuilder) {
	b.reset()
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.free = append(w.free, b)
}

// smallBlock is the number of rows up to which a block is moved into the one before it: lines at the edges of pieces come alone.
const smallBlock = 512

// put holds a block, and writes the one that was held.
func (w *Writer) put(b *blockBuilder) error {
	if w.held != nil && b.rows() <= smallBlock && w.held.rows()+b.rows() < 1<<15 && w.held.text < 1<<30 && w.held.genotypes.size() < maxCarriers {
		w.held.takeOver(b)
		w.release(b)
		return nil
	}
	if err := w.writeHeld(); err != nil {
		return err
	}
	w.held = b
	return nil
}

func (w *Writer) writeHeld() error {
	b := w.held
	if b == nil {
		return nil
	}
	w.held = nil
	defer w.release(b)
	w.about.Records += b.records
	defer func() { w.text += uint64(b.text) }()
	if b.rows() == 0 {
		return nil
	}
	start := len(w.encoded)
	w.encoded = b.appendTo(w.encoded)
	block := w.encoded[start:]
	w.entries = append(w.entries, blockEntry{
		offset: w.offset, length: uint32(len(block)), rows: uint32(b.rows()), text: w.text, crc: crc32.Checksum(block, castagnoli),
	})
	w.about.Rows += int64(b.rows())
	w.offset += uint64(len(block))
	if len(w.encoded) < enough {
		return nil
	}
	return w.flush()
}

// enough is how many bytes are worth a write.
const enough = 1 << 18

// append adds to what is to be written.
func (w *Writer) append(data []byte) {
	w.encoded = append(w.encoded, data...)
	w.offset += uint64(len(data))
}

func (w *Writer) flush() error {
	if _, err := w.to.Write(w.encoded); err != nil {
		return fmt.Errorf("write the index of the result: %w", err)
	}
	w.encoded = w.encoded[:0]
	return nil
}

// Places are where the bgzip blocks of a result begin, so that a line is found without reading what is before it: pairs of uint64, in the file and in its text.
// Those of a file that is not compressed are empty.
type Places []byte

// Add adds a block, in the order of the file.
func (p *Places) Add(file, text int64) {
	*p = binary.LittleEndian.AppendUint64(*p, uint64(file))
	*p = binary.LittleEndian.AppendUint64(*p, uint64(text))
}

// Close completes the index of a result of so many bytes.
func (w *Writer) Close(size int64, places Places) error {
	if err := w.writeHeld(); err != nil {
		return err
	}
	var blocks []byte
	for _, e := range w.entries {
		blocks = e.appendTo(blocks)
	}
	w.about.Header, w.about.ResultSize = *w.header, size
	described, err := json.Marshal(w.about)
	if err != nil {
		return fmt.Errorf("describe the index of the result: %w", err)
	}
	var trailer []byte
	crc := uint32(0)
	for _, part := range [][]byte{blocks, places, described} {
		trailer = binary.LittleEndian.AppendUint64(trailer, w.offset)
		trailer = binary.LittleEndian.AppendUint64(trailer, uint64(len(part)))
		crc = crc32.Update(crc, castagnoli, part)
		w.append(part)
	}
	trailer = binary.LittleEndian.AppendUint32(trailer, crc)
	trailer = binary.LittleEndian.AppendUint32(trailer, formatVersion)
	w.append(append(trailer, magic...))
	return w.flush()
}

// listBlocks reads where the blocks of a result begin.
func listBlocks(result io.ReaderAt, size int64) (Places, error) {
	from := bufio.NewReaderSize(io.NewSectionReader(result, 0, size), 1<<18)
	var list Places
	if start, err := from.Peek(2); err != nil || start[0] != 0x1f || start[1] != 0x8b {
		return nil, nil
	}
	var at, text int64
	var block []byte
	for {
		var err error
		if block, err = bgzf.ReadBlock(from, block[:0]); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, fault.New(fault.BadInput, "The result is not compressed by bgzip, or is damaged.").Because(err)
		}
		list.Add(at, text)
		at += int64(len(block))
		text += int64(bgzf.TextSize(block))
	}
}
