package local

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gas/pkg/port"
)

func FuzzCursorsOfLists(f *testing.F) {
	l := open(f, Options{})
	for _, seed := range []string{"", "eyJ2IjoxLCJzIjoyLCJpIjoiYSJ9", "eyJ2Ijp7fX0", "bnVsbA", "%%%", "W10"} {
		f.Add(seed, "name")
	}
	f.Fuzz(func(t *testing.T, cursor, sort string) {
		page, err := l.Store.JobsOf(t.Context(), "u_a", port.JobQuery{Cursor: cursor, Sort: sort})
		if err == nil && len(page.Jobs) > 0 {
			t.Error("jobs of a user who has none")
		}
		if list, _, err := l.Store.WaitingJobs(t.Context(), time.Now(), cursor, 5); err == nil && len(list) > 0 {
			t.Error("jobs where there are none")
		}
	})
}

func FuzzPostsToForms(f *testing.F) {
	l := open(f, Options{})
	handler := l.Inputs.(port.FormHandler)
	f.Add("--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nu/j\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\ndata\r\n--x--\r\n")
	f.Add("--x--")
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequest(http.MethodPost, handler.FormPath()+"post", strings.NewReader(body))
		request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		answer := httptest.NewRecorder()
		handler.FormHandler().ServeHTTP(answer, request)
		if answer.Code != http.StatusForbidden && answer.Code != http.StatusBadRequest {
			t.Errorf("a form that was not signed is answered with %d", answer.Code)
		}
	})
}

func FuzzNoticesOfTheVault(f *testing.F) {
	l := open(f, Options{})
	f.Add([]byte(`{"ref":"archive/1/j/2","job_id":"j","retrieval_id":"r","failed":false}`))
	f.Add([]byte(`{"ref":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if notice, err := l.Vault.ReadNotice(body); err == nil && notice.Ref == "" {
			t.Error("a notice without a ref")
		}
	})
}
