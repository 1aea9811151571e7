package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// Access says who may use a route.
type Access string

// The kinds of access. A job that is somebody else's is as missing as one that never was.
const (
	Anyone   Access = "anyone"
	SignedIn Access = "signed in"
	Owner    Access = "owner"  // of the job in the path
	Admin    Access = "admin"  // listed in the setting admins
	Signed   Access = "signed" // a program that signs its request
)

// Limit names the bucket that a request counts against.
type Limit string

// The buckets, with the settings of the same names.
const (
	LimitLogin  Limit = "limit_login"
	LimitUpload Limit = "limit_upload"
	LimitAPI    Limit = "limit_api"
)

// Route is one address: who may use it, which scope opens it to a token (none = no token does), and what it counts against.
type Route struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Who    Access `json:"who"`
	Scope  Scope  `json:"scope,omitempty"`
	Limit  Limit  `json:"limit,omitempty"`
	File   bool   `json:"file,omitempty"` // its body may be a file, and last as long as one does
	Does   string `json:"does"`

	do func(*site, echo.Context) error
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// Routes is every address of the web role, grouped by who may see it. /healthz and /readyz belong to the runtime of all roles.
func Routes() []Route {
	const api = "/api/v1"
	return []Route{
		// Anyone.
		{Method: get, Path: "/", Who: Anyone, Does: "home", do: (*site).home},
		{Method: get, Path: "/login", Who: Anyone, Does: "ways to sign in", do: (*site).loginPage},
		{Method: get, Path: "/login/once", Who: Anyone, Does: "the button of a one-time link", do: (*site).oncePage},
		{Method: post, Path: "/login/once", Who: Anyone, Limit: LimitLogin, Does: "signs in by a one-time link", do: (*site).once},
		{Method: post, Path: "/login/:provider", Who: Anyone, Limit: LimitLogin, Does: "begins a sign-in at a provider", do: (*site).beginLogin},
		{Method: get, Path: "/auth/callback", Who: Anyone, Limit: LimitLogin, Does: "ends a sign-in at a provider", do: (*site).callback},
		{Method: post, Path: "/logout", Who: Anyone, Does: "signs out", do: (*site).logout},
		{Method: post, Path: "/theme", Who: Anyone, Does: "chooses light or dark", do: (*site).setTheme},
		{Method: get, Path: "/docs", Who: Anyone, Does: "documentation", do: (*site).docs},
		{Method: get, Path: "/docs/:page", Who: Anyone, Does: "a page of the documentation", do: (*site).docs},
		{Method: get, Path: "/status", Who: Anyone, Limit: LimitAPI, Does: "whether the service runs", do: (*site).statusPage},
		{Method: get, Path: "/static/:file", Who: Anyone, Does: "styles, script, icons", do: (*site).asset},
		{Method: get, Path: api + "/openapi.json", Who: Anyone, Limit: LimitAPI, Does: "this API as OpenAPI 3.1", do: (*site).apiDescription},
		{Method: get, Path: api + "/service-info", Who: Anyone, Limit: LimitAPI, Does: "GA4GH service-info", do: (*site).apiServiceInfo},
		{Method: get, Path: api + "/status", Who: Anyone, Limit: LimitAPI, Does: "whether the service runs", do: (*site).apiStatus},
		{Method: get, Path: api + "/references", Who: Anyone, Limit: LimitAPI, Does: "installed references", do: (*site).apiReferences},
		{Method: get, Path: api + "/databases", Who: Anyone, Limit: LimitAPI, Does: "installed databases", do: (*site).apiDatabases},
		{Method: post, Path: api + "/device", Who: Anyone, Limit: LimitLogin, Does: "begins the sign-in of a program", do: (*site).apiBeginDevice},
		{Method: post, Path: api + "/device/token", Who: Anyone, Limit: LimitAPI, Does: "ends the sign-in of a program with a token", do: (*site).apiDeviceToken},

		// Whoever is signed in.
		{Method: get, Path: "/login/device", Who: SignedIn, Limit: LimitLogin, Does: "what a program asks for, with the button that lets it in", do: (*site).devicePage},
		{Method: post, Path: "/login/device", Who: SignedIn, Limit: LimitLogin, Does: "lets a program in", do: (*site).agreeDevice},
		{Method: get, Path: "/annotate", Who: SignedIn, Does: "the form for a file", do: (*site).annotatePage},
		{Method: post, Path: "/annotate", Who: SignedIn, Limit: LimitUpload, File: true, Does: "takes a file", do: (*site).annotate},
		{Method: post, Path: "/annotate/example", Who: SignedIn, Limit: LimitUpload, File: true, Does: "annotates the example", do: (*site).annotateExample},
		{Method: get, Path: "/annotations", Who: SignedIn, Does: "list of jobs", do: (*site).jobsPage},
		{Method: post, Path: "/annotations/delete", Who: SignedIn, Does: "deletes the selected jobs", do: (*site).deleteSelected},
		{Method: post, Path: "/annotations/rerun", Who: SignedIn, Limit: LimitUpload, Does: "runs the selected jobs again", do: (*site).rerunSelected},
		{Method: get, Path: "/profile", Who: SignedIn, Does: "profile, tokens, sessions", do: (*site).profilePage},
		{Method: post, Path: "/profile", Who: SignedIn, Does: "changes the profile", do: (*site).saveProfile},
		{Method: post, Path: "/profile/confirm", Who: SignedIn, Limit: LimitLogin, Does: "sends a mail that confirms the address", do: (*site).sendConfirmation},
		{Method: get, Path: "/confirm", Who: SignedIn, Does: "the button of such a mail", do: (*site).confirmPage},
		{Method: post, Path: "/confirm", Who: SignedIn, Limit: LimitLogin, Does: "confirms the address", do: (*site).confirm},
		{Method: post, Path: "/profile/tokens", Who: SignedIn, Does: "makes a token", do: (*site).makeToken},
		{Method: post, Path: "/profile/tokens/:token/revoke", Who: SignedIn, Does: "revokes a token", do: (*site).revokeToken},
		{Method: post, Path: "/profile/sessions/:session/end", Who: SignedIn, Does: "ends a session", do: (*site).endSession},
		{Method: get, Path: "/profile/export", Who: SignedIn, Limit: LimitLogin, Does: "one's data as JSON", do: (*site).exportData},
		{Method: post, Path: "/profile/delete", Who: SignedIn, Does: "deletes the account with all its jobs", do: (*site).deleteAccount},
		{Method: post, Path: "/filters/:filter/delete", Who: SignedIn, Does: "deletes a saved filter", do: (*site).deleteFilter},
		{Method: get, Path: "/usage", Who: SignedIn, Does: "storage, jobs, limits", do: (*site).usagePage},
		{Method: get, Path: "/subscribe", Who: SignedIn, Does: "the plans", do: (*site).subscribePage},
		{Method: post, Path: "/subscribe", Who: SignedIn, Does: "goes to the payment page", do: (*site).subscribe},
		{Method: post, Path: "/subscribe/portal", Who: SignedIn, Does: "goes to where a subscription is cancelled", do: (*site).portal},
		{Method: get, Path: "/checkout", Who: SignedIn, Does: "the local payment page", do: (*site).checkoutPage},
		{Method: post, Path: "/checkout", Who: SignedIn, Does: "pays or cancels there", do: (*site).checkout},
		{Method: get, Path: "/inbox", Who: SignedIn, Does: "mails of the local installation", do: (*site).inboxPage},

		{Method: get, Path: api + "/me", Who: SignedIn, Scope: ScopeRead, Limit: LimitAPI, Does: "who asks", do: (*site).apiMe},
		{Method: get, Path: api + "/usage", Who: SignedIn, Scope: ScopeRead, Limit: LimitAPI, Does: "usage and limits", do: (*site).apiUsage},
		{Method: get, Path: api + "/tokens", Who: SignedIn, Scope: ScopeRead, Limit: LimitAPI, Does: "lists tokens", do: (*site).apiTokens},
		{Method: post, Path: api + "/tokens", Who: SignedIn, Limit: LimitAPI, Does: "makes a token", do: (*site).apiMakeToken},
		{Method: del, Path: api + "/tokens/:token", Who: SignedIn, Scope: ScopeWrite, Limit: LimitAPI, Does: "revokes a token", do: (*site).apiRevokeToken},
		{Method: get, Path: api + "/jobs", Who: SignedIn, Scope: ScopeRead, Limit: LimitAPI, Does: "lists jobs", do: (*site).apiJobs},
		{Method: post, Path: api + "/jobs", Who: SignedIn, Scope: ScopeWrite, Limit: LimitUpload, File: true, Does: "submits a file", do: (*site).apiSubmit},
		{Method: post, Path: api + "/uploads", Who: SignedIn, Scope: ScopeWrite, Limit: LimitUpload, Does: "begins an upload in parts", do: (*site).apiBeginUpload},
		{Method: post, Path: api + "/jobs/delete", Who: SignedIn, Scope: ScopeWrite, Limit: LimitAPI, Does: "deletes jobs", do: (*site).apiDeleteMany},
		{Method: get, Path: api + "/filters", Who: SignedIn, Scope: ScopeRead, Limit: LimitAPI, Does: "lists saved filters", do: (*site).apiFilters},
		{Method: post, Path: api + "/filters", Who: SignedIn, Scope: ScopeWrite, Limit: LimitAPI, Does: "saves a filter under a name", do: (*site).apiSaveFilter},
		{Method: del, Path: api + "/filters/:filter", Who: SignedIn, Scope: ScopeWrite, Limit: LimitAPI, Does: "deletes a saved filter", do: (*site).apiDeleteFilter},
		{Method: post, Path: api + "/jobs/rerun", Who: SignedIn, Scope: ScopeWrite, Limit: LimitUpload, Does: "runs jobs again", do: (*site).apiRerunMany},

		// The owner of a job.
		{Method: get, Path: "/annotations/:id", Who: Owner, Does: "a job: summary", do: (*site).summaryPage},
		{Method: get, Path: "/annotations/:id/summary", Who: Owner, Does: "a job: summary", do: (*site).summaryPage},
		{Method: get, Path: "/annotations/:id/variants", Who: Owner, Does: "a job: variants", do: (*site).variantsPage},
		{Method: get, Path: "/annotations/:id/variants/:key", Who: Owner, Does: "one variant with all its transcripts", do: (*site).variantPage},
		{Method: get, Path: "/annotations/:id/genes", Who: Owner, Does: "a job: genes", do: (*site).genesPage},
		{Method: get, Path: "/annotations/:id/changes", Who: Owner, Does: "a job: what changed since the job before", do: (*site).changesPage},
		{Method: get, Path: "/annotations/:id/files", Who: Owner, Does: "a job: files", do: (*site).filesPage},
		{Method: get, Path: "/annotations/:id/log", Who: Owner, Does: "a job: log", do: (*site).logPage},
		{Method: get, Path: "/annotations/:id/details", Who: Owner, Does: "a job: details", do: (*site).detailsPage},
		{Method: post, Path: "/annotations/:id/filters", Who: Owner, Does: "saves a filter under a name", do: (*site).saveFilter},
		{Method: post, Path: "/annotations/:id/cancel", Who: Owner, Does: "cancels a job", do: (*site).cancelJob},
		{Method: post, Path: "/annotations/:id/rerun", Who: Owner, Limit: LimitUpload, Does: "runs a job again", do: (*site).rerunJob},
		{Method: post, Path: "/annotations/:id/delete", Who: Owner, Does: "deletes a job", do: (*site).deleteJob},

		{Method: get, Path: api + "/jobs/:id", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "a job", do: (*site).apiJob},
		{Method: del, Path: api + "/jobs/:id", Who: Owner, Scope: ScopeWrite, Limit: LimitAPI, Does: "deletes a job", do: (*site).apiDelete},
		{Method: post, Path: api + "/jobs/:id/cancel", Who: Owner, Scope: ScopeWrite, Limit: LimitAPI, Does: "cancels a job", do: (*site).apiCancel},
		{Method: post, Path: api + "/jobs/:id/rerun", Who: Owner, Scope: ScopeWrite, Limit: LimitUpload, Does: "runs a job again", do: (*site).apiRerun},
		{Method: get, Path: api + "/jobs/:id/events", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "server-sent events of a job", do: (*site).apiEvents},
		{Method: get, Path: api + "/jobs/:id/log", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "the log", do: (*site).apiLog},
		{Method: get, Path: api + "/jobs/:id/files/:kind", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "downloads input, result, index, log, summary or manifest", do: (*site).apiFile},
		{Method: get, Path: api + "/jobs/:id/summary", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "the summary", do: (*site).apiSummary},
		{Method: get, Path: api + "/jobs/:id/variants", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "filters, sorts and pages variants", do: (*site).apiVariants},
		{Method: get, Path: api + "/jobs/:id/genes", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "genes with their variants by impact", do: (*site).apiGenes},
		{Method: get, Path: api + "/jobs/:id/changes", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "tells what changed since another job of the same file", do: (*site).apiChanges},
		{Method: get, Path: api + "/jobs/:id/export", Who: Owner, Scope: ScopeRead, Limit: LimitAPI, Does: "exports the variants that a filter leaves", do: (*site).apiExport},
		{Method: get, Path: api + "/uploads/:id", Who: Owner, Scope: ScopeWrite, Does: "tells which parts have arrived", do: (*site).apiUpload},
		{Method: put, Path: api + "/uploads/:id/parts/:n", Who: Owner, Scope: ScopeWrite, File: true, Does: "takes a part", do: (*site).apiPutPart},
		{Method: post, Path: api + "/uploads/:id/complete", Who: Owner, Scope: ScopeWrite, Does: "makes a job of the parts", do: (*site).apiCompleteUpload},
		{Method: del, Path: api + "/uploads/:id", Who: Owner, Scope: ScopeWrite, Limit: LimitAPI, Does: "gives an upload up", do: (*site).apiAbortUpload},

		// Administrators.
		{Method: get, Path: "/admin", Who: Admin, Does: "queues, dead letters, jobs in motion, mails, users, banner", do: (*site).adminPage},
		{Method: get, Path: "/admin/jobs", Who: Admin, Does: "jobs in motion; finds a job or a user by id", do: (*site).adminJobsPage},
		{Method: get, Path: "/admin/jobs/:job", Who: Admin, Does: "the record, events and mails of a job", do: (*site).adminJobPage},
		{Method: get, Path: "/admin/users/:user", Who: Admin, Does: "a user and the user's jobs", do: (*site).adminUserPage},
		{Method: post, Path: "/admin/redrive", Who: Admin, Does: "puts dead letters back", do: (*site).redrive},
		{Method: post, Path: "/admin/plan", Who: Admin, Does: "sets a user's plan", do: (*site).setPlan},
		{Method: post, Path: "/admin/banner", Who: Admin, Does: "sets the maintenance banner", do: (*site).setBanner},

		// Programs that sign their requests.
		{Method: post, Path: "/webhooks/stripe", Who: Signed, Does: "an event of the payment provider", do: (*site).paymentEvent},
	}
}
