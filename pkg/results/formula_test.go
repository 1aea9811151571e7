package results

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// T16: whatever a text is, what a spreadsheet reads of its cell is no formula, and the text can be had back.
func TestT16NoTextIsAFormulaInACellOfCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.String(),
			rapid.Custom(func(t *rapid.T) string {
				return rapid.SampledFrom([]string{"=", "+", "-", "@", "\t", "\r", "=\n", "\"=", ",=", "'="}).Draw(t, "start") + rapid.String().Draw(t, "rest")
			}),
		).Draw(t, "text")
		text = strings.ReplaceAll(text, "\r\n", "\n") // encoding/csv reads it so
		read, err := csv.NewReader(strings.NewReader("x," + csvCell(text) + "\n")).Read()
		require.NoError(t, err, "%q", text)
		require.Len(t, read, 2, "%q", text)
		cell := read[1]
		require.False(t, formula(cell), "%q", cell)
		require.True(t, cell == text || cell == "'"+text, "%q became %q", text, cell)
	})
}

// formula tells whether a spreadsheet would compute a cell.
func formula(cell string) bool {
	if cell == "" || cell == "-" {
		return false
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return false
	}
	return strings.ContainsRune("=+-@\t\r", rune(cell[0]))
}

// T16: nor does any name become one: of a sample, an INFO field, a contig, a filter.
func TestT16NoNameIsAFormulaInATable(t *testing.T) {
	const name = `x,=HYPERLINK("http://evil.example","y")`
	text := strings.Replace(tinyHeader, "\tS\n", "\t"+name+"\n", 1)
	require.Contains(t, text, name, "the header of these tests has a sample S")
	x := indexOf(t, []byte(text+"=cmd\t5\t=1+1\tA\tC\t.\t=f\t.\tGT\t0/1\n"))
	var out bytes.Buffer
	require.NoError(t, x.Export(context.Background(), &out, Export{Format: CSV}))
	table := csv.NewReader(&out)
	table.FieldsPerRecord = -1
	rows, err := table.ReadAll()
	require.NoError(t, err)
	columns := 0
	for _, row := range rows {
		if strings.HasPrefix(row[0], "##") {
			continue
		}
		if columns == 0 {
			columns = len(row)
		}
		require.Len(t, row, columns, "a name makes no column of its own: %q", row)
		for _, cell := range row {
			require.False(t, formula(cell), "%q of %q", cell, row)
		}
	}
	require.Positive(t, columns)
}
