package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gas/pkg/client"
	"gas/pkg/fault"
	"gas/pkg/job"
)

func (a *app) submitCommand() *cobra.Command {
	var r remote
	var format outputFormat
	var s client.Submission
	var wait bool
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "submit FILE...",
		Short: "send files to a server to be annotated",
		Long: "Sends files to a server and prints the id of each job. FILE may be a pattern, or - for standard input.\n" +
			"A file of more than 8 MiB is sent in parts: when the connection breaks off it goes on, and when the command was stopped the same command goes on.\n" +
			"With --wait it follows the jobs to their end; the exit code tells how they ended.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			files, err := expand(args)
			if err != nil {
				return err
			}
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			jobs, refused := a.submitEach(command.Context(), c, files, s, format == "")
			if wait {
				err = a.awaitAll(command, c, jobs, format, timeout)
			} else if format != "" && len(jobs) > 0 {
				err = a.printSubmitted(command, format, jobs)
			}
			return cmp.Or(refused, err)
		},
	}
	a.referenceFlag(command, &r, &s.Reference, "the reference to annotate against (default: the server chooses by the file)")
	a.databaseFlag(command, &r, &s.Databases, "a database of the server to add, by its `NAME`; may be given again")
	command.Flags().StringVar(&s.Name, "name", "", "what the job is called (default: the file's name)")
	command.Flags().BoolVar(&wait, "wait", false, "follow the jobs to their end")
	command.Flags().DurationVar(&timeout, "timeout", 0, "with --wait: give up after this time (exit code 6); 0 = never")
	r.flag(command)
	format.flag(command)
	return command
}

// submitEach sends files until one is refused, and returns the jobs that were made also then: they run. An id is printed as soon as there is one.
func (a *app) submitEach(ctx context.Context, c *client.Client, files []string, s client.Submission, printIDs bool) ([]client.Job, error) {
	var jobs []client.Job
	for _, file := range files {
		j, err := a.submitOne(ctx, c, file, s)
		if err != nil {
			return jobs, ofSeveral(file, len(files), err)
		}
		jobs = append(jobs, j)
		if j.SameAs != "" {
			a.say("%s was annotated with these options and data before: its result is there as job %s", printable(j.Name), j.SameAs)
		}
		if printIDs {
			fmt.Fprintln(a.out, j.ID)
		}
	}
	return jobs, nil
}

// ofSeveral says of which of several files or jobs an error is.
func ofSeveral(name string, count int, err error) error {
	var found *fault.Fault
	if count < 2 || !errors.As(err, &found) {
		return err
	}
	named := *found
	named.Message = name + ": " + found.Message
	return &named
}

// expand resolves patterns that the shell left alone.
func expand(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		if _, err := os.Stat(arg); err == nil || arg == "-" {
			files = append(files, arg)
			continue
		}
		found, err := filepath.Glob(arg)
		if err != nil || len(found) == 0 {
			return nil, fault.New(fault.NotFound, "There is no file %s.", arg)
		}
		files = append(files, found...)
	}
	return files, nil
}

// submitOne sends one file, or standard input, as s says.
func (a *app) submitOne(ctx context.Context, c *client.Client, path string, s client.Submission) (client.Job, error) {
	if path == "-" {
		s.Name = firstOf(s.Name, "stdin.vcf")
		return a.submitInput(ctx, c, s)
	}
	s.Name = firstOf(s.Name, filepath.Base(path))
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return client.Job{}, fault.New(fault.NotFound, "There is no file %s.", path)
	}
	if err != nil {
		return client.Job{}, fmt.Errorf("look at the file: %w", err)
	}
	if info.IsDir() {
		return client.Job{}, fault.New(fault.BadInput, "%s is a folder.", path)
	}
	if !info.Mode().IsRegular() { // a pipe: its size is not known, and it is read once
		s.Size, s.Once = -1, true
		s.Open = func() (io.ReadCloser, error) { return os.Open(path) }
		return a.send(ctx, c, s)
	}
	file, err := os.Open(path)
	if err != nil {
		return client.Job{}, fmt.Errorf("open the file: %w", err)
	}
	defer file.Close()
	kept, key := keptUploads(), uploadKey(c.Server, path, info, append([]string{s.Name, s.Reference}, s.Databases...)...)
	s.Upload, s.Began = kept.find(key), func(id string) { kept.note(key, id) }
	j, err := a.send(ctx, c, whole(s, file, info.Size()))
	if err == nil && info.Size() > client.PartsFrom {
		kept.note(key, "")
	}
	return j, err
}

// whole is the submission of a file whose size is known, which can be read more than once.
func whole(s client.Submission, file io.ReaderAt, size int64) client.Submission {
	s.Size, s.At = size, file
	s.Open = func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(file, 0, size)), nil }
	return s
}

// submitInput sends standard input. What is larger than a part goes to a file first, so that it can be sent again when the connection breaks off.
func (a *app) submitInput(ctx context.Context, c *client.Client, s client.Submission) (client.Job, error) {
	var begin bytes.Buffer
	n, err := io.CopyN(&begin, a.in, client.PartsFrom)
	if errors.Is(err, io.EOF) {
		return a.send(ctx, c, whole(s, bytes.NewReader(begin.Bytes()), n))
	}
	if err != nil {
		return client.Job{}, fmt.Errorf("read standard input: %w", err)
	}
	file, err := os.CreateTemp("", "gas-submit-*.vcf")
	if err != nil {
		return client.Job{}, fmt.Errorf("keep standard input: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	size, err := io.Copy(file, io.MultiReader(&begin, a.in))
	if err != nil {
		return client.Job{}, fmt.Errorf("keep standard input: %w", err)
	}
	return a.send(ctx, c, whole(s, file, size))
}

// send submits and draws how far it is.
func (a *app) send(ctx context.Context, c *client.Client, s client.Submission) (client.Job, error) {
	bar := a.progress(s.Size, "uploading "+s.Name)
	defer bar.finish()
	s.Seen = bar.set
	return c.Submit(ctx, s)
}

// printSubmitted prints new jobs: their ids alone without -o, one job as itself and several as a list with it.
func (a *app) printSubmitted(command *cobra.Command, format outputFormat, jobs []client.Job) error {
	if !command.Flags().Changed("output") {
		for _, j := range jobs {
			fmt.Fprintln(a.out, j.ID)
		}
		return nil
	}
	if len(jobs) == 1 {
		return a.print(format, jobs[0], jobSheet(jobs...))
	}
	return a.print(format, jobs, jobSheet(jobs...))
}

// awaitAll follows jobs one after the other, prints them where a format was asked for, and fails as the first that failed.
func (a *app) awaitAll(command *cobra.Command, c *client.Client, jobs []client.Job, format outputFormat, timeout time.Duration) error {
	var failed error
	for i := range jobs {
		ended, err := a.await(command.Context(), c, jobs[i].ID, timeout)
		if err != nil {
			return err
		}
		jobs[i] = ended
		if failed == nil {
			failed = failureOf(ended)
		}
	}
	if format == "" || len(jobs) == 0 {
		return failed
	}
	return cmp.Or(a.printSubmitted(command, format, jobs), failed)
}

// await follows one job to its end and draws its progress. A timeout of 0 is none.
func (a *app) await(ctx context.Context, c *client.Client, id string, timeout time.Duration) (client.Job, error) {
	watching := ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		watching, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	bar := a.progress(100, id)
	defer bar.finish()
	j, err := c.Watch(watching, id, func(j client.Job) {
		if j.Ended() {
			return
		}
		bar.describe(doing(j))
		bar.set(int64(j.Percent))
	})
	if err != nil && watching.Err() != nil && ctx.Err() == nil {
		return j, fault.New(fault.TimedOut, "The job %s has not ended within %s; it is %s.", id, timeout, j.Status).
			WithHint("gas jobs watch %s goes on waiting", id)
	}
	return j, err
}

// doing says in a word or two what becomes of a job that has not ended; how much of it is done, the bar draws.
func doing(j client.Job) string {
	if j.Status == job.Pending {
		return strings.TrimSpace("waiting " + j.Done())
	}
	return firstOf(j.Stage, strings.ToLower(string(j.Status)))
}
