package vcf

import "fmt"

// Rule is one of the written rules by which a file that the specification does not allow is read nevertheless. docs/input.md lists them.
type Rule uint8

// The rules of leniency. None of them is about the line #CHROM or the eight fixed columns.
const (
	RuleMark      Rule = iota + 1 // the byte order mark at the beginning is dropped
	RuleLineEnd                   // CR LF at the end of a line is read, and written, as LF
	RuleLastLine                  // the last line may lack its line end
	RuleBlank                     // blank lines are left out
	RuleVersion                   // a missing, unknown or malformed ##fileformat
	RuleMeta                      // a ## line that does not follow its form is passed on as it is
	RuleReserved                  // a reserved key that is declared otherwise than the specification declares it means what the file says
	RuleValue                     // a value that does not fit its key's declaration is passed on as it is
	RuleKey                       // a key or value that is repeated or badly spelled is passed on as it is
	RuleGenotype                  // a sample that does not fit its record is passed on as it is
	RuleOrder                     // records in any order are annotated; of unsorted ones no index is made
	RuleDuplicate                 // a variant that is there twice is annotated twice
	ruleCount
)

var ruleNames = [ruleCount]string{"", "byte_order_mark", "line_end", "last_line", "blank_line", "file_format", "header_line", "reserved_key", "value", "key", "genotype", "order", "duplicate"}

// String is the rule's name.
func (r Rule) String() string { return ruleNames[r] }

// Note is one use of a rule of leniency.
type Note struct {
	Rule    Rule
	Line    int64 // 1-based
	Message string
}

// String is the note as a warning shows it.
func (n Note) String() string {
	return fmt.Sprintf("line %d: %s (rule %d, %s)", n.Line, n.Message, n.Rule, n.Rule)
}
