package annotate

import (
	"bytes"

	"gas/pkg/vcf"
	"gas/pkg/vcf/bgzf"
)

// How far a file is looked at before it is read in earnest.
const (
	peekRecords = 1000
	peekText    = 4 << 20 // bytes
)

// Peek is what the beginning of a file shows.
type Peek struct {
	Header *vcf.Header
	Sites  []Site // of up to 1,000 records

	notes []vcf.Note // the rules by which those records are read, as far as the pipeline does not see them
}

// Site is where a record lies.
type Site struct {
	Contig string
	Pos    uint32 // 1-based
	Ref    string
}

// look reads up to 1,000 records and puts their text back.
func look(s *vcf.Source, d *bgzf.Decoder, h *vcf.Header, rest []byte, lines int64, o Options) *Peek {
	text := rest
	var piece vcf.Piece
	for bytes.Count(text, newline) < peekRecords && len(text) < peekText {
		if s.Next(&piece, o.piece()) != nil {
			break // the pipeline meets it again, behind the text before it
		}
		part, err := piece.Text(d)
		text = append(text, part...)
		if err != nil {
			s.Fail(err)
			break
		}
	}
	s.Unread(text)
	return &Peek{Header: h, Sites: sites(h, text, o.Limits), notes: vet(h, text, lines, o.Limits)}
}

var newline = []byte{'\n'}

// sites reads the places of the first records, as far as they can be read.
func sites(h *vcf.Header, text []byte, limits vcf.Limits) []Site {
	var found []Site
	var record vcf.Record
	parser := vcf.NewParser(h, limits)
	for len(text) > 0 && len(found) < peekRecords {
		var line []byte
		line, text, _ = bytes.Cut(text, newline)
		if parser.Parse(&record, bytes.TrimSuffix(line, []byte{'\r'})) != nil {
			continue
		}
		found = append(found, Site{string(record.Chrom), record.Pos, string(record.Ref)})
	}
	return found
}

// vettedText is how much text of the first 1,000 records is held against the whole specification, in bytes. gas check does it with all of them; here it would
// cost more than the annotation.
const vettedText = 1 << 20

// vet notes what the first records hold that the specification does not allow, but for what is noted of all records anyway.
func vet(h *vcf.Header, text []byte, lines int64, limits vcf.Limits) []vcf.Note {
	var notes []vcf.Note
	vetter := vcf.NewVetter(h, limits)
	text = text[:min(len(text), vettedText)]
	for line := lines + 1; ; line++ {
		end := bytes.IndexByte(text, '\n')
		if end < 0 || line > lines+peekRecords {
			return notes
		}
		refused, found := vetter.Vet(text[:end], line)
		if refused != nil {
			return notes
		}
		for _, n := range found {
			if n.Rule != vcf.RuleLineEnd && n.Rule != vcf.RuleBlank && n.Rule != vcf.RuleOrder {
				notes = append(notes, n)
			}
		}
		text = text[end+1:]
	}
}
