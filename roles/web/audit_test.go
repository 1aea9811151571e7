package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/flow"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// said lists what the audit log tells about an account, oldest first.
func said(w *world, about string) []string {
	w.t.Helper()
	lines, err := port.AuditLines(w.t.Context(), w.deps.Records, about, 100)
	require.NoError(w.t, err)
	out := make([]string, len(lines))
	for i, a := range lines {
		out[len(lines)-1-i] = a.Did
	}
	return out
}

func TestT26TheAuditLogTellsOfSignInsTokensPlansDeletionsAndAdministrators(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.Admins = []string{user.ID(user.Local, "boss")} })
	boss, ada := w.person("boss", user.Free), w.person("ada", user.Free)
	require.Equal(t, []string{didSignIn}, said(w, ada.user))

	a := ada.postJSON("/api/v1/tokens", `{"name": "Ada's own laptop", "scopes": ["read"]}`)
	require.Equal(t, http.StatusCreated, a.status)
	var token tokenJSON
	a.json(t, &token)
	require.Equal(t, http.StatusNoContent, ada.do(http.MethodDelete, "/api/v1/tokens/"+token.ID, nil).status)
	id := ada.submit("a.vcf").ID
	require.Equal(t, http.StatusNoContent, ada.do(http.MethodDelete, "/api/v1/jobs/"+id, nil).status)
	boss.post("/admin/plan", url.Values{"user": {ada.user}, "plan": {"premium_user"}})
	boss.post("/admin/plan", url.Values{"user": {ada.user}, "plan": {"premium_user"}})
	boss.post("/admin/banner", url.Values{"text": {"Back at noon"}})
	boss.post("/admin/redrive", url.Values{"topic": {"job_requests"}})
	_, err := w.flow.SetPlan(t.Context(), ada.user, flow.PlanChange{Plan: user.Free, By: port.AuditOperator + " root"})
	require.NoError(t, err)
	require.Equal(t, []string{didSignIn, port.AuditToken, port.AuditRevoke, didDeleteJob, port.AuditPlan, port.AuditPlan}, said(w, ada.user), "a plan that was set to what it is changed nothing")

	own := ada.get("/profile")
	shows(t, own, "What happened to this account")
	shows(t, own, "free_user to premium_user")
	shows(t, own, "an administrator")
	shows(t, own, "an operator")
	require.NotContains(t, own.body, boss.user)
	require.NotContains(t, boss.get("/profile").body, "free_user to premium_user", "of one's own account only")
	all := boss.get("/admin")
	for _, want := range []string{"Audit log", didBanner, port.AuditRedrive, "operator root", ada.user} {
		shows(t, all, want)
	}
	for _, r := range recordsOf(w, port.AuditKind) {
		require.NotContains(t, string(r.Value), "laptop")
		require.NotContains(t, string(r.Value), "a.vcf")
	}

	ada.post("/logout", nil)
	require.Equal(t, didSignOut, said(w, ada.user)[6])
}

func TestT30OfADeletedAccountTheAuditLogKeepsTheReceiptAndWhatOthersDid(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	ada.submit("a.vcf")
	_, err := w.flow.SetPlan(t.Context(), ada.user, flow.PlanChange{Plan: user.Premium, By: port.AuditOperator + " root"})
	require.NoError(t, err)
	require.NoError(t, w.deps.Mailer.Send(t.Context(), port.Mail{ID: "m1", To: "ada@example.org", Subject: "x", Text: "x", UserID: ada.user, At: w.deps.Now()}))
	a := ada.post("/profile/delete", url.Values{"confirm": {ada.user}})
	require.Equal(t, http.StatusOK, a.status)
	require.ElementsMatch(t, []string{port.AuditPlan, didDelete}, said(w, ada.user))
	lines, err := port.AuditLines(t.Context(), w.deps.Records, ada.user, 10)
	require.NoError(t, err)
	for _, line := range lines {
		if line.Did == didDelete {
			require.Contains(t, a.body, strings.TrimPrefix(line.Detail, "receipt "))
		}
	}
	mails, err := w.deps.Mailer.(port.Inbox).Inbox(t.Context(), ada.user, 10)
	require.NoError(t, err)
	require.Empty(t, mails)
	for _, kind := range []string{tokenKind, sessionKind, sameKind, onceKind, partsKind, confirmKind, port.LinkKind} {
		require.Empty(t, recordsOf(w, kind), kind)
	}
}
