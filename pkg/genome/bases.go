package genome

// complements gives the complement of each IUPAC code; a byte that is none is kept.
var complements = complementTable()

func complementTable() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
	}
	const codes, partners = "ACGTUMRWSYKVHDBNacgtumrwsykvhdbn", "TGCAAKYWSRMBDHVNtgcaakywsrmbdhvn"
	for i := range codes {
		table[codes[i]] = partners[i]
	}
	return table
}

// Complement returns the complement of an IUPAC base, of the same case; any other byte is returned as it is.
func Complement(base byte) byte { return complements[base] }

// AppendReverseComplement appends the reverse complement of bases to dst.
func AppendReverseComplement(dst, bases []byte) []byte {
	for i := len(bases) - 1; i >= 0; i-- {
		dst = append(dst, complements[bases[i]])
	}
	return dst
}

// uppers gives the upper case of each letter, and 0 for every byte that is not a letter of a sequence.
var uppers = upperTable()

func upperTable() (table [256]byte) {
	for c := byte('A'); c <= 'Z'; c++ {
		table[c] = c
		table[c+'a'-'A'] = c
	}
	table['*'], table['-'] = 'N', 'N'
	return table
}
