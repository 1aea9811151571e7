package results

import (
	"fmt"

	"gas/pkg/fault"
	"gas/pkg/results/filter"
)

// Sieve judges a filter on the lines of a result one by one, where there is no index: while it is written. It is safe for concurrent use.
type Sieve struct {
	header Header
	schema *schema
	expr   filter.Expr
}

// NewSieve reads a filter for a result with this header, from its first line to #CHROM. A mistake is a fault of kind BadInput with its Column.
func NewSieve(header []byte, text string) (*Sieve, error) {
	s := &Sieve{header: parseHeader(header)}
	s.schema = newSchema(&s.header)
	var err error
	if s.expr, err = filter.Parse(text, s.schema); err != nil {
		return nil, fmt.Errorf("read filter: %w", err)
	}
	return s, nil
}

// String is the filter in its canonical form.
func (s *Sieve) String() string { return filter.String(s.expr) }

// Keeps gives a function for one goroutine, which tells whether any allele of a record passes. The line may have its end.
func (s *Sieve) Keeps() func(line []byte) (bool, error) {
	r := newLineReader(&s.header)
	return func(line []byte) (bool, error) {
		for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
			line = line[:len(line)-1]
		}
		if err := r.read(line); err != nil {
			return false, fault.New(fault.BadInput, "The filter cannot be judged on a line that is no record.").Because(err)
		}
		for allele := range r.alts {
			if s.passes(s.expr, r, allele) {
				return true, nil
			}
		}
		return false, nil
	}
}

// passes judges a filter on one allele.
func (s *Sieve) passes(e filter.Expr, r *lineReader, allele int) bool {
	switch e := e.(type) {
	case *filter.And:
		for _, term := range e.Terms {
			if !s.passes(term, r, allele) {
				return false
			}
		}
	case *filter.Or:
		for _, term := range e.Terms {
			if s.passes(term, r, allele) {
				return true
			}
		}
		return false
	case *filter.Not:
		return !s.passes(e.Term, r, allele)
	case *filter.Comparison:
		return s.compares(e, r, allele)
	}
	return true
}

func (s *Sieve) compares(c *filter.Comparison, r *lineReader, allele int) bool {
	switch column, kept := s.schema.columns[c.Field.Name]; {
	case c.Field.Name == fieldPos:
		return c.TestNumber(float64(r.pos))
	case c.Field.Type == filter.Region:
		return inRegions(c, r)
	case kept && column < fixedColumns:
		return c.Test(r.fixed(column, allele))
	case kept && column < fixedColumns+len(r.values):
		return c.Test(r.value(column-fixedColumns, allele))
	}
	class := genotypeMissing
	r.genotypes(len(s.header.Samples), func(i int, gt []byte) {
		if "gt."+s.header.Samples[i] == c.Field.Name {
			class = genotypeClass(gt, allele+1)
		}
	})
	return c.Test(class)
}

// inRegions is evaluator.compareRegion for one record.
func inRegions(c *filter.Comparison, r *lineReader) bool {
	if c.Missing {
		return c.Op == filter.NotEqual
	}
	for _, region := range c.Regions() {
		last := uint64(r.pos) + uint64(max(len(r.ref), 1)) - 1
		if filter.SameContig(string(r.chrom), region.Contig) && r.pos <= region.End && last >= uint64(region.Start) {
			return c.Op != filter.NotEqual
		}
	}
	return c.Op == filter.NotEqual
}

// fixed is the value of one of the fixed columns for an allele.
func (r *lineReader) fixed(column, allele int) []byte {
	p := &r.picks[allele]
	switch column {
	case columnChrom:
		return r.chrom
	case columnID:
		return r.id
	case columnRef:
		return r.ref
	case columnAlt:
		return r.alts[allele]
	case columnQual:
		return r.qual
	case columnFilter:
		return r.filter
	case columnType:
		return variantType(r.ref, r.alts[allele])
	case columnGene:
		return p.gene
	case columnTranscript:
		return p.transcript
	case columnConsequence:
		return p.consequence
	case columnImpact:
		return p.impact
	case columnBiotype:
		return p.biotype
	case columnHGVSc:
		return p.hgvsc
	case columnHGVSp:
		return p.hgvsp
	}
	if !p.found {
		return nil
	}
	text := r.anyOf(p.any)
	if column == columnAnyImpact {
		return text[0]
	}
	return text[1]
}
