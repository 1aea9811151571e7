// Package cli is the commands of the program. Data goes to stdout, messages to stderr; the exit code comes from the table in package fault.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/fault"
)

// app is one run of the program: its streams and what was said on the command line for every command.
type app struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	quiet   bool
	yes     bool
	noInput bool
	file    string // --config
	began   bool   // the command line was understood
	release func() // gives the signals back to who handles them itself
}

// Execute runs the program on its arguments and returns its exit code. The first interrupt cancels what runs, the second ends the program at once.
func Execute() int {
	ctx, stop := interruptible(context.Background())
	defer stop()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, release: stop}
	return a.run(ctx, os.Args[1:])
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	return a.report(a.explain(ctx, command, err))
}

// explain gives an error of the command line, or one that an interrupt caused, its kind.
func (a *app) explain(ctx context.Context, command *cobra.Command, err error) error {
	switch {
	case fault.Is(err, fault.Usage):
		return err
	case !a.began:
		return fault.New(fault.Usage, "%s", err).WithHint("%s --help tells what it takes", command.CommandPath())
	case ctx.Err() != nil:
		return fault.New(fault.Interrupted, "Interrupted.").Because(err)
	}
	return err
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "gas",
		Short: "GAS, the Genomics Annotation Service",
		Long: "GAS, the Genomics Annotation Service: annotates variants with their consequences, as a command on a file or as a service with a web site.\n\n" +
			"  gas annotate IN.vcf.gz -o OUT.vcf.gz     annotate a file here and now\n" +
			"  gas serve                                start the service and print a sign-in link",
		Version:           version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { a.began = true; return nil },
		RunE:              func(command *cobra.Command, _ []string) error { return command.Help() },
		Args:              cobra.NoArgs,
	}
	root.SetVersionTemplate("gas {{.Version}}\n")
	root.PersistentFlags().StringVar(&a.file, "config", "", "a configuration file (default: the first of the usual places that exists)")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors")
	root.PersistentFlags().BoolVarP(&a.yes, "yes", "y", false, "answer every question with yes")
	root.PersistentFlags().BoolVar(&a.noInput, "no-input", false, "ask nothing: fail instead")
	root.AddGroup(
		&cobra.Group{ID: groupEngine, Title: "On files, without a server:"},
		&cobra.Group{ID: groupService, Title: "The service:"},
		&cobra.Group{ID: groupOperator, Title: "For the operator:"},
		&cobra.Group{ID: groupSelf, Title: "About the program:"},
	)
	root.SetHelpCommandGroupID(groupSelf)
	root.SetCompletionCommandGroupID(groupSelf)
	for group, commands := range a.commands() {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	return root
}

// The groups of the help text.
const (
	groupEngine   = "engine"
	groupService  = "service"
	groupOperator = "operator"
	groupSelf     = "self"
)

// commands lists every command by its group.
func (a *app) commands() map[string][]*cobra.Command {
	return map[string][]*cobra.Command{
		groupEngine: {a.annotateCommand(), a.checkCommand(), a.referenceCommand(), a.databaseCommand()},
		groupOperator: {a.userCommand(), a.auditCommand(), a.billingCommand(), a.queueCommand(), a.fsckCommand(), a.backupCommand(), a.restoreBackupCommand(), a.doctorCommand(), a.healthcheckCommand(), a.awsCommand(),
			a.byHandCommand("archive", "JOB", "move one free result whose window is over to cold storage"),
			a.byHandCommand("thaw", "USER", "ask for all of a premium user's archived results"),
			a.byHandCommand("restore", "JOB", "bring one warmed result back"),
			a.byHandCommand("notify", "JOB", "send the mails of one job that wait"),
		},
		groupService: {a.serveCommand(), a.lambdaCommand(), a.submitCommand(), a.jobsCommand(), a.variantsCommand(), a.filtersCommand(), a.loginCommand(), a.logoutCommand(), a.whoamiCommand(), a.tokenCommand()},
		groupSelf:    {a.routesCommand(), a.flowCommand(), a.configCommand(), a.versionCommand(), a.manCommand()},
	}
}

// say writes a message for a person, unless --quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// progressShown tells whether progress may be drawn: only on a terminal's stderr.
func (a *app) progressShown() bool {
	return !a.quiet && isTerminal(a.err)
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// load reads the settings and checks them. Warnings go to stderr.
func (a *app) load(command *cobra.Command) (config.Loaded, error) {
	file := a.file
	if file == "" {
		file = os.Getenv("GAS_CONFIG")
	}
	loaded, err := config.Load(config.Source{File: file, Flags: command.Flags()})
	if err != nil {
		return loaded, err
	}
	if err := loaded.Absolute(); err != nil {
		return loaded, err
	}
	errs, warnings := loaded.Check()
	for _, warning := range append(loaded.Warnings, warnings...) {
		a.say("warning: %s", warning)
	}
	if len(errs) > 0 {
		for _, err := range errs[1:] {
			fmt.Fprintf(a.err, "gas: %s\n", err)
		}
		return loaded, fault.New(fault.Usage, "%s", errs[0]).WithHint("gas config view --origin tells where each value came from")
	}
	return loaded, nil
}

// interruptible ends the context at the first signal; at the second the program ends at once. stop gives the signals back and ends nothing.
func interruptible(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	stopped := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer cancel()
		select {
		case <-signals:
			cancel()
		case <-stopped:
			<-parent.Done()
			return
		}
		select {
		case <-signals:
			os.Exit(fault.AnswerTo(fault.Interrupted).Exit)
		case <-stopped:
		}
	}()
	return ctx, sync.OnceFunc(func() { signal.Stop(signals); close(stopped) })
}
