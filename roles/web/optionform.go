package web

import (
	"slices"
	"strconv"

	"gas/pkg/job"
)

// optionsView is the form of a job's options.
type optionsView struct {
	Styles, Transcripts, Databases []choiceView
	Distance                       string // empty = the default
	NoHGVS, Phased                 bool
}

var styleChoices = []fieldView{{"csq", "CSQ, as Ensembl VEP writes it (default)"}, {"ann", "ANN, the standard 1.0 of SnpEff and others"}}

var transcriptChoices = []fieldView{
	{"all", "Every transcript (default)"}, {"pick", "One for each allele: MANE, canonical, most severe"}, {"per_gene", "One for each gene"}, {"canonical", "Canonical only"}, {"mane", "MANE only"},
}

// optionsView shows options as they were chosen; nil are those of a new job: the defaults, with every database that is installed.
func (s *site) optionsView(chosen *job.Options) optionsView {
	o := job.Options{}
	if chosen != nil {
		o = *chosen
	}
	view := optionsView{Styles: choose(styleChoices, orDefault(o.Style, "csq")), Transcripts: choose(transcriptChoices, transcriptsOf(o)), NoHGVS: o.NoHGVS, Phased: o.Phased}
	if o.Distance != 0 {
		view.Distance = strconv.Itoa(o.Distance)
	}
	for _, d := range s.databases() {
		view.Databases = append(view.Databases, choiceView{Value: d.Name, Text: d.Name, Chosen: chosen == nil || slices.Contains(o.Databases, d.Name)})
	}
	return view
}

func choose(from []fieldView, value string) []choiceView {
	out := make([]choiceView, len(from))
	for i, f := range from {
		out[i] = choiceView{Value: f.Name, Text: f.Value, Chosen: f.Name == value}
	}
	return out
}

// transcriptsOf is the choice of the form that options stand for.
func transcriptsOf(o job.Options) string {
	switch {
	case o.Pick:
		return "pick"
	case o.PerGene:
		return "per_gene"
	case o.Canonical:
		return "canonical"
	case o.Mane:
		return "mane"
	}
	return "all"
}
