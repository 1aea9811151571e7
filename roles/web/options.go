package web

import (
	"slices"
	"strconv"
	"strings"

	"gas/pkg/annotate"
	"gas/pkg/fault"
	"gas/pkg/genome"
	"gas/pkg/job"
	"gas/pkg/overlay"
)

// formOptions collects what the fields of a form or the members of a JSON object ask for, in whatever order they come.
type formOptions struct {
	references string // where references are installed
	folder     string // where databases are installed
	edits      []func(*job.Options)
	databases  *[]string // that were named; nil where nothing was said of them
	err        error     // of the first field that is wrong
}

// newOptions collects options of jobs for this installation.
func (s *site) newOptions() formOptions {
	return formOptions{references: s.Config.ReferencesFolder(), folder: s.Config.DatabasesFolder()}
}

// set takes one field. An unknown one is an error: a typing mistake must not pass for a choice.
func (f *formOptions) set(name, value string) {
	value = strings.TrimSpace(value)
	if slices.Contains([]string{"databases", "database", "db"}, name) {
		f.addDatabases(strings.Split(value, ","))
		return
	}
	if name == "reference" {
		f.checkReference(value)
	}
	if edit, err := optionEdit(name, value); err != nil {
		f.fail(err)
	} else if edit != nil && value != "" {
		f.edits = append(f.edits, edit)
	}
}

// checkReference refuses a reference that is not there before anything is stored.
func (f *formOptions) checkReference(name string) {
	if name != "" && name != "auto" && !genome.Exists(f.references, name) {
		f.fail(genome.Missing(f.references, visible(firstOf(name, 40))))
	}
}

func (f *formOptions) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// addDatabases takes the names of installed databases. Said of none, it is that none is wanted. One that is not there is refused before anything is stored.
func (f *formOptions) addDatabases(names []string) {
	if f.databases == nil {
		f.databases = new([]string)
	}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name == "" || slices.Contains(*f.databases, name) {
			continue
		}
		if _, found := overlay.Find(name, f.folder); !found {
			f.fail(fault.New(fault.BadInput, "%s", visible(overlay.Missing(firstOf(name, 40), f.folder))))
			continue
		}
		*f.databases = append(*f.databases, name)
	}
}

// apply returns options with the edits made. Databases that were named take the place of those before.
func (f *formOptions) apply(o job.Options) job.Options {
	o.Databases = slices.Clone(o.Databases)
	if f.databases != nil {
		o.Databases = slices.Clone(*f.databases)
	}
	for _, edit := range f.edits {
		edit(&o)
	}
	return o
}

func optionEdit(name, value string) (func(*job.Options), error) {
	switch name {
	case "reference":
		return func(o *job.Options) { o.Reference = value }, nil
	case "fields":
		return func(o *job.Options) { o.Fields = value }, nil
	case "distance":
		return distanceEdit(value)
	case "style":
		return oneOf(name, value, func(o *job.Options) { o.Style = value }, "csq", "ann")
	case "rules":
		return oneOf(name, value, func(o *job.Options) { o.Rules = value }, "vep", "csq")
	case "transcripts":
		return transcriptsEdit(value)
	case "pick", "per_gene", "canonical", "mane", "no_hgvs", "phased":
		return switchEdit(name, value)
	}
	return nil, fault.New(fault.BadInput, "There is no option %q.", visible(firstOf(name, 40)))
}

func distanceEdit(value string) (func(*job.Options), error) {
	if value == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 1_000_000 {
		return nil, fault.New(fault.BadInput, "The distance is a number of bases from 0 to 1,000,000.")
	}
	return func(o *job.Options) { o.Distance = n }, nil
}

func oneOf(name, value string, edit func(*job.Options), allowed ...string) (func(*job.Options), error) {
	if value != "" && !slices.Contains(allowed, value) {
		return nil, fault.New(fault.BadInput, "The option %s is one of %s.", name, strings.Join(allowed, ", "))
	}
	return edit, nil
}

// transcriptsEdit takes the choice of the page's form; the API has a switch for each.
func transcriptsEdit(value string) (func(*job.Options), error) {
	if value == "all" || value == "" {
		return nil, nil
	}
	if !slices.Contains([]string{"pick", "per_gene", "canonical", "mane"}, value) {
		return nil, fault.New(fault.BadInput, "The option transcripts is one of all, pick, per_gene, canonical, mane.")
	}
	return switchEdit(value, "1")
}

func switchEdit(name, value string) (func(*job.Options), error) {
	on, err := strconv.ParseBool(value)
	if value != "" && err != nil {
		return nil, fault.New(fault.BadInput, "The option %s is true or false.", name)
	}
	return func(o *job.Options) {
		switch name {
		case "pick":
			o.Pick = on
		case "per_gene":
			o.PerGene = on
		case "canonical":
			o.Canonical = on
		case "mane":
			o.Mane = on
		case "no_hgvs":
			o.NoHGVS = on
		case "phased":
			o.Phased = on
		}
	}, nil
}

// flags are the options of gas annotate that repeat the job.
func flags(o job.Options, reference string) []string {
	var out []string
	if reference == "" {
		reference = o.Reference
	}
	if reference != "" && reference != "auto" {
		out = append(out, "--reference "+annotate.ShellWord(reference))
	}
	for _, d := range o.Databases {
		out = append(out, "--db "+annotate.ShellWord(d))
	}
	if o.Distance != 0 {
		out = append(out, "--distance "+strconv.Itoa(o.Distance))
	}
	for _, pair := range [][2]string{{"--style", o.Style}, {"--fields", o.Fields}, {"--rules", o.Rules}} {
		if pair[1] != "" {
			out = append(out, pair[0]+" "+annotate.ShellWord(pair[1]))
		}
	}
	for flag, on := range map[string]bool{"--pick": o.Pick, "--per-gene": o.PerGene, "--canonical": o.Canonical, "--mane": o.Mane, "--no-hgvs": o.NoHGVS, "--phased": o.Phased} {
		if on {
			out = append(out, flag)
		}
	}
	slices.Sort(out)
	return out
}
