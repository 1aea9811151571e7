package web

import (
	"fmt"
	"strings"
	"unicode"
)

// chartView is a chart, drawn once for wide screens and once for narrow ones, on which a wide one could not be read.
type chartView struct {
	ID, Title, Description, Of string
	Plots                      []plotView
	Rows                       []chartRow
}

// plotView is a drawing as SVG: everything is placed already, in units of its own width. A strict content policy allows no style attributes, so
// sizes are attributes of SVG and colours are classes.
type plotView struct {
	For           string // wide or narrow
	Width, Height int
	Lines         []lineShape
	Bars          []barShape
	Texts         []textShape
}

type lineShape struct {
	Class          string
	X1, Y1, X2, Y2 string
}

type barShape struct {
	Class      string
	X, Y, W, H string
}

type textShape struct{ Class, X, Y, Anchor, Text string }

type chartRow struct{ Name, Count string }

// barOf is one bar of a chart; class is a colour that means something, or empty.
type barOf struct {
	name, class string
	count       int64
}

const (
	wide        = "wide"
	narrow      = "narrow"
	chartWidth  = 480
	narrowWidth = 320 // that of a phone's panel
	barStep     = 24  // from one bar to the next
	narrowStep  = 38  // where the name stands above its bar
	barHeight   = 14
)

// unit writes a coordinate.
func unit(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

const longestName = 36 // letters of a bar's name: the longest term of the Sequence Ontology that we know has 35

// barChart lays bars from left to right, one below the other, each with its name and its count.
func barChart(id, title, of string, bars []barOf) chartView {
	most, total := int64(1), int64(0)
	for _, b := range bars {
		most, total = max(most, b.count), total+b.count
	}
	view := chartView{
		ID: id, Title: title, Of: of, Plots: []plotView{wideBars(bars, most), narrowBars(bars, most)},
		Description: fmt.Sprintf("%s in all; most: %s with %s.", countText(total), largest(bars).name, countText(most)),
	}
	for _, b := range bars {
		view.Rows = append(view.Rows, chartRow{b.name, countText(b.count)})
	}
	return view
}

// wideBars has each name before its bar.
func wideBars(bars []barOf, most int64) plotView {
	left := 0.0
	for _, b := range bars {
		left = max(left, 14+nameWidth(shorten(b.name, longestName)))
	}
	room := chartWidth - left - 64
	plot := plotView{
		For: wide, Width: chartWidth, Height: barStep*len(bars) + 4,
		Lines: []lineShape{{"axis", unit(left), "0", unit(left), unit(float64(barStep*len(bars) + 2))}},
	}
	for i, b := range bars {
		y := float64(i*barStep) + 5
		width := barWidth(room, b.count, most)
		plot.Bars = append(plot.Bars, barShape{b.class, unit(left), unit(y), unit(width), unit(barHeight)})
		plot.Texts = append(plot.Texts,
			textShape{"label", unit(left - 8), unit(y + 11), "end", shorten(b.name, longestName)},
			textShape{"", unit(left + width + 6), unit(y + 11), "start", countText(b.count)})
	}
	return plot
}

// narrowBars has each name above its bar.
func narrowBars(bars []barOf, most int64) plotView {
	plot := plotView{For: narrow, Width: narrowWidth, Height: narrowStep * len(bars)}
	for i, b := range bars {
		y := float64(i*narrowStep) + 11
		width := barWidth(narrowWidth-64, b.count, most)
		plot.Bars = append(plot.Bars, barShape{b.class, "0", unit(y + 5), unit(width), unit(barHeight)})
		plot.Texts = append(plot.Texts,
			textShape{"label", "0", unit(y), "start", shorten(b.name, longestName)},
			textShape{"", unit(width + 6), unit(y + 16), "start", countText(b.count)})
	}
	return plot
}

func barWidth(room float64, count, most int64) float64 {
	return max(1.5, room*float64(count)/float64(most))
}

// nameWidth is about how wide a name is in the letters of a chart: capitals are wider.
func nameWidth(name string) float64 {
	width := 0.0
	for _, r := range name {
		if unicode.IsUpper(r) {
			width += 2
		}
		width += 6.6
	}
	return width
}

func largest(bars []barOf) barOf {
	var most barOf
	for _, b := range bars {
		if b.count > most.count {
			most = b
		}
	}
	return most
}

func shorten(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

const (
	lengthEnd    = 20 // longer indels stand together in the outermost bars
	lengthHeight = 180
)

// lengthChart shows how many bases indels take away (left) and add (right).
func lengthChart(counts map[int]int64) chartView {
	binned, most := map[int]int64{}, int64(1)
	for length, n := range counts {
		bin := max(-lengthEnd, min(lengthEnd, length))
		binned[bin] += n
		most = max(most, binned[bin])
	}
	view := chartView{
		ID: "lengths", Title: "Indel lengths", Of: "Bases gained",
		Description: "Deletions to the left, insertions to the right. The largest bar is " + countText(most) + ".",
		Plots:       []plotView{lengthPlot(wide, chartWidth, binned, most), lengthPlot(narrow, narrowWidth, binned, most)},
	}
	for length := -lengthEnd; length <= lengthEnd; length++ {
		if n := binned[length]; n > 0 {
			view.Rows = append(view.Rows, chartRow{lengthText(length), countText(n)})
		}
	}
	return view
}

func lengthPlot(screen string, chart int, binned map[int]int64, most int64) plotView {
	const foot = lengthHeight - 24
	end := float64(chart - 8)
	step := (end - 8) / (2*lengthEnd + 1)
	plot := plotView{
		For: screen, Width: chart, Height: lengthHeight,
		Lines: []lineShape{{"axis", "8", unit(foot), unit(end), unit(foot)}},
		Texts: []textShape{{"label", "8", "10", "start", countText(most)}},
	}
	for length := -lengthEnd; length <= lengthEnd; length++ {
		x := 8 + float64(length+lengthEnd)*step
		if n := binned[length]; n > 0 {
			height := max(1.5, float64(foot-18)*float64(n)/float64(most))
			plot.Bars = append(plot.Bars, barShape{"", unit(x + 1), unit(foot - height), unit(step - 2), unit(height)})
		}
		if length%10 == 0 {
			anchor, place := "middle", x+step/2
			switch length {
			case -lengthEnd:
				anchor, place = "start", 8
			case lengthEnd:
				anchor, place = "end", end
			}
			plot.Texts = append(plot.Texts, textShape{"label", unit(place), unit(foot + 16), anchor, lengthText(length)})
		}
	}
	return plot
}

func lengthText(length int) string {
	switch {
	case length == lengthEnd:
		return "≥ +20"
	case length == -lengthEnd:
		return "≤ -20"
	case length > 0:
		return "+" + countText(length)
	}
	return countText(length)
}
