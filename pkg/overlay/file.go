package overlay

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"gas/pkg/fault"
)

// database is an open .gasdb file. It is read-only and safe for concurrent use.
type database struct {
	Description
	data     []byte
	blocks   []blockEntry
	ofContig []blockRange
	names    *contigNames
	checked  []atomic.Bool // blocks whose checksum was found right
	unmap    func() error
}

// blockRange is the blocks of one contig: start:end.
type blockRange struct{ start, end int }

// IsCompiled reports whether a file begins as a compiled database.
func IsCompiled(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	start := make([]byte, len(magic))
	n, _ := file.Read(start)
	return string(start[:n]) == magic
}

// openDatabase maps a file and checks its index. A block's checksum is checked when it is first read.
func openDatabase(path string) (*database, error) {
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	d, err := readDatabase(data)
	if err != nil {
		return nil, errors.Join(fault.New(fault.BadInput, "The database %s is damaged or not of this program's version.", filepath.Base(path)).
			WithHint("Build it again with gas db build.").Because(err), unmap())
	}
	d.unmap, d.Path = unmap, path
	return d, nil
}

func mapFile(path string) (data []byte, unmap func() error, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fault.New(fault.NotFound, "There is no database file %s.", path).Because(err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open database %s: %w", path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("size of database %s: %w", path, err)
	}
	if info.Size() == 0 {
		return nil, func() error { return nil }, nil
	}
	data, err = syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("map database %s: %w", path, err)
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}

// readDatabase reads the trailer, the description and the index of a file's bytes.
func readDatabase(data []byte) (*database, error) {
	if len(data) < len(magic)+trailerSize || string(data[:len(magic)]) != magic || string(data[len(data)-len(magic):]) != magic {
		return nil, errors.New("magic is missing or the file is cut off")
	}
	trailer := data[len(data)-trailerSize:]
	if version := binary.LittleEndian.Uint32(trailer[36:]); version != formatVersion {
		return nil, fmt.Errorf("version %d of the format, expected %d", version, formatVersion)
	}
	body := data[:len(data)-trailerSize]
	index, ok := section(body, trailer)
	described, ok2 := section(body, trailer[16:])
	if !ok || !ok2 || len(index)%blockEntrySize != 0 {
		return nil, errors.New("the index lies outside of the file")
	}
	if crc32.Update(crc32.Checksum(index, castagnoli), castagnoli, described) != binary.LittleEndian.Uint32(trailer[32:]) {
		return nil, errors.New("the checksum of the index is wrong")
	}
	d := &database{data: body}
	if err := json.Unmarshal(described, &d.Description); err != nil {
		return nil, fmt.Errorf("description: %w", err)
	}
	d.Digest = hex.EncodeToString(trailer[40 : 40+sha256.Size])
	return d, d.readIndex(index)
}

// section returns the part of the file whose offset and length a piece of the trailer begins with.
func section(body, at []byte) ([]byte, bool) {
	offset, length := binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])
	if offset > uint64(len(body)) || length > uint64(len(body))-offset {
		return nil, false
	}
	return body[offset : offset+length], true
}

func (d *database) readIndex(index []byte) error {
	d.ofContig = make([]blockRange, len(d.Contigs))
	d.names = newContigNames(d.Contigs)
	previous := -1
	for i := 0; len(index) > 0; i, index = i+1, index[blockEntrySize:] {
		e := readBlockEntry(index)
		contig := int(e.contig)
		switch {
		case e.offset > uint64(len(d.data)) || uint64(e.length) > uint64(len(d.data))-e.offset:
			return fmt.Errorf("block %d lies outside of the file", i)
		case contig >= len(d.Contigs) || contig != previous && d.ofContig[contig].end > 0:
			return fmt.Errorf("block %d is of a contig that it cannot be of", i)
		}
		if contig != previous {
			d.ofContig[contig].start = i
		}
		d.ofContig[contig].end, previous = i+1, contig
		d.blocks = append(d.blocks, e)
	}
	d.checked = make([]atomic.Bool, len(d.blocks))
	return nil
}

// read cuts a block into its columns, after the check of its checksum when it is read for the first time.
func (d *database) read(to *block, number int) error {
	e := &d.blocks[number]
	data := d.data[e.offset : e.offset+uint64(e.length)]
	if !d.checked[number].Load() {
		if crc32.Checksum(data, castagnoli) != e.crc {
			return d.damage(number)
		}
		d.checked[number].Store(true)
	}
	if !to.read(data, int(e.rows), d.Kind, len(d.Fields)) {
		return d.damage(number)
	}
	return nil
}

func (d *database) damage(block int) error {
	return fault.New(fault.BadInput, "The database %s is damaged in block %d of %d.", d.Name, block+1, len(d.blocks)).WithHint("Build it again with gas db build.")
}

// verify reads the whole file and compares its digest.
func (d *database) verify() error {
	if sum := sha256.Sum256(d.data); hex.EncodeToString(sum[:]) != d.Digest {
		return fault.New(fault.BadInput, "The database %s is damaged: its content does not have the digest it was built with.", d.Name).WithHint("Build it again with gas db build.")
	}
	return nil
}

func (d *database) close() error {
	if d.unmap == nil {
		return nil
	}
	return d.unmap()
}
