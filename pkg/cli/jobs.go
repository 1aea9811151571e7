package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gas/pkg/client"
	"gas/pkg/fault"
	"gas/pkg/job"
)

func (a *app) jobsCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "jobs", Short: "list, watch, download and delete your jobs", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(
		a.jobsListCommand(), a.jobsShowCommand(), a.jobsWatchCommand(), a.jobsCancelCommand(),
		a.jobsRerunCommand(), a.jobsDeleteCommand(), a.jobsLogCommand(), a.jobsDownloadCommand(), a.jobsChangesCommand(),
	)
	return parent
}

func (a *app) jobsListCommand() *cobra.Command {
	var r remote
	var format outputFormat
	var query client.JobQuery
	var all bool
	command := &cobra.Command{
		Use:   "list",
		Short: "list your jobs, newest first",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			list, err := c.Jobs(command.Context(), query)
			for err == nil && all && list.Next != nil {
				var more client.List[client.Job]
				query.Cursor = *list.Next
				more, err = c.Jobs(command.Context(), query)
				list.Items, list.Next = append(list.Items, more.Items...), more.Next
			}
			if err != nil {
				return err
			}
			if shown := len(list.Items); shown < list.Total && format.String() == "table" {
				defer a.say("%d of %d jobs; --all shows the rest", shown, list.Total)
			}
			if format == "jsonl" {
				return a.print(format, list.Items, sheet{})
			}
			return a.print(format, list, jobSheet(list.Items...))
		},
	}
	command.Flags().IntVar(&query.Limit, "limit", 20, "jobs on the page")
	command.Flags().StringVar(&query.Cursor, "cursor", "", "go on where an earlier page ended")
	command.Flags().StringVar(&query.Search, "search", "", "part of the name, or the start of the id")
	command.Flags().StringSliceVar(&query.Status, "status", nil, "only jobs in these states")
	command.Flags().StringVar(&query.Sort, "sort", "", "submitted, name, status or size; a leading - turns it round")
	_ = command.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions([]string{"submitted", "name", "status", "size"}, cobra.ShellCompDirectiveNoFileComp))
	_ = command.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(statusNames(), cobra.ShellCompDirectiveNoFileComp))
	command.Flags().BoolVar(&all, "all", false, "every page")
	r.flag(command)
	format.flag(command)
	return command
}

func (a *app) jobsShowCommand() *cobra.Command {
	var r remote
	var format outputFormat
	command := &cobra.Command{
		Use:   "show ID",
		Short: "print one job",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			j, err := c.Job(command.Context(), args[0])
			if err != nil {
				return err
			}
			if format.String() == "table" {
				return a.printTable(jobDetails(j))
			}
			return a.print(format, j, jobSheet(j))
		},
	}
	a.completeJobs(command, &r, false)
	r.flag(command)
	format.flag(command)
	return command
}

func (a *app) jobsWatchCommand() *cobra.Command {
	var r remote
	var format outputFormat
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "watch ID",
		Short: "follow a job until it ends",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			j, err := a.await(command.Context(), c, args[0], timeout)
			if err != nil {
				return err
			}
			if err := a.print(format, j, jobSheet(j)); err != nil {
				return err
			}
			return failureOf(j)
		},
	}
	command.Flags().DurationVar(&timeout, "timeout", 0, "give up after this time (exit code 6); 0 = never")
	a.completeJobs(command, &r, false)
	r.flag(command)
	format.flag(command)
	return command
}

func (a *app) jobsCancelCommand() *cobra.Command {
	return a.eachJob("cancel", "stop jobs that have not ended", "", func(command *cobra.Command, c *client.Client, id string) error {
		j, err := c.Cancel(command.Context(), id)
		if err == nil {
			a.say("%s is %s.", id, j.Status)
		}
		return err
	})
}

func (a *app) jobsDeleteCommand() *cobra.Command {
	return a.eachJob("delete", "remove jobs with all their files", "Delete %d job(s) with all their files?",
		func(command *cobra.Command, c *client.Client, id string) error {
			err := c.Delete(command.Context(), id)
			if err == nil {
				a.say("%s is deleted.", id)
			}
			return err
		})
}

// eachJob is a command that does one thing to each job named, also behind one with which it fails; the exit code is that of the first. A question that is not empty is asked first, with the number of jobs.
func (a *app) eachJob(name, short, question string, do func(*cobra.Command, *client.Client, string) error) *cobra.Command {
	var r remote
	command := &cobra.Command{
		Use:   name + " ID...",
		Short: short,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			if question != "" {
				if err := a.confirm(fmt.Sprintf(question, len(args))); err != nil {
					return err
				}
			}
			var failed error
			for _, id := range args {
				err := ofSeveral(id, len(args), do(command, c, id))
				if command.Context().Err() != nil {
					return err
				}
				if failed != nil && err != nil {
					a.report(err)
				}
				failed = cmp.Or(failed, err)
			}
			return failed
		},
	}
	a.completeJobs(command, &r, true)
	r.flag(command)
	return command
}

func (a *app) jobsRerunCommand() *cobra.Command {
	var r remote
	var format outputFormat
	var reference string
	var databases []string
	command := &cobra.Command{
		Use:   "rerun ID",
		Short: "annotate a job's input again, as a new job",
		Long: "Annotates a job's input again, as a new job, with what is installed now. What is not said stays as it was.\n" +
			"The databases that are named take the place of those before; --db '' asks none.\n\n" +
			"  gas jobs rerun ID --db clinvar\n" +
			"  gas jobs changes NEW-ID                   what is different now",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			options := map[string]any{}
			if reference != "" {
				options["reference"] = reference
			}
			if command.Flags().Changed("db") {
				options["databases"] = databases
			}
			j, err := c.Rerun(command.Context(), args[0], options)
			if err != nil {
				return err
			}
			return a.printSubmitted(command, format, []client.Job{j})
		},
	}
	a.referenceFlag(command, &r, &reference, "another reference than last time")
	a.databaseFlag(command, &r, &databases, "a database of the server to ask, by its `NAME`, in the place of last time's; may be given again")
	a.completeJobs(command, &r, false)
	r.flag(command)
	format.flag(command)
	return command
}

func (a *app) jobsLogCommand() *cobra.Command {
	var r remote
	command := &cobra.Command{
		Use:   "log ID",
		Short: "print a job's log",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			body, _, err := c.Open(command.Context(), args[0], "log")
			if err != nil {
				return err
			}
			defer body.Close()
			return copyWhole(a.out, body)
		},
	}
	a.completeJobs(command, &r, false)
	r.flag(command)
	return command
}

// statusNames are the states by which a list is narrowed.
func statusNames() []string {
	var names []string
	for _, s := range []job.Status{job.Uploading, job.Pending, job.Running, job.Completed, job.Failed, job.Cancelled} {
		names = append(names, string(s))
	}
	return names
}

// jobSheet is one row for each job.
func jobSheet(jobs ...client.Job) sheet {
	s := sheet{columns: []string{"job_id", "name", "status", "progress", "reference", "submitted", "size"}}
	for _, j := range jobs {
		s.rows = append(s.rows, []string{j.ID, j.Name, string(j.Status), j.Done(), j.Reference, shortTime(j.SubmitTime), humanize.IBytes(uint64(max(j.Input.Size, 0)))})
	}
	return s
}

// jobDetails is one job as lines of name and value.
func jobDetails(j client.Job) sheet {
	var s sheet
	add := func(name, value string) {
		if value != "" {
			s.rows = append(s.rows, []string{name, value})
		}
	}
	add("job", j.ID)
	add("name", j.Name)
	add("status", strings.TrimSpace(string(j.Status)+"  "+j.Done()))
	add("stage", j.Stage)
	add("reference", j.Reference)
	add("databases", strings.Join(j.Options.Databases, ", "))
	if j.RerunOf != nil {
		add("rerun of", *j.RerunOf)
	}
	add("same as", j.SameAs)
	add("submitted", shortTime(j.SubmitTime))
	add("started", shortTime(j.StartTime))
	add("completed", shortTime(j.CompleteTime))
	if j.FreeUntil != nil {
		add("readable until", shortTime(j.FreeUntil)+", "+humanize.Time(*j.FreeUntil))
	}
	add("input", humanize.IBytes(uint64(max(j.Input.Size, 0)))+"  sha256 "+j.Input.SHA256)
	if j.Result != nil {
		add("back", shortTime(j.Result.ExpectedAt))
		add("result", humanize.IBytes(uint64(max(j.Result.Size, 0)))+"  sha256 "+j.Result.SHA256)
	}
	if n := j.Counts; n != nil {
		add("records", fmt.Sprintf("%d = %d annotated + %d passed through + %d rejected", n.Records, n.Annotated, n.PassedThrough, n.Rejected))
	}
	if e := j.Error; e != nil {
		where := ""
		if e.Line > 0 {
			where = fmt.Sprintf(", line %d", e.Line)
		}
		add("error", e.Code+where+": "+e.Text)
	}
	return s
}

func shortTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// failureOf is the error by which a command ends whose job has failed; nil for one that has completed.
// A fault of the input has its own exit code; whatever else a job failed of is 5.
func failureOf(j client.Job) error {
	switch {
	case j.Status == job.Completed:
		return nil
	case j.Status == job.Cancelled || j.Error == nil:
		return fault.New(fault.Cancelled, "The job %s is %s.", j.ID, j.Status)
	}
	kind := fault.Kind(j.Error.Code)
	if exit := fault.AnswerTo(kind).Exit; exit != fault.AnswerTo(fault.BadInput).Exit {
		kind = fault.Poison
	}
	f := fault.New(kind, "The job %s failed: %s", j.ID, j.Error.Text)
	f.Line = j.Error.Line
	return f
}
