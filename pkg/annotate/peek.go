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
}

// Site is where a record lies.
type Site struct {
	Contig string
	Pos    uint32 // 1-based
	Ref    string
}

// look reads up to 1,000 records and puts their text back.
func look(s *vcf.Source, d *bgzf.Decoder, h *vcf.Header, rest []byte, limits vcf.Limits) *Peek {
	text := rest
	var piece vcf.Piece
	for bytes.Count(text, newline) < peekRecords && len(text) < peekText {
		if s.Next(&piece, pieceSize) != nil {
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
	return &Peek{Header: h, Sites: sites(h, text, limits)}
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
