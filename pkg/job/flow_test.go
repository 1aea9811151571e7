package job

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestThePageOfTheFlowIsTheTable(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "flow.md")
	if *update {
		if err := os.WriteFile(page, []byte(Draw()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), Draw()); diff != "" {
		t.Errorf("docs/flow.md is stale; run go test ./pkg/job -update\n%s", diff)
	}
}

func TestARowOfAStepIsFoundByItsState(t *testing.T) {
	seen := map[[2]string]string{}
	for _, row := range Flow {
		for _, from := range row.From {
			key := [2]string{string(row.Step), string(from)}
			if other, ok := seen[key]; ok {
				t.Errorf("step %s leads from %q to %q and to %q", row.Step, from, other, row.To)
			}
			seen[key] = string(row.To)
		}
		if row.Why == "" || row.By == "" {
			t.Errorf("step %s does not say why and by whom", row.Step)
		}
	}
}

func TestEveryStateCanBeReachedAndLeftOrIsFinal(t *testing.T) {
	for _, s := range []State{uploading, pending, running, failed, cancelled, deleted, hot, archiving, archived, thawing, damaged} {
		reached := slices.ContainsFunc(Flow, func(r Row) bool { return r.To == s })
		left := slices.ContainsFunc(Flow, func(r Row) bool { return slices.Contains(r.From, s) && r.To != s && r.To != Same })
		if !reached || !left && s != deleted {
			t.Errorf("state %s: reached %v, left %v", s, reached, left)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"job_id":"a"}`, `{"v":2,"job_id":"a"}`, `{"user_id":"u","cursor":"x"}`, `{}`, `{"job_id":"a"} {}`, `{"job_id":"a","more":1}`, `[]`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Decode(body)
		if err == nil && b.JobID == "" && b.UserID == "" {
			t.Error("a message without ids was accepted")
		}
	})
}
