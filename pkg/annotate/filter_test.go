package annotate_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/annotate"
	"gas/pkg/fault"
)

const threeRecords = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" +
	"MT\t73\ta\tA\tG\t10\tPASS\t.\nMT\t263\tb\tA\tG,T\t60\tPASS\t.\nMT\t750\tc\tA\tG\t.\tlow\t.\n"

func TestOnlyRecordsThatPassTheFilterAreWritten(t *testing.T) {
	run := func(filter string, form annotate.Format) (string, *annotate.Summary, error) {
		var out bytes.Buffer
		summary, err := annotate.Recipe{Reference: "rCRS", Filter: filter}.Annotate(context.Background(),
			annotate.Files{In: "-", Out: "-", Stdin: strings.NewReader(threeRecords), Stdout: &out, Format: form}, annotate.Options{Threads: 2})
		return out.String(), summary, err
	}
	for filter, want := range map[string]string{
		"qual > 20":                                 "b",
		"alt = T or filter has low":                 "bc",
		"not qual > 20 and pos < 100":               "a",
		"any_consequence has stop_gained":           "",
		"region = chrM:1-300 and impact != missing": "ab",
	} {
		t.Run(filter, func(t *testing.T) {
			out, summary, err := run(filter, annotate.VCF)
			require.NoError(t, err)
			ids := ""
			for line := range strings.Lines(out) {
				if !strings.HasPrefix(line, "#") {
					ids += strings.Split(line, "\t")[2]
				}
			}
			require.Equal(t, want, ids)
			require.EqualValues(t, 3-len(want), summary.Records.LeftOut)
			require.EqualValues(t, 3, summary.Records.Annotated)
			require.Contains(t, out, `##GAS=<ID=filter,Value="`+filter+`">`)
			objects, _, err := run(filter, annotate.JSONLines)
			require.NoError(t, err)
			require.Equal(t, len(want), strings.Count(objects, "\n"))
		})
	}
	_, _, err := run("qual >> 2", annotate.VCF)
	require.True(t, fault.Is(err, fault.BadInput))
	require.Contains(t, fault.Of(err).Message, "column 7")
}
