package consequence

import "gas/pkg/genome"

// known is what never changes of a transcript's annotation, ready to be copied: its fields of CSQ as the plan runs through them, each with a bar behind it, and the beginnings of its names in HGVS.
type known struct {
	transcript int // index + 1, 0 for none
	text       []byte
	cuts       [maxRuns + 1]uint16 // run i of the plan is text[cuts[i]:cuts[i+1]]
	coding     Span                // "ENST00000284981.4:c."
	protein    Span                // "ENSP00000284981.1:p."
}

// knownSlots is how many transcripts a scratch keeps ready. Records come mostly in order, so few are needed at a time.
const knownSlots = 256

// knownOf is a transcript's ready text, made where it is not there.
func (e *Engine) knownOf(s *Scratch, transcript int) *known {
	k := &s.known[transcript%knownSlots]
	if k.transcript != transcript+1 {
		e.prepare(k, transcript)
	}
	return k
}

func (e *Engine) prepare(k *known, transcript int) {
	t := &e.ref.Transcripts[transcript]
	k.transcript, k.text = transcript+1, k.text[:0]
	run := 0
	for _, step := range e.plan {
		if step.kind != knownRun {
			continue
		}
		for _, f := range e.opt.Fields[step.from:step.to] {
			k.text = append(e.appendKnown(k.text, t, f), '|')
		}
		run++
		k.cuts[run] = uint16(len(k.text))
	}
	from := uint32(len(k.text))
	k.text = append(e.appendTranscriptName(k.text, t), numbering(t)...)
	k.coding = Span{from, uint32(len(k.text))}
	from = uint32(len(k.text))
	k.text = append(e.appendProteinName(k.text, t), ":p."...)
	k.protein = Span{from, uint32(len(k.text))}
}

// numbering is what stands between a transcript's name and a position.
func numbering(t *genome.Transcript) string {
	if t.Coding() {
		return ":c."
	}
	return ":n."
}
