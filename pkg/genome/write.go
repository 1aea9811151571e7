package genome

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// modelWriter writes a compiled file section by section; what is written can be read back.
type modelWriter struct {
	file   *os.File
	out    *bufio.Writer
	hash   hash.Hash
	offset uint64 // of the next byte
	header header
	kind   sectionKind // of the section that is being written
}

func newModelWriter(path string) (*modelWriter, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	w := &modelWriter{file: file, out: bufio.NewWriterSize(file, 1<<20), hash: sha256.New()}
	return w, w.pad(make([]byte, headerSize))
}

func (w *modelWriter) pad(zeros []byte) error {
	n, err := w.out.Write(zeros)
	w.offset += uint64(n)
	return err
}

// begin starts a section; Write adds to it and end closes it.
func (w *modelWriter) begin(kind sectionKind) error {
	if rest := w.offset % sectionAlignment; rest != 0 {
		if err := w.pad(make([]byte, sectionAlignment-rest)); err != nil {
			return err
		}
	}
	w.kind = kind
	w.hash.Reset()
	w.header.sections[kind].offset = w.offset
	return nil
}

// Write adds bytes to the section that was begun.
func (w *modelWriter) Write(p []byte) (int, error) {
	w.hash.Write(p)
	n, err := w.out.Write(p)
	w.offset += uint64(n)
	return n, err
}

// end closes the section. What was written can now be read from the file.
func (w *modelWriter) end() error {
	s := &w.header.sections[w.kind]
	s.length = w.offset - s.offset
	w.hash.Sum(s.digest[:0])
	return w.out.Flush()
}

func (w *modelWriter) section(kind sectionKind, bytes []byte) error {
	if err := w.begin(kind); err != nil {
		return err
	}
	if _, err := w.Write(bytes); err != nil {
		return err
	}
	return w.end()
}

// tables writes every section but the sequence and the spliced bases.
func (w *modelWriter) tables(r *Reference) error {
	for _, s := range []struct {
		kind  sectionKind
		bytes []byte
	}{
		{poolSection, r.Pool},
		{contigSection, rowBytes(r.Contigs)},
		{aliasSection, rowBytes(r.Aliases)},
		{geneSection, rowBytes(r.Genes)},
		{transcriptSection, rowBytes(r.Transcripts)},
		{exonSection, rowBytes(r.Exons)},
		{editSection, rowBytes(r.Edits)},
	} {
		if err := w.section(s.kind, s.bytes); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the header and makes sure that the file is on the disk. It returns the reference's digest.
func (w *modelWriter) finish() (string, error) {
	header, digest := w.header.encode()
	if _, err := w.file.WriteAt(header, 0); err != nil {
		return "", err
	}
	if err := w.file.Sync(); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest[:]), w.file.Close()
}

// copyRange copies a part of a file.
func copyRange(dst io.Writer, f *os.File, offset, length int64) error {
	n, err := io.CopyBuffer(dst, io.NewSectionReader(f, offset, length), make([]byte, 1<<20))
	if err == nil && n != length {
		return fmt.Errorf("read %d of %d bytes: %w", n, length, io.ErrUnexpectedEOF)
	}
	return err
}
