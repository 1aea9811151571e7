package annotate

import "gas/pkg/consequence"

// Reason is why a record was passed through without an annotation.
type Reason uint8

// The reasons.
const (
	ReasonContig      Reason = iota // the reference has no such contig
	ReasonRefMismatch               // REF differs from the reference's sequence
	ReasonPastEnd                   // the record lies beyond its contig's end
	ReasonNoAllele                  // there is no ALT allele
	ReasonUnsupported               // no allele is of a kind that is judged
	ReasonNoEntry                   // no database has an entry, and nothing else was asked
	reasonCount
)

var reasonNames = [reasonCount]string{"contig_not_in_reference", "ref_mismatch", "past_contig_end", "no_alternative_allele", "unsupported_allele", "no_database_entry"}

// String is the reason's name in summary.json.
func (r Reason) String() string { return reasonNames[r] }

// MarshalText gives the reason's name.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// sentences say the reasons to a person.
var sentences = [reasonCount]string{
	"on a contig that the reference lacks", "REF differs from the reference sequence", "beyond the end of the contig", "no alternative allele",
	"an allele of an unsupported kind", "no entry in a database",
}

// Words say a reason of summary.json to a person. A name that is not known is said as it is.
func Words(name string) string {
	for i, known := range reasonNames {
		if known == name {
			return sentences[i]
		}
	}
	return name
}

// reasonOf translates what the engine says.
func reasonOf(s consequence.Status) Reason {
	switch s {
	case consequence.RefMismatch:
		return ReasonRefMismatch
	case consequence.PastEnd:
		return ReasonPastEnd
	case consequence.NoAllele:
		return ReasonNoAllele
	}
	return ReasonUnsupported
}

// Ledger accounts for every record: Read = Annotated + PassedThrough + Rejected.
type Ledger struct {
	Read          int64
	Annotated     int64
	PassedThrough int64
	Rejected      int64
	LeftOut       int64              // annotated or passed through, and not written because of the filter
	Passed        [reasonCount]int64 // the records passed through, by Reason
}

func (l *Ledger) pass(r Reason) {
	l.PassedThrough++
	l.Passed[r]++
}

func (l *Ledger) add(other *Ledger) {
	l.Read += other.Read
	l.Annotated += other.Annotated
	l.PassedThrough += other.PassedThrough
	l.Rejected += other.Rejected
	l.LeftOut += other.LeftOut
	for i := range l.Passed {
		l.Passed[i] += other.Passed[i]
	}
}
