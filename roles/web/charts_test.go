package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/results"
)

func TestABarChartNamesEveryConsequenceWholeOnBothScreens(t *testing.T) {
	const longest = "splice_polypyrimidine_tract_variant"
	chart := barChart("c", "Consequences", "Consequence", []barOf{{name: longest, count: 3}, {name: "MODERATE", count: 1_200}})
	require.Equal(t, []string{wide, narrow}, []string{chart.Plots[0].For, chart.Plots[1].For})
	for _, plot := range chart.Plots {
		require.Len(t, plot.Bars, 2)
		require.Equal(t, longest, plot.Texts[0].Text)
		require.Equal(t, "1,200", plot.Texts[3].Text)
	}
	require.Equal(t, "1,203 in all; most: MODERATE with 1,200.", chart.Description)
}

func TestAVariantHasItsChosenTranscriptFirstAndThenWhatMattersMost(t *testing.T) {
	of := func(name, impact, distance string) map[string]string {
		return map[string]string{"Feature": name, "IMPACT": impact, "DISTANCE": distance}
	}
	d := results.Details{Variant: results.Variant{Transcript: "chosen"}, Transcripts: []map[string]string{
		of("far", "MODIFIER", "3776"), of("near", "MODIFIER", "23"), of("in it", "MODIFIER", ""), of("low", "LOW", ""), of("chosen", "LOW", ""), of("high", "HIGH", ""),
	}}
	columns, rows := transcriptTable(&d)
	var names []string
	for _, row := range rows {
		names = append(names, row[0].Text)
	}
	require.Equal(t, []string{"chosen", "high", "low", "in it", "near", "far"}, names)
	require.True(t, columns[2].Number)
	require.Equal(t, cellView{Label: "Distance", Text: "3,776", Number: true}, rows[5][2])
}
