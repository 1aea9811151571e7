package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/test/calls"
)

// composedRoles are the services that are GAS itself.
var composedRoles = []string{"web", "annotator", "notify", "archive", "thaw", "restore"}

// lives is how many jobs go through their whole life to be counted.
const lives = 20

// counted is how often each call was made by all roles, so far.
func (c *composed) counted() map[string]int {
	all := map[string]int{}
	for _, role := range composedRoles {
		for name, n := range calls.Count(calls.Read(c.t, c.calls(role))) {
			all[name] += n
		}
	}
	return all
}

// since is what was called more than in an earlier count.
func since(before, now map[string]int) map[string]int {
	more := map[string]int{}
	for name, n := range now {
		if n > before[name] {
			more[name] = n - before[name]
		}
	}
	return more
}

func (c *composed) tiers(client []string) map[string]int {
	c.t.Helper()
	out, said, code := c.run("init", client, "jobs", "list", "-o", "json", "--limit", "100")
	require.Zero(c.t, code, said)
	var listed struct {
		Items []struct{ Status, Storage string }
	}
	require.NoError(c.t, json.Unmarshal([]byte(out), &listed))
	tiers := map[string]int{}
	for _, j := range listed.Items {
		tiers[j.Status+" "+j.Storage]++
	}
	return tiers
}

func (c *composed) until(client []string, tier string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return c.tiers(client)["COMPLETED "+tier] == lives }, patience, 3*time.Second, "%v", tier) // seldom: looking costs calls too
}

func (c *composed) must(args ...string) string {
	c.t.Helper()
	out, said, code := c.run("init", nil, args...)
	require.Zero(c.t, code, "%v: %s%s", args, out, said)
	return strings.TrimSpace(out)
}

// Twenty results go through their whole life: submitted, annotated, mailed, archived, and brought back after an upgrade. No role calls what its policy
// lacks, and what a job costs stays within the budget of docs/aws.md.
func TestAWholeLifeStaysWithinPoliciesAndBudget(t *testing.T) {
	t.Parallel()
	c := newComposed(t)
	for name, service := range c.file.Services {
		if service.Environment != nil {
			service.Environment["GAS_FREE_WINDOW"] = "20s"
			service.Environment["GAS_JOB_LIMIT_RUNNING"], service.Environment["GAS_JOB_LIMIT_QUEUED"], service.Environment["GAS_LIMIT_UPLOAD"], service.Environment["GAS_LIMIT_API"] = "8", "100", "0", "0"
		}
		c.file.Services[name] = service
	}
	c.must(c.file.Services["init"].Command...)
	for _, name := range composedRoles {
		c.start(name)
	}
	for _, name := range composedRoles {
		c.healthy(name)
	}
	c.must("user", "add", "ada", "--email=ada@example.org", "--email-verified")
	client := []string{"GAS_SERVER=http://" + c.addr, "GAS_TOKEN=" + c.must("token", "create", "--user", "ada")}

	const quiet = 30 * time.Second
	before := c.counted()
	time.Sleep(quiet) // nothing happens: what six processes call by themselves
	idle := since(before, c.counted())

	example, err := filepath.Abs("../../roles/web/example.vcf")
	require.NoError(t, err)
	before, begin := c.counted(), time.Now()
	for range lives {
		out, said, code := c.run("init", client, "submit", example)
		require.Zero(t, code, "%s%s", out, said)
	}
	c.until(client, "ARCHIVED")
	upTo := c.counted()
	took := time.Since(begin)
	there := time.Now()
	c.must("user", "set-plan", "ada", "premium_user")
	c.until(client, "HOT")
	c.doctor()
	after := c.counted()

	each := perJob(since(before, upTo), idle, took, quiet)
	back := perJob(since(upTo, after), idle, time.Since(there), quiet)
	t.Logf("a minute of six idle processes:\n%s", table(scaled(idle, float64(time.Minute)/float64(quiet))))
	t.Logf("one job, to the archive:\n%s", table(each))
	t.Logf("one result, brought back:\n%s", table(back))
	withinBudget(t, "job", each)
	withinBudget(t, "restore", back)
	withinBudget(t, "idle", scaled(idle, float64(time.Minute)/float64(quiet)))

	settings := config.Default()
	settings.MailFrom = c.file.Services["notify"].Environment["GAS_MAIL_FROM"]
	for _, name := range composedRoles {
		calls.Allowed(t, name, settings, calls.Read(t, c.calls(name)))
		t.Logf("%s did not: %v", name, calls.Unused(t, name, settings, calls.Read(t, c.calls(name))))
	}
}

// perJob is what a job added to what goes on anyway.
func perJob(all, idle map[string]int, took, quiet time.Duration) map[string]float64 {
	each := map[string]float64{}
	for name, n := range all {
		each[name] = max(0, (float64(n)-float64(idle[name])*float64(took)/float64(quiet))/lives)
	}
	return each
}

func scaled(counts map[string]int, by float64) map[string]float64 {
	all := map[string]float64{}
	for name, n := range counts {
		all[name] = float64(n) * by
	}
	return all
}

func table(counts map[string]float64) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&text, "  %-40s %6.1f\n", name, counts[name])
	}
	return text.String()
}

var budgetLine = regexp.MustCompile("(?m)^\\| `([a-z0-9]+):\\*` \\| (job|restore|idle) \\| ([0-9.]+) \\|")

// withinBudget compares calls, summed by service, with the table in docs/aws.md.
func withinBudget(t *testing.T, what string, counts map[string]float64) {
	t.Helper()
	text, err := os.ReadFile("../../docs/aws.md")
	require.NoError(t, err)
	budget := map[string]float64{}
	for _, found := range budgetLine.FindAllStringSubmatch(string(text), -1) {
		if found[2] == what {
			budget[found[1]], err = strconv.ParseFloat(found[3], 64)
			require.NoError(t, err)
		}
	}
	require.NotEmpty(t, budget, "docs/aws.md has no budget of a %s", what)
	sums := map[string]float64{}
	for name, n := range counts {
		service, _, _ := strings.Cut(name, ":")
		sums[service] += n
	}
	for service, n := range sums {
		require.LessOrEqual(t, n, budget[service], "%s: more calls of %s for each %s than docs/aws.md says", table(counts), service, what)
	}
}
