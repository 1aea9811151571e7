package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gas/config"
)

// settingsFlags gives a command a flag for each setting; the help shows only those that matter to it, and where the data is.
func settingsFlags(command *cobra.Command, shown ...string) {
	shown = append(shown, "data", "backend")
	known := map[string]bool{}
	command.Flags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
	config.Flags(command.Flags())
	command.Flags().VisitAll(func(f *pflag.Flag) {
		f.Hidden = f.Hidden || !known[f.Name] && !slices.Contains(shown, f.Name)
	})
}
