package genome

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoSharedContig says that no transcript of the gene model lies on a contig of the sequence.
var ErrNoSharedContig = errors.New("the gene model and the sequence have no contig in common")

// BuildOptions say what a reference is built from.
type BuildOptions struct {
	Name         string           // of the reference, for example "GRCh38"
	Source       string           // of the gene model; empty means: as the gene model's second column lets tell
	FASTA        string           // path of the sequences: plain, gzip or bgzip; beside it may lie an index (.fai), which is compared
	Genes        string           // path of the gene model: GFF3 or GTF, plain, gzip or bgzip; empty means: no genes
	Out          string           // the reference's folder, made where it is missing
	GeneticCodes map[string]uint8 // NCBI translation tables of contigs whose names don't tell

	Progress func(stage string, done, total int64) // called now and then with bytes read of the input files; may be nil
	Warn     func(message string)                  // called for what was left out; may be nil
}

// Build compiles a reference into a folder. The sequence is streamed: memory depends on the gene model only. An earlier reference in the folder is replaced at the end, in one step.
func Build(ctx context.Context, o BuildOptions) error {
	if err := CheckName(o.Name); err != nil {
		return err
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return fmt.Errorf("make the reference's folder: %w", err)
	}
	partial := filepath.Join(o.Out, ModelFile+".partial")
	b := build{BuildOptions: o, ctx: ctx, partial: partial, left: make(map[string][]string)}
	if err := b.run(); err != nil {
		return errors.Join(fmt.Errorf("build reference %s: %w", o.Name, err), b.abandon())
	}
	return nil
}

// build is one run of Build.
type build struct {
	BuildOptions
	ctx     context.Context
	partial string
	out     *modelWriter
	ref     Reference
	contigs []ContigModel
	lengths map[string]uint32   // of contigs, as the gene model gives them
	left    map[string][]string // reason -> transcripts left out
	padded  []string            // warnings about contigs that end early
	inputs  []Input
}

func (b *build) run() error {
	model, err := b.readGenes()
	if err != nil {
		return err
	}
	b.lengths = declaredLengths(model.Regions)
	if b.out, err = newModelWriter(b.partial); err != nil {
		return err
	}
	if err := b.readSequence(); err != nil {
		return err
	}
	if err := b.compile(model); err != nil {
		return err
	}
	digest, err := b.out.finish()
	if err != nil {
		return err
	}
	b.ref.Digest = digest
	if err := os.Rename(b.partial, filepath.Join(b.Out, ModelFile)); err != nil {
		return err
	}
	return b.writeManifest()
}

// abandon removes the unfinished file.
func (b *build) abandon() error {
	if b.out != nil {
		_ = b.out.file.Close()
	}
	if err := os.Remove(b.partial); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (b *build) readGenes() (*Model, error) {
	if b.Genes == "" {
		return &Model{Source: b.Source}, nil
	}
	var model *Model
	err := b.read("genes", b.Genes, func(in io.Reader) (err error) {
		model, err = ReadModel(in)
		return err
	})
	if err != nil {
		return nil, err
	}
	model.Source = cmp.Or(b.Source, model.Source)
	return model, nil
}

// readSequence streams the bases into the file and notes each contig's length and MD5.
func (b *build) readSequence() error {
	if err := b.out.begin(sequenceSection); err != nil {
		return err
	}
	err := b.read("sequence", b.FASTA, func(in io.Reader) error {
		fasta := NewFASTA(in)
		seen := make(map[string]bool)
		for {
			name, err := fasta.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if seen[name] {
				return fasta.fault(fmt.Sprintf("a second sequence named %q", name))
			}
			seen[name] = true
			if err := b.readContig(fasta, name); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	if len(b.contigs) == 0 {
		return fmt.Errorf("%s: %w", b.FASTA, &FormatError{Format: "FASTA", Line: 1, Reason: "no sequence"})
	}
	if err := b.compareIndex(); err != nil {
		return err
	}
	return b.out.end()
}

func (b *build) readContig(fasta *FASTA, name string) error {
	m := ContigModel{Name: name, GeneticCode: b.GeneticCodes[name], offset: b.out.offset - b.out.header.sections[sequenceSection].offset}
	hash := md5.New()
	length, err := io.CopyBuffer(io.MultiWriter(hash, b.out), fasta, make([]byte, 1<<18))
	if err != nil {
		return err
	}
	if length > longestContig {
		return fmt.Errorf("contig %s has %d bases, more than the %d that fit", name, length, longestContig)
	}
	m.Length, m.inFile = uint32(length), uint32(length)
	hash.Sum(m.MD5[:0])
	b.contigs = append(b.contigs, m)
	return b.pad(&b.contigs[len(b.contigs)-1])
}

// pad adds N where the sequence ends before the contig does by the gene model's own account, so that the transcripts there have their place.
func (b *build) pad(m *ContigModel) error {
	length := b.lengths[m.Name]
	if length <= m.Length {
		return nil
	}
	b.padded = append(b.padded, fmt.Sprintf("contig %s ends after %d bases, the gene model says %d: the others are taken as N", m.Name, m.Length, length))
	unknown := bytes.Repeat([]byte{'N'}, 1<<16)
	for m.Length < length {
		n := min(length-m.Length, uint32(len(unknown)))
		if _, err := b.out.Write(unknown[:n]); err != nil {
			return err
		}
		m.Length += n
	}
	return nil
}

// compareIndex holds the contigs against the index beside the FASTA file: a file that was cut short, or changed since, is found here.
func (b *build) compareIndex() error {
	f, err := os.Open(b.FASTA + ".fai")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	entries, err := ReadIndex(f)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	same := slices.EqualFunc(entries, b.contigs, func(e IndexEntry, m ContigModel) bool { return e.Name == m.Name && e.Length == int64(m.inFile) })
	if !same {
		return fmt.Errorf("%s does not fit the sequences: the file was cut short or has changed since it was indexed", f.Name())
	}
	return nil
}

func (b *build) compile(model *Model) error {
	b.ref.Name, b.ref.Source = b.Name, model.Source
	c := compiler{ref: &b.ref, spliced: b.out, fetch: b.fetch, dropped: func(id string, why error) {
		b.left[why.Error()] = append(b.left[why.Error()], id)
	}}
	c.contigs(b.contigs, model.Regions)
	if err := b.out.begin(splicedSection); err != nil {
		return err
	}
	if err := c.model(model); err != nil {
		return err
	}
	if err := b.out.end(); err != nil {
		return err
	}
	if len(b.ref.Transcripts) == 0 && len(b.left[errNoContig.Error()]) > 0 {
		return ErrNoSharedContig
	}
	b.warn()
	b.out.header.name, b.out.header.source = c.pool.add(b.ref.Name), c.pool.add(b.ref.Source)
	if len(c.pool.bytes) > math.MaxUint32 {
		return fmt.Errorf("%d bytes of names, more than the %d that fit", len(c.pool.bytes), uint32(math.MaxUint32))
	}
	b.ref.Pool = c.pool.bytes
	return b.out.tables(&b.ref)
}

func (b *build) fetch(contig int, start uint32, dst []byte) error {
	at := b.out.header.sections[sequenceSection].offset + b.contigs[contig].offset + uint64(start)
	_, err := b.out.file.ReadAt(dst, int64(at))
	return err
}

// warn says which transcripts were left out, by reason, with the first few as examples.
func (b *build) warn() {
	for _, message := range b.warnings() {
		if b.Warn != nil {
			b.Warn(message)
		}
	}
}

func (b *build) warnings() []string {
	list := slices.Clone(b.padded)
	for reason, ids := range b.left {
		examples := strings.Join(ids[:min(len(ids), 3)], ", ")
		if len(ids) > 3 {
			examples += ", …"
		}
		list = append(list, fmt.Sprintf("%d transcripts left out, %s: %s", len(ids), reason, examples))
	}
	slices.Sort(list)
	return list
}

// read opens an input file, counts and digests its bytes for the manifest, and gives its text to use.
func (b *build) read(stage, path string, use func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	hash := sha256.New()
	counted := &watched{in: io.TeeReader(f, hash), ctx: b.ctx, total: info.Size(), stage: stage, tell: b.Progress}
	text, err := Inflate(counted)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if err := use(text); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	b.inputs = append(b.inputs, Input{Kind: stage, File: filepath.Base(path), Size: counted.done, SHA256: hex.EncodeToString(hash.Sum(nil))})
	return nil
}

// watched reads on until its context ends, and tells how far it is.
type watched struct {
	in          io.Reader
	ctx         context.Context
	stage       string
	done, total int64
	told        int64
	tell        func(stage string, done, total int64)
}

// tellEvery is the number of bytes between two calls of Progress.
const tellEvery = 8 << 20

func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.in.Read(p)
	w.done += int64(n)
	if w.tell != nil && (w.done-w.told >= tellEvery || err != nil) {
		w.told = w.done
		w.tell(w.stage, w.done, w.total)
	}
	return n, err
}
