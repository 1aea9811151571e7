package results

import (
	"encoding/binary"
	"math"
	"strconv"
)

// numberBuilder gathers a column of numbers as the file has them: integers times one power of ten while all fit, else float64. A number that is written with up to
// 15 digits is an integer and its number of decimals, from which the float64 that strconv reads comes back by one division, which rounds right.
type numberBuilder struct {
	present  presence
	scaled   []int32   // numbers times ten to the power of decimals, until one did not fit
	decimals uint8     // of the number with most
	floats   []float64 // all numbers from then on
	wide     bool      // floats has them
}

// mostPlaces is the largest number of decimals: 10^22 is the largest power of ten that a float64 has exactly.
const mostPlaces = 22

// Numbers in the file that are none.
const (
	decimalMissing = math.MinInt32
	decimalText    = math.MinInt32 + 1
)

var floatMissing, floatText = math.Float64frombits(0x7ff8_0000_0000_0001), math.Float64frombits(0x7ff8_0000_0000_0002)

// Missing numbers as a column of decimals and one of floats have them when they are read.
var (
	missingDecimal = binary.LittleEndian.AppendUint32(nil, 1<<31) // decimalMissing
	missingFloat   = binary.LittleEndian.AppendUint64(nil, math.Float64bits(floatMissing))
)

var powers = func() (p [mostPlaces + 1]float64) {
	for i := range p {
		p[i], _ = strconv.ParseFloat("1e"+strconv.Itoa(i), 64)
	}
	return p
}()

func (c *numberBuilder) reset() {
	c.present.reset()
	c.scaled, c.decimals, c.floats, c.wide = c.scaled[:0], 0, c.floats[:0], false
}

// addAt adds the number of a row, behind those that were added before. An empty text is none.
func (c *numberBuilder) addAt(row int, text []byte) {
	if len(text) > 0 {
		c.present.mark(row)
		c.add(text)
	}
}

// addIntegerAt is addAt for an integer that is read already.
func (c *numberBuilder) addIntegerAt(row int, n int64) {
	c.present.mark(row)
	c.addDecimal(n, 0)
}

func (c *numberBuilder) add(text []byte) {
	if digits, places, ok := decimal(text); ok {
		c.addDecimal(digits, places)
		return
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || n != n {
		c.addText()
		return
	}
	c.widen()
	c.floats = append(c.floats, n)
}

// addText adds what is no number.
func (c *numberBuilder) addText() {
	if c.wide {
		c.floats = append(c.floats, floatText)
		return
	}
	c.scaled = append(c.scaled, decimalText)
}

// addDecimal adds a number of so many decimals.
func (c *numberBuilder) addDecimal(digits int64, places uint8) {
	if !c.wide {
		if places == c.decimals && fitsScaled(digits) {
			c.scaled = append(c.scaled, int32(digits))
			return
		}
		if c.rescale(max(places, c.decimals)) {
			if scaled, ok := scale(digits, c.decimals-places); ok {
				c.scaled = append(c.scaled, int32(scaled))
				return
			}
		}
		c.widen()
	}
	c.floats = append(c.floats, float64(digits)/powers[places])
}

// fitsScaled reports whether a number can stand beside those that are none.
func fitsScaled(n int64) bool { return -math.MaxInt32 < n && n <= math.MaxInt32 }

// scale multiplies by a power of ten. It reports false where the product does not fit.
func scale(n int64, places uint8) (int64, bool) {
	for ; places > 0 && fitsScaled(n) && n != 0; places-- {
		n *= 10
	}
	return n, fitsScaled(n)
}

// rescale gives all numbers so many decimals. It reports false, and changes nothing, where one does not fit.
func (c *numberBuilder) rescale(decimals uint8) bool {
	more := decimals - c.decimals
	if more == 0 {
		return true
	}
	for _, n := range c.scaled {
		if _, ok := scale(int64(n), more); !ok && n > decimalText {
			return false
		}
	}
	for i, n := range c.scaled {
		if n > decimalText {
			scaled, _ := scale(int64(n), more)
			c.scaled[i] = int32(scaled)
		}
	}
	c.decimals = decimals
	return true
}

// widen turns all numbers into float64.
func (c *numberBuilder) widen() {
	if c.wide {
		return
	}
	for _, n := range c.scaled {
		c.floats = append(c.floats, unscaled(n, int(c.decimals)))
	}
	c.scaled, c.wide = c.scaled[:0], true
}

// unscaled is the number that the file has as an integer, as column.number gives it.
func unscaled(n int32, decimals int) float64 {
	switch n {
	case decimalMissing:
		return floatMissing
	case decimalText:
		return floatText
	default:
		return float64(n) / powers[decimals]
	}
}

func (c *numberBuilder) takeOver(other columnBuilder, rows int) {
	o := other.(*numberBuilder)
	o.present.each(func(row int) { c.present.mark(rows + row) })
	if o.wide {
		c.widen()
		c.floats = append(c.floats, o.floats...)
		return
	}
	for _, n := range o.scaled {
		if n == decimalText {
			c.addText()
		} else {
			c.addDecimal(int64(n), o.decimals)
		}
	}
}

func (c *numberBuilder) appendTo(to []byte, rows int) (_ []byte, encoding, count uint32) {
	if len(c.scaled)+len(c.floats) == 0 {
		return to, encodingMissing, 0
	}
	to, sparse := c.present.appendTo(to, rows)
	to, encoding, count = c.appendNumbers(to)
	return to, encoding | sparse, count
}

// appendNumbers writes the numbers of the rows that have one.
func (c *numberBuilder) appendNumbers(to []byte) (_ []byte, encoding, count uint32) {
	if n, ok := c.same(); ok {
		return binary.LittleEndian.AppendUint64(to, math.Float64bits(n)), encodingNumber, 0
	}
	if !c.wide {
		for _, n := range c.scaled {
			to = binary.LittleEndian.AppendUint32(to, uint32(n))
		}
		return to, encodingDecimal, uint32(c.decimals)
	}
	for _, n := range c.floats {
		to = binary.LittleEndian.AppendUint64(to, math.Float64bits(n))
	}
	return to, encodingFloat, 0
}

// same is the number that all of these rows have, if it is one.
func (c *numberBuilder) same() (float64, bool) {
	if !c.wide {
		for _, n := range c.scaled {
			if n != c.scaled[0] {
				return 0, false
			}
		}
		return unscaled(c.scaled[0], int(c.decimals)), true
	}
	for _, n := range c.floats {
		if math.Float64bits(n) != math.Float64bits(c.floats[0]) {
			return 0, false
		}
	}
	return c.floats[0], true
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
		return unscaled(c.decimal(row), c.count)
	case encodingNumber:
		row = 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(c.text[8*row:]))
}

func (c *column) decimal(row int) int32 { return int32(binary.LittleEndian.Uint32(c.text[4*row:])) }

func isMissingNumber(n float64) bool { return math.Float64bits(n) == math.Float64bits(floatMissing) }
