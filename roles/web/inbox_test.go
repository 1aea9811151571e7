package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func TestTheInboxShowsAMailAsItWasWritten(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	require.NoError(t, w.deps.Mailer.Send(t.Context(), port.Mail{
		ID: "m1", To: "ada@example.org", Subject: "Ready", UserID: ada.user, At: w.deps.Now(), Text: "It is ready.\n\n/annotations/1\n",
	}))
	page := ada.get("/inbox")
	shows(t, page, "It is ready.\n\n<a href=\"/annotations/1\">/annotations/1</a>\n</pre>")
	require.NotContains(t, page.body, `\u000D`)
}

func TestALineOfAMailIsALinkOnlyWhereItIsAnAddressOfThisInstallation(t *testing.T) {
	s := &site{Deps: role.Deps{Config: config.Config{BaseURL: "https://gas.example.org/"}}}
	for line, want := range map[string]string{
		"/annotations/1": "/annotations/1", "https://gas.example.org/profile": "/profile", "see /profile": "", "//elsewhere.example.org": "",
		`/\elsewhere.example.org`: "", "https://elsewhere.example.org/": "", "/a b": "", "": "",
	} {
		require.Equal(t, []linkView{{URL: want, Text: line}}, s.mailLines(line+"\r\n"), line)
	}
}
