package results

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// cellText writes a value of a table as text; a missing one is empty.
func cellText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	}
	return fmt.Sprint(value)
}

// tsvCell keeps a value raw; tabs and line ends, which no VCF has, would break the table.
func tsvCell(value any) string {
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(cellText(value))
}

// csvCell quotes a value where it must be, and disarms a text that a spreadsheet would take for a formula by an apostrophe. Numbers and an allele `-` stay as they are.
func csvCell(value any) string {
	text := cellText(value)
	if _, isText := value.(string); isText && text != "-" && text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		text = "'" + text
	}
	if strings.ContainsAny(text, ",\"\n\r") {
		text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// tableExport writes TSV and CSV.
type tableExport struct {
	to        *bufio.Writer
	filter    string
	columns   []string
	separator string
	cell      func(any) string
}

func (t *tableExport) begin(c Count) error {
	for _, line := range preamble(t.filter, c) {
		_, _ = t.to.WriteString("##" + oneLine(line) + "\n")
	}
	names := make([]string, len(t.columns)) // a sample's name is the file's word
	for i, name := range t.columns {
		names[i] = t.cell(name)
	}
	_, err := t.to.WriteString(strings.Join(names, t.separator) + "\n")
	return err
}

// preamble says in words what an export holds.
func preamble(title string, c Count) []string {
	if title == "" {
		title = "none"
	}
	lines := []string{"filter: " + title, fmt.Sprintf("rows: %d of %d", c.Total, c.All)}
	for _, t := range c.Terms {
		lines = append(lines, fmt.Sprintf("removed by %s: %d", t.Term, t.Removed))
	}
	return lines
}

func oneLine(text string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(text) }

func (t *tableExport) row(r *Row) error {
	v := r.Variant()
	for i, name := range t.columns {
		if i > 0 {
			_, _ = t.to.WriteString(t.separator)
		}
		_, _ = t.to.WriteString(t.cell(v.Cell(name)))
	}
	return t.to.WriteByte('\n')
}

func (t *tableExport) end() error { return nil }

// objectExport writes JSON lines: what was asked for, then one row a line.
type objectExport struct {
	to     *bufio.Writer
	filter string
}

func (o *objectExport) begin(c Count) error {
	return o.write(struct {
		Filter string `json:"filter"`
		Count
	}{o.filter, c})
}

func (o *objectExport) row(r *Row) error { return o.write(r.Variant()) }

func (o *objectExport) write(value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = o.to.Write(append(line, '\n'))
	return err
}

func (o *objectExport) end() error { return nil }

// sheetRows is the number of rows of a sheet of XLSX, its head with them.
const sheetRows = 1 << 20

// sheetExport writes XLSX: the sheet "Filter" says what was asked for, "Variants" holds the rows, and more sheets those that one cannot hold.
// Texts are typed as texts, so that none is taken for a formula.
type sheetExport struct {
	to      *bufio.Writer
	filter  string
	columns []string
	file    *excelize.File
	stream  *excelize.StreamWriter
	sheets  int
	next    int // the row that is written next, 1-based
	cells   []any
}

func newSheetExport(to *bufio.Writer, title string, columns []string) (*sheetExport, error) {
	return &sheetExport{to: to, filter: title, columns: columns, file: excelize.NewFile(), cells: make([]any, len(columns))}, nil
}

func (s *sheetExport) begin(c Count) error {
	const about = "Filter"
	if err := s.file.SetSheetName("Sheet1", "Variants"); err != nil {
		return err
	}
	if err := s.beginSheet(); err != nil {
		return err
	}
	if _, err := s.file.NewSheet(about); err != nil {
		return err
	}
	rows := [][]any{{"Filter", s.filter}, {"Rows", c.Total}, {"Of", c.All}, {}, {"Term", "Removed"}}
	for _, t := range c.Terms {
		rows = append(rows, []any{t.Term, t.Removed})
	}
	for i, row := range rows {
		for j, value := range row {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				return err
			}
			if err := s.file.SetCellValue(about, cell, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// beginSheet begins the first sheet, or one more.
func (s *sheetExport) beginSheet() error {
	name := "Variants"
	if s.sheets++; s.sheets > 1 {
		if err := s.stream.Flush(); err != nil {
			return err
		}
		name = fmt.Sprintf("Variants %d", s.sheets)
		if _, err := s.file.NewSheet(name); err != nil {
			return err
		}
	}
	var err error
	if s.stream, err = s.file.NewStreamWriter(name); err != nil {
		return err
	}
	if err := s.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	s.next = 1
	for i, name := range s.columns {
		s.cells[i] = name
	}
	return s.write()
}

func (s *sheetExport) write() error {
	cell, err := excelize.CoordinatesToCellName(1, s.next)
	if err != nil {
		return err
	}
	s.next++
	return s.stream.SetRow(cell, s.cells)
}

func (s *sheetExport) row(r *Row) error {
	if s.next > sheetRows {
		if err := s.beginSheet(); err != nil {
			return err
		}
	}
	v := r.Variant()
	for i, name := range s.columns {
		s.cells[i] = v.Cell(name)
	}
	return s.write()
}

func (s *sheetExport) end() error {
	if err := s.stream.Flush(); err != nil {
		return err
	}
	if _, err := s.file.WriteTo(s.to); err != nil {
		return err
	}
	return s.file.Close()
}
