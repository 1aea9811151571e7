package genome

import (
	"cmp"
	"slices"
)

// splice lays the transcript's exons out in the order of transcription and sets the length of the spliced sequence.
func splice(t *TranscriptModel, row *Transcript) []Exon {
	exons := make([]Exon, 0, len(t.Exons))
	at := uint32(0)
	for i := range t.Exons {
		e := t.Exons[i]
		if t.Strand < 0 {
			e = t.Exons[len(t.Exons)-1-i]
		}
		exons = append(exons, Exon{Start: e.Start, End: e.End, SplicedStart: at, Phase: -1})
		at += e.End - e.Start
	}
	row.SplicedLength = at
	return exons
}

// placed is a piece of CDS with the exon in which it begins and its place in the spliced sequence, 0-based and half-open.
type placed struct {
	CDS
	exon                     int
	splicedStart, splicedEnd uint32
}

// translate sets what the transcript's CDS says: its place, the phases, the edits.
//
// The rules are those of VEP's reader of gene models: a piece of CDS belongs to the exon that holds its leftmost base; the CDS is everything between the first piece's 5' end and the last
// piece's 3' end; an exon's phase is that of its first piece, turned from GFF3's meaning to Ensembl's.
func translate(t *TranscriptModel, exons []Exon, row *Transcript) ([]Edit, error) {
	if len(t.CDS) == 0 {
		return nil, nil
	}
	pieces := place(t, exons)
	if len(pieces) == 0 {
		return nil, errCDSOutside
	}
	for i, p := range pieces {
		if i == 0 || pieces[i-1].exon != p.exon {
			exons[p.exon].Phase = int8(ensemblPhase(p.Phase))
		}
	}
	first, last := pieces[0], pieces[len(pieces)-1]
	row.CDSStart, row.CDSEnd = first.splicedStart, min(last.splicedEnd, row.SplicedLength)
	row.Phase = ensemblPhase(first.Phase)
	row.CodingStart, row.CodingEnd = first.Start, last.End
	if t.Strand < 0 {
		row.CodingStart, row.CodingEnd = last.Start, first.End
	}
	if row.CDSEnd <= row.CDSStart || row.CodingEnd <= row.CodingStart || row.CodingStart < row.Start || row.CodingEnd > row.End {
		return nil, errCDSOutside
	}
	return edits(t, exons, pieces, row), nil
}

// ensemblPhase turns GFF3's phase (bases to drop) into Ensembl's (bases of the codon that are already behind), and back.
func ensemblPhase(phase uint8) uint8 { return (3 - phase%3) % 3 }

// place finds each piece's exon and sorts the pieces in the order of transcription.
func place(t *TranscriptModel, exons []Exon) []placed {
	pieces := make([]placed, 0, len(t.CDS))
	for _, c := range t.CDS {
		i := slices.IndexFunc(exons, func(e Exon) bool { return e.Start <= c.Start && c.Start < e.End })
		if i < 0 {
			continue
		}
		e := exons[i]
		c.End = min(c.End, e.End)
		p := placed{CDS: c, exon: i, splicedStart: e.SplicedStart + c.Start - e.Start, splicedEnd: e.SplicedStart + c.End - e.Start}
		if t.Strand < 0 {
			p.splicedStart, p.splicedEnd = e.SplicedStart+e.End-c.End, e.SplicedStart+e.End-c.Start
		}
		pieces = append(pieces, p)
	}
	slices.SortFunc(pieces, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.splicedStart, b.splicedStart), cmp.Compare(a.splicedEnd, b.splicedEnd))
	})
	return pieces
}

// edits lists the slippages between pieces of CDS and the recoded codons, by position.
func edits(t *TranscriptModel, exons []Exon, pieces []placed, row *Transcript) []Edit {
	var list []Edit
	for i := 1; i < len(pieces); i++ {
		shift := int64(pieces[i].splicedStart) - int64(pieces[i-1].splicedEnd)
		if pieces[i].exon != pieces[i-1].exon || shift == 0 || shift < -128 || shift > 127 {
			continue
		}
		list = append(list, Edit{Position: pieces[i-1].splicedEnd, Kind: Slip, Shift: int8(shift)})
		row.Flags |= RibosomalSlippage
	}
	for _, r := range t.Recoded {
		if at, ok := splicedAt(t, exons, r.Codon); ok {
			list = append(list, Edit{Position: at, Kind: Recoded, Residue: r.Residue})
			if r.Residue == 'U' {
				row.Flags |= Selenocysteine
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Edit) int { return cmp.Compare(a.Position, b.Position) })
	return list
}

// splicedAt returns the spliced position of an interval's 5' base.
func splicedAt(t *TranscriptModel, exons []Exon, s Span) (uint32, bool) {
	if s.End <= s.Start {
		return 0, false
	}
	at := s.Start
	if t.Strand < 0 {
		at = s.End - 1
	}
	for _, e := range exons {
		if e.Start <= at && at < e.End {
			if t.Strand < 0 {
				return e.SplicedStart + e.End - 1 - at, true
			}
			return e.SplicedStart + at - e.Start, true
		}
	}
	return 0, false
}
