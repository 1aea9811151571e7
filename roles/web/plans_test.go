package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/role"
	"gas/pkg/user"
)

// The limits of a plan are told where they bite, in the numbers of the settings.

func TestAFileThatIsTooLargeInsideIsToldWhatEachPlanTakes(t *testing.T) {
	plans := user.DefaultPlans()
	plans.Free.Decompressed, plans.Premium.Line = 7<<20, 3<<20
	failed := job.Job{Status: job.Failed, Error: &job.Failure{Code: "too_large", Text: "The file is larger than the limit after decompression."}}
	note := sight{Job: failed, owner: user.User{Plan: user.Free}, plans: plans}.note()
	require.Equal(t, "Free takes 7 MiB after decompression, in lines of at most 16 MiB. Premium takes 500 GiB after decompression, in lines of at most 3 MiB.", note.Text)
	require.Equal(t, "/subscribe", note.Action.URL)
	note = sight{Job: failed, owner: user.User{Plan: user.Premium}, plans: plans}.note()
	require.Equal(t, "Premium takes 500 GiB after decompression, in lines of at most 3 MiB.", note.Text)
	require.Nil(t, note.Action)
}

func TestAJobThatWaitsForAnotherOfItsOwnerIsToldThePlansLimit(t *testing.T) {
	for plan, want := range map[user.Plan]string{
		user.Free:    "1 of your jobs runs, your limit; this one starts when one ends. Premium runs 6 at once.",
		user.Premium: "1 of your jobs runs, your limit; this one starts when one ends.",
	} {
		s := &site{Deps: role.Deps{Plans: user.DefaultPlans()}}
		s.Plans.Premium.Running = map[user.Plan]int{user.Free: 6, user.Premium: 1}[plan]
		got := s.waiting(sight{Job: job.Job{Status: job.Pending}, owner: user.User{Plan: plan, Load: user.Load{Running: 1}}})
		require.Equal(t, "Waits for an annotator. "+want, got)
	}
}

func TestEachPlanSaysItsLimits(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) {
		d.Plans.Free.Upload, d.Plans.Free.Decompressed, d.Plans.Free.Running, d.Plans.Free.Queued = 3<<20, 9<<20, 2, 11
	})
	for _, path := range []string{"/subscribe", "/usage"} {
		page := w.person("of "+path, user.Free).get(path)
		for _, want := range []string{"up to 3 MiB, 9 MiB decompressed", "2 at once, 11 waiting", "readable for 5 min"} {
			shows(t, page, want)
		}
	}
	shows(t, w.visitor().get("/"), "up to 3 MiB, 9 MiB decompressed")
}

func TestThePrivacyPageTellsWhatThePaymentProviderIsTold(t *testing.T) {
	const told = "Stripe takes the payments"
	require.NotContains(t, newWorld(t).visitor().get("/docs/privacy").body, told)
	shows(t, newWorld(t, func(d *role.Deps) { d.Config.StripeSecretKey = "sk_test_a" }).visitor().get("/docs/privacy"), told)
}
