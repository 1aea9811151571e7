package results

import (
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"gas/pkg/results/filter"

	"github.com/stretchr/testify/require"
)

// columnOf is a column of numbers as it is read, from texts that are added with a builder in one go, or with two of which one takes over the other's rows.
func columnOf(t *testing.T, texts []string, cut int) column {
	t.Helper()
	var first, second numberBuilder
	for i, text := range texts {
		if i < cut {
			first.addAt(i, []byte(text))
		} else {
			second.addAt(i-cut, []byte(text))
		}
	}
	if cut < len(texts) {
		first.takeOver(&second, cut)
	}
	body, encoding, count := first.appendTo(nil, len(texts))
	c, ok := readColumn(body, encoding, count, len(texts))
	require.True(t, ok)
	return c
}

func TestAColumnOfNumbersHasTheNumbersThatStrconvReads(t *testing.T) {
	for name, test := range map[string]struct {
		texts    []string
		encoding uint32
	}{
		"as integers":                               {[]string{"1", "22", "", "-333", "0"}, encodingDecimal},
		"with as many decimals as the longest":      {[]string{"1856.76", "7", "0.5", "", "-12.345", "x"}, encodingDecimal},
		"up to the ends of an int32":                {[]string{"2147483647", "-2147483646", ""}, encodingDecimal},
		"what would stand for no number is a float": {[]string{"-2147483647", "1", ""}, encodingFloat},
		"what would stand for a missing one too":    {[]string{"1", "-2147483648", ""}, encodingFloat},
		"what does not fit with so many decimals":   {[]string{"1000000", "", "x", "0.00001", "3"}, encodingFloat},
		"the other way round":                       {[]string{"0.00001", "", "x", "1000000", "3"}, encodingFloat},
		"frequencies":                               {[]string{"0.458293", "", "3.16228e-06", "1", "0", "x"}, encodingFloat},
		"a number of many digits behind others":     {[]string{"1000000", "", "x", "0.00001", "0.123456789012"}, encodingFloat},
		"zeros fit with any number of decimals":     {[]string{"0", "0.0000001", "0.00", "0"}, encodingDecimal},
		"exponents":                                 {[]string{"1e-05", "3.5E-7", "0.25"}, encodingDecimal},
		"more digits than a decimal is read with":   {[]string{"0.1234567890123456789", "1"}, encodingFloat},
		"powers":                  {[]string{"1e300", "-inf", "1"}, encodingFloat},
		"one number for all rows": {[]string{"0.50", "0.5", "5e-1"}, encodingNumber},
		"one number for all rows that is a float": {[]string{"1e300", "1e300"}, encodingNumber},
		"no number in any row":                    {[]string{"", ""}, encodingMissing},
		"text that is no number in all rows":      {[]string{"nan", "a"}, encodingNumber},
		"numbers, then missing ones":              {[]string{"7", "7", ""}, encodingFloat},
		"eight bytes":                             {[]string{"12345678", "1234567.", ".1234567", "0.123456"}, encodingFloat},
		"points alone, or two, are no numbers":    {[]string{".", "1.2.3", "-", "1.5"}, encodingDecimal},
		"what stands between the digits of ASCII": {[]string{"1/2", "1:2", "3"}, encodingDecimal},
		"a sign":                             {[]string{"+1", "-1", "--1"}, encodingFloat},
		"what is no digit by its upper bits": {[]string{"\xb1\xb2", "1"}, encodingDecimal},
		"a comma, as in lists that are kept as text": {[]string{"1,2", "1"}, encodingDecimal},
	} {
		t.Run(name, func(t *testing.T) {
			for cut := range len(test.texts) + 1 {
				c := columnOf(t, test.texts, cut)
				if cut == len(test.texts) {
					require.Equal(t, test.encoding, c.encoding)
				}
				requireNumbers(t, test.texts, c)
			}
		})
	}
}

// requireNumbers compares a column with what strconv reads.
func requireNumbers(t *testing.T, texts []string, c column) {
	t.Helper()
	for row, text := range texts {
		var got float64
		if c.encoding == encodingMissing {
			got = floatMissing
		} else {
			got = c.number(row)
		}
		want, err := strconv.ParseFloat(text, 64)
		switch {
		case text == "":
			require.True(t, isMissingNumber(got), "row %d is missing, not %v", row, got)
		case err != nil || want != want:
			require.Equal(t, math.Float64bits(floatText), math.Float64bits(got), "row %d, %q, is no number", row, text)
		default:
			require.Equal(t, want, got, "row %d, %q", row, text)
		}
	}
}

func TestColumnsOfRandomNumbersHaveWhatStrconvReads(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	number := func(decimals int) string {
		switch random.IntN(12) {
		case 0:
			return ""
		case 1:
			return strconv.FormatFloat(random.NormFloat64(), 'e', random.IntN(5), 64)
		case 2:
			return strconv.Itoa(random.IntN(1 << 31))
		default:
			return strconv.FormatFloat(random.NormFloat64()*math.Pow10(random.IntN(4)), 'f', random.IntN(decimals+1), 64)
		}
	}
	for range 300 {
		var texts []string
		decimals := random.IntN(8)
		for range 1 + random.IntN(40) {
			texts = append(texts, number(decimals))
		}
		requireNumbers(t, texts, columnOf(t, texts, random.IntN(len(texts)+1)))
	}
}

func TestARangeOfNumbersHasTheRowsThatItsEndsSay(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	seen := map[uint32]bool{}
	for range 200 {
		var texts []string
		kind := random.IntN(3)
		for range 1 + random.IntN(100) {
			switch n := random.NormFloat64(); {
			case random.IntN(9) == 0:
				texts = append(texts, "")
			case kind == 0:
				texts = append(texts, strconv.FormatFloat(n, 'f', random.IntN(4), 64))
			case kind == 1 || random.IntN(9) > 0:
				texts = append(texts, strconv.FormatFloat(n*math.Pow10(-random.IntN(9)), 'e', random.IntN(6), 64))
			default:
				texts = append(texts, strconv.FormatFloat(n, 'f', 14, 64))
			}
		}
		c := columnOf(t, texts, len(texts))
		if c.encoding == encodingMissing {
			continue
		}
		seen[c.encoding] = true
		r := filter.Range{Low: random.NormFloat64(), High: random.NormFloat64() + 1}
		if pivot := c.number(random.IntN(c.rows)); random.IntN(2) == 0 && pivot == pivot {
			r.Low = pivot
		}
		rows := make(rowSet, (c.rows+63)/64)
		markRange(rows, &c, r)
		for row := range c.rows {
			n := c.number(row)
			require.Equal(t, n >= r.Low && n <= r.High, rows[row/64]>>(row%64)&1 == 1, "%q in %v", texts[row], r)
		}
	}
	require.Subset(t, slices.Collect(maps.Keys(seen)), []uint32{encodingDecimal, encodingFloat})
}

func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"1856.76", "0", ".5", "5.", ".", "..", "1.2.3", "12345678", "-1", "1e5", "99999999", "1/3", "1:3", "\xb1", "0.5", "0.12345678", "0.123456789", "0.123456789012345", "0.1234567890123456", "0.1234.678", "0.123456789.1"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 {
			return
		}
		inLine := append(append([]byte(nil), text...), "\t.\tPASS\t1234"...)[:len(text)]
		for _, quick := range []func([]byte) (int64, uint8, bool){shortDecimal, fraction} {
			digits, places, read := quick(inLine)
			if !read {
				continue
			}
			wantDigits, wantPlaces, ok := longDecimal(text)
			require.True(t, ok, "%q is no decimal", text)
			require.Equal(t, wantDigits, digits, "%q", text)
			require.Equal(t, wantPlaces, places, "%q", text)
		}
	})
}

func TestNumbersAreWrittenInFourBytesForTheRowsThatHaveOne(t *testing.T) {
	var c numberBuilder
	c.addAt(0, []byte("1.5"))
	c.addIntegerAt(3, 2)
	body, encoding, count := c.appendTo(nil, 5)
	require.EqualValues(t, encodingDecimal|encodingSparse, encoding)
	require.EqualValues(t, 1, count)
	var expected []byte
	expected = binary.LittleEndian.AppendUint64(expected, 0b1001)
	expected = binary.LittleEndian.AppendUint32(expected, 15)
	expected = binary.LittleEndian.AppendUint32(expected, 20)
	require.Equal(t, expected, body)
}
