package vcf

import "bytes"

// Classes of characters.
const (
	baseClass      uint8 = 1 << iota // A, C, G, T, N in either case
	spaceClass                       // space and control characters
	semicolonClass                   // ;
	nameClass                        // what a contig's name may hold
)

var class = makeClasses()

func makeClasses() (table [256]uint8) {
	for _, c := range "ACGTNacgtn" {
		table[c] |= baseClass
	}
	for c := range 0x21 {
		table[c] |= spaceClass
	}
	table[0x7f] |= spaceClass
	table[';'] |= semicolonClass
	for c := 0x21; c < 256; c++ {
		if bytes.IndexByte([]byte("\x7f,:*<>()[]{}\"'`\\"), byte(c)) < 0 {
			table[c] |= nameClass
		}
	}
	return table
}

// isAllele tells whether an ALT allele has one of the specification's forms: bases, *, <ID>, or a breakend.
func isAllele(allele []byte) bool {
	if len(allele) == 0 {
		return false
	}
	if isBases(allele) {
		return true
	}
	switch first, last := allele[0], allele[len(allele)-1]; {
	case first == '*':
		return len(allele) == 1
	case first == '<' && last == '>' && len(allele) > 2:
		inner := allele[1 : len(allele)-1]
		return bytes.IndexAny(inner, "<> \t") < 0
	case first == '.' && len(allele) > 1 && isBases(allele[1:]), last == '.' && len(allele) > 1 && isBases(allele[:len(allele)-1]):
		return true // a single breakend
	}
	return isBreakend(allele)
}

func isBases(allele []byte) bool {
	for _, c := range allele {
		if class[c]&baseClass == 0 {
			return false
		}
	}
	return len(allele) > 0
}

// isBreakend tells whether an allele is t[p[, t]p], ]p]t or [p[t, where t is bases or a point and p is a contig and a position.
func isBreakend(allele []byte) bool {
	open := bytes.IndexAny(allele, "[]")
	if open < 0 {
		return false
	}
	size := bytes.IndexByte(allele[open+1:], allele[open])
	if size < 0 {
		return false
	}
	mate, before, after := allele[open+1:open+1+size], allele[:open], allele[open+size+2:]
	isSide := func(t []byte) bool { return isBases(t) || string(t) == "." }
	if !(isSide(before) && len(after) == 0 || isSide(after) && len(before) == 0) {
		return false
	}
	if len(mate) > 2 && mate[0] == '<' && mate[len(mate)-1] == '>' {
		return true // a contig of the assembly file, without position
	}
	colon := bytes.LastIndexByte(mate, ':')
	if colon <= 0 || colon == len(mate)-1 {
		return false
	}
	for _, c := range mate[colon+1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return bytes.IndexAny(mate[:colon], "[] \t") < 0
}
