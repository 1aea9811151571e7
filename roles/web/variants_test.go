package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/results"
	"gas/pkg/user"
)

func TestVariantsAreFilteredSortedAndExported(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	id := w.complete(ada.submit("a.vcf").ID).ID
	page := "/annotations/" + id
	filtered := "?filter=" + url.QueryEscape("impact >= MODERATE and filter = PASS")

	a := ada.get(page + "/variants")
	require.Equal(t, http.StatusOK, a.status)
	shows(t, a, "4 of 4 alleles")
	shows(t, a, "MT:9952")
	a = ada.get(page + "/variants" + filtered)
	shows(t, a, "2 of 4 alleles")
	shows(t, a, "removed 1")
	require.NotContains(t, a.body, "MT:9952")
	a = ada.get(page + "/variants?filter=" + url.QueryEscape("impakt = HIGH"))
	require.Equal(t, http.StatusOK, a.status)
	shows(t, a, "The filter is not understood")
	a = ada.get(page + "/variants?column=gene&column=qual")
	require.NotContains(t, a.body, "Leu156Arg")
	a = ada.get(page + "/variants")
	require.NotContains(t, a.body, "Leu156Arg", "the columns are remembered")

	shows(t, ada.get(page+"/genes"), "3 genes")
	a = ada.get(page + "/variants/4")
	shows(t, a, "MT:9952 G > A")
	shows(t, a, "p.Trp249Ter")
	require.Equal(t, http.StatusNotFound, ada.get(page+"/variants/99").status)
	require.Contains(t, ada.get(page+"/variants/1").body, "https://www.ncbi.nlm.nih.gov/snp/rs199474657")

	var list results.Page
	ada.get("/api/v1/jobs/"+id+"/variants"+filtered).json(t, &list)
	require.EqualValues(t, 2, list.Total)
	for _, format := range []string{"vcf", "tsv", "csv", "xlsx", "jsonl"} {
		a := ada.get("/api/v1/jobs/" + id + "/export" + filtered + "&format=" + format)
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Contains(t, a.header.Get("Content-Disposition"), "a.variants."+format)
		if format == "tsv" {
			require.Equal(t, 2, strings.Count(a.body, "missense_variant"))
		}
	}
	require.Equal(t, http.StatusUnprocessableEntity, ada.get("/api/v1/jobs/"+id+"/export?format=pdf").status)

	w.clock.ahead += time.Hour
	for _, path := range []string{"/variants", "/genes", "/export?format=tsv"} {
		require.Equal(t, http.StatusForbidden, ada.get("/api/v1/jobs/"+id+path).status, path)
	}
	require.Equal(t, http.StatusForbidden, ada.get(page+"/variants/4").status)
	shows(t, ada.get(page+"/variants"), "The free window of this result ended")
}

func TestARestoredResultIsReadFromWhereItLiesNow(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	j := w.complete(ada.submit("a.vcf").ID)
	path := "/api/v1/jobs/" + j.ID + "/variants"
	require.Equal(t, http.StatusOK, ada.get(path).status)
	moved, err := w.deps.Results.Copy(t.Context(), j.Result.Key, j.Result.Version, j.Result.Key+"-2")
	require.NoError(t, err)
	require.NoError(t, w.deps.Results.Delete(t.Context(), j.Result.Key))
	_, err = w.deps.Store.UpdateJob(t.Context(), j.ID, func(c *port.Change) error { c.Job.Result = moved.Object; return nil })
	require.NoError(t, err)
	a := ada.get(path)
	require.Equal(t, http.StatusOK, a.status, a.body)
}
