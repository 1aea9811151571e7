package consequence

import "bytes"

// structural is a symbolic allele or a breakend: a stretch of the contig and what happens to it. Its sequence is not known, so overlap alone decides.
type structural struct {
	start, end int    // 1-based and closed on the contig
	class      string // a term of the Sequence Ontology
	kind       structuralKind
}

// structuralKind is what VEP's rules ask of a structural allele.
type structuralKind uint8

const (
	rearrangement structuralKind = iota // an inversion, or a change of copies in either direction
	loss
	insertion // of new sequence
	gain      // of copies
	breakpoint
)

// structuralClasses lists what each symbol is called in the Sequence Ontology, and its kind. A mobile element has a family, ME where it is none of those that are named.
var structuralClasses = []struct {
	symbol, family, class string
	kind                  structuralKind
}{
	{"INS", "", "insertion", insertion},
	{"INS", "ME", "mobile_element_insertion", insertion},
	{"INS", "ALU", "Alu_insertion", insertion},
	{"INS", "HERV", "HERV_insertion", insertion},
	{"INS", "LINE1", "LINE1_insertion", insertion},
	{"INS", "SVA", "SVA_insertion", insertion},
	{"DEL", "", "deletion", loss},
	{"DEL", "ME", "mobile_element_deletion", loss},
	{"DEL", "ALU", "Alu_deletion", loss},
	{"DEL", "HERV", "HERV_deletion", loss},
	{"DEL", "LINE1", "LINE1_deletion", loss},
	{"DEL", "SVA", "SVA_deletion", loss},
	{"CNV:TR", "", "tandem_repeat", gain},
	{"DUP:TANDEM", "", "tandem_duplication", gain},
	{"DUP", "", "duplication", gain},
	{"CNV", "", "copy_number_variation", rearrangement},
	{"INV", "", "inversion", rearrangement},
	{"BND", "", "chromosome_breakpoint", breakpoint},
}

// structuralOf reads a symbolic allele or a breakend with its INFO; reason says why it can not be judged.
func (s *Scratch) structuralOf(v *Variant, alt []byte) (sv structural, reason string) {
	symbol, family := s.structuralSymbol(alt, infoValue(v.Info, "SVTYPE"))
	found := false
	for i := range structuralClasses {
		if c := &structuralClasses[i]; symbol == c.symbol && family == c.family {
			sv.class, sv.kind, found = c.class, c.kind, true
		}
	}
	if !found {
		return sv, "a symbolic allele of no known kind"
	}
	length, hasLength := infoNumber(v.Info, "SVLEN")
	end, hasEnd := infoNumber(v.Info, "END")
	sv.start = int(v.Pos) + 1
	sv.end = sv.start
	switch {
	case sv.kind == breakpoint:
	case hasLength:
		sv.end = sv.start + max(length, -length) - 1
	case hasEnd:
		sv.end = end
	}
	if sv.kind == loss && (sv.start > sv.end || !hasLength && !hasEnd) {
		return sv, "a deletion without END and SVLEN"
	}
	if sv.start > sv.end+1 {
		return sv, "END lies before POS"
	}
	return sv, ""
}

// structuralSymbol is the key in structuralClasses: of the allele where it is a well-known symbol, else of SVTYPE, else of what the allele looks like; empty where it is none.
func (s *Scratch) structuralSymbol(alt, svtype []byte) (symbol, family string) {
	text := alt
	if len(svtype) > 0 && !wellKnown(alt) {
		text = svtype
	}
	if isBreakend(text) {
		return "BND", ""
	}
	name := s.upper(bytes.Trim(text, "<>"))
	first, rest, _ := bytes.Cut(name, []byte(":"))
	switch {
	case bytes.Contains(name, []byte("DUP:TANDEM")):
		return "DUP:TANDEM", ""
	case bytes.Contains(name, []byte("CNV:TR")):
		return "CNV:TR", ""
	case bytes.HasPrefix(name, []byte("CN")) && !bytes.HasPrefix(name, []byte("CNV")):
		return copyNumber(name[2:]), ""
	case bytes.Contains(name, []byte("CNV")):
		return "CNV", ""
	}
	for _, c := range structuralClasses {
		if c.symbol == string(first) {
			if bytes.HasPrefix(rest, []byte("ME")) && (c.symbol == "INS" || c.symbol == "DEL") {
				family = mobileElement(rest)
			}
			return c.symbol, family
		}
	}
	return "", ""
}

// wellKnown says whether an allele is a symbol that goes before SVTYPE.
func wellKnown(alt []byte) bool {
	alt = bytes.TrimPrefix(alt, []byte("<"))
	for _, name := range []string{"DEL", "INS", "DUP", "INV", "CNV"} {
		if bytes.HasPrefix(alt, []byte(name)) {
			return true
		}
	}
	if !bytes.HasPrefix(alt, []byte("CN")) {
		return false
	}
	alt = bytes.TrimPrefix(alt[2:], []byte("="))
	return len(alt) > 0 && alt[0] >= '0' && alt[0] <= '9'
}

// mobileElement is the family of a mobile element as the table spells it.
func mobileElement(rest []byte) string {
	_, family, _ := bytes.Cut(rest, []byte(":"))
	switch string(family) {
	case "L1", "LINE1":
		return "LINE1"
	case "ALU":
		return "ALU"
	case "HERV":
		return "HERV"
	case "SVA":
		return "SVA"
	}
	return "ME"
}

// copyNumber is the class of an allele that gives a number of copies.
func copyNumber(number []byte) string {
	switch string(bytes.TrimPrefix(number, []byte("="))) {
	case "0":
		return "DEL"
	case "2":
		return "DUP"
	}
	return "CNV"
}

// isBreakend says whether an allele is written as a breakend, joined or single.
func isBreakend(alt []byte) bool {
	return bytes.ContainsAny(alt, "[]") || len(alt) > 1 && (alt[0] == '.' || alt[len(alt)-1] == '.')
}

// isStructural says whether an allele is symbolic or a breakend.
func isStructural(alt []byte) bool {
	return len(alt) > 2 && alt[0] == '<' && alt[len(alt)-1] == '>' || isBreakend(alt)
}

// infoValue is the value of a key of INFO; nil where the key is missing.
func infoValue(info []byte, key string) []byte {
	for len(info) > 0 {
		var item []byte
		item, info, _ = bytes.Cut(info, []byte(";"))
		if len(item) > len(key) && item[len(key)] == '=' && string(item[:len(key)]) == key {
			return item[len(key)+1:]
		}
	}
	return nil
}

// infoNumber is the first number of a key of INFO.
func infoNumber(info []byte, key string) (int, bool) {
	first, _, _ := bytes.Cut(infoValue(info, key), []byte(","))
	return parseInteger(first)
}

// parseInteger reads a decimal integer with or without a sign.
func parseInteger(text []byte) (int, bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 10 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// structuralTerms are the terms of a structural allele. The site's variation is the allele's stretch of the contig; mateInside says that the allele is a breakend that lies in the transcript.
func (p *site) structuralTerms(sv *structural, mateInside bool) Terms {
	if !p.overlap.inside {
		return p.structuralOutside(sv, mateInside)
	}
	if p.overlap.complete {
		return p.structuralCovering(sv)
	}
	var fx spliceEffects
	p.spliceRun(&fx, p.v.start, p.v.end)
	t := p.spliceTerms(fx, true) | p.placeTerms(fx)
	if p.overlap.coding {
		t |= p.structuralCoding(sv, fx)
	}
	inside := p.v.start >= p.txStart && p.v.end <= p.txEnd
	switch {
	case (sv.kind == gain || sv.kind == insertion) && inside && p.withinCDNA(fx):
		t |= FeatureElongation
	case sv.kind == breakpoint && mateInside, sv.kind == loss && p.withinCDNA(fx):
		t |= FeatureTruncation
	}
	if t == 0 {
		t = Intergenic
	}
	return t
}

// structuralOutside are the terms where the allele's stretch lies beside the transcript.
func (p *site) structuralOutside(sv *structural, mateInside bool) Terms {
	var t Terms
	if sv.kind == breakpoint && mateInside {
		t |= FeatureTruncation
	}
	if touches(p.v.start, p.v.end, p.txStart-int(p.engine.opt.Distance), p.txEnd+int(p.engine.opt.Distance)) {
		t |= p.outside()
	}
	if t == 0 {
		t = Intergenic
	}
	return t
}

// structuralCovering are the terms where the allele covers the transcript.
func (p *site) structuralCovering(sv *structural) Terms {
	switch sv.kind {
	case loss:
		return TranscriptAblation
	case gain:
		return TranscriptAmplification
	}
	var t Terms
	if p.isNMD() {
		t |= NMDTranscript
	}
	switch {
	case p.codingLeft != 0 && p.isProteinCoding():
		t |= CodingTranscript
	case p.codingLeft == 0 && !p.isProteinCoding():
		t |= NonCodingTranscript
	}
	if sv.kind == insertion && p.v.start == p.txStart && p.v.end == p.txEnd && p.withinCDNA(spliceEffects{}) {
		t |= FeatureElongation
	}
	if t == 0 {
		t = Intergenic
	}
	return t
}

// structuralCoding are the terms about the coding sequence.
func (p *site) structuralCoding(sv *structural, fx spliceEffects) Terms {
	var t Terms
	length := p.v.end - p.v.start + 1
	inExon := p.insideExon()
	first, last := p.codingLeft, p.codingRight-2
	if !p.forward {
		first, last = last, first
	}
	cdna := p.cdnaAt()
	if cdna.both() && touches(cdna.start, cdna.end, p.codingStart, p.codingStart+2) {
		t |= StartRetained
		if touches(first, first+2, p.v.start, p.v.end) {
			t |= StartLost
		}
	}
	frameshift := sv.kind == loss && inExon && length%3 != 0
	cds := p.cdsPieces(0)
	inframe := sv.kind == loss && inExon && length%3 == 0 && len(cds) == 1 && !cds[0].gap
	if frameshift {
		t |= Frameshift
	}
	if inframe {
		t |= InframeDeletion
	}
	if sv.kind == loss && touches(last, last+2, p.v.start, p.v.end) {
		t |= StopLost
	}
	if !frameshift && !inframe && p.withinCDS(fx) {
		t |= CodingSequence
	}
	return t
}

// insideExon says whether one exon holds the whole variation.
func (p *site) insideExon() bool {
	for i := p.firstExon; i <= p.lastExon; i++ {
		if x := p.left(i); p.v.start >= int(x.Start)+1 && p.v.end <= int(x.End) {
			return true
		}
	}
	return false
}
