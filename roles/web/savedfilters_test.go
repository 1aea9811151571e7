package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/user"
)

func TestFiltersAreSavedByTheAPIToo(t *testing.T) {
	w := newWorld(t)
	d := describe(t)
	ada, eve := w.person("ada", user.Premium), w.person("eve", user.Premium)
	id := w.complete(ada.submit("a.vcf").ID).ID
	check := func(b *browser, method, path, body string, want int) answer {
		t.Helper()
		a := b.do(method, "/api/v1"+path, strings.NewReader(body), "Content-Type", "application/json")
		require.Equal(t, want, a.status, "%s %s: %.300s", method, path, a.body)
		d.holds(t, method, "/api/v1"+path, a)
		return a
	}
	require.Contains(t, check(ada, http.MethodGet, "/filters", "", http.StatusOK).body, `"total":0`)
	var made, again filterJSON
	check(ada, http.MethodPost, "/filters", `{"name": " mine ", "filter": "impact>=moderate"}`, http.StatusCreated).json(t, &made)
	require.Equal(t, "mine", made.Name)
	require.Equal(t, "impact >= MODERATE", made.Filter)
	check(ada, http.MethodPost, "/filters", `{"name": "mine", "filter": "gene = ATP6"}`, http.StatusCreated).json(t, &again)
	require.Equal(t, filterJSON{made.ID, "mine", "gene = ATP6"}, again, "one name, one filter")
	shows(t, ada.get("/annotations/"+id+"/variants"), ">mine</a>")

	sample := `{"name": "of a sample", "filter": "gt.NA1 = het"`
	a := check(ada, http.MethodPost, "/filters", sample+"}", http.StatusUnprocessableEntity)
	require.Contains(t, a.body, `There is no field`)
	check(ada, http.MethodPost, "/filters", sample+`, "job_id": "`+id+`"}`, http.StatusCreated)
	check(eve, http.MethodPost, "/filters", sample+`, "job_id": "`+id+`"}`, http.StatusNotFound)
	check(ada, http.MethodPost, "/filters", sample+`, "job_id": "`+ada.submit("b.vcf").ID+`"}`, http.StatusConflict)
	for _, bad := range []string{`{"name": "", "filter": "qual > 1"}`, `{"name": "x", "filter": ""}`, `{"name": "x", "filter": "gene <"}`, `{"name": "x"}`, `{"nane": "x"}`} {
		check(ada, http.MethodPost, "/filters", bad, http.StatusUnprocessableEntity)
	}
	for _, test := range []struct {
		body string
		want int
	}{{"qual > 1", http.StatusCreated}, {"qual > 1", http.StatusCreated}, {"qual > 2", http.StatusUnprocessableEntity}} {
		a := ada.postJSON("/api/v1/filters", `{"name": "keyed", "filter": "`+test.body+`"}`, "Idempotency-Key", "f1")
		require.Equal(t, test.want, a.status, a.body)
	}

	var list listJSON[filterJSON]
	check(ada, http.MethodGet, "/filters", "", http.StatusOK).json(t, &list)
	require.Equal(t, 3, list.Total)
	require.Equal(t, []string{"keyed", "mine", "of a sample"}, []string{list.Items[0].Name, list.Items[1].Name, list.Items[2].Name})
	require.Contains(t, check(eve, http.MethodGet, "/filters", "", http.StatusOK).body, `"total":0`)
	check(eve, http.MethodDelete, "/filters/"+made.ID, "", http.StatusNotFound)
	check(ada, http.MethodDelete, "/filters/"+made.ID, "", http.StatusNoContent)
	check(ada, http.MethodDelete, "/filters/"+made.ID, "", http.StatusNotFound)
}

func TestAFilterIsSavedForEveryResultOfItsOwner(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.person("ada", user.Premium), w.person("eve", user.Premium)
	first, second := w.complete(ada.submit("a.vcf").ID).ID, w.complete(ada.submit("b.vcf").ID).ID
	save := func(name, text string) answer {
		return ada.post("/annotations/"+first+"/filters", url.Values{"name": {name}, "filter": {text}})
	}
	require.NotContains(t, ada.get("/annotations/"+first+"/variants").body, "Saved filters")
	a := save(" mine ", "impact>=moderate")
	require.Equal(t, http.StatusOK, a.status, a.body)
	shows(t, a, "3 of 4 alleles")
	shows(t, a, ">mine</a>")
	shows(t, ada.get("/annotations/"+second+"/variants"), "/annotations/"+second+"/variants?filter=impact+%3E%3D+MODERATE")
	require.NotContains(t, eve.get("/annotations/"+w.complete(eve.submit("e.vcf").ID).ID+"/variants").body, ">mine</a>")

	shows(t, save("mine", "gene = ATP6"), "2 of 4 alleles")
	a = ada.get("/annotations/" + first + "/variants")
	require.NotContains(t, a.body, "impact &gt;= MODERATE</td>", "one name, one filter")
	for _, bad := range [][2]string{{"", "gene = A"}, {strings.Repeat("x", 61), "gene = A"}, {"empty", ""}, {"wrong", "gene <"}} {
		require.Equal(t, http.StatusUnprocessableEntity, save(bad[0], bad[1]).status, bad)
	}
	shows(t, ada.get("/profile/export"), `"filter":"gene = ATP6"`)

	list, err := savedFilters(t.Context(), w.deps.Records, ada.user)
	require.NoError(t, err)
	require.Len(t, list, 1)
	remove := "/filters/" + list[0].ID + "/delete"
	require.Equal(t, http.StatusNotFound, eve.post(remove, nil).status)
	require.NoError(t, w.deps.Records.Create(t.Context(), port.Record{Kind: filterKind, ID: "foreign", Owner: ada.user, Value: []byte(`{"name":"of another result","filter":"nothing.AF < 1"}`), Created: w.deps.Now()}))
	shows(t, ada.get("/annotations/"+first+"/variants"), "asks for what this result has not")
	a = ada.post(remove, url.Values{"next": {"/annotations/" + first + "/variants"}})
	require.Equal(t, http.StatusOK, a.status)
	require.NotContains(t, a.body, ">mine</a>")

	for n := range filtersKept - 1 {
		require.Equal(t, http.StatusOK, save(fmt.Sprint("filter ", n), "gene = ATP6").status)
	}
	require.Equal(t, http.StatusConflict, save("one more", "gene = ATP6").status)
}
