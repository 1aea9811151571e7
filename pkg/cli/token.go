package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/roles/web"
)

func (a *app) tokenCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "token", Short: "API tokens, made on the data itself", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.tokenCreateCommand(), a.tokenListCommand(), a.tokenRevokeCommand())
	return parent
}

func (a *app) tokenCreateCommand() *cobra.Command {
	var who, name, plan string
	var scopes []string
	var life time.Duration
	command := &cobra.Command{
		Use:   "create --user U",
		Short: "make a token and print its secret; a local user who is not there is made",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if who == "" {
				return usageError("Say whose token it is: --user U.")
			}
			made, err := planOf(who, plan)
			if err != nil {
				return err
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				u, err := ensureUser(ctx, p.Store, p.Now(), who, made)
				if err != nil {
					return err
				}
				if plan != "" && u.Plan != made {
					return fault.New(fault.Conflict, "The user %s is %s.", who, u.Plan).WithHint("gas user set-plan %s %s changes it", who, plan)
				}
				var chosen []web.Scope
				for _, scope := range scopes {
					chosen = append(chosen, web.Scope(scope))
				}
				var expires time.Time
				if life > 0 {
					expires = p.Now().Add(life)
				}
				token, secret, err := web.NewToken(ctx, p.Records, u.ID, name, chosen, p.Now(), expires)
				if err != nil {
					return err
				}
				if err := audit(ctx, p, u.ID, port.AuditToken, token.Text()); err != nil {
					return err
				}
				a.say("token %s of %s, until %s", token.ID, who, until(expires))
				_, err = fmt.Fprintln(a.out, secret)
				return err
			})
		},
	}
	command.Flags().StringVar(&who, "user", "", "the user's id, or a local user's name")
	command.Flags().StringVar(&name, "name", "command line", "what the token is for")
	command.Flags().StringVar(&plan, "plan", "", "the plan of a user who is made: free_user (the default) or premium_user")
	command.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do: read, write, admin (default: read and write)")
	command.Flags().DurationVar(&life, "expires", web.DefaultTokenLife, "how long it lives; 0 = for ever")
	settingsFlags(command)
	return command
}

func (a *app) tokenListCommand() *cobra.Command {
	var who string
	var format outputFormat
	command := &cobra.Command{
		Use:   "list --user U",
		Short: "list a user's tokens",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if who == "" {
				return usageError("Say whose tokens: --user U.")
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				u, err := findUser(ctx, p.Store, who)
				if err != nil {
					return err
				}
				tokens, err := web.Tokens(ctx, p.Records, u.ID)
				if err != nil {
					return err
				}
				s := sheet{columns: []string{"id", "name", "scopes", "created", "expires", "used"}}
				for _, t := range tokens {
					words := make([]string, len(t.Scopes))
					for i, scope := range t.Scopes {
						words[i] = string(scope)
					}
					s.rows = append(s.rows, []string{t.ID, t.Name, strings.Join(words, ","), shortTime(&t.Created), until(t.Expires), shortTime(&t.Used)})
				}
				return a.print(format, tokens, s)
			})
		},
	}
	command.Flags().StringVar(&who, "user", "", "the user's id, or a local user's name")
	format.flag(command)
	settingsFlags(command)
	return command
}

func (a *app) tokenRevokeCommand() *cobra.Command {
	var who string
	command := &cobra.Command{
		Use:   "revoke --user U ID...",
		Short: "end tokens at once",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if who == "" {
				return usageError("Say whose token it is: --user U.")
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				u, err := findUser(ctx, p.Store, who)
				if err != nil {
					return err
				}
				for _, id := range args {
					if err := web.RevokeToken(ctx, p.Records, u.ID, id); err != nil {
						return err
					}
					if err := audit(ctx, p, u.ID, port.AuditRevoke, id); err != nil {
						return err
					}
					a.say("token %s is revoked", id)
				}
				return nil
			})
		},
	}
	command.Flags().StringVar(&who, "user", "", "the user's id, or a local user's name")
	settingsFlags(command)
	return command
}

func until(t time.Time) string {
	if t.IsZero() {
		return "for ever"
	}
	return shortTime(&t)
}
