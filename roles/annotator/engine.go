package annotator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"gas/pkg/annotate"
	"gas/pkg/job"
	"gas/pkg/results"
	"gas/pkg/vcf"
)

// The files that an attempt makes in its folder.
const (
	resultFile   = "result.vcf.gz"
	logFile      = "count.log"
	summaryFile  = "summary.json"
	manifestFile = "manifest.json"
	variantsFile = "variants" + results.Extension
)

// Annotate runs our own engine.
func Annotate(ctx context.Context, o Order) (Made, error) {
	made := Made{Result: filepath.Join(o.Dir, resultFile), Files: map[string]string{
		job.FileLog: filepath.Join(o.Dir, logFile), job.FileSummary: filepath.Join(o.Dir, summaryFile), job.FileManifest: filepath.Join(o.Dir, manifestFile),
		job.FileVariants: filepath.Join(o.Dir, variantsFile),
	}}
	summary, err := recipe(o).Annotate(ctx, annotate.Files{
		In: o.Input, Name: o.Name, Out: made.Result, OutName: job.ResultName(o.Name), Log: made.Files[job.FileLog], Summary: made.Files[job.FileSummary], Manifest: made.Files[job.FileManifest],
		Variants: made.Files[job.FileVariants], Level: annotate.UsualLevel, Scratch: true,
	}, annotate.Options{
		Threads: runtime.NumCPU(), Limits: limits(o), Version: o.Version,
		Progress: func(p annotate.Progress) {
			o.Progress(job.Progress{Stage: "annotating", Percent: p.Percent, Records: p.Records, Contig: p.Contig})
		},
	})
	if err != nil {
		return Made{}, err
	}
	if err := addIndex(&made, summary.Index); err != nil {
		return Made{}, err
	}
	made.Reference = summary.Reference.Name
	made.Versions = map[string]string{"gas": o.Version, "reference": summary.Reference.Digest}
	for _, d := range summary.Databases() {
		made.Versions[job.DatabaseVersion(d.Name)] = d.Digest
	}
	made.Counts = &job.Counts{
		Records: summary.Records.Read, Annotated: summary.Records.Annotated, PassedThrough: summary.Records.PassedThrough, Rejected: summary.Records.Rejected,
		High: summary.High(),
	}
	return made, nil
}

// addIndex adds the index, where the input was sorted.
func addIndex(made *Made, ending string) error {
	if ending == "" {
		return nil
	}
	path := made.Result + "." + ending
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("find the index: %w", err)
	}
	made.Files[job.FileIndex] = path
	return nil
}

// recipe gives a job's options to the engine.
func recipe(o Order) annotate.Recipe {
	p := o.Options
	return annotate.Recipe{
		Reference: p.Reference, References: o.References, Databases: p.Databases, Installed: o.Databases, Distance: p.Distance, Style: p.Style, Fields: p.Fields,
		NoHGVS: p.NoHGVS, Pick: p.Pick, PerGene: p.PerGene, Canonical: p.Canonical, MANE: p.Mane, Rules: p.Rules, Phased: p.Phased,
	}
}

// limits are those of the owner's plan.
func limits(o Order) vcf.Limits {
	return vcf.Limits{Text: o.Limits.Decompressed, Line: int(o.Limits.Line)}
}
