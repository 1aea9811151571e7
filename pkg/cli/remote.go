package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"gas/pkg/client"
	"gas/pkg/fault"
)

// defaultServer is where gas serve listens when nothing else is said.
const defaultServer = "http://127.0.0.1:8080"

// remote is the server that a command talks to.
type remote struct{ server string }

func (r *remote) flag(command *cobra.Command) {
	command.Flags().StringVar(&r.server, "server", "", "the server's URL (default: GAS_SERVER, then where gas login went, then "+defaultServer+")")
}

// databaseFlag adds the flag --db for databases of the server. A shell completes it by asking the server.
func (a *app) databaseFlag(command *cobra.Command, r *remote, names *[]string, what string) {
	command.Flags().StringArrayVar(names, "db", nil, what)
	a.completeFlag(command, "db", r, func(ctx context.Context, c *client.Client) ([]string, error) {
		list, err := c.Databases(ctx)
		var found []string
		for _, d := range list {
			found = append(found, d.Name)
		}
		return found, err
	})
}

// completionTime is how long a shell waits for a server's names: a prompt that hangs is worse than one that offers nothing.
const completionTime = 2 * time.Second

// referenceFlag adds the flag --reference for references of the server, completed likewise.
func (a *app) referenceFlag(command *cobra.Command, r *remote, name *string, what string) {
	command.Flags().StringVar(name, "reference", "", what)
	a.completeFlag(command, "reference", r, func(ctx context.Context, c *client.Client) ([]string, error) {
		list, err := c.References(ctx)
		var found []string
		for _, reference := range list {
			found = append(found, reference.Name)
		}
		return found, err
	})
}

// completedJobs is how many of the newest jobs a shell offers.
const completedJobs = 50

// completeJobs lets a shell complete the ids of jobs, with their names: as many as the command takes.
func (a *app) completeJobs(command *cobra.Command, r *remote, many bool) {
	command.ValidArgsFunction = func(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 && !many {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.complete(command, r, func(ctx context.Context, c *client.Client) ([]string, error) {
			list, err := c.Jobs(ctx, client.JobQuery{Limit: completedJobs})
			var found []string
			for _, j := range list.Items {
				if !slices.Contains(args, j.ID) {
					found = append(found, j.ID+"\t"+printable(j.Name)+", "+string(j.Status))
				}
			}
			return found, err
		})
	}
}

// completeFlag lets a shell complete a flag by what a server says.
func (a *app) completeFlag(command *cobra.Command, flag string, r *remote, names func(context.Context, *client.Client) ([]string, error)) {
	_ = command.RegisterFlagCompletionFunc(flag, func(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.complete(command, r, names)
	})
}

// complete asks a server for names. Where it does not answer in time, nothing is offered.
func (a *app) complete(command *cobra.Command, r *remote, names func(context.Context, *client.Client) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	c, err := a.connect(*r)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(command.Context(), completionTime)
	defer cancel()
	found, err := names(ctx, c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// credentials are what gas login keeps, in a file that only its owner can read.
type credentials struct {
	Server string            `json:"server"` // the last one signed in to
	Tokens map[string]string `json:"tokens"` // by server
}

// connect makes a client with the token of GAS_TOKEN, or of gas login for this server.
func (a *app) connect(r remote) (*client.Client, error) {
	kept, err := readCredentials()
	if err != nil {
		return nil, err
	}
	server := firstOf(r.server, os.Getenv("GAS_SERVER"), kept.Server, defaultServer)
	c, err := client.New(server, "", version)
	if err != nil {
		return nil, err
	}
	c.Token = firstOf(os.Getenv("GAS_TOKEN"), kept.Tokens[c.Server])
	if c.Token != "" && readableOnTheWay(c.Server) {
		a.say("warning: the token goes to %s without encryption", c.Server)
	}
	return c, nil
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

// readableOnTheWay tells whether a server is reached by http over a network.
func readableOnTheWay(server string) bool {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.IsLoopback()
}

func credentialsFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for credentials: %w", err)
	}
	return filepath.Join(dir, "gas", "credentials.json"), nil
}

func readCredentials() (credentials, error) {
	kept := credentials{Tokens: map[string]string{}}
	path, err := credentialsFile()
	if err != nil {
		return kept, nil // no home: nobody has signed in
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return kept, fmt.Errorf("read credentials: %w", err)
	}
	if err := json.Unmarshal(raw, &kept); err != nil {
		return kept, fault.New(fault.Usage, "The file of credentials %s cannot be read.", path).WithHint("gas logout --all removes it")
	}
	if kept.Tokens == nil {
		kept.Tokens = map[string]string{}
	}
	return kept, nil
}

func writeCredentials(kept credentials) error {
	path, err := credentialsFile()
	if err != nil {
		return err
	}
	if err := writePrivate(path, kept); err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	return nil
}
