package web

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func TestEveryTemplateParses(t *testing.T) {
	all, err := loadPages()
	require.NoError(t, err)
	for _, page := range []string{"home", "visitor", "login", "once", "annotate", "jobs", "job_summary", "job_files", "job_log", "job_details", "error", "docs", "profile", "usage", "subscribe", "checkout", "inbox", "status", "admin"} {
		require.Contains(t, all, page)
	}
}

func TestTheDescriptionOfTheAPIIsValidOpenAPI(t *testing.T) {
	raw, err := describeAPI("1.0")
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
}
