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

// MapContigs holds a VCF's header against a reference. The warnings say in whole sentences what does not fit: lengths or MD5s that differ. A mitochondrial contig of another length
// than the reference's is another sequence, above all hg19's chrM of 16,571 bases, and is never mapped; other contigs are, for an explicit choice of a reference is the user's.
func MapContigs(r *Reference, header []HeaderContig) (m *ContigMap, warnings []string) {
	m = &ContigMap{reference: r, barred: make(map[string]bool)}
	var lengths, sums []string
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
			lengths = append(lengths, fmt.Sprintf("%s has %d bases, not %d", h.Name, h.Length, c.Length))
		case h.MD5 != "" && !strings.EqualFold(h.MD5, hex.EncodeToString(c.MD5[:])):
			sums = append(sums, fmt.Sprintf("%s has %s, not %x", h.Name, strings.ToLower(h.MD5), c.MD5))
		}
	}
	if n := len(lengths); n > 0 {
		warnings = append(warnings, fmt.Sprintf("By the header %s of another length than in %s (%s): this may be another assembly.", counted(n, "contig is", "contigs are"), r.Name, lengths[0]))
	}
	if n := len(sums); n > 0 {
		warnings = append(warnings, fmt.Sprintf("By the header %s another MD5 than in %s (%s).", counted(n, "contig has", "contigs have"), r.Name, sums[0]))
	}
	return m, warnings
}

// counted is a number with the words for one or for many.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
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
