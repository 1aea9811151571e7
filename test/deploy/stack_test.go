package deploy

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/test/peers"
)

// kept are the types of what holds data and messages. The rest of the template runs on it.
var kept = []string{
	"AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription",
	"AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::StepFunctions::StateMachine", "AWS::IAM::Role", "AWS::KMS::Key",
}

// dataStack is the part of the template that holds data and messages, as JSON.
func dataStack(t *testing.T) string {
	t.Helper()
	whole := readTemplate(t)
	resources := map[string]any{}
	for name, r := range whole.Resources {
		role := r.Type == "AWS::IAM::Role" && name != "StateMachineRole"
		alarms := name == "AlarmsByMail" || name == "Alarms"
		if !slices.Contains(kept, r.Type) || role || alarms {
			continue
		}
		one := map[string]any{"Type": r.Type, "Properties": r.Properties}
		if r.DependsOn != nil {
			one["DependsOn"] = r.DependsOn
		}
		resources[name] = one
	}
	text, err := json.Marshal(map[string]any{
		"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources,
		"Parameters": map[string]any{"Prefix": map[string]any{"Type": "String", "Default": "gas"}, "BaseUrl": map[string]any{"Type": "String", "Default": "https://gas.example"}},
	})
	require.NoError(t, err)
	return string(text)
}

// cloudFormation makes one call of CloudFormation's query interface at an emulator, which takes any signature.
func cloudFormation(t *testing.T, peer *peers.Peer, form url.Values) string {
	t.Helper()
	form.Set("Version", "2010-05-15")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, peer.URL+"/", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(text)
}

// A stack of the template has what gas aws init would make: doctor's own look finds nothing wrong.
func TestAStackOfTheTemplateIsWellByDoctor(t *testing.T) {
	peer := peers.MiniStack(t)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": peer.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"} {
		t.Setenv(name, value)
	}
	said := cloudFormation(t, peer, url.Values{"Action": {"CreateStack"}, "StackName": {"gas"}, "TemplateBody": {dataStack(t)}, "Capabilities.member.1": {"CAPABILITY_NAMED_IAM"}})
	require.Contains(t, said, "StackId", said)
	require.Eventually(t, func() bool {
		said = cloudFormation(t, peer, url.Values{"Action": {"DescribeStacks"}, "StackName": {"gas"}})
		return !strings.Contains(said, "CREATE_IN_PROGRESS")
	}, time.Minute, 200*time.Millisecond)
	require.Contains(t, said, "CREATE_COMPLETE", said)

	session, err := aws.OpenSession(t.Context(), "us-east-1")
	require.NoError(t, err)
	defer func() { require.NoError(t, session.Close()) }()
	bucket := func(what string) string { return "gas-" + what + "-000000000000-us-east-1" }
	settings := config.Default().AWS
	settings.BucketInputs, settings.BucketResults, settings.BucketArchive = bucket("inputs"), bucket("results"), bucket("archive")
	for _, f := range (aws.Bootstrap{Names: backend.AWSNames(settings), Origin: "https://gas.example"}).Check(t.Context(), session) {
		if f.Fault != "" && !slices.ContainsFunc(notApplied, func(known string) bool { return strings.HasPrefix(f.Fault, known) }) {
			t.Errorf("%s %s: %s", f.Kind, f.Name, f.Fault)
		}
	}
}

// notApplied are the properties that MiniStack's CloudFormation reads and leaves out. The template's own words are compared instead.
var notApplied = []string{
	"it cannot be restored to an earlier time", "rows whose time is over stay", "its messages are not encrypted", "what nobody can handle is not kept apart",
	"it can be opened to the world", "uploads that were never finished are kept", "browsers on https://gas.example may not upload to it",
}

// What the emulator leaves out and no other test looks at.
func TestTheTemplateSaysWhatTheEmulatorLeavesOut(t *testing.T) {
	template := readTemplate(t)
	require.Equal(t, "expires_at", at(template.Resources["TableRecords"].Properties, "TimeToLiveSpecification", "AttributeName"))
	rule := at(template.Resources["BucketInputs"].Properties, "CorsConfiguration", "CorsRules")
	require.Equal(t, []any{map[string]any{"Ref": "BaseUrl"}}, at(rule, "AllowedOrigins"), "no other site's pages may upload")
	require.Equal(t, []any{"POST", "PUT"}, at(rule, "AllowedMethods"))
	for _, topic := range job.Topics {
		require.Equal(t, port.MaxReceives, at(template.Resources["Queue"+camel(string(topic))].Properties, "RedrivePolicy", "maxReceiveCount"))
	}
}
