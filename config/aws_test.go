package config

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryNameOnAWSBeginsWithThePrefixUnlessItIsSet(t *testing.T) {
	named := AWS{Prefix: "lab", Region: "eu-west-1", Vault: "s3", BucketInputs: "mine"}.Named()
	require.Equal(t, "mine", named.BucketInputs)
	require.Equal(t, "lab-results", named.BucketResults)
	require.Equal(t, "lab_annotations", named.TableJobs)
	require.Equal(t, "lab_job_requests", named.QueueJobRequests)
	fields := reflect.ValueOf(named)
	for i := range fields.NumField() {
		require.NotEmpty(t, fields.Field(i).String(), fields.Type().Field(i).Name)
	}
}
