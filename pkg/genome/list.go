package genome

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gas/pkg/fault"
)

// Listed is a reference that may be used: one that comes with the program, or one in a folder.
type Listed struct {
	Name     string
	Dir      string    // empty for one that comes with the program
	Manifest *Manifest // nil for one that comes with the program, and where it cannot be read
}

// Builtin reports whether the reference comes with the program.
func (l Listed) Builtin() bool { return l.Dir == "" }

// List returns the references that come with the program and those in the folder, each in a folder of its own that holds a compiled file. A folder that does not exist holds none.
func List(dir string) ([]Listed, error) {
	var list []Listed
	for _, name := range BuiltinNames() {
		list = append(list, Listed{Name: name})
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list references: %w", err)
	}
	var installed []Listed
	for _, e := range entries {
		at := filepath.Join(dir, e.Name())
		if CheckName(e.Name()) != nil || !holdsModel(at) {
			continue
		}
		l := Listed{Name: e.Name(), Dir: at}
		if m, err := ReadManifest(at); err == nil {
			l.Manifest = m
		}
		installed = append(installed, l)
	}
	slices.SortFunc(installed, func(a, b Listed) int { return cmp.Compare(a.Name, b.Name) })
	return append(list, installed...), nil
}

func holdsModel(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, ModelFile))
	return err == nil && info.Mode().IsRegular()
}

// Open opens the reference.
func (l Listed) Open() (*Reference, error) {
	if l.Builtin() {
		return Builtin(l.Name)
	}
	return Open(l.Dir)
}

// Find opens the reference of this name: one in a folder of dir, else one that comes with the program. ErrUnknown when there is none. A name never leads out of dir.
func Find(dir, name string) (*Reference, error) {
	if CheckName(name) != nil {
		return nil, Unknown(name)
	}
	if at := filepath.Join(dir, name); holdsModel(at) {
		return Open(at)
	}
	return Builtin(name)
}

// Exists tells whether Find would find a reference of this name.
func Exists(dir, name string) bool {
	return CheckName(name) == nil && (holdsModel(filepath.Join(dir, name)) || builtinNamed(name) != nil)
}

// Missing is the fault of a name that Find does not find: it says which there are.
func Missing(dir, name string) error {
	list, err := List(dir)
	if err != nil {
		return err
	}
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.Name
	}
	return fault.New(fault.UnknownRef, "There is no reference %q. Installed: %s.", name, strings.Join(names, ", ")).Because(ErrUnknown)
}

// FindOrOpen is Find for a command's user, who may also give the path of a reference's folder.
func FindOrOpen(dir, nameOrPath string) (*Reference, error) {
	r, err := Find(dir, nameOrPath)
	if errors.Is(err, ErrUnknown) && holdsModel(nameOrPath) {
		return Open(nameOrPath)
	}
	return r, err
}

// OpenAll opens every reference that List finds, the candidates of Choose. One that cannot be opened is left out, and skipped is told why.
func OpenAll(dir string, skipped func(name string, err error)) ([]*Reference, error) {
	list, err := List(dir)
	if err != nil {
		return nil, err
	}
	var all []*Reference
	for _, l := range list {
		r, err := l.Open()
		if err != nil {
			skipped(l.Name, err)
			continue
		}
		all = append(all, r)
	}
	return all, nil
}
