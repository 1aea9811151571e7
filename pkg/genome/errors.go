package genome

import (
	"errors"
	"fmt"
)

// ErrFormat is what every FormatError unwraps to.
var ErrFormat = errors.New("not in the format that was expected")

// FormatError says what is wrong with a FASTA, .fai, GFF3 or GTF file, and where.
type FormatError struct {
	Format string // "FASTA", "FASTA index", "GFF3" or "GTF"
	Line   int    // 1-based
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s, line %d: %s", e.Format, e.Line, e.Reason)
}

// Unwrap returns ErrFormat.
func (e *FormatError) Unwrap() error { return ErrFormat }
