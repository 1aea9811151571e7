package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gas/pkg/client"
	"gas/pkg/job"
)

// fileKinds are the files of a job and how each is called on download, after the input's name without its ending; the index has another ending of its own.
var fileKinds = map[string]string{
	"result": ".annot.vcf.gz", "index": ".annot.vcf.gz", "log": ".vcf.count.log", "summary": ".summary.json", "manifest": ".manifest.json", "input": "",
}

func (a *app) jobsDownloadCommand() *cobra.Command {
	var r remote
	var kind, out string
	command := &cobra.Command{
		Use:   "download ID",
		Short: "download a job's result, or another of its files",
		Long:  "Downloads a file of a job, checks it, and prints its path. A download that broke off goes on where it was.",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			ending, known := fileKinds[kind]
			if !known {
				return usageError("There is no file %q; it is one of result, index, log, summary, manifest and input.", kind)
			}
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			j, err := c.Job(command.Context(), args[0])
			if err != nil {
				return err
			}
			if out == "-" {
				return a.copyFile(command, c, j.ID, kind)
			}
			path := out
			if info, err := os.Stat(out); out == "" || err == nil && info.IsDir() {
				if kind == job.FileIndex {
					index, err := c.IndexEnding(command.Context(), j.ID)
					if err != nil {
						index = ".tbi" // what is wrong, the download tells in full
					}
					ending += index
				}
				path = filepath.Join(out, downloadName(j, kind, ending))
				if err := a.mayReplace(path); err != nil {
					return err
				}
			}
			bar := a.progress(sizeOf(j, kind), "downloading "+filepath.Base(path))
			defer bar.finish()
			err = c.Download(command.Context(), j.ID, kind, path, sumOf(j, kind), func(have, _ int64) { bar.set(have) })
			if err != nil {
				return err
			}
			bar.finish()
			_, err = fmt.Fprintln(a.out, path)
			return err
		},
	}
	command.Flags().StringVar(&kind, "file", "result", "which file: result, index, log, summary, manifest or input")
	command.Flags().StringVarP(&out, "out", "o", "", "where to: a file, a folder, or - for standard output (default: a name after the input)")
	_ = command.RegisterFlagCompletionFunc("file", cobra.FixedCompletions(kindsOfFiles(), cobra.ShellCompDirectiveNoFileComp))
	a.completeJobs(command, &r, false)
	r.flag(command)
	return command
}

func (a *app) copyFile(command *cobra.Command, c *client.Client, id, kind string) error {
	body, _, err := c.Open(command.Context(), id, kind)
	if err != nil {
		return err
	}
	defer body.Close()
	return copyWhole(a.out, body)
}

// mayReplace asks before a file that was not named is written over.
func (a *app) mayReplace(path string) error {
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return a.confirm(fmt.Sprintf("Write over %s?", path))
}

// downloadName is made of the job's name, which somebody chose: only its last part counts, and only harmless signs.
func downloadName(j client.Job, kind, ending string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, j.Name)
	name = strings.TrimLeft(name, ".-")
	if name == "" {
		name = j.ID
	}
	if kind == "input" {
		return name
	}
	return job.Stem(name) + ending
}

func sizeOf(j client.Job, kind string) int64 {
	switch {
	case kind == "input":
		return j.Input.Size
	case kind == "result" && j.Result != nil:
		return j.Result.Size
	}
	return -1
}

func sumOf(j client.Job, kind string) string {
	switch {
	case kind == "input":
		return j.Input.SHA256
	case kind == "result" && j.Result != nil:
		return j.Result.SHA256
	}
	return ""
}

// kindsOfFiles lists fileKinds in order, for completion.
func kindsOfFiles() []string {
	var kinds []string
	for kind := range fileKinds {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}
