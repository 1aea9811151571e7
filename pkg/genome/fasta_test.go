package genome

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

// sequences reads a whole FASTA text.
func sequences(text io.Reader) (names []string, bases map[string]string, err error) {
	f := NewFASTA(text)
	bases = make(map[string]string)
	for {
		name, err := f.Next()
		if errors.Is(err, io.EOF) {
			return names, bases, nil
		}
		if err != nil {
			return names, bases, err
		}
		all, err := io.ReadAll(f)
		if err != nil {
			return names, bases, err
		}
		names = append(names, name)
		bases[name] = string(all)
	}
}

func TestFASTAIsReadInEveryShape(t *testing.T) {
	long := strings.Repeat("ACGTN", 500_000)
	for _, c := range []struct {
		name, text string
		want       map[string]string
	}{
		{"two sequences", ">1 one\nACGT\nAC\n>2\nGG\n", map[string]string{"1": "ACGTAC", "2": "GG"}},
		{"lower case, IUPAC, gaps", ">1\nacgtnryk*-\n", map[string]string{"1": "ACGTNRYKNN"}},
		{"Windows line ends, empty lines, no last line end", ">1\r\nAC\r\n\r\nGT\r\n\r\n>2\r\nA", map[string]string{"1": "ACGT", "2": "A"}},
		{"comments and blanks", ">1\n;comment\nAC GT\t\nA \n", map[string]string{"1": "ACGTA"}},
		{"a sequence without bases", ">1\n>2\nA\n", map[string]string{"1": "", "2": "A"}},
		{"one line longer than the buffer", ">1\n" + long + "\n>2\nA\n", map[string]string{"1": long, "2": "A"}},
		{"nothing", "", map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got, err := sequences(strings.NewReader(c.text))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAFaultInFASTAIsNamedWithItsLine(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
	}{
		{"bases before a name", "\nACGT\n", 2},
		{"no base", ">1\nACGT\nAC!T\n", 3},
		{"no name", ">1\nA\n> \nA\n", 3},
		{"a description without end", ">" + strings.Repeat("a", 2<<20), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := sequences(strings.NewReader(c.text))
			var fault *FormatError
			require.True(t, errors.As(err, &fault), "%v", err)
			require.Equal(t, c.line, fault.Line)
		})
	}
}

func TestNextSkipsWhatWasNotRead(t *testing.T) {
	f := NewFASTA(strings.NewReader(">1\nACGT\nACGT\n>2\nGG\n"))
	for _, want := range []string{"1", "2"} {
		name, err := f.Next()
		require.NoError(t, err)
		require.Equal(t, want, name)
	}
	_, err := f.Next()
	require.ErrorIs(t, err, io.EOF)
}

func TestCompressedFilesAreInflated(t *testing.T) {
	var two bytes.Buffer
	for _, text := range []string{">1\nAC", "GT\n"} {
		w := gzip.NewWriter(&two)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	whole := two.Bytes()
	in, err := Inflate(bytes.NewReader(whole))
	require.NoError(t, err)
	_, got, err := sequences(in)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"1": "ACGT"}, got, "as bgzip, which is many gzip members")

	in, err = Inflate(bytes.NewReader(whole[:len(whole)-4]))
	require.NoError(t, err)
	_, _, err = sequences(in)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestAFASTAIndexIsRead(t *testing.T) {
	list, err := ReadIndex(strings.NewReader("1\t100\t3\t60\t61\n2\t0\t105\t0\t0\n"))
	require.NoError(t, err)
	require.Equal(t, []IndexEntry{{"1", 100, 3, 60, 61}, {"2", 0, 105, 0, 0}}, list)
	for _, bad := range []string{"1\t100\t3\t60\n", "1\tx\t3\t60\t61\n", "\t1\t3\t60\t61\n", "1\t100\t3\t60\t59\n", "1\t100\t3\t0\t1\n", strings.Repeat("a", 1<<17)} {
		_, err := ReadIndex(strings.NewReader(bad))
		require.ErrorIs(t, err, ErrFormat)
	}
}

func FuzzFASTA(f *testing.F) {
	f.Add([]byte(">1 one\nACGT\nAC\n>2\nGG\n"))
	f.Add([]byte("ACGT"))
	f.Add([]byte(">\r\n;\n*"))
	f.Fuzz(func(t *testing.T, text []byte) {
		names, bases, err := sequences(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, name := range names {
			for _, b := range []byte(bases[name]) {
				require.True(t, b >= 'A' && b <= 'Z')
			}
		}
	})
}

func FuzzReadIndex(f *testing.F) {
	f.Add([]byte("1\t100\t3\t60\t61\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ReadIndex(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, e := range list {
			require.NotEmpty(t, e.Name)
			require.GreaterOrEqual(t, e.LineBytes, e.LineBases)
		}
	})
}
