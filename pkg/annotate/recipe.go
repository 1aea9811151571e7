package annotate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"gas/pkg/consequence"
	"gas/pkg/consequence/bcsq"
	"gas/pkg/fault"
	"gas/pkg/genome"
	"gas/pkg/overlay"
)

// Recipe is how a file is to be annotated, in the words of a command line or of a job: names only, nothing opened yet. The zero value is the default.
type Recipe struct {
	Reference  string   // "" or "auto" chooses by the file; else a name
	References string   // the folder of installed references
	Databases  []string // [NAME=]FILE[:FIELD,…], or the names of installed ones
	Installed  string   // the folder of installed databases
	OwnFiles   bool     // paths may be given, of a reference's folder and of databases: true for a command, never for a stranger's job
	NoGenes    bool     // databases only
	Distance   int      // up- and downstream, in bases; 0 = 5000
	Style      string   // "csq" or "ann"; "" = csq
	Fields     string   // names with commas between, "all", or "" for the default ones
	NoHGVS     bool
	HGVS       string // whose way of naming: "vep" or "nomenclature"; "" = vep
	Pick       bool
	PerGene    bool
	Canonical  bool
	MANE       bool
	Rules      string // "vep" or "csq"; "" = vep. By csq's rules the answer is BCSQ and there is no CSQ
	Phased     bool   // judge the variants of a haplotype together: BCSQ says what they do
	Phase      string // how unphased genotypes are read then, a letter of bcftools csq's option: r, m, a, s or R; "" = r
	Brief      int    // amino acids that BCSQ shows of a change; 0 = all
	Filter     string // only records of which an allele passes are written, in the language of pkg/results/filter
	AllStarts  bool   // BCSQ takes every start of the standard genetic code, not ATG alone
}

// Annotate runs the recipe on files. What Options say of Choose, Settings and Filter comes from the recipe.
func (r Recipe) Annotate(ctx context.Context, f Files, o Options) (*Summary, error) {
	k, err := r.prepare(ctx)
	if err != nil {
		return nil, err
	}
	o.Settings, o.Choose, o.Filter = r.settings(), k.choose, r.Filter
	summary, err := RunFiles(ctx, f, o)
	if damage := k.close(); damage != nil && err == nil {
		if f.Out != "-" {
			_ = os.Remove(f.Out) // a database that is damaged has answered wrongly
		}
		err = damage
	}
	return summary, err
}

// kitchen is a recipe at work: its databases and references are open.
type kitchen struct {
	recipe  Recipe
	engine  consequence.Options
	set     *overlay.Set
	opened  []*genome.Reference
	cursors []*overlay.Cursor
}

// prepare checks a recipe and opens its databases. Mistakes are faults: usage, unknown_reference, not_found.
func (r Recipe) prepare(ctx context.Context) (*kitchen, error) {
	k := &kitchen{recipe: r}
	var err error
	if k.engine, err = r.engine(); err != nil {
		return nil, err
	}
	if r.NoGenes && len(r.Databases) == 0 {
		return nil, fault.New(fault.Usage, "Without genes there is nothing to annotate with but databases, and none is named.")
	}
	specs, err := r.specs()
	if err != nil || len(specs) == 0 {
		return k, err
	}
	if k.set, err = overlay.Open(ctx, specs); err != nil {
		return nil, err
	}
	return k, nil
}

// engine gives the recipe's words to the engine.
func (r Recipe) engine() (consequence.Options, error) {
	o := consequence.Options{
		Pick: r.Pick, PerGene: r.PerGene, Canonical: r.Canonical, MANE: r.MANE, NoHGVS: r.NoHGVS,
	}
	if r.Distance < 0 || r.Distance > 1<<20 {
		return o, fault.New(fault.Usage, "The distance of %d bases is not between 0 and %d.", r.Distance, 1<<20)
	}
	o.Distance = uint32(r.Distance)
	switch strings.ToLower(r.Style) {
	case "", "csq":
	case "ann":
		o.Style = consequence.ANN
	default:
		return o, fault.New(fault.Usage, "There is no style %q; it is csq or ann.", r.Style)
	}
	switch r.HGVS {
	case "", "vep":
	case "nomenclature":
		o.Nomenclature = consequence.HGVSNomenclature
	default:
		return o, fault.New(fault.Usage, "There is no way %q of naming; it is vep or nomenclature.", r.HGVS)
	}
	switch r.Rules {
	case "", "vep", "csq":
	default:
		return o, fault.New(fault.Usage, "There are no rules %q; they are vep or csq.", r.Rules)
	}
	if err := r.checkHaplotypes(); err != nil {
		return o, err
	}
	var err error
	o.Fields, err = fieldsOf(r.Fields)
	return o, err
}

// checkHaplotypes refuses what does not go with BCSQ.
func (r Recipe) checkHaplotypes() error {
	if len(r.Phase) > 1 || r.Phase != "" && !strings.Contains("rmasR", r.Phase) {
		return fault.New(fault.Usage, "There is no phase %q; it is r, m, a, s or R.", r.Phase)
	}
	if r.Brief < 0 {
		return fault.New(fault.Usage, "%d amino acids cannot be shown.", r.Brief)
	}
	if r.NoGenes && r.haplotypes() != nil {
		return fault.New(fault.Usage, "Without genes there are no haplotypes to judge.")
	}
	return nil
}

// haplotypes says how BCSQ is made; nil when it is not asked for.
func (r Recipe) haplotypes() *bcsq.Options {
	if !r.Phased && r.Rules != "csq" {
		return nil
	}
	o := &bcsq.Options{Local: !r.Phased, Brief: r.Brief, AllStarts: r.AllStarts}
	if r.Phase != "" {
		o.Phase = bcsq.Phase(r.Phase[0])
	}
	return o
}

func fieldsOf(text string) ([]consequence.Field, error) {
	switch text {
	case "":
		return nil, nil
	case "all":
		return consequence.AllFields(), nil
	}
	var fields []consequence.Field
	for name := range strings.SplitSeq(text, ",") {
		field, ok := consequence.FieldNamed(strings.TrimSpace(name))
		if !ok {
			var known []string
			for _, f := range consequence.AllFields() {
				known = append(known, f.String())
			}
			return nil, fault.New(fault.Usage, "There is no field %q.", name).WithHint("The fields are %s.", strings.Join(known, ", "))
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// specs finds the databases.
func (r Recipe) specs() ([]overlay.Spec, error) {
	var specs []overlay.Spec
	for _, text := range r.Databases {
		if path, ok := overlay.Find(text, r.Installed); ok {
			specs = append(specs, overlay.Spec{File: path})
			continue
		}
		if !r.OwnFiles {
			return nil, fault.New(fault.NotFound, "%s", overlay.Missing(text, r.Installed))
		}
		spec, err := overlay.ParseSpec(text)
		if err != nil {
			return nil, err
		}
		if path, ok := overlay.Find(spec.File, r.Installed); ok {
			spec.File = path
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

// choose gives the annotator for a file: the reference that was named, or the one that fits.
func (k *kitchen) choose(_ context.Context, peek *Peek) (*Annotator, error) {
	a := &Annotator{}
	if !k.recipe.NoGenes {
		if err := k.chooseReference(a, peek); err != nil {
			return nil, err
		}
		if err := k.chooseRules(a); err != nil {
			return nil, err
		}
	}
	if k.set != nil {
		k.set.Bind(func(key string) bool { return peek.Header.Declared("INFO", key) != nil })
		a.Overlays = []Overlay{fromSet{k}}
		for _, d := range k.set.Databases() {
			a.Databases = append(a.Databases, Database{Name: d.Name, Digest: d.Digest})
		}
	}
	return a, nil
}

// chooseRules makes what judges: the engine, or csq's rules, or both.
func (k *kitchen) chooseRules(a *Annotator) error {
	a.Haplotypes = k.recipe.haplotypes()
	if k.recipe.Rules == "csq" {
		return nil
	}
	engine, err := consequence.New(a.Reference, k.engine)
	if err != nil {
		return fmt.Errorf("make the engine for %s: %w", a.Reference.Name, err)
	}
	a.Engine = engine
	return nil
}

func (k *kitchen) chooseReference(a *Annotator, peek *Peek) error {
	if name := k.recipe.Reference; name != "" && name != "auto" {
		find := genome.Find
		if k.recipe.OwnFiles {
			find = genome.FindOrOpen
		}
		r, err := find(k.recipe.References, name)
		if err != nil {
			return err
		}
		k.opened = append(k.opened, r)
		a.Reference, a.Choice = r, r.Name+": as was asked for"
		return nil
	}
	candidates, err := k.openAll()
	if err != nil {
		return err
	}
	choice, err := genome.Choose(candidates, peek.Sighting())
	if err != nil {
		return err
	}
	a.Reference, a.Choice = choice.Reference, choice.Why
	return nil
}

// openAll opens every reference that is there; mapping one takes milliseconds.
func (k *kitchen) openAll() ([]*genome.Reference, error) {
	list, err := genome.List(k.recipe.References)
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		r, err := l.Open()
		if err != nil {
			return nil, fmt.Errorf("open reference %s: %w", l.Name, err)
		}
		k.opened = append(k.opened, r)
	}
	return k.opened, nil
}

// close releases what is open. Its error may be that a database was damaged: the result must not be used then.
func (k *kitchen) close() error {
	var errs []error
	for _, c := range k.cursors {
		errs = append(errs, c.Err(), c.Close())
	}
	if k.set != nil {
		errs = append(errs, k.set.Close())
	}
	for _, r := range k.opened {
		errs = append(errs, r.Close())
	}
	k.cursors, k.set, k.opened = nil, nil, nil
	return errors.Join(errs...)
}

// fromSet is the set of databases as an Overlay.
type fromSet struct{ k *kitchen }

// HeaderLines declares what is added.
func (d fromSet) HeaderLines() []string { return d.k.set.HeaderLines() }

// Lookup gives a cursor of its own to one goroutine. Run calls it from one goroutine.
func (d fromSet) Lookup(bases func(contig []byte) []byte) func(dst, contig []byte, pos uint32, ref []byte, alts [][]byte) []byte {
	lookup, _ := d.LookupValues(bases)
	return lookup
}

// LookupValues is Lookup with the values of the last record.
func (d fromSet) LookupValues(bases func(contig []byte) []byte) (lookup func(dst, contig []byte, pos uint32, ref []byte, alts [][]byte) []byte, values func() ([]overlay.Value, bool)) {
	c := d.k.set.Cursor()
	c.LeftAlign(bases)
	d.k.cursors = append(d.k.cursors, c)
	return c.AppendInfo, c.Values
}

// Keys are the keys of INFO that values are numbered by.
func (d fromSet) Keys() []string { return d.k.set.Keys() }

// settings are the flags of gas annotate that are not at their defaults, but for the reference: which one is taken is known later.
func (r Recipe) settings() []Setting {
	settings := []Setting{}
	add := func(name, value string, usual ...string) {
		if value != "" && !slices.Contains(usual, value) {
			settings = append(settings, Setting{Name: name, Value: value})
		}
	}
	switched := func(name string, on bool) {
		if on {
			add(name, "true")
		}
	}
	for _, db := range r.Databases {
		add("db", db)
	}
	switched("no-genes", r.NoGenes)
	add("distance", strconv.Itoa(r.Distance), "0", "5000")
	add("style", strings.ToLower(r.Style), "csq")
	add("fields", r.Fields)
	switched("no-hgvs", r.NoHGVS)
	add("hgvs", r.HGVS, "vep")
	switched("pick", r.Pick)
	switched("per-gene", r.PerGene)
	switched("canonical", r.Canonical)
	switched("mane", r.MANE)
	add("rules", r.Rules, "vep")
	switched("phased", r.Phased)
	add("phase", r.Phase)
	add("brief", strconv.Itoa(r.Brief), "0")
	switched("all-starts", r.AllStarts)
	add("filter", r.Filter)
	return settings
}
