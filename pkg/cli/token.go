package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/client"
	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/roles/web"
)

func (a *app) tokenCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "token", Short: "API tokens: your own on a server, or with --user on the data itself", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.tokenCreateCommand(), a.tokenListCommand(), a.tokenRevokeCommand())
	return parent
}

// newToken is what the command line says of a token that is to be made.
type newToken struct {
	who, name, plan string
	scopes          []string
	life            time.Duration
	noBrowser       bool
}

func (a *app) tokenCreateCommand() *cobra.Command {
	var r remote
	var n newToken
	command := &cobra.Command{
		Use:   "create",
		Short: "make a token and print its secret alone",
		Long: "Makes a token and prints its secret alone on stdout; it is shown this once.\n" +
			"The server asks you to agree on a page in a browser: a token cannot make tokens, so that none outlives its revocation.\n" +
			"With --user it is made on the data itself, without a server; a local user who is not there is made.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if n.who == "" {
				return a.createRemotely(command, r, n)
			}
			return a.createOnData(command, n)
		},
	}
	command.Flags().StringVar(&n.who, "user", "", "whose token it is, on the data itself: the user's id, or a local user's name")
	command.Flags().StringVar(&n.name, "name", "command line", "what the token is for")
	command.Flags().StringVar(&n.plan, "plan", "", "with --user: the plan of a user who is made: free_user (the default) or premium_user")
	command.Flags().StringSliceVar(&n.scopes, "scope", nil, "what it may do: read, write, admin (default: read and write)")
	command.Flags().DurationVar(&n.life, "expires", web.DefaultTokenLife, "how long it lives; 0 = for ever")
	command.Flags().BoolVar(&n.noBrowser, "no-browser", false, "open no browser: print the address alone")
	_ = command.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions([]string{"read", "write", "admin"}, cobra.ShellCompDirectiveNoFileComp))
	r.flag(command)
	settingsFlags(command)
	return command
}

// createRemotely asks a server for a token, which a person grants in a browser. A server counts in days: a part of one is rounded up.
func (a *app) createRemotely(command *cobra.Command, r remote, n newToken) error {
	if n.plan != "" {
		return usageError("--plan is for a token that is made on the data itself: say whose, with --user U.")
	}
	if n.life < 0 {
		return usageError("--expires is less than 0.")
	}
	c, err := a.connect(r)
	if err != nil {
		return err
	}
	c.Token = ""
	days := int((n.life + 24*time.Hour - 1) / (24 * time.Hour))
	secret, err := a.askInBrowser(command.Context(), c, client.TokenWish{Name: n.name, Scopes: n.scopes, Days: &days}, n.noBrowser)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, secret)
	return err
}

func (a *app) createOnData(command *cobra.Command, n newToken) error {
	made, err := planOf(n.who, n.plan)
	if err != nil {
		return err
	}
	return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
		u, err := ensureUser(ctx, p.Store, p.Now(), n.who, made)
		if err != nil {
			return err
		}
		if n.plan != "" && u.Plan != made {
			return fault.New(fault.Conflict, "The user %s is %s.", n.who, u.Plan).WithHint("gas user set-plan %s %s changes it", n.who, n.plan)
		}
		var chosen []web.Scope
		for _, scope := range n.scopes {
			chosen = append(chosen, web.Scope(scope))
		}
		var expires time.Time
		if n.life > 0 {
			expires = p.Now().Add(n.life)
		}
		token, secret, err := web.NewToken(ctx, p.Records, u.ID, n.name, chosen, p.Now(), expires)
		if err != nil {
			return err
		}
		if err := audit(ctx, p, u.ID, port.AuditToken, token.Text()); err != nil {
			return err
		}
		a.say("token %s of %s, until %s", token.ID, n.who, until(expires))
		_, err = fmt.Fprintln(a.out, secret)
		return err
	})
}

func (a *app) tokenListCommand() *cobra.Command {
	var r remote
	var who string
	var format outputFormat
	command := &cobra.Command{
		Use:   "list",
		Short: "list your tokens on a server, or with --user a user's on the data itself",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if who == "" {
				c, err := a.connect(r)
				if err != nil {
					return err
				}
				tokens, err := c.Tokens(command.Context())
				if err != nil {
					return err
				}
				return a.print(format, tokens, tokenSheet(tokens))
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				u, err := findUser(ctx, p.Store, who)
				if err != nil {
					return err
				}
				kept, err := web.Tokens(ctx, p.Records, u.ID)
				if err != nil {
					return err
				}
				tokens := make([]client.Token, len(kept))
				for i, t := range kept {
					tokens[i] = shownToken(t)
				}
				return a.print(format, tokens, tokenSheet(tokens))
			})
		},
	}
	command.Flags().StringVar(&who, "user", "", "whose tokens, on the data itself: the user's id, or a local user's name")
	r.flag(command)
	format.flag(command)
	settingsFlags(command)
	return command
}

// shownToken is a token of the data as the API shows it, so that both lists have the same keys.
func shownToken(t web.Token) client.Token {
	shown := client.Token{ID: t.ID, Name: t.Name, Created: t.Created}
	for _, scope := range t.Scopes {
		shown.Scopes = append(shown.Scopes, string(scope))
	}
	if !t.Expires.IsZero() {
		shown.Expires = &t.Expires
	}
	if !t.Used.IsZero() {
		shown.Used = &t.Used
	}
	return shown
}

func tokenSheet(tokens []client.Token) sheet {
	s := sheet{columns: []string{"id", "name", "scopes", "created", "expires", "used"}}
	for _, t := range tokens {
		expires, used := "for ever", "never"
		if t.Expires != nil {
			expires = shortTime(t.Expires)
		}
		if t.Used != nil {
			used = shortTime(t.Used)
		}
		s.rows = append(s.rows, []string{t.ID, t.Name, strings.Join(t.Scopes, ","), shortTime(&t.Created), expires, used})
	}
	return s
}

func (a *app) tokenRevokeCommand() *cobra.Command {
	var r remote
	var who string
	command := &cobra.Command{
		Use:   "revoke ID...",
		Short: "end tokens at once: your own on a server, or with --user a user's on the data itself",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if who == "" {
				c, err := a.connect(r)
				if err != nil {
					return err
				}
				return a.revokeEach(args, func(id string) error { return c.RevokeToken(command.Context(), id) })
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				u, err := findUser(ctx, p.Store, who)
				if err != nil {
					return err
				}
				return a.revokeEach(args, func(id string) error {
					if err := web.RevokeToken(ctx, p.Records, u.ID, id); err != nil {
						return err
					}
					return audit(ctx, p, u.ID, port.AuditRevoke, id)
				})
			})
		},
	}
	command.Flags().StringVar(&who, "user", "", "whose token it is, on the data itself: the user's id, or a local user's name")
	r.flag(command)
	settingsFlags(command)
	return command
}

func (a *app) revokeEach(ids []string, revoke func(id string) error) error {
	for _, id := range ids {
		if err := revoke(id); err != nil {
			return err
		}
		a.say("token %s is revoked", id)
	}
	return nil
}

func until(t time.Time) string {
	if t.IsZero() {
		return "for ever"
	}
	return shortTime(&t)
}
