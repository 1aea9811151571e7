package overlay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gas/pkg/fault"
)

// Set is several open databases and the INFO keys that their fields are written under. It is safe for concurrent use once Bind was called.
type Set struct {
	members []*member
}

// member is one database of a set.
type member struct {
	*Description
	compiled *database // nil where the file is read in place
	indexed  *indexed
	chosen   []int    // fields of the description that are wanted
	keys     []string // of the chosen fields
	shown    []shown  // the chosen fields as they are written
}

// shown is a field as it is written in INFO.
type shown struct {
	field int    // of the description
	start []byte // ;KEY= or, of a flag, ;KEY
	flag  bool
	union bool // the record has one value, not one for each allele
}

// Open opens databases in the order in which they are named. The Set must be closed.
func Open(ctx context.Context, specs []Spec) (*Set, error) {
	s := &Set{}
	for _, spec := range specs {
		m, err := openMember(ctx, spec)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open database %s: %w", spec.File, err), s.Close())
		}
		if i := slices.IndexFunc(s.members, func(o *member) bool { return o.Name == m.Name }); i >= 0 {
			return nil, errors.Join(fault.New(fault.BadInput, "Two databases are called %s: %s and %s.", m.Name, s.members[i].Path, spec.File).
				WithHint("Give one another name: NAME=FILE."), m.close(), s.Close())
		}
		s.members = append(s.members, m)
	}
	s.Bind(nil)
	return s, nil
}

func openMember(ctx context.Context, spec Spec) (*member, error) {
	m := &member{}
	if IsCompiled(spec.File) {
		var err error
		if m.compiled, err = openDatabase(spec.File); err != nil {
			return nil, err
		}
		described := m.compiled.Description
		m.Description = &described
	} else {
		var err error
		if m.indexed, err = openIndexed(ctx, spec); err != nil {
			return nil, err
		}
		m.Description = &m.indexed.Description
	}
	if spec.Name != "" {
		m.Name = spec.Name
	}
	if err := m.choose(spec.Fields); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

func (m *member) choose(fields []string) error {
	for i, f := range m.Fields {
		if len(fields) == 0 || slices.Contains(fields, f.ID) {
			m.chosen = append(m.chosen, i)
		}
	}
	for _, id := range fields {
		if !slices.ContainsFunc(m.Fields, func(f Field) bool { return f.ID == id }) {
			var known []string
			for _, f := range m.Fields {
				known = append(known, f.ID)
			}
			return fault.New(fault.BadInput, "The database %s has no field %q.", m.Name, id).WithHint("It was built with %s.", strings.Join(known, ", "))
		}
	}
	return nil
}

func (m *member) close() error {
	if m.compiled != nil {
		return m.compiled.close()
	}
	return nil
}

// Bind decides the INFO keys: a field is written under its own name, and as NAME_FIELD where the input's header declares that name already
// or an earlier database of the set has it. taken reports whether the input's header declares an INFO key; nil means that it declares none.
// The fields ID, QUAL and FILTER of a VCF and score, strand and the like of a BED always carry the database's name; a BED's name column and flag are written as NAME alone.
// Bind must be called before the first Cursor and not after it.
func (s *Set) Bind(taken func(key string) bool) {
	used := make(map[string]bool)
	free := func(key string) bool { return !used[key] && (taken == nil || !taken(key)) }
	for _, m := range s.members {
		m.keys, m.shown = m.keys[:0], m.shown[:0]
		for _, i := range m.chosen {
			key := m.key(m.Fields[i], free)
			used[key] = true
			m.keys = append(m.keys, key)
			start, flag := ";"+key+"=", m.Fields[i].Type == "Flag"
			if flag {
				start = ";" + key
			}
			m.shown = append(m.shown, shown{i, []byte(start), flag, flag || m.Kind == Intervals})
		}
	}
}

func (m *member) key(f Field, free func(string) bool) string {
	wanted := f.ID
	switch {
	case m.Kind == Intervals && (f.ID == "name" || f == bedFlag):
		wanted = m.Name
	case m.Kind == Intervals || slices.Contains(columnFields, f):
		wanted = m.Name + "_" + f.ID
	}
	if free(wanted) {
		return wanted
	}
	prefixed := m.Name + "_" + f.ID
	for n := 2; !free(prefixed); n++ {
		prefixed = fmt.Sprintf("%s_%s_%d", m.Name, f.ID, n)
	}
	return prefixed
}

// Databases describes the databases of the set.
func (s *Set) Databases() []Description {
	list := make([]Description, 0, len(s.members))
	for _, m := range s.members {
		d := *m.Description
		d.Fields = nil
		for _, i := range m.chosen {
			d.Fields = append(d.Fields, m.Fields[i])
		}
		list = append(list, d)
	}
	return list
}

// Keys returns the INFO keys that may be written, of every database in order.
func (s *Set) Keys() []string {
	var keys []string
	for _, m := range s.members {
		keys = append(keys, m.keys...)
	}
	return keys
}

// HeaderLines returns what a VCF's header declares of the databases, without line ends: for each one ##GAS_database line, which says which INFO key holds which field
// (what pkg/results reads), and an ##INFO line for each field.
//
// A record's value has one element for each ALT, `.` where the database lacks the allele. A field whose values are lists in the database keeps its commas where the record has one ALT,
// and has them written as `&` where it has more. Its Number is `.`, that of others A.
func (s *Set) HeaderLines() []string {
	var lines []string
	for _, m := range s.members {
		pairs := make([]string, len(m.keys))
		for i, key := range m.keys {
			pairs[i] = key + ":" + m.Fields[m.chosen[i]].ID
		}
		lines = append(lines, fmt.Sprintf("##GAS_database=<ID=%s,Version=%s,File=%s,Digest=%s,Keys=%s>",
			m.Name, quote(m.Version), quote(m.Source.File), m.Digest, quote(strings.Join(pairs, ","))))
		for i, key := range m.keys {
			f := m.Fields[m.chosen[i]]
			lines = append(lines, fmt.Sprintf("##INFO=<ID=%s,Number=%s,Type=%s,Description=%s,Source=%s,Version=%s>",
				key, outputNumber(m.Kind, f), outputType(f), quote(f.Description), quote(m.Name), quote(m.Version)))
		}
	}
	return lines
}

// outputNumber is the Number of a field as it is written.
func outputNumber(kind Kind, f Field) string {
	switch {
	case f.Type == "Flag":
		return "0"
	case kind == Alleles && (f.Number == "1" || f.Number == "A" || f.Number == "R"):
		return "A"
	}
	return "."
}

func outputType(f Field) string {
	switch f.Type {
	case "Integer", "Float", "Flag":
		return f.Type
	}
	return "String"
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// Close releases the files. No Cursor may be used afterwards.
func (s *Set) Close() error {
	var err error
	for _, m := range s.members {
		err = errors.Join(err, m.close())
	}
	s.members = nil
	return err
}

// List describes the compiled databases of a folder, by name. Files that cannot be read are left out and told in the error.
func List(dir string) ([]Description, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+Extension))
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	var list []Description
	var faults []error
	for _, path := range paths {
		d, err := openDatabase(path)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		list = append(list, d.Description)
		faults = append(faults, d.close())
	}
	slices.SortFunc(list, func(a, b Description) int { return strings.Compare(a.Name, b.Name) })
	return list, errors.Join(faults...)
}

// Find returns the file of an installed database: NAME.gasdb in one of the folders. It reports false where there is none.
func Find(name string, dirs ...string) (path string, found bool) {
	for _, dir := range dirs {
		path := filepath.Join(dir, name+Extension)
		if _, err := os.Stat(path); err == nil && validName.MatchString(name) {
			return path, true
		}
	}
	return "", false
}

// Missing says of a database that Find does not find what is there instead.
func Missing(name, dir string) string {
	list, _ := List(dir) // those that can't be read are no choice
	if len(list) == 0 {
		return fmt.Sprintf("There is no database %q. None is installed.", name)
	}
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = d.Name
	}
	return fmt.Sprintf("There is no database %q. Installed: %s.", name, strings.Join(names, ", "))
}

// Verify reads a compiled database from its start to its end and compares its content with the digest it was built with.
func Verify(path string) (Description, error) {
	d, err := openDatabase(path)
	if err != nil {
		return Description{}, err
	}
	return d.Description, errors.Join(d.verify(), d.close())
}
