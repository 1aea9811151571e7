package cli

import (
	"context"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/fault"
)

func (a *app) billingCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "billing", Short: "subscriptions and what they pay for", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.billingReconcileCommand())
	return parent
}

func (a *app) billingReconcileCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "reconcile",
		Short: "ask the payment provider for every subscription and set the plans that differ",
		Long: "Asks the payment provider for the subscription of every user who has one, and sets the plan of those whose subscription has changed since it was " +
			"looked at last: their event was lost. The web role does so each night. Prints the plans that changed, and the users whose customer the provider does not know; " +
			"the plans of these stay.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onBackend(command, func(ctx context.Context, c config.Config, p *backend.Ports) error {
				if p.Payments == nil {
					return fault.New(fault.Usage, "This installation takes no payments.").WithHint("Set stripe_secret_key, stripe_webhook_secret and stripe_price_id.")
				}
				found, err := deps(c, p, zerolog.Nop()).As("operator").Flow().Reconcile(ctx, p.Payments)
				a.say("%d subscription(s) looked at, %d plan(s) changed, %d customer(s) unknown", found.Looked, len(found.Changed), len(found.Unknown))
				rows := []reconciledRow{}
				s := sheet{columns: []string{"user_id", "from", "to", "note"}}
				for _, moved := range found.Changed {
					rows = append(rows, reconciledRow{UserID: moved.UserID, From: string(moved.From), To: string(moved.To)})
				}
				for _, id := range found.Unknown {
					rows = append(rows, reconciledRow{UserID: id, Note: "unknown to the payment provider"})
				}
				for _, r := range rows {
					s.rows = append(s.rows, []string{r.UserID, r.From, r.To, r.Note})
				}
				if printed := a.print(format, rows, s); printed != nil {
					return printed
				}
				return err
			})
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}

// reconciledRow is one user whom reconciling found to differ.
type reconciledRow struct {
	UserID string `json:"user_id"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Note   string `json:"note,omitempty"`
}
