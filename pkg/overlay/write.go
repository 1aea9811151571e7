package overlay

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// A .gasdb file is: the magic, the blocks, the index of blocks, the description as JSON, the trailer.
// The trailer is of fixed size: offset and length of the index and of the description as uint64, the CRC-32C of both together and the version of the format
// as uint32, the SHA-256 of everything before the trailer, the magic again. All numbers are little-endian.
const (
	magic         = "GASDB\r\n\x1a"
	formatVersion = 1
	trailerSize   = 4*8 + 2*4 + sha256.Size + len(magic)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fileWriter writes rows in order as a .gasdb file.
type fileWriter struct {
	to      *bufio.Writer
	digest  hash.Hash
	offset  uint64
	block   *blockBuilder
	entries []blockEntry
	encoded []byte
	rows    int64
}

func newFileWriter(to io.Writer, kind Kind, fields int) (*fileWriter, error) {
	w := &fileWriter{digest: sha256.New(), block: newBlockBuilder(kind, fields)}
	w.to = bufio.NewWriterSize(io.MultiWriter(to, w.digest), 1<<18)
	return w, w.write([]byte(magic))
}

func (w *fileWriter) write(data []byte) error {
	w.offset += uint64(len(data))
	if _, err := w.to.Write(data); err != nil {
		return fmt.Errorf("write database: %w", err)
	}
	return nil
}

func (w *fileWriter) add(r *row) error {
	if !w.block.takes(r) {
		if err := w.endBlock(); err != nil {
			return err
		}
	}
	w.block.add(r)
	w.rows++
	return nil
}

func (w *fileWriter) endBlock() error {
	if len(w.block.positions) == 0 {
		return nil
	}
	w.encoded = w.block.encode(w.encoded[:0])
	entry := w.block.entry()
	entry.offset, entry.length = w.offset, uint32(len(w.encoded))
	entry.crc = crc32.Checksum(w.encoded, castagnoli)
	w.entries = append(w.entries, entry)
	w.block.reset()
	return w.write(w.encoded)
}

// finish writes the last block, the index, the description and the trailer, and returns the digest of the file's content.
func (w *fileWriter) finish(d *Description) (string, error) {
	if err := w.endBlock(); err != nil {
		return "", err
	}
	d.Rows = w.rows
	var index []byte
	for _, entry := range w.entries {
		index = entry.appendTo(index)
	}
	described, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("describe database %s: %w", d.Name, err)
	}
	var trailer []byte
	for _, n := range []uint64{w.offset, uint64(len(index)), w.offset + uint64(len(index)), uint64(len(described))} {
		trailer = binary.LittleEndian.AppendUint64(trailer, n)
	}
	crc := crc32.Update(crc32.Checksum(index, castagnoli), castagnoli, described)
	trailer = binary.LittleEndian.AppendUint32(trailer, crc)
	trailer = binary.LittleEndian.AppendUint32(trailer, formatVersion)
	if err := w.write(append(index, described...)); err != nil {
		return "", err
	}
	if err := w.to.Flush(); err != nil {
		return "", fmt.Errorf("write database %s: %w", d.Name, err)
	}
	sum := w.digest.Sum(nil)
	if err := w.write(append(append(trailer, sum...), magic...)); err != nil {
		return "", err
	}
	if err := w.to.Flush(); err != nil {
		return "", fmt.Errorf("write database %s: %w", d.Name, err)
	}
	return hex.EncodeToString(sum), nil
}
