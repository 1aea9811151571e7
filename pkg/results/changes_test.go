package results

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
)

// changedResult is a result in which some values of a random one are others, and another database.
func changedResult(text string) string {
	r := rand.New(rand.NewPCG(4, 4))
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && r.IntN(5) == 0 {
			switch r.IntN(4) {
			case 0:
				line = strings.Replace(line, "|missense_variant|MODERATE|", "|stop_gained|HIGH|", 1)
			case 1:
				line = strings.Replace(line, "CLNSIG=Benign", "CLNSIG=Pathogenic", 1)
			case 2:
				line = strings.Replace(line, "AF=0.1", "AF=0.11", 1)
			default:
				line = strings.Replace(line, "ENST1:c.", "ENST1.2:c.", 1)
			}
		}
		out.WriteString(line)
	}
	return strings.NewReplacer(`Version="v4"`, `Version="v5"`, "OK:OK", "OK:FINE").Replace(out.String())
}

func TestChangesAreThoseOfTheRowsAsTheyAreShown(t *testing.T) {
	ctx := context.Background()
	text := randomResult(11, 900)
	before, after := indexOf(t, pack(t, text)), indexOf(t, []byte(changedResult(text)))
	older, newer := all(t, before, nil), all(t, after, nil)
	for _, fields := range [][]string{nil, {"impact"}, {"gnomad.AF", "hgvsc"}, {"clinvar.CLNSIG"}} {
		t.Run(fmt.Sprint(fields), func(t *testing.T) {
			want := make(map[string]int64)
			var keys []string
			for i := range newer {
				changed := false
				for _, name := range []string{"gene", "transcript", "consequence", "impact", "biotype", "hgvsc", "hgvsp", "gnomad.AF", "gnomad.AC", "clinvar.CLNSIG"} {
					if older[i].Cell(name) != newer[i].Cell(name) {
						want[name]++
						changed = changed || fields == nil || strings.Contains(strings.Join(fields, " "), name)
					}
				}
				if changed {
					keys = append(keys, newer[i].Key)
				}
			}
			require.NotEmpty(t, keys)
			var got []string
			for q := (Query{Limit: 7}); ; {
				p, err := Changes(ctx, before, after, fields, q)
				require.NoError(t, err)
				require.EqualValues(t, len(keys), p.Total)
				require.Equal(t, []string{"clinvar.FINE"}, p.Added)
				require.Equal(t, []string{"clinvar.OK"}, p.Removed)
				for _, f := range p.Fields {
					require.Equal(t, want[f.Field], f.Count, f.Field)
				}
				for _, v := range p.Items {
					got = append(got, v.Key)
					require.NotEmpty(t, v.Changes)
					for _, c := range v.Changes {
						require.NotEqual(t, c.Before, c.After)
						require.Equal(t, v.Cell(c.Field), c.After)
					}
				}
				if p.Next == nil {
					break
				}
				q.Cursor = *p.Next
			}
			require.Equal(t, keys, got)
		})
	}
	same, err := Changes(ctx, before, before, nil, Query{})
	require.NoError(t, err)
	require.Zero(t, same.Total)
	_, err = Changes(ctx, before, indexOf(t, []byte(randomResult(12, 900))), nil, Query{})
	require.True(t, fault.Is(err, fault.Conflict), err)
	_, err = Changes(ctx, before, after, []string{"pos"}, Query{})
	require.True(t, fault.Is(err, fault.BadInput), err)
}
