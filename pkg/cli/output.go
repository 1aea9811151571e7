package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"gas/pkg/fault"
)

// outputFormat is the value of -o: how a command writes its data.
type outputFormat string

var outputFormats = []string{"table", "json", "jsonl", "tsv", "yaml"}

func (f *outputFormat) flag(command *cobra.Command) {
	command.Flags().VarP(f, "output", "o", "how to write it: table, json, jsonl, tsv or yaml")
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(outputFormats, cobra.ShellCompDirectiveNoFileComp))
}

// String is the format's name; a table where none was given.
func (f *outputFormat) String() string {
	if *f == "" {
		return "table"
	}
	return string(*f)
}

// Set takes a known name.
func (f *outputFormat) Set(name string) error {
	if !slices.Contains(outputFormats, name) {
		return fmt.Errorf("there is no output format %q; it is one of %s", name, strings.Join(outputFormats, ", "))
	}
	*f = outputFormat(name)
	return nil
}

// Type is what the help calls the value.
func (f *outputFormat) Type() string { return "FORMAT" }

// sheet is data as rows for a person or for cut(1). A sheet without columns has no header.
type sheet struct {
	columns []string
	rows    [][]string
}

// print writes value in a format: the sheet for table and tsv, the value itself for the others. A list of items is one line each in jsonl.
func (a *app) print(format outputFormat, value any, s sheet) error {
	switch format.String() {
	case "json":
		return a.printJSON(value, "  ")
	case "jsonl":
		items := reflect.ValueOf(value)
		if items.Kind() != reflect.Slice {
			return a.printJSON(value, "")
		}
		for i := range items.Len() {
			if err := a.printJSON(items.Index(i).Interface(), ""); err != nil {
				return err
			}
		}
		return nil
	case "yaml":
		return a.printYAML(value)
	case "tsv":
		return a.printLines(s)
	}
	return a.printTable(s)
}

func (a *app) printJSON(value any, indent string) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	return encoder.Encode(value)
}

// printYAML goes through JSON, so that both have the same keys.
func (a *app) printYAML(value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	var plain any
	if err := yaml.Unmarshal(raw, &plain); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(plain); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	_, err = a.out.Write(text.Bytes())
	return err
}

func (a *app) printLines(s sheet) error {
	var text strings.Builder
	if len(s.columns) > 0 {
		text.WriteString(strings.Join(s.columns, "\t") + "\n")
	}
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	for _, row := range s.rows {
		for i, cell := range row {
			if i > 0 {
				text.WriteByte('\t')
			}
			text.WriteString(clean.Replace(cell))
		}
		text.WriteByte('\n')
	}
	_, err := a.out.Write([]byte(text.String()))
	return err
}

func (a *app) printTable(s sheet) error {
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	if len(s.columns) > 0 {
		fmt.Fprintln(w, strings.ToUpper(strings.Join(s.columns, "\t")))
	}
	for _, row := range s.rows {
		fmt.Fprintln(w, printable(strings.Join(row, "\t")))
	}
	return w.Flush()
}

// printable drops control characters: a file name may hold a terminal's commands.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}

// usageError is a command line that cannot be understood.
func usageError(format string, args ...any) error {
	return fault.New(fault.Usage, format, args...)
}
