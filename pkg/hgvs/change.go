// Package hgvs describes changes of nucleotides and proteins in the words of the HGVS nomenclature, as Ensembl VEP writes them.
package hgvs

import (
	"bytes"

	"gas/pkg/genome"
)

// Kind is the kind of a change.
type Kind uint8

// The kinds of change.
const (
	None Kind = iota
	Substitution
	Deletion
	Insertion
	Duplication
	Inversion
	Delins
	Repeat   // the reference allele several times over
	Equal    // no change
	Shifted  // a frameshift, of a protein
	Unstated // a change that is not predicted, of a protein
)

// Change is a change of a nucleotide sequence. Start and End are 1-based and closed; an insertion's Start is the base before it and its End the base after it.
type Change struct {
	Kind       Kind
	Start, End int
	Ref, Alt   []byte
	Copies     int // of Repeat
}

// Bases gives the part from:to of a sequence, 0-based and half-open, cut where the sequence ends.
type Bases func(from, to int) []byte

// Describe names the change of the bases start to end (an insertion's start is its end + 1) into alt in a sequence of the given length. It is false where nothing changes.
func Describe(sequence Bases, length, start, end int, alt []byte) (Change, bool) {
	n := max(end-start+1, 0)
	c := Change{Start: start, End: end, Ref: sequence(start-1, start-1+n), Alt: alt}
	switch {
	case bytes.Equal(c.Ref, alt):
		return c, false
	case len(alt) == 0:
		c.Kind = Deletion
	case n == len(alt):
		c.Kind = equalLength(c.Ref, alt)
	case n == 0:
		c.insertion(sequence, length)
	default:
		c.longer(n)
	}
	return c, true
}

// equalLength tells a substitution, an inversion and a delins apart.
func equalLength(ref, alt []byte) Kind {
	if len(ref) == 1 {
		return Substitution
	}
	for i := range alt {
		if genome.Complement(ref[len(ref)-1-i]) != alt[i] {
			return Delins
		}
	}
	return Inversion
}

// insertion tells a duplication of the bases after or before the place from an insertion.
func (c *Change) insertion(sequence Bases, length int) {
	n := len(c.Alt)
	start, end := c.Start, c.End
	if bytes.Equal(sequence(end, end+n), c.Alt) {
		c.Kind, c.End = Duplication, start+n-1
		return
	}
	from := end - n
	if from < 0 {
		from += length
	}
	if from >= 0 && bytes.Equal(sequence(from, from+n), c.Alt) {
		c.Kind, c.Start = Duplication, end-n+1
		return
	}
	c.Kind, c.Start, c.End = Insertion, end, start
}

// longer tells a multiple of the reference allele from a delins.
func (c *Change) longer(n int) {
	c.Kind = Delins
	copies := len(c.Alt) / n
	if len(c.Alt)%n != 0 || copies == 0 {
		return
	}
	for i := range c.Alt {
		if c.Alt[i] != c.Ref[i%n] {
			return
		}
	}
	if copies == 2 {
		c.Kind = Duplication
		return
	}
	c.Kind, c.Copies = Repeat, copies
}

// Clip cuts the bases away that the alleles share, first at the left, then at the right, and names anew what is left. A duplication stays as it is.
func (c *Change) Clip() {
	if c.Kind == Duplication {
		return
	}
	left, right := shared(c.Ref, c.Alt)
	c.Ref, c.Alt = c.Ref[left:len(c.Ref)-right], c.Alt[left:len(c.Alt)-right]
	c.Start, c.End = c.Start+left, c.End-right
	switch {
	case len(c.Ref) == 1 && len(c.Alt) == 1:
		c.Kind = Substitution
	case len(c.Ref) == 0 && len(c.Alt) > 0:
		c.Kind = Insertion
	case len(c.Ref) > 0 && len(c.Alt) == 0:
		c.Kind = Deletion
	}
}

// shared counts what two texts share at the left, and then at the right.
func shared(a, b []byte) (left, right int) {
	for left < len(a) && left < len(b) && a[left] == b[left] {
		left++
	}
	a, b = a[left:], b[left:]
	for right < len(a) && right < len(b) && a[len(a)-1-right] == b[len(b)-1-right] {
		right++
	}
	return left, right
}

// AppendNucleotide appends the change with its written positions: "76A>T", "76_78del". One position is written where both are the same text.
func (c *Change) AppendNucleotide(dst, start, end []byte) []byte {
	if c.Kind == Substitution || c.Kind == Inversion && len(c.Ref) == 1 {
		dst = append(append(dst, start...), c.Ref...)
		return append(append(dst, '>'), c.Alt...)
	}
	dst = append(dst, start...)
	if !bytes.Equal(start, end) {
		dst = append(append(dst, '_'), end...)
	}
	switch c.Kind {
	case Deletion:
		dst = append(dst, "del"...)
	case Inversion:
		dst = append(dst, "inv"...)
	case Duplication:
		dst = append(dst, "dup"...)
	case Delins:
		dst = append(append(dst, "delins"...), c.Alt...)
	case Insertion:
		dst = append(append(dst, "ins"...), c.Alt...)
	case Repeat:
		dst = append(AppendNumber(append(dst, '['), c.Copies), ']')
	}
	return dst
}
