package hgvs

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbersAreWrittenAsStrconvWritesThem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	numbers := []int{0, 9, 10, 99, 100, 101, 999, 1000, 9999, 10000, 99999, 100000, 999999, 1000000, 9999999, 10000000, 99999999, 100000000, 999999999, 1000000000, 1 << 40, -1, -12345}
	for range 100_000 {
		numbers = append(numbers, random.IntN(1<<(1+random.IntN(34))))
	}
	for _, n := range numbers {
		require.Equal(t, "x"+strconv.Itoa(n), string(AppendNumber([]byte("x"), n)))
	}
}
