package cli

import (
	"github.com/spf13/cobra"

	"gas/config"
)

func (a *app) configCommand() *cobra.Command {
	parent := &cobra.Command{Use: "config", Short: "the settings", RunE: func(c *cobra.Command, _ []string) error { return c.Help() }, Args: cobra.NoArgs}
	parent.AddCommand(a.configViewCommand(), a.configExampleCommand())
	return parent
}

func (a *app) configViewCommand() *cobra.Command {
	var format outputFormat
	var origin bool
	command := &cobra.Command{
		Use:   "view",
		Short: "print every setting; secrets stay hidden",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			settings := loaded.Settings()
			view := sheet{columns: []string{"key", "value"}}
			if origin {
				view.columns = append(view.columns, "origin")
			}
			for _, s := range settings {
				row := []string{s.Key, s.Value}
				if origin {
					row = append(row, s.Origin)
				}
				view.rows = append(view.rows, row)
			}
			return a.print(format, settings, view)
		},
	}
	command.Flags().BoolVar(&origin, "origin", false, "tell where each value came from")
	format.flag(command)
	config.Flags(command.Flags())
	return command
}

func (a *app) configExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "print a configuration file with every setting at its default",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write([]byte(config.Example()))
			return err
		},
	}
}
