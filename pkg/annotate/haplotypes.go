package annotate

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"gas/pkg/consequence/bcsq"
	"gas/pkg/fault"
	"gas/pkg/genome"
	"gas/pkg/vcf"
	"gas/pkg/vcf/bgzf"
)

// pieces is where the pipeline takes its text from.
type pieces interface {
	// Next fills a piece with about size bytes of text. It returns io.EOF after the last piece.
	Next(p *vcf.Piece, size int) error
}

// haplotypes stands before the pipeline when the variants of a haplotype are judged together. It adds BCSQ to the records that pass: their lines and
// their number stay what they were, so that everything behind it works as without. A haplotype is one thing from its first variant to its last,
// so this stage is done by one goroutine.
type haplotypes struct {
	source  pieces
	contigs *genome.ContigMap
	names   func(contig int) string // the reference's name of a contig
	samples int
	decoder bgzf.Decoder
	parser  *vcf.Parser
	caller  *bcsq.Caller

	piece vcf.Piece
	tail  []byte // a line that is not complete yet
	out   []byte // lines that are done
	lines int64
	last  bcsq.Record // of the last record: lines that are no records take its place in the order
	ended error       // io.EOF or what went wrong, told after the lines before it
}

// newHaplotypes puts the stage behind a source whose header has been read.
func newHaplotypes(source pieces, a *Annotator, h *vcf.Header, lines int64, limits vcf.Limits) *haplotypes {
	s := &haplotypes{source: source, samples: len(h.Samples), parser: vcf.NewParser(h, limits), lines: lines}
	s.contigs, _ = genome.MapContigs(a.Reference, headerContigs(h))
	s.names = func(contig int) string { return a.Reference.String(a.Reference.Contigs[contig].Name) }
	options := *a.Haplotypes
	options.Samples = s.samples
	s.caller = bcsq.New(a.Reference, options, s.put)
	return s
}

// Next gives the lines that are done, about size bytes of them.
func (s *haplotypes) Next(p *vcf.Piece, size int) error {
	for len(s.out) < size && s.ended == nil {
		s.ended = s.read(size)
	}
	if len(s.out) == 0 {
		return s.ended
	}
	p.Hold(s.out)
	p.Offset = s.piece.Offset
	s.out = s.out[:0]
	return nil
}

// read takes the next piece and gives its lines to the caller.
func (s *haplotypes) read(size int) error {
	if err := s.source.Next(&s.piece, size); err != nil {
		return s.end(err)
	}
	text, err := s.piece.Text(&s.decoder)
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			break
		}
		line := append(s.tail, text[:end+1]...)
		s.tail, text = nil, text[end+1:]
		if err := s.line(line); err != nil {
			return err
		}
	}
	s.tail = append(s.tail, text...)
	if err != nil {
		return s.end(err)
	}
	return nil
}

// end gives what waits, and then the error that ended the source.
func (s *haplotypes) end(err error) error {
	if errors.Is(err, io.EOF) && len(s.tail) > 0 {
		line := append(s.tail, '\n')
		s.tail = nil
		if err := s.line(line); err != nil {
			return err
		}
	}
	if err := s.caller.Flush(); err != nil {
		return err
	}
	s.out = append(s.out, s.tail...) // what a damaged file ends with
	s.tail = nil
	return err
}

// line gives one line to the caller, which gives it back in its turn. A line that is no good record goes through as it is: the pipeline says what is wrong with it.
func (s *haplotypes) line(line []byte) error {
	s.lines++
	var r vcf.Record
	record := bcsq.Record{Contig: s.last.Contig, Pos: max(s.last.Pos, 1)}
	if s.parser.Parse(&r, bytes.TrimRight(line, "\r\n")) == nil {
		record = s.record(&r)
		if s.samples > 0 && s.ofFormat(&r) {
			return fault.At(s.lines, 0, "The record has a FORMAT field BCSQ already.").WithHint("take it out, for example with bcftools annotate -x FORMAT/BCSQ")
		}
	}
	record.Line = line
	s.last = record
	err := s.caller.Push(record)
	if f := fault.Of(err); err != nil && f.Kind == fault.BadInput && f.Line == 0 {
		f.Line = s.lines
		return f
	}
	return err
}

// record turns a line into what the caller needs. A record on a contig that the reference lacks has no alleles for it.
func (s *haplotypes) record(r *vcf.Record) bcsq.Record {
	out := bcsq.Record{Contig: string(r.Chrom), Pos: max(int(r.Pos), 1), Ref: bytes.ToUpper(r.Ref)}
	contig, known := s.contigs.Contig(r.Chrom)
	if !known {
		return out
	}
	out.Contig = s.names(contig)
	if len(r.Alt) != 1 || r.Alt[0] != '.' {
		for _, alt := range r.Alleles(nil) {
			if len(alt) > 0 && alt[0] != '<' {
				alt = bytes.ToUpper(alt)
			}
			out.Alts = append(out.Alts, bytes.Clone(alt))
		}
	}
	if end := infoEnd(r.Info); end > 0 {
		out.Span = max(int(end)-out.Pos+1, 1)
	}
	out.Genotypes, out.Ploidy = s.genotypes(r.Rest)
	return out
}

// genotypes reads the GT of every sample. GT is the first of the FORMAT fields, where it is there (VCF 4.5, section 1.6.2).
func (s *haplotypes) genotypes(rest []byte) (genotypes []bcsq.Genotype, ploidy int) {
	columns := bytes.Split(rest, []byte{'\t'})
	if len(columns) < 3 || !bytes.Equal(columns[1], []byte("GT")) && !bytes.HasPrefix(columns[1], []byte("GT:")) {
		return nil, 0
	}
	for _, column := range columns[2:] {
		gt, _, _ := bytes.Cut(column, []byte{':'})
		g, n := bcsq.ReadGenotype(gt)
		genotypes = append(genotypes, g)
		ploidy = max(ploidy, n)
	}
	return genotypes, ploidy
}

// ofFormat tells whether BCSQ is among the record's FORMAT fields.
func (s *haplotypes) ofFormat(r *vcf.Record) bool {
	format, _, _ := bytes.Cut(bytes.TrimPrefix(r.Rest, []byte{'\t'}), []byte{'\t'})
	for _, key := range bytes.Split(format, []byte{':'}) {
		if string(key) == "BCSQ" {
			return true
		}
	}
	return false
}

// put takes the caller's answer: the record's line with BCSQ in INFO, and in the samples' columns the bits of their haplotypes.
func (s *haplotypes) put(a bcsq.Answer) error {
	line := a.Record.Line.([]byte)
	if len(a.Text) == 0 {
		s.out = append(s.out, line...)
		return nil
	}
	end := len(bytes.TrimRight(line, "\r\n"))
	columns := bytes.Split(line[:end], []byte{'\t'})
	for i, column := range columns {
		if i > 0 {
			s.out = append(s.out, '\t')
		}
		switch {
		case i == 7:
			s.putInfo(column, a.Text)
		case i == 8 && a.Bits != nil:
			s.out = append(append(s.out, column...), ":BCSQ"...)
		case i > 8 && a.Bits != nil && i-9 < len(a.Bits):
			s.putSample(column, bytes.Count(columns[8], []byte{':'}), a.Bits[i-9])
		default:
			s.out = append(s.out, column...)
		}
	}
	s.out = append(s.out, line[end:]...)
	return nil
}

// putInfo appends INFO with its BCSQ replaced.
func (s *haplotypes) putInfo(info, text []byte) {
	for _, entry := range bytes.Split(info, []byte{';'}) {
		if string(entry) != "." && !bytes.HasPrefix(entry, bcsqEntry) {
			s.out = append(append(s.out, entry...), ';')
		}
	}
	s.out = append(append(s.out, bcsqEntry...), text...)
}

// putSample appends a sample's column with the values that it leaves out at its end, and its bits.
func (s *haplotypes) putSample(column []byte, colons int, bits []uint32) {
	s.out = append(s.out, column...)
	for range colons - bytes.Count(column, []byte{':'}) {
		s.out = append(s.out, ":."...)
	}
	separator := byte(':')
	for _, word := range bits {
		s.out = strconv.AppendUint(append(s.out, separator), uint64(word), 10)
		separator = ','
	}
}

// bcsqEntry begins the INFO entry of the haplotypes.
var bcsqEntry = []byte("BCSQ=")
