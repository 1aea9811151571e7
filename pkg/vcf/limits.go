package vcf

// Limits bound what a file may ask of the machine. A zero field stands for the default named beside it.
type Limits struct {
	Text    int64 // bytes of the file after decompression; 0 is no limit
	Line    int   // bytes of one line; DefaultLine
	Header  int   // bytes of all header lines; DefaultHeader
	Lines   int   // header lines; DefaultLines
	Alleles int   // ALT alleles of one record; DefaultEntries
	Info    int   // INFO entries of one record; DefaultEntries
}

// Defaults of the limits.
const (
	DefaultLine    = 16 << 20
	DefaultHeader  = 32 << 20
	DefaultLines   = 1 << 19 // each is kept apart: without a bound, a header of short lines takes fifty times its length
	DefaultEntries = 65535
)

// orDefaults replaces the zero fields.
func (l Limits) orDefaults() Limits {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&l.Line, DefaultLine)
	set(&l.Header, DefaultHeader)
	set(&l.Lines, DefaultLines)
	set(&l.Alleles, DefaultEntries)
	set(&l.Info, DefaultEntries)
	return l
}
