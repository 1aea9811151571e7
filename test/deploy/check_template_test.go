package deploy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheTemplateFitsTheSpecification(t *testing.T) {
	for _, fault := range check(loadSpecification(t), readTemplate(t)) {
		t.Error(fault)
	}
}

func TestTheCheckFindsFaults(t *testing.T) {
	spec := loadSpecification(t)
	for _, c := range []struct{ name, template, fault string }{
		{"a type that does not exist", `Resources: {A: {Type: AWS::SQS::Line}}`, "A: there is no resource type AWS::SQS::Line"},
		{"a property that does not exist", `Resources: {A: {Type: AWS::SQS::Queue, Properties: {Colour: red}}}`, "A: there is no property Colour"},
		{"a property that is missing", `Resources: {A: {Type: AWS::SNS::Subscription, Properties: {Protocol: sqs}}}`, "A: the property TopicArn is missing"},
		{"a deeper property that is missing", `Resources: {A: {Type: AWS::S3::Bucket, Properties: {CorsConfiguration: {}}}}`, "A.CorsConfiguration: the property CorsRules is missing"},
		{"a text where a number belongs", `Resources: {A: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: soon}}}`, "A.VisibilityTimeout: soon is not a whole number"},
		{"an object where a list belongs", `Resources: {A: {Type: AWS::SQS::QueuePolicy, Properties: {PolicyDocument: {}, Queues: q}}}`, "A.Queues: q is not a list"},
		{"a value that is not allowed", `Resources: {A: {Type: AWS::S3::Bucket, Properties: {BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: rot13}}]}}}}`,
			"A.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.SSEAlgorithm: rot13 is none of [aws:kms AES256 aws:kms:dsse]"},
		{"a name that leads nowhere", `Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Prefix}_a"}}}`, "A.QueueName.Fn::Sub: there is no Prefix"},
		{"an attribute that a resource lacks", `Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt A.Size}}}`, "A.QueueName.Fn::GetAtt: AWS::SQS::Queue has no attribute Size"},
		{"a condition that is not there", `Resources: {A: {Type: AWS::SQS::Queue, Condition: Big}}`, "A: there is no condition Big"},
		{"a branch that does not fit", `{Conditions: {Big: !Equals [a, b]}, Resources: {A: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !If [Big, 1, much]}}}}`, "A.DelaySeconds.Fn::If: much is not a whole number"},
		{"a parameter that nothing uses", `{Parameters: {P: {Type: String}}, Resources: {A: {Type: AWS::SQS::Queue}}}`, "Parameters.P: nothing uses it"},
		{"a dependency that is not there", `Resources: {A: {Type: AWS::SQS::Queue, DependsOn: B}}`, "A: it depends on B, which is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := parseTemplate([]byte(c.template))
			require.NoError(t, err)
			require.Equal(t, []string{c.fault}, check(spec, parsed))
		})
	}
	_, err := parseTemplate([]byte("Resources:\n  A: {Type: x}\n  A: {Type: y}\n"))
	require.Error(t, err, "a key that is given twice")
}
