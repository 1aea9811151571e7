package web

import (
	"fmt"
	"strings"
)

// chartView is a chart as SVG: everything is placed already, in units of its own width. A strict content policy allows no style attributes, so
// sizes are attributes of SVG and colours are classes.
type chartView struct {
	ID, Title, Description, Of string
	Width, Height              int
	Lines                      []lineShape
	Bars                       []barShape
	Texts                      []textShape
	Rows                       []chartRow
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
	chartWidth = 480
	barStep    = 24 // from one bar to the next
	barHeight  = 14
)

// unit writes a coordinate.
func unit(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

// barChart lays bars from left to right, one below the other, each with its name before and its count behind.
func barChart(id, title, of string, bars []barOf) chartView {
	most, names, total := int64(1), 0, int64(0)
	for _, b := range bars {
		most, names, total = max(most, b.count), max(names, len([]rune(b.name))), total+b.count
	}
	left := min(232, 16+float64(names)*6.6)
	room := chartWidth - left - 64
	view := chartView{
		ID: id, Title: title, Of: of, Width: chartWidth, Height: barStep*len(bars) + 4,
		Description: fmt.Sprintf("%s in all; most: %s with %s.", countText(total), largest(bars).name, countText(most)),
		Lines:       []lineShape{{"axis", unit(left), "0", unit(left), unit(float64(barStep*len(bars) + 2))}},
	}
	for i, b := range bars {
		y := float64(i*barStep) + 5
		width := max(1.5, room*float64(b.count)/float64(most))
		view.Bars = append(view.Bars, barShape{b.class, unit(left), unit(y), unit(width), unit(barHeight)})
		view.Texts = append(view.Texts,
			textShape{"label", unit(left - 8), unit(y + 11), "end", shorten(b.name, 34)},
			textShape{"", unit(left + width + 6), unit(y + 11), "start", countText(b.count)})
		view.Rows = append(view.Rows, chartRow{b.name, countText(b.count)})
	}
	return view
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
	const foot = lengthHeight - 24
	step := float64(chartWidth-16) / (2*lengthEnd + 1)
	view := chartView{
		ID: "lengths", Title: "Indel lengths", Of: "Bases gained", Width: chartWidth, Height: lengthHeight,
		Description: "Deletions to the left, insertions to the right. The largest bar is " + countText(most) + ".",
		Lines:       []lineShape{{"axis", "8", unit(foot), unit(chartWidth - 8), unit(foot)}},
		Texts:       []textShape{{"label", "8", "10", "start", countText(most)}},
	}
	for length := -lengthEnd; length <= lengthEnd; length++ {
		x := 8 + float64(length+lengthEnd)*step
		if n := binned[length]; n > 0 {
			height := max(1.5, float64(foot-18)*float64(n)/float64(most))
			view.Bars = append(view.Bars, barShape{"", unit(x + 1), unit(foot - height), unit(step - 2), unit(height)})
			view.Rows = append(view.Rows, chartRow{lengthText(length), countText(n)})
		}
		if length%10 == 0 {
			anchor, place := "middle", x+step/2
			switch length {
			case -lengthEnd:
				anchor, place = "start", 8
			case lengthEnd:
				anchor, place = "end", chartWidth-8
			}
			view.Texts = append(view.Texts, textShape{"label", unit(place), unit(foot + 16), anchor, lengthText(length)})
		}
	}
	return view
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
