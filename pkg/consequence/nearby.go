package consequence

import (
	"slices"
	"sort"
	"sync"

	"gas/pkg/genome"
)

// nearby is a contig cut into elementary segments: within each the same transcripts are within the engine's distance. It is made when the contig is first asked for.
type nearby struct {
	once    sync.Once
	starts  []uint32 // each segment's first position, 1-based and ascending; the first is 0
	offsets []uint32 // segment i's transcripts are list[offsets[i]:offsets[i+1]]
	list    []uint32 // indexes of transcripts in the reference's order
}

// build cuts a contig.
func (n *nearby) build(ref *genome.Reference, contig int, distance uint32) {
	c := &ref.Contigs[contig]
	first := c.FirstTranscript
	of := ref.TranscriptsOf(contig)
	n.starts = make([]uint32, 1, 2*len(of)+1)
	for i := range of {
		lo, hi := surrounded(&of[i], distance)
		n.starts = append(n.starts, lo, hi+1)
	}
	slices.Sort(n.starts)
	n.starts = slices.Compact(n.starts)
	n.offsets = make([]uint32, 0, len(n.starts)+1)
	var active []uint32
	next := 0
	for _, at := range n.starts {
		active = slices.DeleteFunc(active, func(i uint32) bool { _, hi := surrounded(&ref.Transcripts[i], distance); return hi < at })
		for ; next < len(of); next++ {
			if lo, _ := surrounded(&of[next], distance); lo > at {
				break
			}
			active = append(active, first+uint32(next))
		}
		n.offsets = append(n.offsets, uint32(len(n.list)))
		n.list = append(n.list, active...)
	}
	n.offsets = append(n.offsets, uint32(len(n.list)))
}

// surrounded is the stretch within which a transcript is affected, 1-based and closed.
func surrounded(t *genome.Transcript, distance uint32) (lo, hi uint32) {
	lo = 1
	if t.Start+1 > distance {
		lo = max(t.Start+1-distance, 1)
	}
	return lo, t.End + distance
}

// at is the transcripts near the stretch low to high, 1-based and closed; false where the stretch is not within one segment. hint is a segment to look at first, and becomes the one that was found.
func (n *nearby) at(low, high uint32, hint *int) ([]uint32, bool) {
	i := *hint
	if i >= len(n.starts) || n.starts[i] > low || i+1 < len(n.starts) && n.starts[i+1] <= low {
		if i+2 < len(n.starts) && n.starts[i+1] <= low && low < n.starts[i+2] {
			i++
		} else {
			i = sort.Search(len(n.starts), func(k int) bool { return n.starts[k] > low }) - 1
		}
		*hint = i
	}
	return n.list[n.offsets[i]:n.offsets[i+1]], i+1 == len(n.starts) || n.starts[i+1] > high
}

// nearbyOf is a contig's segments.
func (e *Engine) nearbyOf(contig int) *nearby {
	n := &e.nearby[contig]
	n.once.Do(func() { n.build(e.ref, contig, e.opt.Distance) })
	return n
}
