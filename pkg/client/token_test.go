package client

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
)

func TestATokenIsAskedForUntilSomebodyAgrees(t *testing.T) {
	answers := []func(http.ResponseWriter){
		func(w http.ResponseWriter) { writeProblem(w, 409, `{"code":"conflict"}`) },
		func(w http.ResponseWriter) { writeProblem(w, 503, `{"code":"unavailable"}`) },
		func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "7")
			writeProblem(w, 429, `{"code":"rate_limited"}`)
		},
		func(w http.ResponseWriter) { w.WriteHeader(201); io.WriteString(w, `{"id":"x","secret":"gas_x_y"}`) },
	}
	c, waits := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/api/v1/device/token", r.URL.Path)
		answers[0](w)
		answers = answers[1:]
	})
	got, err := c.AwaitToken(t.Context(), Asked{Secret: "s", Expires: 600, Interval: 2})
	require.NoError(t, err)
	require.Equal(t, "gas_x_y", got.Secret)
	require.Equal(t, []time.Duration{2 * time.Second, 2 * time.Second, 7 * time.Second}, *waits)
}

func TestATokenThatNobodyGrantsIsGivenUp(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		kind   fault.Kind
	}{
		"refused":                  {403, `{"code":"denied"}`, fault.Denied},
		"over":                     {404, `{"code":"not_found"}`, fault.TimedOut},
		"never answered":           {409, `{"code":"conflict"}`, fault.TimedOut},
		"the server stays away":    {503, `{"code":"unavailable"}`, fault.Unavailable},
		"the question is mistaken": {422, `{"code":"bad_input"}`, fault.BadInput},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { asked++; writeProblem(w, test.status, test.body) })
			_, err := c.AwaitToken(t.Context(), Asked{Expires: 20, Interval: 2})
			require.Equal(t, test.kind, fault.KindOf(err), err)
			require.LessOrEqual(t, asked, 11)
		})
	}
}

func TestThePageOfACodeMustBeOneOfTheWeb(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(201)
		io.WriteString(w, `{"device_code":"x","user_code":"ABCD-EFGH","verification_uri_complete":"file:///etc/passwd"}`)
	})
	_, err := c.AskForToken(t.Context(), TokenWish{Name: "x"})
	require.True(t, fault.Is(err, fault.Internal))
}

func TestATokensTextHoldsItsID(t *testing.T) {
	for text, id := range map[string]string{"gas_abc_def": "abc", "gas_abc": "", "abc_def": "", "": ""} {
		require.Equal(t, id, TokenID(text), text)
	}
}
