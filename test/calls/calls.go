// Package calls reads the calls to AWS that processes have noted under GAS_AWS_CALLS, holds them against the policies of their roles, and counts them.
package calls

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
)

// Read reads a file of calls. A file that is not there holds none.
func Read(t testing.TB, path string) (list []aws.Call) {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("read calls: %v", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c aws.Call
		if json.Unmarshal(lines.Bytes(), &c) != nil {
			continue // the process was killed while it wrote
		}
		list = append(list, c)
	}
	return list
}

// Allowed fails the test for each kind of call that a role made and its policy lacks.
func Allowed(t testing.TB, role string, c config.Config, list []aws.Call) {
	t.Helper()
	at := backend.AWSPlace(c, "aws", "123456789012")
	at.Region = "us-east-1"
	policy, err := aws.PolicyOf(role, at)
	if err != nil {
		t.Fatal(err)
	}
	lacking := map[string]bool{}
	for _, call := range list {
		for _, a := range policy.Lacks(at, call) {
			lacking[fmt.Sprintf("%s may not %s on %s (%s)", role, a.Action, thing(a.To), call.Name)] = true
		}
	}
	for _, line := range slices.Sorted(maps.Keys(lacking)) {
		t.Error(line)
	}
}

// Unused lists what a role may do and did not do in any of these calls.
func Unused(t testing.TB, role string, c config.Config, list []aws.Call) (unused []string) {
	t.Helper()
	policy, err := aws.PolicyOf(role, backend.AWSPlace(c, "aws", "123456789012"))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, call := range list {
		for _, a := range call.Takes {
			used[a.Action] = true
		}
	}
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			if !used[action] {
				unused = append(unused, s.Sid+" "+action)
			}
		}
	}
	return unused
}

// Count counts calls by their names.
func Count(list []aws.Call) map[string]int {
	counted := map[string]int{}
	for _, c := range list {
		counted[c.Name]++
	}
	return counted
}

// thing leaves out the key of an object: keys hold ids, and one line for each kind of call is enough.
func thing(to string) string {
	for i, r := range to {
		if r == '/' && len(to) > 6 && to[:5] != "table" && to[:5] != "vault" && to[:5] != "ident" {
			return to[:i] + "/*"
		}
	}
	return to
}
