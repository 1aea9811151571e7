package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gas/pkg/fault"
	"gas/pkg/vcf"
)

func (a *app) checkCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "check FILE",
		Short: "read a VCF as the service would and name every fault with its line",
		Long:  "Reads a VCF to its end and reports what it is: version, samples, order, the genome build it looks like, and every fault and warning with its line.\nExit code 9 when the service would refuse it.",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			report, err := a.check(command.Context(), args[0])
			if err != nil {
				return err
			}
			if format.String() == "table" {
				err = a.tellCheck(report)
			} else {
				err = a.print(format, report, checkSheet(report))
			}
			if err == nil && !report.OK() {
				err = exitOnly{fault.AnswerTo(fault.BadInput).Exit}
			}
			return err
		},
	}
	format.flag(command)
	return command
}

func (a *app) check(ctx context.Context, path string) (*vcf.Report, error) {
	input := a.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fault.New(fault.NotFound, "There is no file %s.", path).Because(err)
		}
		defer file.Close()
		input = file
	}
	return vcf.Check(ctx, input, vcf.CheckOptions{})
}

// tellCheck prints a report for a person.
func (a *app) tellCheck(r *vcf.Report) error {
	samples := strconv.Itoa(len(r.Samples))
	if n := len(r.Samples); n > 0 {
		samples += ": " + strings.Join(r.Samples[:min(n, 5)], ", ")
		if n > 5 {
			samples += ", …"
		}
	}
	sorted := "yes"
	if !r.Sorted {
		sorted = "no: no index can be made"
	}
	names := make([]string, 0, len(r.Contigs))
	for _, c := range r.Contigs[:min(len(r.Contigs), 8)] {
		names = append(names, fmt.Sprintf("%s (%d)", c.Name, c.Records))
	}
	if len(r.Contigs) > 8 {
		names = append(names, fmt.Sprintf("%d more", len(r.Contigs)-8))
	}
	s := sheet{rows: [][]string{
		{"version", firstOf(r.Version, "not said")},
		{"compression", r.Compression},
		{"records", strconv.FormatInt(r.Records, 10)},
		{"samples", samples},
		{"sorted", sorted},
		{"contigs", strings.Join(names, ", ")},
		{"build", strings.TrimSpace(firstOf(r.Build.Name, "not known") + "  " + r.Build.Why)},
	}}
	if err := a.printTable(s); err != nil {
		return err
	}
	for _, kind := range []struct {
		name     string
		findings []vcf.Finding
	}{{"fault", r.Faults}, {"warning", r.Warnings}} {
		for _, f := range kind.findings {
			if _, err := io.WriteString(a.out, kind.name+"  "+printable(placeOf(f)+f.Message)+"\n"); err != nil {
				return err
			}
		}
	}
	if r.More > 0 {
		a.say("%d more findings were counted and not kept", r.More)
	}
	if r.OK() {
		a.say("The service would annotate this file.")
	} else {
		a.say("The service would refuse this file.")
	}
	return nil
}

func placeOf(f vcf.Finding) string {
	switch {
	case f.Line == 0:
		return ""
	case f.Column == 0:
		return fmt.Sprintf("line %d: ", f.Line)
	}
	return fmt.Sprintf("line %d, column %d: ", f.Line, f.Column)
}

// checkSheet is one row for each finding.
func checkSheet(r *vcf.Report) sheet {
	s := sheet{columns: []string{"kind", "line", "column", "message"}}
	add := func(kind string, findings []vcf.Finding) {
		for _, f := range findings {
			s.rows = append(s.rows, []string{kind, strconv.FormatInt(f.Line, 10), strconv.Itoa(f.Column), f.Message})
		}
	}
	add("fault", r.Faults)
	add("warning", r.Warnings)
	return s
}
