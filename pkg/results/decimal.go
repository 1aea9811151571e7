package results

import (
	"encoding/binary"
	"math/bits"
)

// decimal reads a number such as -12.50 or 3e-05. The text is not empty.
func decimal(text []byte) (digits int64, places uint8, ok bool) {
	if digits, places, ok = shortDecimal(text); ok {
		return digits, places, true
	}
	if digits, places, ok = fraction(text); ok {
		return digits, places, true
	}
	return longDecimal(text)
}

// eachByte has a one in each byte of a word.
const eachByte = 0x0101_0101_0101_0101

// shortDecimal reads a number of up to eight digits and perhaps a point, eight bytes in all, in one go. It reports false for every other text.
func shortDecimal(text []byte) (digits int64, places uint8, ok bool) {
	const high = 0x80 * eachByte
	if len(text) > 8 || cap(text) < 8 {
		return 0, 0, false
	}
	word := padded(text)
	points := word ^ '.'*eachByte
	if points = (points - eachByte) &^ points & high; points != 0 && len(text) > 1 {
		point := bits.TrailingZeros64(points) &^ 7
		below := word & (1<<point - 1)
		word = word>>point>>8<<8<<point | below<<8 | '0'
		places = uint8(7 - point/8)
	}
	digits, ok = eightDigits(word)
	return digits, places, ok
}

// fraction reads a number such as 0.0123456789, with up to 14 digits behind the point, eight in one go. It reports false for every other text.
func fraction(text []byte) (digits int64, places uint8, ok bool) {
	const leading = len("0.")
	n := len(text) - leading
	if n < 1 || n > 14 || text[0] != '0' || text[1] != '.' || cap(text) < leading+8 {
		return 0, 0, false
	}
	text = text[leading:]
	if n <= 8 {
		digits, ok = eightDigits(padded(text))
		return digits, uint8(n), ok
	}
	first, ok := eightDigits(padded(text[:n-8]))
	last, also := eightDigits(binary.LittleEndian.Uint64(text[n-8:]))
	return first*100_000_000 + last, uint8(n), ok && also
}

// padded is a text of one to eight bytes with zeros before it, its first byte the lowest. Its capacity is eight bytes or more.
func padded(text []byte) uint64 {
	n := len(text)
	return binary.LittleEndian.Uint64(text[:8])<<(64-8*n) | '0'*eachByte>>(8*n)
}

// eightDigits is the number that eight bytes are, the first of them in the lowest byte of the word. It reports false where one is no digit.
func eightDigits(word uint64) (int64, bool) {
	if word&(0xf0*eachByte) != '0'*eachByte || (word+6*eachByte)&(0xf0*eachByte) != '0'*eachByte {
		return 0, false
	}
	word &= 0x0f * eachByte
	word = word*10 + word>>8 // pairs of digits, in every second byte
	const pairs = 0xff_0000_00ff
	word = word&pairs*(100+1_000_000<<32) + word>>16&pairs*(1+10_000<<32)
	return int64(word >> 32), true
}

// longDecimal reads any decimal, byte by byte.
func longDecimal(text []byte) (digits int64, places uint8, ok bool) {
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
