package results

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
)

// sealed makes the checksum of an index's tables right again, so that what is damaged gets past it.
func sealed(data []byte) []byte {
	if len(data) < trailerSize {
		return data
	}
	data = bytes.Clone(data)
	trailer := data[len(data)-trailerSize:]
	crc := uint32(0)
	for i := range 3 {
		at, length := binary.LittleEndian.Uint64(trailer[16*i:]), binary.LittleEndian.Uint64(trailer[16*i+8:])
		if at > uint64(len(data)) || length > uint64(len(data))-at {
			return data
		}
		crc = crc32.Update(crc, castagnoli, data[at:at+length])
	}
	binary.LittleEndian.PutUint32(trailer[48:], crc)
	return data
}

// withAlleles makes every row of an index speak of the same allele of its record, by its number from 0.
func withAlleles(t testing.TB, data, result []byte, allele uint16) []byte {
	x, err := newIndex(data, bytes.NewReader(result), int64(len(result)))
	require.NoError(t, err)
	changed := false
	for i := range x.entries {
		b, err := x.block(i)
		require.NoError(t, err)
		for at := 0; at < len(b.alleles); at += 2 {
			binary.LittleEndian.PutUint16(b.alleles[at:], allele)
			changed = true
		}
	}
	require.True(t, changed)
	return data
}

// fuzzFilters ask every kind of column.
var fuzzFilters = []string{
	"", "chrom = 1 and pos > 100", "region = chr1:50-150", "gene != TTN or impact >= LOW", "id has rs1", "id != missing", "qual < 50", "qual != missing", "gnomad.AF in (0.1, 0.5)",
	"clinvar.CLNSIG has Benign", "clinvar.OK = missing", "gt.S1 in (het, hom)", "not hgvsp ~ Ala", "hgvsc = missing", "any_consequence = stop_gained",
}

// FuzzIndex reads damaged indexes without the protection of their checksums.
func FuzzIndex(f *testing.F) {
	result := []byte(randomResult(9, 60))
	var index bytes.Buffer
	require.NoError(f, Rebuild(context.Background(), bytes.NewReader(result), int64(len(result)), &index))
	f.Add(index.Bytes())
	f.Add(withAlleles(f, bytes.Clone(index.Bytes()), result, 7)) // of which no record has so many
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := newIndex(sealed(data), bytes.NewReader(result), int64(len(result)))
		if err != nil {
			return
		}
		for i := range x.checked {
			x.checked[i] = true
		}
		ctx := context.Background()
		for _, text := range fuzzFilters {
			e, err := x.Parse(text)
			if err != nil {
				continue
			}
			for _, sort := range append([]string{""}, x.Sortable()...) {
				_, _ = x.Query(ctx, Query{Filter: e, Sort: sort, Limit: 10})
			}
			_, _ = x.Facets(ctx, e, 5, "gene", "impact", "gt.S1")
			_, _ = x.Genes(ctx, Query{Filter: e})
			for _, format := range []Format{VCF, TSV} {
				_ = x.Export(ctx, io.Discard, Export{Filter: e, Format: format})
			}
		}
		_, _ = x.Details("7")
	})
}

// FuzzLines makes the index of any records and holds what it answers against filters that are judged on the lines.
func FuzzLines(f *testing.F) {
	header, body, _ := strings.Cut(randomResult(10, 12), "\n#CHROM")
	columns, records, _ := strings.Cut(body, "\n")
	header += "\n#CHROM" + columns + "\n"
	f.Add(records)
	f.Add("1\t1\trs1\t\t\t1e-5\tPASS\tAF=;gnomad_AC=-0x1p3\n1\t4294967295\t;;\tA\t<DEL>,.\tnan\t.\tCSQ=|||||,\tGT\t1/2/3\t0|0\n")
	f.Fuzz(func(t *testing.T, records string) {
		result := []byte(header + records)
		var index bytes.Buffer
		if err := Rebuild(context.Background(), bytes.NewReader(result), int64(len(result)), &index); err != nil {
			require.True(t, fault.Is(err, fault.BadInput), err)
			return
		}
		x, err := newIndex(index.Bytes(), bytes.NewReader(result), int64(len(result)))
		require.NoError(t, err)
		for _, text := range fuzzFilters {
			e, err := x.Parse(text)
			require.NoError(t, err)
			sieve, err := NewSieve([]byte(header), text)
			require.NoError(t, err)
			got := make(map[string]bool)
			for row, err := range x.Rows(context.Background(), e) {
				require.NoError(t, err)
				got[strings.TrimRight(string(row.Line), "\r")] = true
			}
			keeps := sieve.Keeps()
			for line := range strings.Lines(records) {
				kept, err := keeps([]byte(line))
				require.NoError(t, err)
				require.Equal(t, kept, got[strings.TrimRight(line, "\r\n")], "%s of %q", text, line)
			}
		}
	})
}
