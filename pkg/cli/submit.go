package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"gas/pkg/client"
	"gas/pkg/fault"
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
			var jobs []client.Job
			for _, file := range files {
				j, err := a.submitOne(command.Context(), c, file, s)
				if err != nil {
					return err
				}
				jobs = append(jobs, j)
				if !wait && format == "" {
					fmt.Fprintln(a.out, j.ID)
				}
			}
			if wait {
				return a.awaitAll(command, c, jobs, format, timeout)
			}
			if format == "" {
				return nil
			}
			return a.printSubmitted(command, format, jobs)
		},
	}
	command.Flags().StringVar(&s.Reference, "reference", "", "the reference to annotate against (default: the server chooses by the file)")
	a.databaseFlag(command, &r, &s.Databases, "a database of the server to add; may be given again")
	command.Flags().StringVar(&s.Name, "name", "", "what the job is called (default: the file's name)")
	command.Flags().BoolVar(&wait, "wait", false, "follow the jobs to their end")
	command.Flags().DurationVar(&timeout, "timeout", 0, "with --wait: give up after this time (exit code 6); 0 = never")
	r.flag(command)
	format.flag(command)
	return command
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

// awaitAll follows jobs one after the other, prints them, and fails as the first that failed.
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
	if err := a.printSubmitted(command, format, jobs); err != nil {
		return err
	}
	return failed
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
		bar.describe(firstOf(j.Stage, string(j.Status)) + " " + j.Done())
		bar.set(int64(j.Percent))
	})
	if err != nil && watching.Err() != nil && ctx.Err() == nil {
		return j, fault.New(fault.TimedOut, "The job %s has not ended within %s; it is %s.", id, timeout, j.Status).
			WithHint("gas jobs watch %s goes on waiting", id)
	}
	return j, err
}
