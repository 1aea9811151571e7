package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gas/pkg/genome/install"
)

func (a *app) referenceInstallCommand() *cobra.Command {
	var o install.Options
	command := &cobra.Command{
		Use:   "install NAME",
		Short: "download a release of a genome and its genes, check it and compile it",
		Long: "Downloads a release from Ensembl or NCBI, goes on where an earlier attempt was cut, checks the files against the provider's checksums, and compiles the reference.\n" +
			"Known are " + strings.Join(install.Names(), ", ") + ".",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			release, err := install.Lookup(args[0])
			if err != nil {
				return err
			}
			o.Name, o.Dir = release.Name, loaded.ReferencesFolder()
			o.Warn = func(message string) { a.say("warning: %s", message) }
			tell, finish := a.stages()
			o.Progress = tell
			err = install.Install(command.Context(), o)
			finish()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, filepath.Join(o.Dir, release.Name))
			return err
		},
	}
	command.Flags().StringVar(&o.Base, "base", "", "an address with the provider's layout to download from instead, http or https")
	settingsFlags(command)
	return command
}
