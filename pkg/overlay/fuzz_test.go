package overlay

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// sealed makes magic, version and the checksum of the index right again, so that what is damaged gets past them.
func sealed(data []byte) []byte {
	if len(data) < len(magic)+trailerSize {
		return data
	}
	data = bytes.Clone(data)
	copy(data, magic)
	copy(data[len(data)-len(magic):], magic)
	body, trailer := data[:len(data)-trailerSize], data[len(data)-trailerSize:]
	binary.LittleEndian.PutUint32(trailer[36:], formatVersion)
	index, ok := section(body, trailer)
	described, ok2 := section(body, trailer[16:])
	if ok && ok2 {
		binary.LittleEndian.PutUint32(trailer[32:], crc32.Update(crc32.Checksum(index, castagnoli), castagnoli, described))
	}
	return data
}

// FuzzDatabase reads damaged files without the protection of their checksums.
func FuzzDatabase(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 3))
	file := writeVCF(f, filepath.Join(f.TempDir(), "x.vcf"), randomSites(r, 50, 60))
	out := filepath.Join(f.TempDir(), "x.gasdb")
	_, err := Build(context.Background(), BuildOptions{Name: "db", File: file, Fields: []string{"AF"}, Out: out})
	require.NoError(f, err)
	data, err := os.ReadFile(out)
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := readDatabase(sealed(data))
		if err != nil {
			return
		}
		for i := range d.checked {
			d.checked[i].Store(true)
		}
		m := &member{Description: &d.Description, compiled: d}
		require.NoError(t, m.choose(nil))
		s := &Set{members: []*member{m}}
		s.Bind(nil)
		c := s.Cursor()
		for _, contig := range d.Contigs {
			for pos := range uint32(70) {
				_ = ask(c, contig, pos, "A", "C", "CC")
				_ = ask(c, contig, pos, "CA", "C")
			}
		}
	})
}
