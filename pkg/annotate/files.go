package annotate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gas/pkg/fault"
)

// Files are the paths of a run. In and Out may be "-", which stands for the streams given here.
type Files struct {
	In       string
	Name     string // of the input, as a person knows it; empty = In without its folders
	Out      string // a name that ends in .gz or .bgz is compressed with bgzip, and indexed beside it where that is possible
	OutName  string // of the output, as a person will know it; empty = Out without its folders
	Log      string // the counts for people; empty for none
	Summary  string // the counts as JSON; empty for none
	Manifest string // what was run on what, as JSON; empty for none
	Variants string // the index of pkg/results, of a result that is a VCF and a file of its own; empty for none
	Format   Format
	Level    int  // of compression, 0 to 9
	Scratch  bool // the files are copied to where they are kept, and need not outlast a failure of the machine until then: nothing waits for the disk
	Stdin    io.Reader
	Stdout   io.Writer
}

// RunFiles annotates a file to a file. Until everything is complete the files have other names, so that after an error none is left half
// written; an earlier result is replaced in one step.
func RunFiles(ctx context.Context, f Files, o Options) (*Summary, error) {
	in, err := f.openInput()
	if err != nil {
		return nil, err
	}
	defer in.close()
	w := writing{files: f}
	defer w.abandon()
	out, err := w.output()
	if err != nil {
		return nil, err
	}
	rows, err := w.variants(&o)
	if err != nil {
		return nil, err
	}
	o.Digest = o.Digest || f.Manifest != ""
	summary, err := Run(ctx, in.Input, out, o)
	if err != nil {
		return summary, err
	}
	if rows != nil {
		if err := rows.complete(w.done[0], summary.packed); err != nil {
			return summary, err
		}
	}
	if err := w.complete(summary, o); err != nil {
		return summary, err
	}
	return summary, nil
}

// opened is an input with what closes it.
type opened struct {
	Input
	close func()
}

// name is what the input is called in summary and log.
func (f *Files) name() string {
	if f.Name != "" {
		return f.Name
	}
	return filepath.Base(f.In)
}

// outName is what the output is called in the manifest.
func (f *Files) outName() string {
	if f.OutName != "" {
		return f.OutName
	}
	return filepath.Base(f.Out)
}

func (f *Files) openInput() (*opened, error) {
	if f.In == "-" {
		return &opened{Input{Reader: f.Stdin, Name: f.name()}, func() {}}, nil
	}
	file, err := os.Open(f.In)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "There is no file %s.", f.In).Because(err)
	}
	if err != nil {
		return nil, fault.New(fault.BadInput, "The file %s cannot be opened.", f.In).Because(err)
	}
	in := &opened{Input{Reader: file, Name: f.name()}, func() { _ = file.Close() }}
	info, err := file.Stat()
	switch {
	case err != nil:
		in.close()
		return nil, fmt.Errorf("look at %s: %w", f.In, err)
	case info.IsDir():
		in.close()
		return nil, fault.New(fault.BadInput, "%s is a folder, not a file.", f.In)
	case info.Mode().IsRegular():
		in.Size = info.Size()
	}
	return in, nil
}

// writing is the files of a run under their temporary names.
type writing struct {
	files Files
	done  []*draft
}

// draft is a file that gets its name when it is complete.
type draft struct {
	file    *os.File
	name    string // "" for an index that is not made
	lasting bool   // it must be on the disk before it gets its name
}

// output opens the result, and its index where one may be made.
func (w *writing) output() (Output, error) {
	f := &w.files
	out := Output{Format: f.Format, Level: f.Level, Bgzip: strings.HasSuffix(f.Out, ".gz") || strings.HasSuffix(f.Out, ".bgz")}
	if f.Out == "-" {
		out.Writer = f.Stdout
		return out, nil
	}
	if info, err := os.Stat(f.Out); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(f.Out, os.O_WRONLY, 0) // a device or a pipe: there is nothing to replace
		if err != nil {
			return out, cannotWrite(f.Out, err)
		}
		w.done = append(w.done, &draft{file: file})
		out.Writer = file
		return out, nil
	}
	result, err := w.draft(f.Out)
	if err != nil {
		return out, err
	}
	out.Writer = &steadyFile{file: result.file}
	if f.Scratch {
		out.Writer = result.file
	}
	if out.Bgzip && out.Format == VCF {
		index, err := w.draft(f.Out + ".tbi")
		if err != nil {
			return out, err
		}
		out.Index = index.file
	}
	return out, nil
}

// draft creates a file beside the one that it will become.
func (w *writing) draft(name string) (*draft, error) {
	for n := range 1000 {
		file, err := os.OpenFile(fmt.Sprintf("%s.%d-%d.part", name, os.Getpid(), n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, cannotWrite(name, err)
		}
		d := &draft{file, name, !w.files.Scratch}
		w.done = append(w.done, d)
		return d, nil
	}
	return nil, cannotWrite(name, fs.ErrExist)
}

func cannotWrite(name string, err error) error {
	return fault.New(fault.Usage, "The file %s cannot be written.", name).Because(err)
}

// complete writes what goes beside the result and gives every file its name.
func (w *writing) complete(s *Summary, o Options) error {
	f := &w.files
	for _, beside := range []struct {
		name  string
		write func(io.Writer) error
	}{{f.Log, s.WriteLog}, {f.Summary, s.WriteJSON}, {f.Manifest, s.manifest(f, o).WriteJSON}} {
		if beside.name == "" {
			continue
		}
		d, err := w.draft(beside.name)
		if err != nil {
			return err
		}
		if err := beside.write(d.file); err != nil {
			return cannotWrite(beside.name, err)
		}
	}
	w.nameIndex(s)
	for i := len(w.done) - 1; i >= 0; i-- { // the result, which is first, comes last
		if err := w.done[i].finish(); err != nil {
			return err
		}
	}
	w.done = nil
	return nil
}

// nameIndex settles the index's name, and removes what would not belong to the new result.
func (w *writing) nameIndex(s *Summary) {
	for _, d := range w.done {
		if d.name != w.files.Out+".tbi" {
			continue
		}
		_ = os.Remove(w.files.Out + ".tbi")
		_ = os.Remove(w.files.Out + ".csi")
		d.name = ""
		if s.Index != "" {
			d.name = w.files.Out + "." + s.Index
		}
	}
}

// finish makes the file last, and gives it its name. A draft without one is removed.
func (d *draft) finish() error {
	regular := strings.HasSuffix(d.file.Name(), ".part")
	if d.name != "" && d.lasting {
		if err := d.file.Sync(); err != nil {
			return cannotWrite(d.name, err)
		}
	}
	if err := d.file.Close(); err != nil {
		return cannotWrite(d.name, err)
	}
	switch {
	case !regular:
		return nil
	case d.name == "":
		return os.Remove(d.file.Name())
	}
	if err := os.Rename(d.file.Name(), d.name); err != nil {
		return cannotWrite(d.name, err)
	}
	return nil
}

// abandon removes what was not completed.
func (w *writing) abandon() {
	for _, d := range w.done {
		_ = d.file.Close()
		if strings.HasSuffix(d.file.Name(), ".part") {
			_ = os.Remove(d.file.Name())
		}
	}
}
