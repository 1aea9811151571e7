package annotate

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteLog writes the counts for people: the .count.log.
func (s *Summary) WriteLog(w io.Writer) error {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	s.logLedger(t)
	logCounts(t, "Consequences (alleles, by the most severe)", s.Consequences)
	logCounts(t, "Impact (alleles)", s.Impacts)
	logCounts(t, "Types (alleles)", s.Types)
	s.logLengths(t)
	s.logContigs(t)
	s.logGenes(t)
	s.logSamples(t)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// logLedger writes what was read and what became of it.
func (s *Summary) logLedger(t io.Writer) {
	fmt.Fprintf(t, "Input:\t%s\n", s.Input.Name)
	fmt.Fprintf(t, "Format:\tVCF %s, %s, %s\n", orUnknown(s.Input.Version), s.Input.Compression, plural(int64(s.Input.Samples), "sample"))
	if s.Reference.Name != "" {
		fmt.Fprintf(t, "Reference:\t%s\n", s.Reference.Name)
	}
	if s.Reference.Choice != "" {
		fmt.Fprintf(t, "Chosen:\t%s\n", s.Reference.Choice)
	}
	r := &s.Records
	fmt.Fprintf(t, "\n%d records read = %d annotated + %d passed through + %d rejected\n", r.Read, r.Annotated, r.PassedThrough, r.Rejected)
	for reason, n := range s.Ledger.Passed {
		if n > 0 {
			fmt.Fprintf(t, "  passed through:\t%d\t%s\n", n, sentences[reason])
		}
	}
	for _, rejected := range r.Rejections {
		fmt.Fprintf(t, "  rejected:\tline %d\t%s\n", rejected.Line, rejected.Reason)
	}
	for _, warning := range s.Warnings {
		fmt.Fprintf(t, "  warning:\t%s\n", warning)
	}
	for _, misfit := range s.Reference.Misfits {
		fmt.Fprintf(t, "  warning:\t%s\n", misfit)
	}
	fmt.Fprintf(t, "\nVariants:\t%d\nAlleles:\t%d\nGenes touched:\t%d\n", s.Variants, s.Alleles, s.GenesTouched)
	ratio := "-"
	if s.TsTv != nil {
		ratio = fmt.Sprintf("%.3f", *s.TsTv)
	}
	fmt.Fprintf(t, "Ts/Tv:\t%s\t(%d/%d)\n", ratio, s.Transitions, s.Transversion)
}

func logCounts(t io.Writer, title string, counts []Count) {
	fmt.Fprintf(t, "\n%s\n", title)
	for _, c := range counts {
		if c.Count > 0 {
			fmt.Fprintf(t, "  %s\t%d\n", c.Name, c.Count)
		}
	}
}

func (s *Summary) logLengths(t io.Writer) {
	if len(s.IndelLengths) == 0 {
		return
	}
	fmt.Fprint(t, "\nIndel lengths (bases gained; alleles)\n")
	for _, l := range s.IndelLengths {
		more := ""
		if l.Gained == longestIndel || l.Gained == -longestIndel {
			more = " and more"
		}
		fmt.Fprintf(t, "  %+d%s\t%d\n", l.Gained, more, l.Count)
	}
}

func (s *Summary) logContigs(t io.Writer) {
	fmt.Fprint(t, "\nContigs (records, annotated)\n")
	for _, c := range s.Contigs {
		fmt.Fprintf(t, "  %s\t%d\t%d\n", c.Name, c.Records, c.Annotated)
	}
}

func (s *Summary) logGenes(t io.Writer) {
	if len(s.TopGenes) == 0 {
		return
	}
	fmt.Fprint(t, "\nGenes (alleles, of them high, moderate, low, modifier)\n")
	for _, g := range s.TopGenes {
		name := g.Symbol
		if name == "" {
			name = g.ID
		}
		fmt.Fprintf(t, "  %s\t%d\t%d\t%d\t%d\t%d\n", name, g.Alleles, g.High, g.Moderate, g.Low, g.Modifier)
	}
}

// loggedSamples is up to how many samples the log lists; summary.json lists them all.
const loggedSamples = 100

func (s *Summary) logSamples(t io.Writer) {
	if len(s.Samples) == 0 || len(s.Samples) > loggedSamples {
		return
	}
	fmt.Fprint(t, "\nSamples (homozygous REF, heterozygous, homozygous ALT, missing)\n")
	for _, n := range s.Samples {
		fmt.Fprintf(t, "  %s\t%d\t%d\t%d\t%d\n", n.Name, n.HomRef, n.Het, n.HomAlt, n.Missing)
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "(version not said)"
	}
	return s
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
