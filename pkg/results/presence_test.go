package results

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"gas/pkg/results/filter"

	"github.com/stretchr/testify/require"
)

// sparseTexts are the values of some rows: about one of so many has one, of so many that are different.
func sparseTexts(random *rand.Rand, rows, oneOf, different int) []string {
	texts := make([]string, rows)
	for i := range texts {
		if random.IntN(oneOf) == 0 {
			texts[i] = strconv.Itoa(1 + random.IntN(different))
		}
	}
	return texts
}

func TestEveryRowOfAColumnHasItsValueOrNone(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	seen := map[uint32]bool{}
	for range 400 {
		rows := 1 + random.IntN(700)
		texts := sparseTexts(random, rows, 1+random.IntN(4), []int{1, 20, 1000}[random.IntN(3)])
		cut := random.IntN(rows + 1)
		var first, second dictBuilder
		var firstNumbers, secondNumbers numberBuilder
		for i, text := range texts {
			if i < cut {
				first.addAt(i, []byte(text))
				firstNumbers.addAt(i, []byte(text))
			} else {
				second.addAt(i-cut, []byte(text))
				secondNumbers.addAt(i-cut, []byte(text))
			}
		}
		first.takeOver(&second, cut)
		firstNumbers.takeOver(&secondNumbers, cut)
		body, encoding, count := first.appendTo(nil, rows)
		seen[encoding] = true
		c, ok := readColumn(body, encoding, count, rows)
		require.True(t, ok)
		for row, text := range texts {
			require.Equal(t, text, string(c.value(row)), "row %d of %q", row, texts)
		}
		body, encoding, count = firstNumbers.appendTo(nil, rows)
		seen[encoding] = true
		if c, ok = readColumn(body, encoding, count, rows); encoding != encodingMissing {
			require.True(t, ok)
			requireNumbers(t, texts, c)
		}
	}
	for _, encoding := range []uint32{
		encodingMissing, encodingConstant, encodingDict8, encodingDict16, encodingNumber, encodingDecimal,
		encodingConstant | encodingSparse, encodingDict8 | encodingSparse, encodingNumber | encodingSparse, encodingDecimal | encodingSparse,
	} {
		require.True(t, seen[encoding], "a column was written as %#x", encoding)
	}
}

func TestASparseColumnIsJudgedAsOneOfAllRows(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, text := range []string{"qual = missing", "qual != missing", "qual < 3", "qual >= 3", "qual in (1, 2)", "qual != 1", "qual in (1, 2, 3, 5, 6, 7, 8, 9, 10)"} {
		parsed, err := ParseCommon(text)
		require.NoError(t, err)
		comparison := parsed.(*filter.Comparison)
		for range 50 {
			rows := 1 + random.IntN(300)
			texts := sparseTexts(random, rows, 2+random.IntN(60), 4)
			var numbers numberBuilder
			for row, text := range texts {
				numbers.addAt(row, []byte(text))
			}
			body, encoding, count := numbers.appendTo(nil, rows)
			if encoding&encodingSparse == 0 {
				continue
			}
			all, ok := readColumn(body, encoding, count, rows)
			require.True(t, ok)
			expected, got := newRowSet(rows), newRowSet(rows)
			compareColumn(expected, &all, rows, comparison)
			some, marks, ok := cutSparse(body, encoding, count, rows)
			require.True(t, ok)
			compareSparse(got, &some, marks, rows, comparison)
			require.Equal(t, expected, got, "%s of %q", comparison.String(), texts)
		}
	}
}

func TestASparseColumnThatIsDamagedIsNotRead(t *testing.T) {
	var c dictBuilder
	for row := 0; row < 70; row += 3 {
		c.addAt(row, fmt.Append(nil, row))
	}
	body, encoding, count := c.appendTo(nil, 70)
	_, ok := readColumn(body, encoding, count, 70)
	require.True(t, ok)
	for length := range 30 {
		_, ok = readColumn(body[:length], encoding, count, 70)
		require.False(t, ok, "%d of its bytes", length)
	}
	body[15] = 1 << 7
	_, ok = readColumn(body, encoding, count, 70)
	require.False(t, ok, "a bit behind the last row")
	_, ok = readColumn(body, encodingText|encodingSparse, count, 64)
	require.False(t, ok, "an encoding that has no sparse form")
}
