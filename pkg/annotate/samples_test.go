package annotate

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGenotypesAreCountedBySample(t *testing.T) {
	type counted struct{ het, hom, missing int64 }
	for name, test := range map[string]struct {
		rest string // FORMAT and three samples
		want [3]counted
	}{
		"plain":                         {"\tGT\t0/0\t0/1\t1/1", [3]counted{{}, {1, 0, 0}, {0, 1, 0}}},
		"phased, with more keys":        {"\tGT:DP\t0|1:5\t1|0:6\t2|2", [3]counted{{1, 0, 0}, {1, 0, 0}, {0, 1, 0}}},
		"two of the same kind in a row": {"\tGT\t0/0\t0/0\t0/1", [3]counted{2: {1, 0, 0}}},
		"missing, or in part":           {"\tGT\t./.\t.\t0/.", [3]counted{{0, 0, 1}, {0, 0, 1}, {0, 0, 1}}},
		"haploid and triploid":          {"\tGT\t1\t0/0/1\t1/1/1", [3]counted{{0, 1, 0}, {1, 0, 0}, {0, 1, 0}}},
		"alleles above nine":            {"\tGT:DP\t10/10:1\t0/12:1\t1/2:1", [3]counted{{0, 1, 0}, {1, 0, 0}, {1, 0, 0}}},
		"fewer samples than declared":   {"\tGT\t0/1", [3]counted{{1, 0, 0}}},
		"GT is not first":               {"\tDP:GT\t1:0/1\t1:0/1\t1:0/1", [3]counted{}},
		"a longer key":                  {"\tGTX\t0/1\t0/1\t0/1", [3]counted{}},
		"no samples":                    {"\tGT", [3]counted{}},
	} {
		t.Run(name, func(t *testing.T) {
			var s sampleCounts
			s.init(3)
			for range 2 { // the second time FORMAT is known
				s.record([]byte(test.rest))
			}
			for i, want := range test.want {
				got := s.each[i]
				require.Equal(t, counted{2 * want.het, 2 * want.hom, 2 * want.missing}, counted{got[genotypeHet], got[genotypeHom], got[genotypeMissing]}, "sample %d", i+1)
			}
		})
	}
}
