package web

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds a value's JSON against a file.
func golden(t *testing.T, name string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	require.NoError(t, err)
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(strings.TrimSpace(string(want)), string(got)))
}

func TestTheShapesOfJobsAreThoseOfTheContract(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }
	base := job.Job{
		ID: "0190a1b2-0000-7000-8000-000000000001", UserID: "u_x", Name: "x.vcf", Attempt: 1, SubmitTime: at(0), StartTime: at(1),
		Input: job.Object{Size: 33102, SHA256: "be39"}, Options: job.Options{Reference: "auto"},
	}
	done := base
	done.Status, done.Storage, done.CompleteTime, done.Reference = job.Completed, job.Hot, at(2), "rCRS"
	done.Result, done.Counts = job.Object{Size: 10, SHA256: "4cb6"}, &job.Counts{Records: 3, Annotated: 1, PassedThrough: 1, Rejected: 1}
	done.Versions = map[string]string{"gas": "1.0.0"}
	thawing := done
	thawing.Storage, thawing.Retrieval = job.Thawing, job.Retrieval{ExpectedAt: at(30)}
	failed := base
	failed.Status, failed.CompleteTime, failed.Error = job.Failed, at(2), &job.Failure{Code: "bad_input", Line: 7, Text: "The position is not a number."}
	running, pending := base, base
	running.Status, pending.Status = job.Running, job.Pending
	for name, v := range map[string]sight{
		"job-done.json":    {Job: done, freeUntil: at(7)},
		"job-thawing.json": {Job: thawing, readable: fault.New(fault.Thawing, "x")},
		"job-failed.json":  {Job: failed},
		"job-running.json": {Job: running, progress: job.Progress{Stage: "annotating", Percent: 62.5}},
		"job-pending.json": {Job: pending, place: 3},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, jobShape(v)) })
	}
}

func TestNumbersAreWrittenAsAPersonReadsThem(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 1023: "1,023 bytes", 153600: "150 KiB", 1536: "1.5 KiB", 5 << 30: "5 GiB", 1<<20 - 1: "1.0 MiB"} {
		require.Equal(t, want, sizeText(bytes))
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 84210: "84,210", -1234567: "-1,234,567"} {
		require.Equal(t, want, countText(n))
	}
	for n, want := range map[int]string{1: "first", 3: "third", 4: "4th", 11: "11th", 21: "21st", 112: "112th", 1003: "1,003rd"} {
		require.Equal(t, want, ordinal(n))
	}
	for d, want := range map[time.Duration]string{45 * time.Millisecond: "45 ms", 4100 * time.Millisecond: "4.1 s", 90 * time.Second: "90 s", 5 * time.Minute: "5 min", 3 * time.Hour: "3 h", 72 * time.Hour: "3 days"} {
		require.Equal(t, want, durationText(d))
	}
}

func FuzzANameIsALabel(f *testing.F) {
	for _, name := range []string{"a.vcf", "../../x", "\u202ea", "", "   ", "a\x00b", strings.Repeat("é", 400), "\xff\xfe"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := cleanName(name)
		if got == "" || len(got) > maxName || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\x00\r\n") || got == "." || got == ".." {
			t.Fatalf("%q became %q", name, got)
		}
		header := attachment(downloadName(got, kindResult))
		if strings.ContainsAny(header, "\r\n\x00") {
			t.Fatalf("%q is no header", header)
		}
	})
}

func FuzzAPathAfterTheSignInIsLocal(f *testing.F) {
	for _, next := range []string{"/annotations", "//x", `/\x`, "https://x", "/%2f/x", "/a?b#c", "\t//x"} {
		f.Add(next)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := localPath(next)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n") {
			t.Fatalf("%q leads to %q", next, got)
		}
	})
}

func FuzzATokenIsFoundOnlyByItsWholeText(f *testing.F) {
	for _, text := range []string{"", "gas_", "gas_a", "gas_a_b", "gas_a_b_c", "Bearer", "gas__"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := checkToken(t.Context(), noRecords{}, text); err != port.ErrNotFound {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// noRecords finds nothing.
type noRecords struct{ port.Records }

func (noRecords) Get(context.Context, string, string) (port.Record, error) {
	return port.Record{}, port.ErrNotFound
}
