package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gas/pkg/fault"
	"gas/pkg/genome"
	"gas/pkg/overlay"
)

func (a *app) databaseCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "db", Short: "population and clinical databases to annotate with", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.databaseBuildCommand(), a.databaseListCommand())
	return parent
}

func (a *app) databaseBuildCommand() *cobra.Command {
	var o overlay.BuildOptions
	var reference string
	command := &cobra.Command{
		Use:   "build NAME FILE",
		Short: "compile a VCF or BED into a database that is joined with variants fast",
		Long: "Compiles a VCF or BED, plain, gzip or bgzip, into one file. Without --fields the presets of ClinVar, dbSNP and gnomAD are used.\n" +
			"Without --out the database is installed: gas annotate --db NAME and the service find it.\n" +
			"With --reference insertions and deletions are moved as far to the left as its sequence lets them, so that they are found however they are written.",
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			o.Name, o.File = args[0], args[1]
			if _, err := os.Stat(o.File); err != nil {
				return fault.New(fault.NotFound, "There is no file %s.", o.File).Because(err)
			}
			if o.Out == "" {
				dir := loaded.DatabasesFolder()
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return fmt.Errorf("make the folder of databases: %w", err)
				}
				o.Out = filepath.Join(dir, o.Name+overlay.Extension)
			}
			if reference != "" {
				r, err := genome.FindOrOpen(loaded.ReferencesFolder(), reference)
				if err != nil {
					return err
				}
				defer r.Close()
				o.Reference, o.Bases = r.Name, r.BasesOf
			}
			built, err := overlay.Build(command.Context(), o)
			if err != nil {
				return err
			}
			a.say("%d rows, %d left out", built.Rows, built.Skipped)
			if built.Reference != "" {
				a.say("%d moved to the left on %s", built.Moved, built.Reference)
			}
			_, err = fmt.Fprintln(a.out, o.Out)
			return err
		},
	}
	command.Flags().StringSliceVar(&o.Fields, "fields", nil, "INFO keys, ID, QUAL, FILTER, or columns of a BED (default: the preset's)")
	command.Flags().StringVar(&o.Out, "out", "", "the file to make (default: where databases are installed)")
	command.Flags().StringVar(&reference, "reference", "", "a reference's name or folder: move insertions and deletions to the left on it (default: take them as they are)")
	settingsFlags(command, "references")
	return command
}

func (a *app) databaseListCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "list",
		Short: "list the installed databases",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			found, err := overlay.List(loaded.DatabasesFolder())
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				a.say("warning: %s", err)
			}
			s := sheet{columns: []string{"name", "version", "rows", "fields", "source"}}
			for _, d := range found {
				ids := make([]string, len(d.Fields))
				for i, f := range d.Fields {
					ids[i] = f.ID
				}
				s.rows = append(s.rows, []string{d.Name, d.Version, strconv.FormatInt(d.Rows, 10), strings.Join(ids, ","), d.Source.File})
			}
			if found == nil {
				found = []overlay.Description{}
			}
			return a.print(format, found, s)
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}
