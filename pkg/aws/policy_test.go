package aws

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"gas/pkg/job"
)

// testPlace is an installation with all that may be in one.
func testPlace() Place {
	return Place{Partition: "aws", Region: "us-east-1", Account: "123456789012", Names: gasNames(), Vault: "results", Sender: "example.com"}
}

// gasNames are the names under the prefix gas.
func gasNames() Names {
	n := Names{
		BucketInputs: "gas-inputs", BucketResults: "gas-results", BucketArchive: "gas-archive", TableJobs: "gas_annotations", TableUsers: "gas_users",
		TableRecords: "gas_records", Topics: map[job.Topic]string{}, Queues: map[job.Topic]string{}, StateMachine: "gas_archive",
	}
	for _, topic := range job.Topics {
		n.Topics[topic], n.Queues[topic] = "gas_"+string(topic), "gas_"+string(topic)
	}
	return n
}

func rolePolicy(t *testing.T, role string) Policy {
	t.Helper()
	p, err := PolicyOf(role, testPlace())
	require.NoError(t, err)
	return p
}

func TestNoPolicyGrantsMoreThanItNames(t *testing.T) {
	for _, role := range PolicyRoles {
		for _, s := range rolePolicy(t, role).Statement {
			require.Equal(t, "Allow", s.Effect)
			for _, action := range s.Action {
				require.NotContains(t, action, "*", "%s %s", role, s.Sid)
			}
			for _, resource := range s.Resource {
				require.NotEqual(t, "*", resource, "%s %s", role, s.Sid)
				ours := strings.Contains(resource, "gas") || strings.HasSuffix(resource, "vaults/results") || strings.HasSuffix(resource, "identity/example.com")
				require.True(t, ours, "%s %s reaches %s", role, s.Sid, resource)
			}
		}
	}
}

func TestARoleMayOnlyDoItsOwnWork(t *testing.T) {
	result, cold := Access{"s3:GetObject", "gas-results/results/0/j/1-1/result"}, "gas-archive/archive/0/j/2"
	for _, c := range []struct {
		access Access
		may    []string // the roles
	}{
		{result, []string{"web", "annotator", "archive", "restore"}},
		{Access{"s3:PutObject", "gas-results/x"}, []string{"annotator", "restore"}},
		{Access{"s3:DeleteObject", "gas-results/x"}, []string{"archive"}},
		{Access{"s3:DeleteObject", "gas-inputs/x"}, []string{"archive"}},
		{Access{"s3:DeleteObject", cold}, []string{"archive", "restore"}},
		{Access{"s3:RestoreObject", cold}, []string{"thaw"}},
		{Access{"s3:PutObject", cold}, []string{"archive"}},
		{Access{"ses:SendEmail", "identity/example.com"}, []string{"web", "notify"}},
		{Access{"sqs:ReceiveMessage", "gas_job_requests"}, []string{"annotator"}},
		{Access{"sns:Publish", "gas_results_restore"}, []string{"thaw"}},
		{Access{"sns:Publish", "gas_job_requests"}, []string{"web", "annotator", "archive"}},
		{Access{"dynamodb:PutItem", "table/gas_users"}, []string{"web", "annotator", "archive", "thaw"}},
		{Access{"dynamodb:DeleteItem", "table/gas_annotations"}, nil},
		{Access{"dynamodb:Scan", "table/gas_annotations"}, nil},
		{Access{"glacier:DeleteArchive", "vaults/results"}, []string{"archive", "restore"}},
		{Access{"s3:GetObject", "another-bucket/x"}, nil},
		{Access{"sqs:ReceiveMessage", "gas_job_requests_of_others"}, nil},
	} {
		var may []string
		for _, role := range PolicyRoles {
			if len(rolePolicy(t, role).Lacks(testPlace(), Call{Takes: []Access{c.access}})) == 0 {
				may = append(may, role)
			}
		}
		require.Equal(t, c.may, may, "%v", c.access)
	}
}

func TestWithoutAVaultNobodyMayUseOne(t *testing.T) {
	at := testPlace()
	at.Vault = ""
	for _, role := range PolicyRoles {
		p, err := PolicyOf(role, at)
		require.NoError(t, err)
		text, err := json.Marshal(p)
		require.NoError(t, err)
		require.NotContains(t, string(text), "glacier")
	}
	_, err := PolicyOf("nobody", at)
	require.Error(t, err)
}

func TestAPatternMatchesAsIAMsDoes(t *testing.T) {
	require.True(t, matches("arn:aws:s3:::b/*", "arn:aws:s3:::b/k/l"))
	require.False(t, matches("arn:aws:s3:::b/*", "arn:aws:s3:::b"))
	require.False(t, matches("arn:aws:s3:::b", "arn:aws:s3:::b/k"))
	require.True(t, matches("a*c*e", "abcde"))
	require.False(t, matches("a*c*e", "abde"))
}

func TestEveryCallIsRecordedWithWhatItTakes(t *testing.T) {
	alone(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	var written bytes.Buffer
	session := open(t, "us-east-1")
	session.Config.APIOptions = append(session.Config.APIOptions, RecordCalls(&written))
	objects, rows, queues := session.s3Client(), dynamodb.NewFromConfig(session.Config), sqs.NewFromConfig(session.Config)
	bucket, key, table := sdk.String("gas-results"), sdk.String("a b/c"), sdk.String("gas_annotations")

	_, _ = objects.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})
	_, _ = objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: sdk.String("v")})
	_, _ = objects.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: key, CopySource: sdk.String("gas-archive/d%20e?versionId=v")})
	_, _ = objects.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket})
	_, err := s3.NewPresignClient(objects).PresignUploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: sdk.String("u"), PartNumber: sdk.Int32(1)})
	require.NoError(t, err)
	_, err = s3.NewPresignClient(objects).PresignPostObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key})
	require.NoError(t, err)
	_, _ = rows.Query(t.Context(), &dynamodb.QueryInput{TableName: table, IndexName: sdk.String("waiting_index"), KeyConditionExpression: sdk.String("x")})
	row := map[string]types.AttributeValue{"job_id": &types.AttributeValueMemberS{Value: "j"}}
	_, _ = rows.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: table, Item: row}},
		{ConditionCheck: &types.ConditionCheck{TableName: sdk.String("gas_users"), Key: row, ConditionExpression: sdk.String("x")}},
	}})
	_, _ = queues.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: sdk.String(server.URL + "/123456789012/gas_job_requests"), Entries: []sqstypes.DeleteMessageBatchRequestEntry{
		{Id: sdk.String("1"), ReceiptHandle: sdk.String("r")},
	}})

	var got []string
	for line := range strings.Lines(written.String()) {
		var c Call
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		said := c.Name + ":"
		for _, a := range c.Takes {
			said += " " + a.Action + "=" + a.To
		}
		got = append(got, said)
	}
	require.Equal(t, []string{
		"s3:HeadObject: s3:GetObject=gas-results/a b/c",
		"s3:GetObject: s3:GetObjectVersion=gas-results/a b/c",
		"s3:CopyObject: s3:PutObject=gas-results/a b/c s3:GetObject=gas-archive/d e",
		"s3:ListObjectsV2: s3:ListBucket=gas-results",
		"s3:UploadPart: s3:PutObject=gas-results/a b/c",
		"s3:PostObject: s3:PutObject=gas-results/a b/c",
		"dynamodb:Query: dynamodb:Query=table/gas_annotations/index/waiting_index",
		"dynamodb:TransactWriteItems: dynamodb:PutItem=table/gas_annotations dynamodb:ConditionCheckItem=table/gas_users",
		"sqs:DeleteMessageBatch: sqs:DeleteMessage=gas_job_requests",
	}, got)
}

func TestARecorderThatCannotWriteStopsTheCall(t *testing.T) {
	alone(t)
	session := open(t, "us-east-1")
	session.Config.APIOptions = []func(*middleware.Stack) error{RecordCalls(full{})}
	_, err := session.s3Client().ListBuckets(t.Context(), &s3.ListBucketsInput{})
	require.ErrorContains(t, err, "no space")
	require.True(t, slices.Contains(ActionsOf("s3:ListBuckets"), "s3:ListBuckets"))
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errNoSpace }

var errNoSpace = &noSpace{}

type noSpace struct{}

func (*noSpace) Error() string { return "no space left" }
