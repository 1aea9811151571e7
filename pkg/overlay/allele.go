package overlay

import "bytes"

// shortBases is the largest number of bases of REF and ALT together, trimmed, that fit into a short key.
const shortBases = 26

// longKey marks a key whose alleles are too long, or hold other letters than A, C, G and T: its low 32 bits are an offset in the block's pool of alleles.
const longKey = uint64(1) << 63

// twoBits gives each base its two bits; other letters have 0xff.
var twoBits = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for code, bases := range []string{"Aa", "Cc", "Gg", "Tt"} {
		table[bases[0]], table[bases[1]] = byte(code), byte(code)
	}
	return table
}()

// trim drops the bases that both alleles share at their ends, then those they share at their starts, and returns how many were dropped at the start.
// Either allele may become empty.
func trim(ref, alt []byte) (shift int, trimmedRef, trimmedAlt []byte) {
	for len(ref) > 0 && len(alt) > 0 && sameBase(ref[len(ref)-1], alt[len(alt)-1]) {
		ref, alt = ref[:len(ref)-1], alt[:len(alt)-1]
	}
	for len(ref) > 0 && len(alt) > 0 && sameBase(ref[0], alt[0]) {
		ref, alt = ref[1:], alt[1:]
		shift++
	}
	return shift, ref, alt
}

func sameBase(a, b byte) bool { return a|0x20 == b|0x20 }

// shortKey packs trimmed alleles into a number: two bits for each base, and above the largest number of bases two lengths of five bits. It reports false when they do not fit.
func shortKey(ref, alt []byte) (uint64, bool) {
	if len(ref)+len(alt) > shortBases {
		return 0, false
	}
	key := uint64(0)
	for _, b := range ref {
		code := twoBits[b]
		if code > 3 {
			return 0, false
		}
		key = key<<2 | uint64(code)
	}
	for _, b := range alt {
		code := twoBits[b]
		if code > 3 {
			return 0, false
		}
		key = key<<2 | uint64(code)
	}
	return key | uint64(len(ref)<<5|len(alt))<<(2*shortBases), true
}

// substitutionKey is the short key of one base in the place of another. It reports false for other letters.
func substitutionKey(ref, alt byte) (uint64, bool) {
	from, to := twoBits[ref], twoBits[alt]
	return uint64(from)<<2 | uint64(to) | (1<<5|1)<<(2*shortBases), from|to <= 3
}

// isSequence reports whether an allele is made of letters alone: not symbolic, not a breakend, neither `*` nor `.`, and not empty.
func isSequence(allele []byte) bool {
	for _, b := range allele {
		if b|0x20 < 'a' || b|0x20 > 'z' {
			return false
		}
	}
	return len(allele) > 0
}

// equalBases compares alleles without regard to case.
func equalBases(a, b []byte) bool { return len(a) == len(b) && bytes.EqualFold(a, b) }
