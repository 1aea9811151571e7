package genome

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gas/pkg/fault"
)

// Sighting is what a VCF shows of the reference it was called against: its header's contigs and its first records.
type Sighting struct {
	Header  []HeaderContig
	Records []SeenRecord // the first ones, 1,000 are enough
}

// SeenRecord is where a record lies and what it takes for the reference's bases there.
type SeenRecord struct {
	Contig   string
	Position int64 // 0-based
	Ref      string
}

// Choice is the reference that fits a VCF, and the reason in one sentence.
type Choice struct {
	Reference *Reference
	Contigs   *ContigMap
	Why       string
	Warnings  []string
}

// Limits of the check of REF.
const (
	leastChecked  = 20  // bases of fewer records prove nothing
	leastMatching = 0.9 // of the records whose bases the reference knows must have its bases
)

// Choose takes the reference that fits: by the names and lengths in the header first, then by the names of the contigs that the records lie on, then by the records' own REF.
// Among several that fit alike it is the one that has fewer contigs, so that a file of mitochondrial variants gets rCRS. Of a file in which no record was seen,
// because it has none or because they cannot be read, it takes the best there is: the file is no worse for it, and its reader says what is wrong.
// The error is a fault: no_shared_contig when no record lies on a contig of any, unknown_reference when only others than the file's own assembly are there.
func Choose(candidates []*Reference, s Sighting) (Choice, error) {
	fits := make([]fit, 0, len(candidates))
	for _, r := range candidates {
		fits = append(fits, s.fit(r))
	}
	slices.SortStableFunc(fits, compareFits)
	if len(fits) > 0 && fits[0].good() {
		best := fits[0]
		return Choice{Reference: best.reference, Contigs: best.contigs, Why: best.why(), Warnings: best.warnings}, nil
	}
	if len(fits) > 0 && len(s.Records) == 0 {
		any := fits[0]
		return Choice{Reference: any.reference, Contigs: any.contigs, Why: any.reference.Name + ": the file has no record that could be compared, so any will do."}, nil
	}
	return Choice{}, s.refuse(fits)
}

// fit is how well a reference fits a VCF.
type fit struct {
	reference        *Reference
	contigs          *ContigMap
	warnings         []string
	listed           int // contigs of the header that it has
	sameLength       int // of these, those of the same length
	otherLength      int // of these, those of another
	records          int // that were seen
	found            int // of these, those on a contig that it has and whose length it shares, if that is known
	barred           int // of these, those on a contig that it has with another length
	checked, matched int // records whose bases it knows, and has alike
}

func (s Sighting) fit(r *Reference) fit {
	f := fit{reference: r, records: len(s.Records)}
	f.contigs, f.warnings = MapContigs(r, s.Header)
	other := make(map[string]bool)
	for _, h := range s.Header {
		i, ok := r.Contig(h.Name)
		if !ok {
			continue
		}
		f.listed++
		switch {
		case h.Length == int64(r.Contigs[i].Length):
			f.sameLength++
		case h.Length != 0:
			f.otherLength++
			other[h.Name] = true
		}
	}
	for _, record := range s.Records {
		i, ok := r.Contig(record.Contig)
		if !ok {
			continue
		}
		if other[record.Contig] {
			f.barred++
			continue
		}
		f.found++
		f.check(i, record)
	}
	return f
}

// check compares a record's REF with the reference's bases, where these are known: a record that reaches beyond the contig does not match.
func (f *fit) check(contig int, record SeenRecord) {
	length := int64(f.reference.Contigs[contig].Length)
	if record.Position < 0 || len(record.Ref) == 0 {
		return
	}
	if record.Position+int64(len(record.Ref)) > length {
		f.checked++
		return
	}
	bases := f.reference.Bases(contig, uint32(record.Position), uint32(record.Position)+uint32(len(record.Ref)))
	if bytes.IndexByte(bases, 'N') >= 0 || strings.ContainsAny(record.Ref, "Nn.") {
		return
	}
	f.checked++
	if strings.EqualFold(string(bases), record.Ref) {
		f.matched++
	}
}

// good reports whether the reference may be used without asking.
func (f *fit) good() bool {
	if f.records == 0 {
		return f.sameLength > 0 || f.listed > f.otherLength
	}
	return f.found > 0 && !f.contradicted()
}

func (f *fit) contradicted() bool {
	return f.checked >= leastChecked && float64(f.matched) < leastMatching*float64(f.checked)
}

// compareFits puts the better one first.
func compareFits(a, b fit) int {
	better := func(x, y int) int { return cmp.Compare(y, x) }
	return cmp.Or(
		better(truth(a.good()), truth(b.good())),
		better(a.found, b.found),
		better(a.sameLength, b.sameLength),
		better(a.listed-a.otherLength, b.listed-b.otherLength),
		better(a.matched*max(b.checked, 1), b.matched*max(a.checked, 1)),
		cmp.Compare(len(a.reference.Contigs), len(b.reference.Contigs)),
		cmp.Compare(a.reference.Name, b.reference.Name),
	)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// why says in one sentence what the choice rests on.
func (f *fit) why() string {
	var reason string
	switch {
	case f.sameLength > 0:
		reason = counted(f.sameLength, "contig of the header has", "contigs of the header have") + " its name and length"
	case f.records == 0:
		reason = counted(f.listed, "contig of the header has", "contigs of the header have") + " its name"
	default:
		reason = fmt.Sprintf("%d of the first %s lie on its contigs", f.found, counted(f.records, "record", "records"))
	}
	if f.checked > 0 {
		reason += fmt.Sprintf(", and %d of %d REF alleles are its bases", f.matched, f.checked)
	}
	return fmt.Sprintf("%s: %s.", f.reference.Name, reason)
}

// refuse says why none of the references will do, the nearest first.
func (s Sighting) refuse(fits []fit) error {
	if len(fits) == 0 {
		return fault.New(fault.UnknownRef, "No reference is installed.").WithHint("Install one: gas reference list shows which there are.")
	}
	for _, f := range fits {
		if f.contradicted() {
			return fault.New(fault.UnknownRef, "Only %d of the %d REF alleles that were checked are the bases of %s: the file was called against another assembly.", f.matched, f.checked, f.reference.Name).
				WithHint("Install the assembly that the file was called against, or name a reference.")
		}
	}
	for _, f := range fits {
		if f.barred > 0 {
			return fault.New(fault.NoSharedContig, "No record lies on a contig of an installed reference. %s", strings.Join(f.warnings, " ")).
				WithHint("Install the assembly that the file was called against.")
		}
	}
	return fault.New(fault.NoSharedContig, "No record lies on a contig of an installed reference%s.", s.namesSeen()).
		WithHint("The installed references are %s.", namesOf(fits))
}

// namesSeen lists the first few names of the records' contigs.
func (s Sighting) namesSeen() string {
	var names []string
	for _, r := range s.Records {
		if !slices.Contains(names, r.Contig) {
			names = append(names, r.Contig)
		}
		if len(names) == 4 {
			names[3] = "…"
			break
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; the file's contigs are " + strings.Join(names, ", ")
}

func namesOf(fits []fit) string {
	names := make([]string, 0, len(fits))
	for _, f := range fits {
		names = append(names, f.reference.Name)
	}
	return strings.Join(names, ", ")
}
