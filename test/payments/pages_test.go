package payments

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/billing"
	"gas/pkg/port"
	"gas/pkg/user"
	"gas/test/peers"
)

// visit is a browser in which one person is signed in. It does not follow redirects.
type visit struct {
	h       *house
	cookies []*http.Cookie
}

func (h *house) signIn(id string) *visit {
	h.t.Helper()
	token, err := port.NewLink(h.t.Context(), h.deps.Records, h.deps.Now(), id)
	require.NoError(h.t, err)
	v := &visit{h: h}
	w := v.post("/login/once", url.Values{"t": {token}})
	require.Equal(h.t, http.StatusSeeOther, w.Code)
	v.cookies = w.Result().Cookies()
	return v
}

func (v *visit) send(r *http.Request) *httptest.ResponseRecorder {
	for _, c := range v.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	v.h.web.ServeHTTP(w, r)
	return w
}

func (v *visit) post(path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.send(r)
}

// page is the text of the page Subscription.
func (v *visit) page() string {
	w := v.send(httptest.NewRequest(http.MethodGet, "/subscribe", nil))
	require.Equal(v.h.t, http.StatusOK, w.Code)
	_, main, _ := strings.Cut(html.UnescapeString(w.Body.String()), "<main")
	return main
}

func TestUpgradingLeadsToOnePaymentAndNoneWhoHasPaidToAnother(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	v := h.signIn(ada)
	first := v.post("/subscribe", nil)
	require.Equal(t, http.StatusSeeOther, first.Code)
	to := first.Header().Get("Location")
	require.True(t, strings.HasPrefix(to, h.peer.URL+"/pay/"), to)
	require.Equal(t, to, v.post("/subscribe", nil).Header().Get("Location"), "pressed twice")

	require.NoError(t, h.peer.Pay(to[strings.LastIndex(to, "/")+1:]))
	h.peer.Events() // lost
	again := v.post("/subscribe", nil)
	require.Equal(t, "/subscribe?done=paid", again.Header().Get("Location"))
	require.Equal(t, user.Premium, h.user(ada).Plan)
	require.Equal(t, 1, h.peer.Calls("POST /v1/customers"))
	require.Equal(t, 1, h.peer.Calls("POST /v1/checkout/sessions"))
}

func TestASubscriptionThatWaitsForMoneyIsPutRightWhereItIsManaged(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	v := h.signIn(ada)
	begun := h.subscribe(ada)
	h.peer.Fail(begun.Customer)
	h.deliver(h.peer.Events()...)
	require.Contains(t, v.page(), "The last payment failed")
	require.NotContains(t, v.page(), "Upgrade to Premium")
	w := v.post("/subscribe", nil)
	require.True(t, strings.HasPrefix(w.Header().Get("Location"), h.peer.URL+"/portal/"), w.Header().Get("Location"))
	require.Equal(t, http.StatusConflict, v.post("/profile/delete", url.Values{"confirm": {ada}}).Code, "it would go on being charged")
}

func TestThePageSaysWhatStripeSays(t *testing.T) {
	mock := peers.StripeMock(t)
	for want, price := range map[string]map[string]any{
		"9.00 USD a month":        {"unit_amount": 900, "currency": "usd"},
		"120.50 EUR a year":       {"unit_amount": 12050, "currency": "eur", "recurring": map[string]any{"interval": "year", "interval_count": 1}},
		"900 JPY every 3 months":  {"unit_amount": 900, "currency": "jpy", "recurring": map[string]any{"interval": "month", "interval_count": 3}},
		"1.005 KWD every 2 weeks": {"unit_amount": 1005, "currency": "kwd", "recurring": map[string]any{"interval": "week", "interval_count": 2}},
	} {
		t.Run(want, func(t *testing.T) {
			h := newHouseOn(t, mock)
			h.peer.Price = price
			require.Contains(t, h.signIn(h.person("ada")).page(), `<p class="price">`+want+"</p>")
		})
	}
}

func TestWithoutStripeThePageIsThereAndAPaymentIsNot(t *testing.T) {
	h := newHouse(t, func(o *billing.Options) { o.URL = "http://127.0.0.1:1" })
	v := h.signIn(h.person("ada"))
	page := v.page()
	require.Contains(t, page, "Upgrade to Premium")
	require.NotContains(t, page, `class="price"`)
	w := v.post("/subscribe", nil)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Body.String(), h.peer.Key)
}

func TestWhoHasNoSubscriptionHasNoPortal(t *testing.T) {
	h := newHouse(t)
	v := h.signIn(h.person("ada"))
	require.Equal(t, http.StatusNotFound, v.post("/subscribe/portal", nil).Code)
	require.NotContains(t, v.page(), "Change or cancel")
}
