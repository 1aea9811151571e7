package genome

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"
)

// Open maps the compiled reference in a folder into memory. It checks the header's digest and that every row of every table points inside its neighbours, so that a file that was
// damaged or made to do harm gives an error here and no panic later; that the bases are those that were compiled, Verify says. Close gives the mapping back.
func Open(dir string) (*Reference, error) {
	path := filepath.Join(dir, ModelFile)
	bytes, release, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("open reference: %w", err)
	}
	r, err := Decode(bytes)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open reference %s: %w", path, err), release())
	}
	r.close = release
	return r, nil
}

// Decode returns the reference whose compiled file has these bytes. The reference goes on using them.
func Decode(b []byte) (*Reference, error) {
	if !littleEndian() {
		return nil, errors.New("compiled references are read on little-endian machines only")
	}
	if uintptr(unsafe.Pointer(unsafe.SliceData(b)))%8 != 0 {
		b = append(make([]byte, 0, len(b)+8), b...)
	}
	h, digest, err := decodeHeader(b, uint64(len(b)))
	if err != nil {
		return nil, err
	}
	part := func(kind sectionKind) []byte {
		s := h.sections[kind]
		return b[s.offset : s.offset+s.length : s.offset+s.length]
	}
	r := &Reference{
		Digest: hex.EncodeToString(digest[:]), Sequence: part(sequenceSection), Spliced: part(splicedSection), Pool: part(poolSection),
		Contigs: table[Contig](part(contigSection)), Aliases: table[Alias](part(aliasSection)), Genes: table[Gene](part(geneSection)),
		Transcripts: table[Transcript](part(transcriptSection)), Exons: table[Exon](part(exonSection)), Edits: table[Edit](part(editSection)),
	}
	if err := (checker{r}).all(h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	r.Name, r.Source = r.String(h.name), r.String(h.source)
	r.byName = make(map[string]int, len(r.Contigs)+len(r.Aliases))
	for _, a := range r.Aliases {
		r.byName[r.String(a.Name)] = int(a.Contig)
	}
	for i := range r.Contigs {
		r.byName[r.String(r.Contigs[i].Name)] = i
	}
	return r, nil
}

// Verify reads the whole compiled file in a folder and checks every section against its sha256.
func Verify(dir string) error {
	path := filepath.Join(dir, ModelFile)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("verify reference: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := verify(f); err != nil {
		return fmt.Errorf("verify reference %s: %w", path, err)
	}
	r, err := Open(dir)
	if err != nil {
		return err
	}
	return r.Close()
}

func verify(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	first := make([]byte, headerSize)
	if n, err := f.ReadAt(first, 0); n < headerSize {
		return fmt.Errorf("%w: %w", ErrNotReference, err)
	}
	h, _, err := decodeHeader(first, uint64(info.Size()))
	if err != nil {
		return err
	}
	for kind, s := range h.sections {
		digest, err := digestOf(f, s)
		if err != nil {
			return err
		}
		if digest != s.digest {
			return fmt.Errorf("%w: section %d does not match its digest", ErrDamaged, kind)
		}
	}
	return nil
}

func digestOf(f *os.File, s section) (digest [sha256.Size]byte, err error) {
	hash := sha256.New()
	if err := copyRange(hash, f, int64(s.offset), int64(s.length)); err != nil {
		return digest, err
	}
	hash.Sum(digest[:0])
	return digest, nil
}
