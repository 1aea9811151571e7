package results

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"gas/pkg/fault"
	"gas/pkg/results/filter"
)

// Format is the form of an export.
type Format string

// The forms.
const (
	VCF       Format = "vcf"
	TSV       Format = "tsv"
	CSV       Format = "csv"
	XLSX      Format = "xlsx"
	JSONLines Format = "jsonl"
)

// Formats are all forms, with their media types.
var Formats = map[Format]string{
	VCF: "text/x-vcf; charset=utf-8", TSV: "text/tab-separated-values; charset=utf-8", CSV: "text/csv; charset=utf-8",
	XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", JSONLines: "application/x-ndjson",
}

// Export is what is exported.
type Export struct {
	Filter  filter.Expr
	Format  Format
	Columns []string // of TSV, CSV and XLSX, some of Columns; nil for all
}

// exporter writes rows in a form.
type exporter interface {
	begin(c Count) error
	row(r *Row) error
	end() error
}

// Export writes all rows of a filter, in the order of the file. Every form begins with the filter, how many rows passed and how many each term removed:
// a VCF in its header (##GAS_filter, ##GAS_filter_term), TSV and CSV in lines that begin with ##, XLSX in a sheet of its own, JSON lines in a first object that has no key.
// The rows are those of Rows. An error may come after a part was written.
func (x *Index) Export(ctx context.Context, to io.Writer, what Export) error {
	buffered := bufio.NewWriterSize(to, 1<<16)
	e, err := x.exporter(buffered, what)
	if err != nil {
		return err
	}
	count, err := x.Count(ctx, what.Filter)
	if err != nil {
		return err
	}
	if err := e.begin(count); err != nil {
		return fmt.Errorf("begin export: %w", err)
	}
	for r, err := range x.Rows(ctx, what.Filter) {
		if err == nil {
			err = e.row(r)
		}
		if err != nil {
			return fmt.Errorf("export rows: %w", err)
		}
	}
	if err := e.end(); err != nil {
		return fmt.Errorf("end export: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

func (x *Index) exporter(to *bufio.Writer, what Export) (exporter, error) {
	columns := x.Columns()
	if what.Columns != nil {
		for _, name := range what.Columns {
			if !slices.Contains(columns, name) {
				return nil, fault.New(fault.BadInput, "There is no column %q. Expected some of %s.", name, strings.Join(columns, ", "))
			}
		}
		columns = what.Columns
	}
	title := filter.String(what.Filter)
	switch what.Format {
	case VCF:
		return &vcfExport{index: x, to: to, filter: title}, nil
	case TSV:
		return &tableExport{to: to, filter: title, columns: columns, separator: "\t", cell: tsvCell}, nil
	case CSV:
		return &tableExport{to: to, filter: title, columns: columns, separator: ",", cell: csvCell}, nil
	case XLSX:
		return newSheetExport(to, title, columns)
	case JSONLines:
		return &objectExport{to: to, filter: title}, nil
	}
	return nil, fault.New(fault.BadInput, "There is no format %q. Expected vcf, tsv, csv, xlsx or jsonl.", what.Format)
}

// Columns are the names of a table's columns: those of a row, then NAME.FIELD of each database, then gt.SAMPLE of each sample.
func (x *Index) Columns() []string {
	names := []string{
		"key", "chrom", "pos", "ref", "alt", "id", "qual", "filter", "type", "gene", "transcript", "consequence", "impact", "biotype", "hgvsc", "hgvsp",
	}
	for _, d := range x.about.Databases {
		for _, f := range d.Fields {
			names = append(names, d.Name+"."+f.ID)
		}
	}
	for _, s := range x.about.Samples {
		names = append(names, "gt."+s)
	}
	return names
}

// Cell is the value of a column in a row: a string, a number, true, or nil where it is missing. A list is one string, joined by commas.
func (v *Variant) Cell(column string) any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	switch column {
	case "key":
		return v.Key
	case "chrom":
		return v.Chrom
	case "pos":
		return v.Pos
	case "ref":
		return text(v.Ref)
	case "alt":
		return text(v.Alt)
	case "id":
		return text(v.ID)
	case "qual":
		if v.Qual == nil {
			return nil
		}
		return *v.Qual
	case "filter":
		return text(v.Filter)
	case "type":
		return text(v.Type)
	case "gene":
		return text(v.Gene)
	case "transcript":
		return text(v.Transcript)
	case "consequence":
		return text(strings.Join(v.Consequence, ","))
	case "impact":
		return text(v.Impact)
	case "biotype":
		return text(v.Biotype)
	case "hgvsc":
		return text(v.HGVSc)
	case "hgvsp":
		return text(v.HGVSp)
	}
	group, name, _ := strings.Cut(column, ".")
	if value, ok := v.Databases[group][name]; ok {
		return value
	}
	if group == "gt" {
		return text(v.Genotypes[name])
	}
	return nil
}
