package results

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextsThatAreHandedOverWithCodesAreKeptOnce(t *testing.T) {
	type value struct {
		block int32
		code  uint16 // 0 for a text that is only known as text
		text  string
	}
	var c dictBuilder
	for round := range 2 { // a builder is used again
		var values []value
		for block := range int32(3) {
			for code := range uint16(300) {
				values = append(values, value{block, code + 1, fmt.Sprint("text ", int(code)+100*int(block)+round)})
			}
			values = append(values, value{block, 0, "text 7"}, value{block, 0, fmt.Sprint("only ", block)})
			for code := uint16(300); code > 0; code-- {
				values = append(values, value{block, code, fmt.Sprint("text ", int(code)-1+100*int(block)+round)})
			}
		}
		distinct := map[string]bool{}
		for i, v := range values {
			c.addHandedAt(2*i, v.block, v.code, []byte(v.text)) // every other row has none
			distinct[v.text] = true
		}
		require.Len(t, c.ends, len(distinct), "each text has one code")
		body, encoding, count := c.appendTo(nil, 2*len(values))
		column, ok := readColumn(body, encoding, count, 2*len(values))
		require.True(t, ok)
		for i, v := range values {
			require.Equal(t, v.text, string(column.value(2*i)))
			require.Empty(t, column.value(2*i+1))
		}
		c.reset()
	}
}
