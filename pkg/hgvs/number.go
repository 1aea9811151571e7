package hgvs

import (
	"slices"
	"strconv"
)

// pairs are the two digits of every number below a hundred.
const pairs = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// AppendNumber appends an integer: strconv.AppendInt for the numbers that genomes have, a few times faster.
func AppendNumber(dst []byte, n int) []byte {
	if uint(n) >= 1e9 {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	u := uint32(n)
	if u < 10 {
		return append(dst, byte('0'+u))
	}
	at, length := len(dst), digits(u)
	if cap(dst)-at < length {
		dst = slices.Grow(dst, length)
	}
	dst = dst[:at+length]
	out := dst[at:]
	for length >= 2 {
		q := u / 100
		r := 2 * (u - 100*q)
		u = q
		length -= 2
		out[length], out[length+1] = pairs[r], pairs[r+1]
	}
	if length == 1 {
		out[0] = byte('0' + u)
	}
	return dst
}

// digits counts the decimal digits of a number below 1e9.
func digits(u uint32) int {
	switch {
	case u < 1e3:
		if u < 1e2 {
			if u < 10 {
				return 1
			}
			return 2
		}
		return 3
	case u < 1e6:
		if u < 1e5 {
			if u < 1e4 {
				return 4
			}
			return 5
		}
		return 6
	case u < 1e8:
		if u < 1e7 {
			return 7
		}
		return 8
	}
	return 9
}
