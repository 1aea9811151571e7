package consequence

import (
	"bytes"

	"gas/pkg/genome"
)

var startCodon = []byte("ATG")

// touchesStart says whether the variation touches the first three bases of the CDS in the spliced sequence.
func (j *judge) touchesStart() bool {
	if j.overlapsStart == unasked {
		at := j.cdnaAt()
		j.overlapsStart = answer(!j.t.Has(genome.CDSStartNF) && at.both() && touches(at.start, at.end, j.codingStart, j.codingStart+2))
	}
	return j.overlapsStart == yes
}

// startLost is VEP's start_lost. While it is being found it counts as not lost, because the rules that it asks ask it.
func (j *judge) startLost() bool {
	if j.startLostKept == unasked {
		j.startLostKept = no
		j.startLostKept = answer(j.findStartLost())
	}
	return j.startLostKept == yes
}

func (j *judge) findStartLost() bool {
	if !j.touchesStart() {
		return false
	}
	if j.startAltered() && !(j.inframeInsertion() || j.inframeDeletion()) {
		return true
	}
	if j.startCodonGone() {
		return true
	}
	ref, alt, ok := j.peptides()
	if !ok || len(ref) == 0 || len(alt) == 0 || bytes.Equal(alt, unknown) {
		return false
	}
	return j.pepAt(0).start == 1 && !bytes.HasSuffix(alt, ref) && !bytes.HasPrefix(alt, ref)
}

// leader is the 5' UTR and the coding sequence with the allele in place of the reference.
type leader struct {
	utr      []byte // the reference's
	coding   *codingSequence
	from, to int // what is replaced, in UTR and CDS together
	with     []byte
	length   int // of UTR and CDS with the allele
}

// leader builds the edit of UTR and CDS; false where the variation's place is not known.
func (j *judge) leader() (leader, bool) {
	at := j.cdnaAt()
	if !at.both() {
		return leader{}, false
	}
	x := leader{utr: j.fivePrimeUTR(), coding: j.sequence(), with: j.onTranscript(&j.side)}
	whole := len(x.utr) + x.coding.length
	x.from = min(at.start-1, whole)
	x.to = min(x.from+at.end-at.start+1, whole)
	x.length = whole - (x.to - x.from) + len(x.with)
	return x, true
}

// original is the i-th base without the allele.
func (x *leader) original(i int) byte {
	if i < len(x.utr) {
		return x.utr[i]
	}
	return x.coding.at(i - len(x.utr))
}

// at is the i-th base with the allele.
func (x *leader) at(i int) byte {
	switch {
	case i < x.from:
		return x.original(i)
	case i < x.from+len(x.with):
		return x.with[i-x.from]
	}
	return x.original(i - x.from - len(x.with) + x.to)
}

// isStartAt says whether ATG stands at place i.
func (x *leader) isStartAt(i int) bool {
	return i >= 0 && i+3 <= x.length && x.at(i) == 'A' && x.at(i+1) == 'T' && x.at(i+2) == 'G'
}

// sameUTR says whether the bases in the UTR's place still are the UTR.
func (x *leader) sameUTR() bool {
	if x.length < len(x.utr) {
		return false
	}
	for i := x.from; i < len(x.utr); i++ {
		if x.at(i) != x.utr[i] {
			return false
		}
	}
	return true
}

// sameCDS says whether the sequence with the allele still ends with the whole CDS. Behind the edit it always does.
func (x *leader) sameCDS() bool {
	tail := x.length - x.coding.length
	for i := tail; i < x.from+len(x.with); i++ {
		if x.at(i) != x.coding.at(i-tail) {
			return false
		}
	}
	return true
}

// startAltered says whether an insertion or a deletion changes the CDS from its start on.
func (j *judge) startAltered() bool {
	if j.startMoved == unasked {
		j.startMoved = answer(j.findStartAltered())
	}
	return j.startMoved == yes
}

func (j *judge) findStartAltered() bool {
	if !j.plain || !j.touchesStart() || j.delta() == 0 {
		return false
	}
	x, ok := j.leader()
	if !ok {
		return false
	}
	if len(x.utr) > 0 && x.sameUTR() && x.isStartAt(len(x.utr)) {
		return false
	}
	return x.length < x.coding.length || !x.sameCDS()
}

// startCodonGone says whether, behind a 5' UTR of the same length, no ATG is left.
func (j *judge) startCodonGone() bool {
	if !j.plain || !j.touchesStart() {
		return false
	}
	x, ok := j.leader()
	if !ok || len(x.utr) == 0 || j.cdnaAt().end > len(x.utr)+x.coding.length {
		return false
	}
	return !x.isStartAt(len(x.utr))
}

func (j *judge) startRetained() bool {
	if !j.touchesStart() {
		return false
	}
	if j.delta() != 0 {
		return !j.startAltered()
	}
	if !j.plain {
		return true
	}
	x, ok := j.leader()
	return !ok || x.isStartAt(x.length-x.coding.length)
}
