package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "write a man page for every command into a folder",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("make the folder of man pages: %w", err)
			}
			return writeManPages(args[0], command.Root())
		},
	}
}

func writeManPages(dir string, command *cobra.Command) error {
	name := strings.ReplaceAll(command.CommandPath(), " ", "-")
	if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(manPage(name, command)), 0o644); err != nil {
		return fmt.Errorf("write man page: %w", err)
	}
	for _, child := range command.Commands() {
		if !child.IsAvailableCommand() {
			continue
		}
		if err := writeManPages(dir, child); err != nil {
			return err
		}
	}
	return nil
}

// manPage is a command's help in the man macros.
func manPage(name string, command *cobra.Command) string {
	var page strings.Builder
	long := command.Long
	if long == "" {
		long = strings.ToUpper(command.Short[:1]) + command.Short[1:] + "."
	}
	fmt.Fprintf(&page, ".TH %s 1\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), name, roff(command.Short))
	fmt.Fprintf(&page, ".SH SYNOPSIS\n.B %s\n.SH DESCRIPTION\n.nf\n%s\n.fi\n", roff(command.UseLine()), roff(long))
	if command.HasAvailableFlags() {
		page.WriteString(".SH OPTIONS\n")
		command.Flags().VisitAll(func(f *pflag.Flag) { manFlag(&page, f) })
		command.InheritedFlags().VisitAll(func(f *pflag.Flag) { manFlag(&page, f) })
	}
	if command.HasAvailableSubCommands() {
		page.WriteString(".SH COMMANDS\n")
		for _, child := range command.Commands() {
			if child.IsAvailableCommand() {
				fmt.Fprintf(&page, ".TP\n.B %s\n%s\n", roff(child.CommandPath()), roff(child.Short))
			}
		}
	}
	page.WriteString(".SH EXIT STATUS\n0 ok, 1 general, 2 usage, 3 not signed in or denied, 4 not found, 5 job failed, 6 timed out,\n" +
		"7 quota or conflict, 8 server unreachable, 9 bad input, 130 interrupted.\n")
	return page.String()
}

func manFlag(page *strings.Builder, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	value, usage := pflag.UnquoteUsage(f)
	if f.Value.Type() != "bool" {
		name += "=" + strings.ToUpper(value)
	}
	fmt.Fprintf(page, ".TP\n.B %s\n%s\n", roff(name), roff(usage))
}

// roff escapes what the man macros would read as their own, and signs beyond ASCII, for which they would have to know the encoding.
func roff(text string) string {
	var escaped strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			escaped.WriteString(`\e`)
		case r == '-':
			escaped.WriteString(`\-`)
		case r > '~':
			fmt.Fprintf(&escaped, `\[u%04X]`, r)
		default:
			escaped.WriteRune(r)
		}
	}
	lines := strings.Split(escaped.String(), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
