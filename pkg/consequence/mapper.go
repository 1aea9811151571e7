package consequence

import (
	"sort"

	"gas/pkg/genome"
)

// piece is a run of positions in a transcript, or a gap where there are none. Positions are 1-based and closed; an insertion's start is its end + 1.
type piece struct {
	start, end int
	gap        bool
}

// pieces are the runs that a variation maps to, in the order of transcription. They are never empty.
type pieces []piece

// ends returns the first position of the first run and the last of the last, 0 where that run is a gap.
func (p pieces) ends() (start, end int) {
	if len(p) == 0 {
		return 0, 0
	}
	if first := p[0]; !first.gap {
		start = first.start
	}
	if last := p[len(p)-1]; !last.gap {
		end = last.end
	}
	return start, end
}

// within says whether any run has a base among the positions 1 to length.
func (p pieces) within(length int) bool {
	for _, x := range p {
		if !x.gap && x.end > 0 && x.start <= length {
			return true
		}
	}
	return false
}

// mapToCDNA appends the runs of spliced positions that the interval start to end of the contig maps to, as Ensembl's TranscriptMapper finds them.
func mapToCDNA(dst pieces, t *genome.Transcript, exons []genome.Exon, start, end int) pieces {
	if start != end+1 {
		return mapInterval(dst, t, exons, start, end)
	}
	from := len(dst)
	dst = mapInterval(dst, t, exons, end, start)
	return dst[:from+joinInsertion(dst[from:], t.Strand > 0)]
}

// joinInsertion turns the runs of the two bases beside an insertion into the run of the insertion; it returns how many runs are left.
func joinInsertion(two pieces, forward bool) int {
	if len(two) == 1 {
		two[0].start, two[0].end = two[0].end, two[0].start
		return 1
	}
	// The first run in the order of transcription ends before the insertion, the second begins after it, on either strand.
	n := 0
	if first := two[0]; !first.gap {
		two[n] = piece{start: first.start + 1, end: first.end}
		n++
	}
	if second := two[1]; !second.gap {
		two[n] = piece{start: second.start, end: second.end - 1}
		n++
	}
	return n
}

// mapInterval appends the runs for a stretch of at least one base.
func mapInterval(dst pieces, t *genome.Transcript, exons []genome.Exon, start, end int) pieces {
	from, n, forward := len(dst), len(exons), t.Strand > 0
	at := func(i int) *genome.Exon {
		if forward {
			return &exons[i]
		}
		return &exons[n-1-i]
	}
	i := sort.Search(n, func(i int) bool { return int(at(i).End) >= start })
	mapped := false
	for ; i < n; i++ {
		x := at(i)
		left, right, spliced := int(x.Start)+1, int(x.End), int(x.SplicedStart)+1
		if left > end {
			break
		}
		if start < left {
			dst = append(dst, piece{gap: true, start: start, end: left - 1})
			start = left
		}
		p := piece{start: spliced + start - left, end: spliced + min(end, right) - left}
		if !forward {
			p = piece{start: spliced + right - min(end, right), end: spliced + right - start}
		}
		dst, mapped, start = append(dst, p), true, right+1
	}
	if !mapped || start <= end {
		dst = append(dst, piece{gap: true, start: start, end: end})
	}
	if !forward {
		reverse(dst[from:])
	}
	return dst
}

func reverse(p pieces) {
	for i, j := 0, len(p)-1; i < j; i, j = i+1, j-1 {
		p[i], p[j] = p[j], p[i]
	}
}

// toCDS appends the runs of the coding sequence that runs of the spliced sequence map to; coding is the 1-based closed place of the CDS.
func toCDS(dst, cdna pieces, codingStart, codingEnd int) pieces {
	for _, p := range cdna {
		if p.gap || p.end < codingStart || p.start > codingEnd {
			dst = append(dst, piece{gap: true, start: p.start, end: p.end})
			continue
		}
		if p.start < codingStart {
			dst = append(dst, piece{gap: true, start: p.start, end: codingStart - 1})
		}
		dst = append(dst, piece{start: max(p.start, codingStart) - codingStart + 1, end: min(p.end, codingEnd) - codingStart + 1})
		if p.end > codingEnd {
			dst = append(dst, piece{gap: true, start: codingEnd + 1, end: p.end})
		}
	}
	return dst
}

// toPeptide turns runs of the coding sequence into runs of amino acids in place; phase bases are missing before the first codon's.
func toPeptide(cds pieces, phase int) pieces {
	for i := range cds {
		if p := &cds[i]; !p.gap {
			p.start, p.end = (p.start+phase+2)/3, (p.end+phase+2)/3
		}
	}
	return cds
}
