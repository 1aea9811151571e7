package cli

import (
	"github.com/spf13/cobra"

	"gas/pkg/job"
)

func (a *app) flowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "flow",
		Short: "print how a job moves from state to state",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write([]byte(job.Print()))
			return err
		},
	}
}
