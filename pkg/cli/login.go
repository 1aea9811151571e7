package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gas/pkg/client"
	"gas/pkg/fault"
)

func (a *app) loginCommand() *cobra.Command {
	var r remote
	command := &cobra.Command{
		Use:   "login",
		Short: "sign in to a server, for the commands that talk to it",
		Long: "Signs in to a server with an API token and keeps it in a file that only you can read.\n" +
			"The token is made on the server's page /profile, or by gas token create on its data folder.\n" +
			"It is read from the terminal without being shown, or from standard input.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			a.say("Make a token at %s/profile and paste it here.", c.Server)
			if c.Token, err = a.readSecret("token: "); err != nil {
				return err
			}
			me, err := c.Me(command.Context())
			if err != nil {
				return err
			}
			kept, err := readCredentials()
			if err != nil {
				return err
			}
			kept.Server, kept.Tokens[c.Server] = c.Server, c.Token
			if err := writeCredentials(kept); err != nil {
				return err
			}
			a.say("Signed in to %s as %s.", c.Server, nameOf(me))
			return nil
		},
	}
	r.flag(command)
	return command
}

func (a *app) logoutCommand() *cobra.Command {
	var r remote
	var all bool
	command := &cobra.Command{
		Use:   "logout",
		Short: "forget the token of a server",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if all {
				path, err := credentialsFile()
				if err != nil {
					return err
				}
				if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("remove credentials: %w", err)
				}
				a.say("Signed out everywhere.")
				return nil
			}
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			kept, err := readCredentials()
			if err != nil {
				return err
			}
			delete(kept.Tokens, c.Server)
			if kept.Server == c.Server {
				kept.Server = ""
			}
			if err := writeCredentials(kept); err != nil {
				return err
			}
			a.say("Signed out of %s. The token still lives: revoke it on the page /profile.", c.Server)
			return nil
		},
	}
	command.Flags().BoolVar(&all, "all", false, "forget the tokens of all servers")
	r.flag(command)
	return command
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
