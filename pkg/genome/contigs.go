package genome

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// HeaderContig is a contig as the header of a VCF declares it.
type HeaderContig struct {
	Name   string
	Length int64  // in bases, 0 when it is not said
	MD5    string // of its bases, in hexadecimal, empty when it is not said
}

// ContigMap finds the reference's contig for a name in a VCF. It is safe for concurrent use.
type ContigMap struct {
	reference *Reference
	barred    map[string]bool // names that the reference knows but means another sequence by
}

// MapContigs holds a VCF's header against a reference. The warnings say in whole sentences what does not fit: a length or an MD5 that differs. A mitochondrial contig of another length
// than the reference's is another sequence, above all hg19's chrM of 16,571 bases, and is never mapped; other contigs are, for an explicit choice of a reference is the user's.
func MapContigs(r *Reference, header []HeaderContig) (m *ContigMap, warnings []string) {
	m = &ContigMap{reference: r, barred: make(map[string]bool)}
	for _, h := range header {
		i, ok := r.Contig(h.Name)
		if !ok {
			continue
		}
		c := &r.Contigs[i]
		switch {
		case h.Length != 0 && h.Length != int64(c.Length) && isMitochondrion(h.Name):
			m.barred[h.Name] = true
			warnings = append(warnings, otherMitochondrion(h, r.String(c.Name), c.Length))
		case h.Length != 0 && h.Length != int64(c.Length):
			warnings = append(warnings, fmt.Sprintf("The header gives %s %d bases, %s has %d: this may be another assembly.", h.Name, h.Length, r.Name, c.Length))
		case h.MD5 != "" && !strings.EqualFold(h.MD5, hex.EncodeToString(c.MD5[:])):
			warnings = append(warnings, fmt.Sprintf("The header gives %s the MD5 %s, %s has %x.", h.Name, strings.ToLower(h.MD5), r.Name, c.MD5))
		}
	}
	return m, warnings
}

func otherMitochondrion(h HeaderContig, name string, length uint32) string {
	if h.Length == hg19ChrM {
		return fmt.Sprintf("%s has %d bases: it is the sequence of hg19, not rCRS with its %d, and is not annotated.", h.Name, h.Length, length)
	}
	return fmt.Sprintf("%s has %d bases, %s of the reference has %d: it is another sequence and is not annotated.", h.Name, h.Length, name, length)
}

// Contig returns the index of the reference's contig for a name in the VCF.
func (m *ContigMap) Contig(name []byte) (int, bool) {
	i, ok := m.reference.ContigOf(name)
	if ok && len(m.barred) > 0 && m.barred[string(name)] {
		return 0, false
	}
	return i, ok
}
