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
