package program

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/genome"
)

// Mitochondrial makes a VCF of n SNVs on rCRS, each with the right reference base. More records than bases go round again with another allele.
func Mitochondrial(t *testing.T, n int) []byte {
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
