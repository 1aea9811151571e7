package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gas/pkg/client"
	"gas/pkg/fault"
)

func (a *app) loginCommand() *cobra.Command {
	var r remote
	var paste, noBrowser bool
	var name string
	command := &cobra.Command{
		Use:   "login",
		Short: "sign in to a server, for the commands that talk to it",
		Long: "Signs in to a server by its pages: prints an address and a code, opens the address in a browser where there is one, and waits until you have agreed there.\n" +
			"The token that it gets lives for 90 days and is kept in a file that only you can read. gas logout revokes it.\n" +
			"With --with-token it takes a token that was made elsewhere, from the terminal without showing it or from standard input.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			c.Token = ""
			if paste {
				c.Token, err = a.readSecret("token: ")
			} else {
				c.Token, err = a.askInBrowser(command.Context(), c, client.TokenWish{Name: firstOf(name, thisMachine())}, noBrowser)
			}
			if err != nil {
				return err
			}
			return a.keepLogin(command.Context(), c)
		},
	}
	command.Flags().BoolVar(&paste, "with-token", false, "take a token that was made elsewhere")
	command.Flags().BoolVar(&noBrowser, "no-browser", false, "open no browser: print the address alone")
	command.Flags().StringVar(&name, "name", "", "what the token is called on your profile (default: gas on this machine)")
	r.flag(command)
	return command
}

// askInBrowser asks for a token that a person agrees to on a page, and waits for it.
func (a *app) askInBrowser(ctx context.Context, c *client.Client, wish client.TokenWish, noBrowser bool) (secret string, err error) {
	asked, err := c.AskForToken(ctx, wish)
	if err != nil {
		return "", err
	}
	// Without these lines nobody could agree, so --quiet does not hide them.
	fmt.Fprintf(a.err, "Open %s\nand let the program in if the page shows the code %s.\n", printable(asked.Page), printable(asked.UserCode))
	if !noBrowser && a.openPage(asked.Page) {
		a.say("Your browser opens it.")
	}
	t, err := c.AwaitToken(ctx, asked)
	return t.Secret, err
}

// keepLogin tries a token out and keeps it.
func (a *app) keepLogin(ctx context.Context, c *client.Client) error {
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	kept, err := readCredentials()
	if err != nil {
		return err
	}
	before := kept.Tokens[c.Server]
	kept.Server, kept.Tokens[c.Server] = c.Server, c.Token
	if err := writeCredentials(kept); err != nil {
		return err
	}
	if before != "" && before != c.Token {
		old := *c
		old.Token = before
		_ = revokeOwn(ctx, &old) // the one that is forgotten shall not live on; one that is dead already is as it should be
	}
	a.say("Signed in to %s as %s.", c.Server, nameOf(me))
	if other := os.Getenv("GAS_TOKEN"); other != "" && other != c.Token {
		a.say("warning: GAS_TOKEN is set, and counts before what was kept now")
	}
	return nil
}

// thisMachine is what a token is called where nothing is said.
func thisMachine() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "gas"
	}
	return "gas on " + host
}

// revokeOwn ends the very token that a client has. One that is not valid any more is fine.
func revokeOwn(ctx context.Context, c *client.Client) error {
	err := c.RevokeToken(ctx, client.TokenID(c.Token))
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.SignedOut) {
		return nil
	}
	return err
}

func (a *app) logoutCommand() *cobra.Command {
	var r remote
	var all bool
	command := &cobra.Command{
		Use:   "logout",
		Short: "revoke the token of a server and forget it",
		Long:  "Revokes the token that gas login has kept and forgets it. It is forgotten also where it cannot be revoked; then the exit code tells why.",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			kept, err := readCredentials()
			if err != nil && !all {
				return err
			}
			servers := slices.Sorted(maps.Keys(kept.Tokens))
			if !all {
				c, err := a.connect(r)
				if err != nil {
					return err
				}
				servers = []string{c.Server}
			}
			return a.signOut(command.Context(), kept, servers, all)
		},
	}
	command.Flags().BoolVar(&all, "all", false, "of all servers")
	r.flag(command)
	return command
}

// signOut forgets tokens, then revokes them: a server that is away must not keep a token on this machine.
func (a *app) signOut(ctx context.Context, kept credentials, servers []string, all bool) error {
	tokens := maps.Clone(kept.Tokens)
	for _, server := range servers {
		delete(kept.Tokens, server)
		if kept.Server == server {
			kept.Server = ""
		}
	}
	if err := forget(kept, all); err != nil {
		return err
	}
	var failed error
	for _, server := range servers {
		if tokens[server] == "" {
			a.say("Nobody was signed in to %s.", server)
			continue
		}
		c, err := client.New(server, tokens[server], version)
		if err == nil {
			err = revokeOwn(ctx, c)
		}
		if err != nil {
			a.say("Signed out of %s, but the token still lives: revoke it on the page %s/profile.", server, server)
			failed = errors.Join(failed, err)
			continue
		}
		a.say("Signed out of %s.", server)
	}
	return failed
}

// forget writes what is still kept, or removes the file, which may be one that cannot be read.
func forget(kept credentials, all bool) error {
	if !all {
		return writeCredentials(kept)
	}
	path, err := credentialsFile()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove credentials: %w", err)
	}
	return nil
}

func (a *app) whoamiCommand() *cobra.Command {
	var r remote
	var format outputFormat
	command := &cobra.Command{
		Use:   "whoami",
		Short: "tell whom the token belongs to",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			me, err := c.Me(command.Context())
			if err != nil {
				return err
			}
			return a.print(format, me, sheet{columns: []string{"user", "name", "plan", "server"}, rows: [][]string{{me.ID, me.Name, me.Plan, c.Server}}})
		},
	}
	r.flag(command)
	format.flag(command)
	return command
}

func nameOf(me client.Me) string {
	return firstOf(me.Name, me.Email, me.ID)
}

// readSecret reads one line without showing it on a terminal.
func (a *app) readSecret(prompt string) (string, error) {
	if file, ok := a.in.(*os.File); ok && isTerminal(file) {
		if a.noInput {
			return "", usageError("A token is needed, and --no-input forbids to ask for it.")
		}
		fmt.Fprint(a.err, prompt)
		raw, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(a.err)
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		return strings.TrimSpace(string(raw)), nil
	}
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the token: %w", err)
	}
	if line = strings.TrimSpace(line); line == "" {
		return "", fault.New(fault.SignedOut, "No token was given.")
	}
	return line, nil
}

// confirm asks before something is lost. --yes answers, --no-input and a pipe refuse.
func (a *app) confirm(question string) error {
	if a.yes {
		return nil
	}
	file, ok := a.in.(*os.File)
	if a.noInput || !ok || !isTerminal(file) {
		return usageError("%s Say --yes to confirm.", question)
	}
	fmt.Fprintf(a.err, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(a.in).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return fault.New(fault.Interrupted, "Nothing was changed.")
	}
	return nil
}
