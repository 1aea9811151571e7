package scenario

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/genome"
)

// mitochondrial makes a VCF of n SNVs on rCRS, each with the right reference base. More records than bases go round again with another allele.
func mitochondrial(t *testing.T, n int) []byte {
	t.Helper()
	reference, err := genome.Builtin("rCRS")
	require.NoError(t, err)
	defer reference.Close()
	contig, ok := reference.Contig("MT")
	require.True(t, ok)
	length := reference.Contigs[contig].Length
	bases := reference.Bases(contig, 0, length)
	var file bytes.Buffer
	fmt.Fprintf(&file, "##fileformat=VCFv4.2\n##contig=<ID=MT,length=%d>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", length)
	step := max(1, int(length)/n)
	written := 0
	for position := 0; position < int(length) && written < n; position += step {
		for _, other := range "ACGT" {
			if byte(other) != bases[position] && strings.ContainsRune("ACGT", rune(bases[position])) && written < n {
				fmt.Fprintf(&file, "MT\t%d\t.\t%c\t%c\t50\tPASS\tDP=%d\n", position+1, bases[position], other, written%100)
				written++
				if n <= int(length) {
					break
				}
			}
		}
	}
	require.Equal(t, n, written, "there are not so many SNVs")
	return file.Bytes()
}

// inflate reads every member of a gzip file.
func inflate(t *testing.T, compressed []byte) string {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	require.NoError(t, err)
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(text)
}

// records are the lines of a VCF below its header.
func records(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// beginnings are the first columns of each record.
func beginnings(lines []string, columns int) []string {
	var cut []string
	for _, line := range lines {
		fields := strings.SplitN(line, "\t", columns+1)
		cut = append(cut, strings.Join(fields[:columns], "\t"))
	}
	return cut
}
