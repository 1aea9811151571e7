package cli

import (
	"github.com/spf13/cobra"

	"gas/roles/web"
)

func (a *app) routesCommand() *cobra.Command {
	var format outputFormat
	var asJSON bool
	command := &cobra.Command{
		Use:   "routes",
		Short: "print every address of the web role and who may use it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				format = "json"
			}
			routes := web.Routes()
			s := sheet{columns: []string{"method", "path", "who", "scope", "limit", "does"}}
			for _, r := range routes {
				s.rows = append(s.rows, []string{r.Method, r.Path, string(r.Who), string(r.Scope), string(r.Limit), r.Does})
			}
			return a.print(format, routes, s)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "as JSON, like -o json")
	format.flag(command)
	return command
}
