package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"gas/pkg/fault"
	"gas/pkg/genome"
)

func (a *app) referenceCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "reference", Short: "the gene models and sequences to annotate against", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.referenceListCommand(), a.referenceInstallCommand(), a.referenceBuildCommand(), a.referenceVerifyCommand())
	return parent
}

func (a *app) referenceBuildCommand() *cobra.Command {
	var o genome.BuildOptions
	command := &cobra.Command{
		Use:   "build --gff3 F --fasta F --name N",
		Short: "compile a gene model and its sequence into a reference",
		Long: "Compiles a gene model (GFF3 or GTF) and its sequence (FASTA) once, into a folder with one model file that opens in well under a second.\n" +
			"The files may be plain, gzip or bgzip. Without --out the reference is installed: gas annotate and the service find it by its name.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			if o.Name == "" || o.FASTA == "" {
				return usageError("A reference needs --name and --fasta; without --gff3 it has no genes.")
			}
			if err := genome.CheckName(o.Name); err != nil {
				return usageError("%s", err)
			}
			if o.Out == "" {
				o.Out = filepath.Join(loaded.ReferencesFolder(), o.Name)
			}
			o.Warn = func(message string) { a.say("warning: %s", message) }
			if err := a.buildReference(command, o); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, o.Out)
			return err
		},
	}
	command.Flags().StringVar(&o.Name, "name", "", "what the reference is called, for example GRCh38")
	command.Flags().StringVar(&o.Genes, "gff3", "", "the gene model, GFF3 or GTF")
	command.Flags().StringVar(&o.FASTA, "fasta", "", "the sequence")
	command.Flags().StringVar(&o.Source, "source", "", "what the gene model is called in SOURCE (default: as the file tells)")
	command.Flags().StringVar(&o.Out, "out", "", "the folder to make (default: where references are installed)")
	settingsFlags(command)
	return command
}

func (a *app) buildReference(command *cobra.Command, o genome.BuildOptions) error {
	tell, finish := a.stages()
	o.Progress = tell
	err := genome.Build(command.Context(), o)
	finish()
	switch {
	case errors.Is(err, genome.ErrNoSharedContig):
		return fault.New(fault.NoSharedContig, "The gene model and the sequence have no contig in common.").Because(err)
	case errors.Is(err, genome.ErrFormat):
		return fault.New(fault.BadInput, "The files cannot be compiled.").Because(err)
	case errors.Is(err, os.ErrNotExist):
		return fault.New(fault.NotFound, "A file is missing.").Because(err)
	}
	return err
}

// listedReference is one row of gas reference list.
type listedReference struct {
	Name        string `json:"name"`
	BuiltIn     bool   `json:"built_in"`
	Dir         string `json:"dir,omitempty"`
	Source      string `json:"source,omitempty"`
	Contigs     int    `json:"contigs"`
	Genes       int    `json:"genes"`
	Transcripts int    `json:"transcripts"`
	Digest      string `json:"digest,omitempty"`
}

func (a *app) referenceListCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "list",
		Short: "list the references that are built in or installed",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			found, err := genome.List(loaded.ReferencesFolder())
			if err != nil {
				return err
			}
			var all []listedReference
			s := sheet{columns: []string{"name", "from", "contigs", "genes", "transcripts"}}
			for _, l := range found {
				row, err := describe(l)
				if err != nil {
					a.say("warning: %s cannot be opened: %s", l.Name, err)
					continue
				}
				all = append(all, row)
				from := row.Dir
				if row.BuiltIn {
					from = "built in"
				}
				s.rows = append(s.rows, []string{row.Name, from, strconv.Itoa(row.Contigs), strconv.Itoa(row.Genes), strconv.Itoa(row.Transcripts)})
			}
			return a.print(format, all, s)
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}

// describe reads the manifest of an installed reference, and opens one that has none.
func describe(l genome.Listed) (listedReference, error) {
	if m := l.Manifest; m != nil {
		return listedReference{
			Name: l.Name, Dir: l.Dir, Source: m.Source, Contigs: m.Contigs, Genes: m.Genes, Transcripts: m.Transcripts, Digest: m.Digest,
		}, nil
	}
	r, err := l.Open()
	if err != nil {
		return listedReference{}, err
	}
	defer r.Close()
	return listedReference{
		Name: l.Name, BuiltIn: l.Builtin(), Dir: l.Dir, Source: r.Source, Contigs: len(r.Contigs), Genes: len(r.Genes), Transcripts: len(r.Transcripts), Digest: r.Digest,
	}, nil
}

func (a *app) referenceVerifyCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "verify NAME",
		Short: "read a reference whole and compare its checksum",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			if builtin, err := genome.Builtin(args[0]); err == nil {
				a.say("%s comes with the program", builtin.Name)
				return builtin.Close()
			}
			dir := filepath.Join(loaded.ReferencesFolder(), args[0])
			if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
				dir = args[0]
			}
			if _, err := os.Stat(dir); err != nil {
				return genome.Unknown(args[0])
			}
			if err := genome.Verify(dir); err != nil {
				return err
			}
			a.say("%s is whole", args[0])
			return nil
		},
	}
	settingsFlags(command)
	return command
}
