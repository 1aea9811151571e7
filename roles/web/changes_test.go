package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/user"
)

// newerResult is resultText as newer data would have it: another reading of one allele, and a database.
var newerResult = strings.NewReplacer(
	"#CHROM\t", "##GAS_database=<ID=clinvar,Version=\"2027-01\",File=\"c.vcf\",Digest=00,Keys=\"CLNSIG:CLNSIG\">\n##INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"Meaning\">\n#CHROM\t",
	"CSQ=A|stop_gained|HIGH|COX3", "CLNSIG=Pathogenic;CSQ=A|synonymous_variant|LOW|COX3",
).Replace(resultText)

func TestARerunShowsOnlyWhatChanged(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	first := w.complete(ada.submit("a.vcf").ID)
	require.NotContains(t, ada.get("/annotations/"+first.ID).body, "/changes\"", "a job that is no rerun has nothing to compare with")
	a := ada.get("/api/v1/jobs/" + first.ID + "/changes")
	require.Equal(t, http.StatusConflict, a.status, a.body)
	shows(t, ada.get("/annotations/"+first.ID+"/changes"), "This job is no rerun")

	a = ada.postJSON("/api/v1/jobs/"+first.ID+"/rerun", "{}", "Idempotency-Key", "again")
	require.Equal(t, http.StatusCreated, a.status, a.body)
	var made jobJSON
	a.json(t, &made)
	shows(t, ada.get("/annotations/"+made.ID+"/changes"), "What changed stands here when the job is done")
	second := w.completeWith(made.ID, newerResult)
	shows(t, ada.get("/annotations/"+second.ID), "Changes")

	var found changesJSON
	a = ada.get("/api/v1/jobs/" + second.ID + "/changes")
	require.Equal(t, http.StatusOK, a.status, a.body)
	a.json(t, &found)
	require.Equal(t, first.ID, found.Since)
	require.EqualValues(t, 1, found.Total)
	require.EqualValues(t, 4, found.All)
	require.Equal(t, []string{"clinvar.CLNSIG"}, found.Added)
	require.Equal(t, []versionChange{{"clinvar", "", "2027-01"}}, found.Versions)
	require.Len(t, found.Items[0].Changes, 2)
	page := ada.get("/annotations/" + second.ID + "/changes")
	for _, want := range []string{"1 of 4 alleles changed", "MT:9952", "stop_gained", "synonymous_variant", "HIGH", "LOW", "clinvar", "2027-01", "Only in the newer result: clinvar.CLNSIG"} {
		shows(t, page, want)
	}
	require.NotContains(t, page.body, "MT:3243")
	shows(t, ada.get("/annotations/"+second.ID+"/changes?fields=gene"), "Nothing changed.")
	require.Equal(t, http.StatusUnprocessableEntity, ada.get("/api/v1/jobs/"+second.ID+"/changes?fields=pos").status)
	require.Equal(t, http.StatusUnprocessableEntity, ada.get("/api/v1/jobs/"+second.ID+"/changes?limit=0").status)

	eve := w.person("eve", user.Premium)
	require.Equal(t, http.StatusNotFound, eve.get("/api/v1/jobs/"+second.ID+"/changes").status)
	foreign := w.complete(eve.submit("e.vcf").ID)
	require.Equal(t, http.StatusNotFound, ada.get("/api/v1/jobs/"+second.ID+"/changes?since="+foreign.ID).status, "a job of somebody else is as missing as none")
	require.Equal(t, http.StatusNotFound, ada.get("/api/v1/jobs/"+second.ID+"/changes?since=nothing").status)
	a = ada.upload("/api/v1/jobs", nil, field{"file", "b.vcf", smallVCF + "MT\t9\t.\tG\tA\t.\t.\t.\n"}, field{"reference", "", "rCRS"})
	var other jobJSON
	a.json(t, &other)
	w.complete(other.ID)
	require.Equal(t, http.StatusConflict, ada.get("/api/v1/jobs/"+second.ID+"/changes?since="+other.ID).status, "another file")

	w.clock.ahead += time.Hour
	require.Equal(t, http.StatusForbidden, ada.get("/api/v1/jobs/"+second.ID+"/changes").status)
	require.Equal(t, job.Completed, second.Status)
}
