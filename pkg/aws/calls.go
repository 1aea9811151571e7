package aws

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"reflect"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

// Access is one permission that a call takes: an IAM action on one thing. The thing is the part of its ARN behind the account: table/gas_users,
// gas-inputs/some/key, gas_job_requests.
type Access struct {
	Action string `json:"action"`
	To     string `json:"to"`
}

// Call is one call to AWS, as RecordCalls writes it: a line of JSON.
type Call struct {
	Name  string   `json:"call"` // s3:HeadObject: the service as IAM spells it, and the SDK's operation
	Takes []Access `json:"takes"`
}

// RecordCalls is an option of clients that writes a line for each call before it is made, presigned ones too. A test compares the lines with the
// policy of the role that made them, and counts them. Retries of the SDK are part of one call.
func RecordCalls(w io.Writer) func(*middleware.Stack) error {
	lock := &sync.Mutex{}
	record := middleware.InitializeMiddlewareFunc("RecordCalls", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		line, err := json.Marshal(callOf(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), in.Parameters))
		if err == nil {
			lock.Lock()
			_, err = w.Write(append(line, '\n'))
			lock.Unlock()
		}
		if err != nil {
			return middleware.InitializeOutput{}, middleware.Metadata{}, err
		}
		return next.HandleInitialize(ctx, in)
	})
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(record, middleware.After) // behind the one that names service and operation
	}
}

// Recording is an option of OpenSession by which every call is recorded.
func Recording(w io.Writer) func(*config.LoadOptions) error {
	return config.WithAPIOptions([]func(*middleware.Stack) error{RecordCalls(w)})
}

// prefixes are the names that IAM has for services, by the SDK's.
var prefixes = map[string]string{"S3": "s3", "DynamoDB": "dynamodb", "SQS": "sqs", "SNS": "sns", "SFN": "states", "Glacier": "glacier", "SESv2": "ses", "STS": "sts"}

func callOf(service, operation string, in any) Call {
	prefix, ok := prefixes[service]
	if !ok {
		prefix = strings.ToLower(service)
	}
	if _, puts := in.(*s3.PutObjectInput); puts && operation != "PutObject" {
		operation = "PostObject" // an upload form, for which the SDK has no name
	}
	c := Call{Name: prefix + ":" + operation}
	if special := takesOf(in); special != nil {
		c.Takes = special
		return c
	}
	for _, action := range ActionsOf(c.Name) {
		c.Takes = append(c.Takes, Access{action, thingOf(in)})
	}
	return c
}

// takesOf lists what a call takes that touches more than one thing; nil for all others.
func takesOf(in any) []Access {
	switch v := in.(type) {
	case *dynamodb.TransactWriteItemsInput:
		return transactionTakes(v)
	case *dynamodb.TransactGetItemsInput:
		var list []Access
		for _, item := range v.TransactItems {
			list = append(list, Access{"dynamodb:GetItem", "table/" + lastOf(sdk.ToString(item.Get.TableName))})
		}
		return list
	case *dynamodb.BatchGetItemInput:
		var list []Access
		for name := range v.RequestItems {
			list = append(list, Access{"dynamodb:BatchGetItem", "table/" + name})
		}
		return list
	case *dynamodb.BatchWriteItemInput:
		var list []Access
		for name := range v.RequestItems {
			list = append(list, Access{"dynamodb:BatchWriteItem", "table/" + name})
		}
		return list
	case *s3.CopyObjectInput:
		return []Access{{"s3:PutObject", objectOf(v.Bucket, v.Key)}, {"s3:GetObject", sourceOf(v.CopySource)}}
	case *s3.UploadPartCopyInput:
		return []Access{{"s3:PutObject", objectOf(v.Bucket, v.Key)}, {"s3:GetObject", sourceOf(v.CopySource)}}
	case *s3.GetObjectInput:
		return versioned("s3:GetObject", objectOf(v.Bucket, v.Key), v.VersionId)
	case *s3.HeadObjectInput:
		return versioned("s3:GetObject", objectOf(v.Bucket, v.Key), v.VersionId)
	case *s3.DeleteObjectInput:
		return versioned("s3:DeleteObject", objectOf(v.Bucket, v.Key), v.VersionId)
	}
	return nil
}

func transactionTakes(in *dynamodb.TransactWriteItemsInput) []Access {
	var list []Access
	add := func(action string, table *string) {
		list = append(list, Access{"dynamodb:" + action, "table/" + lastOf(sdk.ToString(table))})
	}
	for _, item := range in.TransactItems {
		switch {
		case item.Put != nil:
			add("PutItem", item.Put.TableName)
		case item.Update != nil:
			add("UpdateItem", item.Update.TableName)
		case item.Delete != nil:
			add("DeleteItem", item.Delete.TableName)
		case item.ConditionCheck != nil:
			add("ConditionCheckItem", item.ConditionCheck.TableName)
		}
	}
	return list
}

// versioned adds what a call takes that names a version of the object.
func versioned(action, object string, version *string) []Access {
	if sdk.ToString(version) != "" {
		return []Access{{action + "Version", object}}
	}
	return []Access{{action, object}}
}

// thingOf is what a call is about: the first of the fields by which inputs name things.
func thingOf(in any) string {
	if key := field(in, "Key"); key != "" {
		return field(in, "Bucket") + "/" + key
	}
	table := strings.TrimPrefix(lastOf(field(in, "TableName")), "table/")
	if index := field(in, "IndexName"); index != "" {
		return "table/" + table + "/index/" + index
	}
	switch {
	case table != "":
		return "table/" + table
	case field(in, "Bucket") != "":
		return field(in, "Bucket")
	case field(in, "QueueUrl") != "":
		address := field(in, "QueueUrl")
		return address[strings.LastIndexByte(address, '/')+1:]
	case field(in, "StateMachineArn") != "":
		return "stateMachine:" + lastOf(field(in, "StateMachineArn"))
	case field(in, "ExecutionArn") != "":
		return executionOf(field(in, "ExecutionArn"))
	case field(in, "VaultName") != "":
		return "vaults/" + field(in, "VaultName")
	case field(in, "FromEmailAddress") != "":
		return "identity/" + field(in, "FromEmailAddress")
	}
	for _, name := range []string{"TopicArn", "QueueName", "SourceArn"} {
		if value := field(in, name); value != "" {
			return lastOf(value)
		}
	}
	return ""
}

// field is a text of an input, empty where there is none of that name.
func field(in any, name string) string {
	value := reflect.Indirect(reflect.ValueOf(in))
	if value.Kind() != reflect.Struct {
		return ""
	}
	found := value.FieldByName(name)
	if !found.IsValid() {
		return ""
	}
	text, _ := found.Interface().(*string)
	return sdk.ToString(text)
}

func executionOf(arn string) string {
	_, rest, _ := strings.Cut(arn, ":execution:")
	return "execution:" + rest
}

func objectOf(bucket, key *string) string { return sdk.ToString(bucket) + "/" + sdk.ToString(key) }

// sourceOf is the object that a copy reads: bucket/key, escaped, perhaps with a version.
func sourceOf(source *string) string {
	path, _, _ := strings.Cut(sdk.ToString(source), "?")
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	return strings.TrimPrefix(path, "/")
}
