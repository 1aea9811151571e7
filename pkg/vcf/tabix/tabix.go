// Package tabix makes and reads the indexes .tbi and .csi of bgzip-compressed VCF files, as htslib defines them (the specifications "tabix" and
// "CSIv1"): bins of a hierarchy, each with the chunks of the file where its records are, and for every window of 2^14 bases the first of them.
package tabix

import "gas/pkg/vcf/bgzf"

// Kind is the form of an index.
type Kind uint8

// The forms.
const (
	TBI Kind = iota // for contigs of up to 2^29 bases
	CSI             // for longer ones
)

// String is the ending of an index's name.
func (k Kind) String() string { return [...]string{"tbi", "csi"}[k] }

// MaxTBI is the length of a contig, in bases, up to which TBI can index it.
const MaxTBI = 1 << 29

const (
	minShift    = 14 // the smallest bins and the windows span 2^14 bases
	tbiDepth    = 5
	csiDepth    = 6 // spans 2^32 bases, all that POS can say
	formatVCF   = 2
	commentByte = '#'
)

// Chunk is a stretch of a file.
type Chunk struct{ Begin, End bgzf.VirtualOffset }

// binOf is the smallest bin that holds the bases begin:end, 0-based and half-open.
func binOf(begin, end uint64, depth int) uint32 {
	end--
	shift, first := minShift, (uint32(1)<<(3*depth)-1)/7
	for level := depth; level > 0; level-- {
		if begin>>shift == end>>shift {
			return first + uint32(begin>>shift)
		}
		shift += 3
		first -= 1 << (3 * (level - 1))
	}
	return 0
}

// countBin is the number of the bin that holds counts instead of chunks: one past the number that follows an index's last bin.
func countBin(depth int) uint32 { return (uint32(1)<<(3*(depth+1))-1)/7 + 1 }

// firstWindow is the window where a bin begins.
func firstWindow(bin uint32, depth int) uint64 {
	level, first := 0, uint32(0)
	for bin >= first+1<<(3*level) {
		first += 1 << (3 * level)
		level++
	}
	return uint64(bin-first) << (3 * (depth - level))
}
