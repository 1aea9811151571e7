package annotate

import "gas/pkg/vcf"

// notes are the uses of rules of leniency that the lines themselves show: how often, and the first line.
type notes struct {
	lineEnds, blanks         int64
	firstLineEnd, firstBlank int64
}

// take counts the notes of some lines, which begin behind a line, in a summary.
func (s *Summary) takeNotes(n *notes, before int64) {
	if n.lineEnds > 0 {
		s.note(vcf.Note{Rule: vcf.RuleLineEnd, Line: before + n.firstLineEnd, Message: "The lines end in CR LF; they were written with LF."}, n.lineEnds)
	}
	if n.blanks > 0 {
		s.note(vcf.Note{Rule: vcf.RuleBlank, Line: before + n.firstBlank, Message: "A blank line was left out."}, n.blanks)
	}
}
