package results

import (
	"encoding/binary"
	"math"
	"strconv"
)

// numberBuilder gathers a column of numbers. A number that is written with up to 15 digits is kept as an integer and its number of decimals, from which the float64
// that strconv reads comes back by one division, which rounds right.
type numberBuilder struct {
	digits []int64
	places []uint8 // decimals, or one of those below
	found  bool
}

// What stands in places instead of a number of decimals.
const (
	placeFloat   = 255 // digits has the bits of a float64
	placeMissing = 254
	placeText    = 253 // something that is no number: not missing, but no comparison holds
	mostPlaces   = 22  // 10^22 is the largest power of ten that a float64 has exactly
)

// Numbers in the file that are none.
const (
	decimalMissing = math.MinInt32
	decimalText    = math.MinInt32 + 1
)

var floatMissing, floatText = math.Float64frombits(0x7ff8_0000_0000_0001), math.Float64frombits(0x7ff8_0000_0000_0002)

var powers = func() (p [mostPlaces + 1]float64) {
	for i := range p {
		p[i], _ = strconv.ParseFloat("1e"+strconv.Itoa(i), 64)
	}
	return p
}()

func (c *numberBuilder) reset() { c.digits, c.places, c.found = c.digits[:0], c.places[:0], false }

// addAt adds a row behind rows without a value.
func (c *numberBuilder) addAt(row int, text []byte) {
	c.pad(row)
	c.add(text)
}

// addIntegerAt is addAt for an integer that is read already.
func (c *numberBuilder) addIntegerAt(row int, n int64) {
	c.pad(row)
	c.digits, c.places, c.found = append(c.digits, n), append(c.places, 0), true
}

func (c *numberBuilder) pad(rows int) {
	for len(c.digits) < rows {
		c.digits, c.places = append(c.digits, 0), append(c.places, placeMissing)
	}
}

func (c *numberBuilder) add(text []byte) {
	digits, places := int64(0), uint8(placeMissing)
	if len(text) > 0 {
		c.found = true
		var ok bool
		if digits, places, ok = decimal(text); !ok {
			digits, places = float(text)
		}
	}
	c.digits, c.places = append(c.digits, digits), append(c.places, places)
}

// decimal reads a number such as -12.50 or 3e-05.
func decimal(text []byte) (digits int64, places uint8, ok bool) {
	at, negative, point, count := 0, false, -1, 0
	if text[0] == '-' {
		negative, at = true, 1
	}
	start := at
	for ; at < len(text); at++ {
		c := text[at]
		if c-'0' <= 9 {
			digits = digits*10 + int64(c-'0')
			if count++; count > 15 {
				return 0, 0, false
			}
			continue
		}
		if c != '.' || point >= 0 {
			break
		}
		point = at
	}
	decimals := 0
	if point >= 0 {
		decimals = at - point - 1
	}
	if count == 0 || at == start {
		return 0, 0, false
	}
	if at < len(text) {
		exponent, ok := exponentOf(text[at:])
		if !ok {
			return 0, 0, false
		}
		decimals -= exponent
	}
	if decimals < 0 || decimals > mostPlaces {
		return 0, 0, false
	}
	if negative {
		digits = -digits
	}
	return digits, uint8(decimals), true
}

// exponentOf reads what follows the digits: e and a number of two digits at most.
func exponentOf(text []byte) (int, bool) {
	if text[0]|0x20 != 'e' || len(text) < 2 {
		return 0, false
	}
	sign, text := 1, text[1:]
	if text[0] == '-' || text[0] == '+' {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 2 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return sign * n, true
}

// float reads any other number.
func float(text []byte) (digits int64, places uint8) {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || n != n {
		return 0, placeText
	}
	return int64(math.Float64bits(n)), placeFloat
}

func (c *numberBuilder) takeOver(other columnBuilder, rows int) {
	o := other.(*numberBuilder)
	c.pad(rows)
	c.digits, c.places, c.found = append(c.digits, o.digits...), append(c.places, o.places...), c.found || o.found
}

func (c *numberBuilder) appendTo(to []byte, rows int) (_ []byte, encoding, count uint32) {
	if !c.found {
		return to, encodingMissing, 0
	}
	c.pad(rows)
	if c.same() {
		return binary.LittleEndian.AppendUint64(to, math.Float64bits(c.float(0))), encodingNumber, 0
	}
	if decimals, ok := c.decimals(); ok {
		return c.appendDecimals(to, decimals), encodingDecimal, uint32(decimals)
	}
	for i := range c.digits {
		to = binary.LittleEndian.AppendUint64(to, math.Float64bits(c.float(i)))
	}
	return to, encodingFloat, 0
}

func (c *numberBuilder) same() bool {
	for i := range c.digits {
		if c.digits[i] != c.digits[0] || c.places[i] != c.places[0] {
			return false
		}
	}
	return true
}

func (c *numberBuilder) float(row int) float64 {
	switch place := c.places[row]; place {
	case placeMissing:
		return floatMissing
	case placeText:
		return floatText
	case placeFloat:
		return math.Float64frombits(uint64(c.digits[row]))
	default:
		return float64(c.digits[row]) / powers[place]
	}
}

// decimals is the number of decimals that all numbers can be written with in an int32.
func (c *numberBuilder) decimals() (decimals uint8, ok bool) {
	for _, place := range c.places {
		if place == placeFloat {
			return 0, false
		}
		if place <= mostPlaces {
			decimals = max(decimals, place)
		}
	}
	var most [mostPlaces + 1]int64 // of digits with so many decimals
	for i := range most {
		most[i] = int64(float64(math.MaxInt32) / powers[max(0, int(decimals)-i)])
	}
	for i, place := range c.places {
		if place <= mostPlaces && (c.digits[i] > most[place] || c.digits[i] < -most[place]) {
			return 0, false
		}
	}
	return decimals, true
}

func (c *numberBuilder) appendDecimals(to []byte, decimals uint8) []byte {
	var scale [mostPlaces + 1]int64
	for i := range scale {
		scale[i] = int64(powers[min(max(0, int(decimals)-i), 18)])
	}
	for i, place := range c.places {
		n := int64(decimalMissing)
		switch place {
		case placeMissing:
		case placeText:
			n = decimalText
		default:
			n = c.digits[i] * scale[place]
		}
		to = binary.LittleEndian.AppendUint32(to, uint32(int32(n)))
	}
	return to
}

// numbersFit tells whether a column of numbers has bytes for all rows.
func numbersFit(c *column) bool {
	switch c.encoding {
	case encodingDecimal:
		return len(c.text) >= 4*c.rows && c.count <= mostPlaces
	case encodingFloat:
		return len(c.text) >= 8*c.rows
	}
	return len(c.text) >= 8
}

// isNumbers reports whether the column holds numbers.
func (c *column) isNumbers() bool {
	return c.encoding == encodingDecimal || c.encoding == encodingFloat || c.encoding == encodingNumber
}

// number is the number of a row: floatMissing for a missing one, floatText for what is no number; both are NaN.
func (c *column) number(row int) float64 {
	switch c.encoding {
	case encodingPositions:
		return float64(binary.LittleEndian.Uint32(c.text[4*row:]))
	case encodingDecimal:
		switch n := c.decimal(row); n {
		case decimalMissing:
			return floatMissing
		case decimalText:
			return floatText
		default:
			return float64(n) / powers[c.count]
		}
	case encodingNumber:
		row = 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(c.text[8*row:]))
}

func (c *column) decimal(row int) int32 { return int32(binary.LittleEndian.Uint32(c.text[4*row:])) }

func isMissingNumber(n float64) bool { return math.Float64bits(n) == math.Float64bits(floatMissing) }
