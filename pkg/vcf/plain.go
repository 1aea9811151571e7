package vcf

// plain takes a line apart up to INFO that is as most are: CHROM and FILTER as in the line before, POS of one to nine digits, an ID without semicolons and
// spaces, ALT alleles of bases, QUAL missing or of digits and at most one point. It returns where INFO begins, and 0 for any other line, which
// Parse then judges step by step.
func (p *Parser) plain(r *Record) int {
	line := r.Line
	at := len(p.chrom)
	if at == 0 || len(line) <= at || line[at] != '\t' || string(line[:at]) != string(p.chrom) {
		return 0
	}
	r.Chrom = line[:at]
	begin := at + 1
	pos := uint32(0)
	for at = begin; at < len(line) && line[at]-'0' <= 9; at++ {
		pos = pos*10 + uint32(line[at]-'0')
	}
	if at == begin || at > begin+9 || at >= len(line) || line[at] != '\t' {
		return 0
	}
	r.Pos = pos
	seen := uint8(0)
	begin = at + 1
	for at = begin; at < len(line) && line[at] != '\t'; at++ {
		seen |= class[line[at]]
	}
	if at == begin || seen&(spaceClass|semicolonClass) != 0 {
		return 0
	}
	r.ID = line[begin:min(at, len(line))]
	if begin = at + 1; begin >= len(line) {
		return 0
	}
	if at = basesEnd(line, begin); at == begin || at >= len(line) || line[at] != '\t' {
		return 0
	}
	r.Ref = line[begin:at]
	begin = at + 1
	if at = p.allelesEnd(line, begin); at == 0 || at >= len(line) || line[at] != '\t' {
		return 0
	}
	r.Alt = line[begin:at]
	begin = at + 1
	points := 0
	for at = begin; at < len(line) && line[at] != '\t'; at++ {
		if c := line[at]; c == '.' {
			points++
		} else if c-'0' > 9 {
			return 0
		}
	}
	if at == begin || points > 1 {
		return 0
	}
	r.Qual = line[begin:at]
	begin = at + 1
	at = begin + len(p.filter)
	if at == begin || len(line) <= at || line[at] != '\t' || string(line[begin:at]) != string(p.filter) {
		return 0
	}
	r.Filter = line[begin:at]
	return at + 1
}

// allelesEnd is where a list of alleles of bases that begins at an offset ends, 0 where one is empty or there are too many.
func (p *Parser) allelesEnd(line []byte, from int) int {
	for alleles := 1; alleles <= p.limits.Alleles; alleles++ {
		end := basesEnd(line, from)
		if end == from {
			return 0
		}
		if end == len(line) || line[end] != ',' {
			return end
		}
		from = end + 1
	}
	return 0
}

// basesEnd is where a row of bases that begins at an offset ends.
func basesEnd(line []byte, from int) int {
	for from < len(line) && class[line[from]]&baseClass != 0 {
		from++
	}
	return from
}
