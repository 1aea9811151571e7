package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gas/pkg/annotate"
)

// annotateOptions is what the command line of gas annotate says beside the recipe.
type annotateOptions struct {
	recipe   annotate.Recipe
	out      string
	threads  int
	format   string
	level    int
	log      string
	summary  string
	manifest string
}

func (a *app) annotateCommand() *cobra.Command {
	var o annotateOptions
	command := &cobra.Command{
		Use:   "annotate IN",
		Short: "annotate a file here and now",
		Long: "Annotates a VCF, plain, gzip or bgzip, with the consequences of each allele on genes and transcripts. IN and the output may be -.\n" +
			"An output that ends in .gz is bgzip with an index beside it; of unsorted input no index is made.\n\n" +
			"  gas annotate in.vcf.gz -o out.vcf.gz\n" +
			"  bcftools view in.bcf | gas annotate - --pick --format=tsv",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			o.recipe.References, o.recipe.Installed, o.recipe.OwnFiles = loaded.ReferencesFolder(), loaded.DatabasesFolder(), true
			if o.recipe.Reference == "" {
				o.recipe.Reference = loaded.Reference
			}
			return a.annotate(command.Context(), args[0], o)
		},
	}
	f := command.Flags()
	f.StringVarP(&o.out, "out", "o", "-", "the output file; - is standard output")
	f.StringVar(&o.recipe.Reference, "reference", "", "auto, a name, or a reference's folder (default: the setting reference, which is auto)")
	f.StringArrayVar(&o.recipe.Databases, "db", nil, "a `DATABASE` to add: [NAME=]FILE[:FIELD,…], or the name of an installed one; may be given again")
	f.BoolVar(&o.recipe.NoGenes, "no-genes", false, "databases only")
	f.IntVar(&o.threads, "threads", runtime.NumCPU(), "how many processors to use")
	f.StringVar(&o.format, "format", "vcf", "vcf, tsv or jsonl")
	f.StringVar(&o.recipe.Style, "style", "csq", "csq, as Ensembl VEP writes it, or ann")
	f.StringVar(&o.recipe.Fields, "fields", "", "the fields of CSQ, with commas between, or all")
	f.IntVar(&o.recipe.Distance, "distance", 5000, "how far upstream and downstream a transcript is affected, in bases")
	f.BoolVar(&o.recipe.NoHGVS, "no-hgvs", false, "leave out HGVSc and HGVSp")
	f.StringVar(&o.recipe.HGVS, "hgvs", "vep", "whose way of naming where they differ: vep, or nomenclature, as the HGVS nomenclature has it")
	f.BoolVar(&o.recipe.Pick, "pick", false, "one effect for each record")
	f.BoolVar(&o.recipe.PerGene, "per-gene", false, "one effect for each record and gene")
	f.BoolVar(&o.recipe.Canonical, "canonical", false, "canonical transcripts only")
	f.BoolVar(&o.recipe.MANE, "mane", false, "MANE transcripts only")
	f.StringVar(&o.recipe.Rules, "rules", "vep", "whose rules name consequences: vep, or csq, which gives BCSQ as bcftools csq does")
	f.BoolVar(&o.recipe.Phased, "phased", false, "judge the variants of a haplotype together and add BCSQ; the input must be sorted")
	f.StringVarP(&o.recipe.Phase, "phase", "p", "", "unphased genotypes of a haplotype: r refuse, m merge, a as is, s skip, R non-reference alleles (default r)")
	f.IntVar(&o.recipe.Brief, "brief", 0, "how many amino acids BCSQ shows of a change; 0 = all")
	f.BoolVar(&o.recipe.AllStarts, "all-starts", false, "BCSQ takes every start codon of the standard code, not ATG alone")
	f.StringVar(&o.recipe.Filter, "filter", "", "write only records of which an allele passes, for example 'impact >= MODERATE'")
	f.IntVar(&o.level, "level", annotate.UsualLevel, "of compression, 0 to 9")
	f.StringVar(&o.log, "log", "", "write a log for people to this file")
	f.StringVar(&o.summary, "summary", "", "write what was counted to this file, as JSON")
	f.StringVar(&o.manifest, "manifest", "", "write what repeats the work to this file, as JSON")
	for flag, values := range map[string][]string{"format": {"vcf", "tsv", "jsonl"}, "style": {"csq", "ann"}} {
		_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	settingsFlags(command, "references", "databases")
	return command
}

// annotate runs the engine on a file and tells what happened.
func (a *app) annotate(ctx context.Context, in string, o annotateOptions) error {
	form, err := formatNamed(o.format)
	if err != nil {
		return err
	}
	if o.level < 0 || o.level > 9 {
		return usageError("The level %d is not between 0 and 9.", o.level)
	}
	keepSmall()
	what, began := "annotating "+filepath.Base(in), time.Now()
	size := int64(-1)
	if info, err := os.Stat(in); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	bar := a.progress(size, what)
	summary, err := o.recipe.Annotate(ctx, annotate.Files{
		In: in, Out: o.out, Log: o.log, Summary: o.summary, Manifest: o.manifest, Format: form, Level: o.level, Stdin: a.in, Stdout: a.out,
	}, annotate.Options{
		Threads: o.threads, Version: version, Progress: func(p annotate.Progress) {
			bar.describe(what + ", " + recordsText(p.Records, time.Since(began)))
			bar.set(p.Bytes)
		},
	})
	bar.finish()
	if err != nil {
		return err
	}
	a.tellSummary(summary, o)
	return nil
}

// recordsText is how many records were done, and how many a second.
func recordsText(records int64, took time.Duration) string {
	rate := float64(records) / max(took.Seconds(), 0.001)
	return fmt.Sprintf("%s records, %s/s", humanize.Comma(records), humanize.Comma(int64(rate)))
}

// tellSummary says what was counted, and what may surprise.
func (a *app) tellSummary(s *annotate.Summary, o annotateOptions) {
	for _, w := range s.Warnings {
		a.say("warning: %s", w)
	}
	if strings.HasSuffix(o.out, ".gz") && o.format == "vcf" && s.Index == "" {
		a.say("warning: no index is made, because the input is not sorted")
	}
	for _, misfit := range s.Reference.Misfits {
		a.say("warning: %s", misfit)
	}
	if s.Reference.Choice != "" {
		a.say("reference: %s", s.Reference.Choice)
	}
	r := s.Records
	a.say("%d records = %d annotated + %d passed through + %d rejected", r.Read, r.Annotated, r.PassedThrough, r.Rejected)
	if o.recipe.Filter != "" {
		a.say("%d records passed the filter, %d did not", r.Annotated+r.PassedThrough-r.LeftOut, r.LeftOut)
	}
}

func formatNamed(name string) (annotate.Format, error) {
	switch name {
	case "vcf":
		return annotate.VCF, nil
	case "tsv":
		return annotate.TSV, nil
	case "jsonl":
		return annotate.JSONLines, nil
	}
	return 0, usageError("There is no format %q; it is vcf, tsv or jsonl.", name)
}

// Memory of the engine: what lives is small and of constant size, so nothing is collected while little is in use, then often, and an unusual file may not
// make it grow.
const (
	collectFrom = 40 << 20 // bytes in use at which the first collection is due
	collectAt   = 50       // percent of growth from then on, instead of 100
	memoryLimit = 80 << 20 // bytes, soft
)

// keepSmall sets the collector for the engine, unless the environment does.
func keepSmall() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(collectFrom)
	runtime.AddCleanup(new([1]*byte), func(struct{}) { // when the first collection has found that nobody needs it
		debug.SetGCPercent(collectAt)
		debug.SetMemoryLimit(memoryLimit)
	}, struct{}{})
}
