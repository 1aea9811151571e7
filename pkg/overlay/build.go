package overlay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gas/pkg/fault"
)

// BuildOptions say what is compiled into which file.
type BuildOptions struct {
	Name   string   // of the database; the preset's or the file's where it is empty
	File   string   // a VCF or BED (told by its name), plain, gzip or bgzip
	Fields []string // INFO keys, ID, QUAL, FILTER or columns of a BED; empty: the preset's
	Out    string   // the .gasdb file, replaced when it is there

	// Reference is the name of the sequence that Bases gives: a contig's bases by its name in the file, nil where it does not have it. Insertions and deletions of a VCF
	// are moved as far to the left as it lets them; without it they are taken as they are given.
	Reference string
	Bases     func(contig []byte) []byte
}

// Extension is how the names of compiled databases end.
const Extension = ".gasdb"

// Build compiles a VCF or a BED file. It reads once and in order with a few megabytes of memory; a file that is not sorted is sorted through
// temporary files beside the output. Mistakes of the file or of the options are faults of kind BadInput with their line.
func Build(ctx context.Context, options BuildOptions) (Description, error) {
	d, err := build(ctx, options, inOrder)
	if errors.Is(err, errUnsorted) {
		d, err = build(ctx, options, bySorting)
	}
	if err != nil {
		return Description{}, fmt.Errorf("build database of %s: %w", options.File, err)
	}
	return d, nil
}

// compilation is one run over a file.
type compilation struct {
	Description
	source  *textSource
	contigs *contigList
	reader  recordReader
	pending []byte // the first record, read while looking for the header's end
}

// ordering carries the records of a compilation to the writer in their right order.
type ordering func(ctx context.Context, c *compilation, to sink, dir string) error

func build(ctx context.Context, options BuildOptions, carry ordering) (d Description, err error) {
	c, err := begin(ctx, options.Name, options.File, options.Fields)
	if err != nil {
		return d, err
	}
	defer c.source.close()
	if options.Bases != nil {
		if err := c.leftAlign(options); err != nil {
			return d, err
		}
	}
	dir := filepath.Dir(options.Out)
	temporary, err := os.CreateTemp(dir, "."+filepath.Base(options.Out)+"-*")
	if err != nil {
		return d, fmt.Errorf("make database file: %w", err)
	}
	defer func() {
		err = errors.Join(err, temporary.Close())
		if err != nil {
			_ = os.Remove(temporary.Name())
		} else if err = os.Rename(temporary.Name(), options.Out); err != nil {
			err = fmt.Errorf("put database in place: %w", err)
		}
	}()
	writer, err := newFileWriter(temporary, c.Kind, len(c.Fields))
	if err != nil {
		return d, err
	}
	merged := &merger{to: writer, fields: c.Fields}
	if err := carry(ctx, c, merged, dir); err != nil {
		return d, err
	}
	if err := errors.Join(merged.flush(), c.source.finish(&c.Source)); err != nil {
		return d, err
	}
	c.Contigs, c.Path = c.contigs.names, options.Out
	if vcf, ok := c.reader.(*vcfReader); ok {
		c.Skipped, c.Moved = vcf.skipped, vcf.moved
		if c.Reference != "" && !vcf.met {
			return d, fault.New(fault.BadInput, "No contig of %s is one of the reference %s.", c.Source.File, c.Reference)
		}
	}
	if c.Digest, err = writer.finish(&c.Description); err != nil {
		return d, err
	}
	return c.Description, errors.Join(temporary.Chmod(0o644), temporary.Sync())
}

// leftAlign has the alleles of a VCF moved to the left as they are read. A BED file has none.
func (c *compilation) leftAlign(options BuildOptions) error {
	vcf, ok := c.reader.(*vcfReader)
	if !ok {
		return fault.New(fault.BadInput, "The BED file %s has no alleles that could be moved on the reference %s.", c.Source.File, options.Reference).WithHint("Build it without a reference.")
	}
	c.Reference, vcf.bases = options.Reference, options.Bases
	return nil
}

// inOrder reads records that are sorted, and ends with errUnsorted where they are not.
func inOrder(ctx context.Context, c *compilation, to sink, _ string) error {
	ordered := newOrderer(to)
	if c.Reference != "" {
		ordered.reach = farthestShift
	}
	if err := c.readRecords(ctx, ordered); err != nil {
		return err
	}
	return ordered.flush()
}

// begin opens a file, reads its header and chooses the fields.
func begin(ctx context.Context, name, path string, fields []string) (*compilation, error) {
	source, err := openText(ctx, path)
	if err != nil {
		return nil, err
	}
	c := &compilation{source: source, contigs: newContigList()}
	c.Source.File, c.Name = filepath.Base(path), name
	if isBED(path) {
		err = c.beginBED(fields)
	} else {
		err = c.beginVCF(fields, path)
	}
	if err == nil {
		c.Name, err = databaseName(&c.Description, path)
	}
	if err != nil {
		source.close()
		return nil, err
	}
	return c, nil
}

func (c *compilation) beginVCF(fields []string, path string) error {
	var h vcfHeader
	for !h.columns {
		line, more := c.source.next()
		if !more || len(line) == 0 || line[0] != '#' {
			return fault.At(c.source.number, 0, "The VCF %s has no line #CHROM before its records.", c.Source.File).Because(c.source.lines.Err())
		}
		h.add(string(line))
	}
	c.Kind = Alleles
	if err := c.chooseFields(&h, fields, path); err != nil {
		return err
	}
	c.reader = newVCFReader(c.Fields, c.contigs)
	return nil
}

func (c *compilation) beginBED(fields []string) error {
	c.Kind = Intervals
	names := bedColumns
	for {
		line, more := c.source.next()
		if !more {
			return fault.New(fault.BadInput, "The BED file %s has no intervals.", c.Source.File).Because(c.source.lines.Err())
		}
		text := string(line)
		switch {
		case strings.HasPrefix(text, "#"):
			if columns := strings.Split(text, "\t"); len(columns) > 3 {
				names = columns[3:]
			}
			continue
		case text == "" || strings.HasPrefix(text, "track ") || strings.HasPrefix(text, "browser "):
			continue
		}
		width := strings.Count(text, "\t") + 1
		reader, err := newBEDReader(&c.Description, fields, names[:min(len(names), max(width-3, 0))], width, c.contigs)
		c.reader, c.pending = reader, line
		return err
	}
}

// readRecords reads the records from where the header ended.
func (c *compilation) readRecords(ctx context.Context, to *orderer) error {
	line := c.pending
	for {
		if len(line) > 0 && line[0] != '#' {
			if err := c.reader.record(line, c.source.number, to); err != nil {
				return err
			}
		}
		if c.source.number%8192 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var more bool
		if line, more = c.source.next(); !more {
			return nil
		}
	}
}

// validName is what a database may be called: it stands before the dot of NAME.FIELD in filters, and before the underscore of a prefixed INFO key.
var validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// databaseName returns the name that was given, else the preset's, else one made of the file's name up to its first dot.
func databaseName(d *Description, path string) (string, error) {
	if d.Name != "" {
		if !validName.MatchString(d.Name) {
			return "", fault.New(fault.BadInput, "A database cannot be called %q.", d.Name).WithHint("A name is made of letters, digits and underscores and does not begin with a digit.")
		}
		return d.Name, nil
	}
	if d.Preset != "" {
		return d.Preset, nil
	}
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	name := regexp.MustCompile(`[^A-Za-z0-9_]+`).ReplaceAllString(base, "_")
	if !validName.MatchString(name) {
		name = "db_" + name
	}
	return name, nil
}
