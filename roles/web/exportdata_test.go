package web

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/user"
)

func TestAPersonDownloadsAllThatIsKeptAboutHim(t *testing.T) {
	w := newWorld(t)
	ada, ben := w.person("ada", user.Premium), w.person("ben", user.Free)
	ben.submit("bens.vcf")
	secret := w.program(ada.user).token
	const jobs = 205 // more than a page of the store
	for range jobs - 1 {
		ada.submit("a.vcf")
	}
	done := w.complete(ada.submit("last.vcf").ID)
	a := ada.get("/profile/export")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, `attachment; filename="gas-data.json"`, a.header.Get("Content-Disposition"))
	var got struct {
		User     user.User
		Tokens   []tokenJSON
		Sessions []sessionJSON
		Activity []activityJSON
		Jobs     []struct {
			ID     string `json:"job_id"`
			Name   string
			Events []struct{ Name string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &got))
	require.Equal(t, ada.user, got.User.ID)
	require.Len(t, got.Tokens, 1)
	require.NotContains(t, a.body, secret)
	require.Len(t, got.Sessions, 1)
	require.Equal(t, "you", got.Activity[0].By)
	require.Len(t, got.Jobs, jobs)
	require.Equal(t, done.ID, got.Jobs[0].ID)
	require.NotEmpty(t, got.Jobs[0].Events)
	require.NotContains(t, a.body, "bens.vcf")
}
