package job

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Draw writes the flow table as a page of Markdown: a diagram and the table itself. It is docs/flow.md.
func Draw() string {
	var b strings.Builder
	b.WriteString("# The life of a job\n\nGenerated from `pkg/job/flow.go` by `go test ./pkg/job -update`. Do not edit.\n\n")
	b.WriteString("```mermaid\nstateDiagram-v2\n    state COMPLETED {\n")
	for _, tier := range []State{hot, archiving, archived, thawing, damaged} {
		fmt.Fprintf(&b, "        %s\n", tier)
	}
	b.WriteString("    }\n")
	for _, row := range Flow {
		if row.To == Same {
			continue
		}
		for _, from := range row.drawn() {
			fmt.Fprintf(&b, "    %s --> %s: %s\n", node(from), node(row.To), row.Step)
		}
	}
	b.WriteString("```\n\nRows that leave the state as it is are in the table only.\n\n")
	b.WriteString("| step | from | to | if | writes | sets in motion | by | why |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, row := range Flow {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row.columns(), " | "))
	}
	return b.String()
}

// Print writes the flow table as aligned text, for `gas flow`.
func Print() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "STEP\tFROM\tTO\tIF\tSETS IN MOTION\tBY")
	for _, row := range Flow {
		c := row.columns()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", c[0], c[1], c[2], c[3], c[5], c[6])
	}
	w.Flush()
	return b.String()
}

// drawn is where the row's arrows begin: the deletion of a completed job, in whatever tier, is one arrow.
func (r Row) drawn() []State {
	if r.Step != StepDelete {
		return r.From
	}
	var from []State
	for _, s := range r.From {
		if s != hot && s != archiving && s != archived && s != thawing && s != damaged {
			from = append(from, s)
		}
	}
	return append(from, State(Completed))
}

func node(s State) string {
	if s == Nowhere {
		return "[*]"
	}
	return string(s)
}

func (r Row) columns() []string {
	from := make([]string, len(r.From))
	for i, s := range r.From {
		from[i] = node(s)
		if s == Nowhere {
			from[i] = "-"
		}
	}
	to := string(r.To)
	if r.To == Same {
		to = "(same)"
	}
	var sends []string
	for _, topic := range r.Sends {
		sends = append(sends, string(topic))
	}
	if r.Notice != "" {
		sends = append(sends, "notice "+r.Notice)
	}
	if r.Timers {
		sends = append(sends, "timers of the window")
	}
	return []string{string(r.Step), strings.Join(from, ", "), to, r.If, r.Does, strings.Join(sends, ", "), r.By, r.Why}
}
