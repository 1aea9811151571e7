package web

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/overlay"
	"gas/pkg/role"
	"gas/pkg/user"
)

// withDatabases installs small databases for a world.
func withDatabases(t *testing.T, names ...string) func(*role.Deps) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		_, err := overlay.Build(t.Context(), overlay.BuildOptions{Name: name, File: "testdata/database.vcf", Fields: []string{"RS"}, Out: filepath.Join(dir, name+overlay.Extension)})
		require.NoError(t, err)
	}
	return func(d *role.Deps) { d.Config.Databases = dir }
}

func TestDatabasesAreThoseThatAreInstalled(t *testing.T) {
	w := newWorld(t, withDatabases(t, "clinvar", "dbsnp"))
	ada := w.person("ada", user.Premium)
	submit := func(databases ...string) (jobJSON, answer) {
		fields := []field{{"reference", "", "rCRS"}}
		for _, d := range databases {
			fields = append(fields, field{"databases", "", d})
		}
		a := ada.upload("/api/v1/jobs", nil, append(fields, field{"file", "a.vcf", smallVCF})...)
		var j jobJSON
		if a.status == http.StatusCreated {
			a.json(t, &j)
		}
		return j, a
	}
	first, a := submit("dbsnp", "clinvar, dbsnp")
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Equal(t, []string{"dbsnp", "clinvar"}, first.Options.Databases)
	for _, unknown := range []string{"gnomad", "../clinvar", "clinvar.gasdb", "x\x00"} {
		_, a = submit(unknown)
		require.Equal(t, http.StatusUnprocessableEntity, a.status, "%q: %s", unknown, a.body)
		require.Contains(t, a.body, "Installed: clinvar, dbsnp.")
	}
	a = ada.postJSON("/api/v1/uploads", `{"name": "b.vcf", "size": 10, "options": {"databases": ["gnomad"]}}`)
	require.Equal(t, http.StatusUnprocessableEntity, a.status, a.body)

	for body, want := range map[string][]string{
		`{}`: {"dbsnp", "clinvar"}, `{"databases": null}`: {"dbsnp", "clinvar"}, `{"fields": ["Gene", "HGVSc"]}`: {"dbsnp", "clinvar"},
		`{"databases": ["clinvar"]}`: {"clinvar"}, `{"databases": "clinvar"}`: {"clinvar"}, `{"databases": []}`: nil, `{"databases": [""]}`: nil,
	} {
		a := ada.postJSON("/api/v1/jobs/"+first.ID+"/rerun", body)
		require.Equal(t, http.StatusCreated, a.status, "%s: %s", body, a.body)
		var made jobJSON
		a.json(t, &made)
		require.Equal(t, want, made.Options.Databases, body)
	}
	a = ada.postJSON("/api/v1/jobs/"+first.ID+"/rerun", `{"databases": ["clinvar", "gnomad"]}`)
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.Contains(t, a.body, `There is no database \"gnomad\". Installed: clinvar, dbsnp.`)
	require.Contains(t, newWorld(t).person("eve", user.Premium).postJSON("/api/v1/uploads", `{"name": "b.vcf", "size": 10, "options": {"databases": ["x"]}}`).body, "None is installed.")
}
