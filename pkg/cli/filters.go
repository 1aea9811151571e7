package cli

import (
	"context"

	"github.com/spf13/cobra"

	"gas/pkg/client"
)

func (a *app) filtersCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "filters", Short: "list, save and delete your filters, which gas variants --saved and the page of variants use", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.filtersListCommand(), a.filtersSaveCommand(), a.filtersDeleteCommand())
	return parent
}

func (a *app) filtersListCommand() *cobra.Command {
	var r remote
	var format outputFormat
	command := &cobra.Command{
		Use:   "list",
		Short: "list your saved filters",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			list, err := c.Filters(command.Context())
			if err != nil {
				return err
			}
			return a.print(format, list, filterSheet(list...))
		},
	}
	r.flag(command)
	format.flag(command)
	return command
}

func (a *app) filtersSaveCommand() *cobra.Command {
	var r remote
	var job string
	var format outputFormat
	command := &cobra.Command{
		Use:   "save NAME FILTER",
		Short: "save a filter under a name, in the place of one of the same name",
		Long: "Saves a filter under a name, in the place of one of the same name, and prints it as it is kept.\n" +
			"A filter that asks for a database or a sample is checked by a job that has them:\n\n" +
			"  gas filters save candidates 'impact >= MODERATE and qual > 30'\n" +
			"  gas filters save pathogenic 'clinvar.CLNSIG has Pathogenic' --job JOB",
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			saved, err := c.SaveFilter(command.Context(), args[0], args[1], job)
			if err != nil {
				return err
			}
			return a.print(format, saved, filterSheet(saved))
		},
	}
	command.Flags().StringVar(&job, "job", "", "a job whose databases and samples the filter asks for")
	r.flag(command)
	format.flag(command)
	return command
}

func (a *app) filtersDeleteCommand() *cobra.Command {
	var r remote
	command := &cobra.Command{
		Use:   "delete NAME",
		Short: "delete a saved filter",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			saved, err := c.FilterNamed(command.Context(), args[0])
			if err != nil {
				return err
			}
			if err := c.DeleteFilter(command.Context(), saved.ID); err != nil {
				return err
			}
			a.say("%s is deleted.", saved.Name)
			return nil
		},
	}
	r.flag(command)
	return command
}

func filterSheet(list ...client.SavedFilter) sheet {
	s := sheet{columns: []string{"name", "filter"}}
	for _, f := range list {
		s.rows = append(s.rows, []string{f.Name, f.Filter})
	}
	return s
}

// withSaved puts a saved filter before what else is asked for; both must hold.
func withSaved(ctx context.Context, c *client.Client, name, filter string) (string, error) {
	if name == "" {
		return filter, nil
	}
	saved, err := c.FilterNamed(ctx, name)
	if err != nil || filter == "" {
		return saved.Filter, err
	}
	return "(" + saved.Filter + ") and (" + filter + ")", nil
}
