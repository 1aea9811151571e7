package deploy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/job"
	"gas/roles"
)

// ofType are the resources of a type, by their names.
func (t template) ofType(name string) map[string]resource {
	found := map[string]resource{}
	for logical, r := range t.Resources {
		if r.Type == name {
			found[logical] = r
		}
	}
	return found
}

// at follows keys into nested objects and lists of one.
func at(value any, keys ...string) any {
	for _, key := range keys {
		if items, ok := value.([]any); ok && len(items) > 0 {
			value = items[0]
		}
		value = object(value)[key]
	}
	return value
}

func TestEveryRoleHasATaskAServiceAndAPolicyOfItsOwn(t *testing.T) {
	template := readTemplate(t)
	for _, r := range roles.All() {
		name := logical(r.Name)
		task := template.Resources["Task"+name]
		require.Equal(t, "AWS::ECS::TaskDefinition", task.Type)
		container := object(list(task.Properties["ContainerDefinitions"])[0])
		require.Equal(t, []any{"serve", "--role=" + r.Name}, container["Command"])
		require.Equal(t, map[string]any{"Fn::GetAtt": []any{"Role" + name, "Arn"}}, task.Properties["TaskRoleArn"])
		require.Equal(t, true, container["ReadonlyRootFilesystem"])
		require.Equal(t, []any{"ALL"}, at(container, "LinuxParameters", "Capabilities", "Drop"))
		require.Equal(t, []any{"CMD", "/gas", "healthcheck"}, at(container, "HealthCheck", "Command"))
		service := template.Resources["Service"+name]
		require.Equal(t, "AWS::ECS::Service", service.Type)
		require.Equal(t, map[string]any{"Ref": "Task" + name}, service.Properties["TaskDefinition"])
		require.Equal(t, "DISABLED", at(service.Properties, "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"))
	}
}

func TestATaskThatIsStoppedHasTimeToDrain(t *testing.T) {
	for name, task := range readTemplate(t).ofType("AWS::ECS::TaskDefinition") {
		container := object(list(task.Properties["ContainerDefinitions"])[0])
		drain, serves := environment(container)["GAS_DRAIN"]
		if !serves {
			continue
		}
		set, err := config.ParseDuration(fmt.Sprint(drain))
		require.NoError(t, err)
		kill := container["StopTimeout"].(int)
		require.Less(t, set.Seconds(), float64(kill), "%s is killed before it has drained", name)
		require.LessOrEqual(t, kill, 120, "Fargate's longest")
	}
}

func environment(container map[string]any) map[string]any {
	set := map[string]any{}
	for _, line := range list(container["Environment"]) {
		set[fmt.Sprint(object(line)["Name"])] = object(line)["Value"]
	}
	return set
}

func TestTheTemplateSetsOnlySettingsThatThereAre(t *testing.T) {
	known := map[string]bool{}
	for _, s := range config.Default().Settings() {
		known["GAS_"+strings.ToUpper(s.Key)] = true
	}
	template := readTemplate(t)
	for name, task := range template.ofType("AWS::ECS::TaskDefinition") {
		container := object(list(task.Properties["ContainerDefinitions"])[0])
		for setting := range environment(container) {
			require.True(t, known[setting], "%s sets %s", name, setting)
		}
		for _, secret := range list(container["Secrets"]) {
			if branches := list(object(secret)["Fn::If"]); len(branches) == 3 {
				secret = branches[1]
			}
			require.True(t, known[fmt.Sprint(object(secret)["Name"])], "%s sets %v", name, secret)
		}
	}
	for setting := range object(at(template.Resources["RestoreFunction"].Properties, "Environment", "Variables")) {
		require.True(t, known[setting], "the function sets %s", setting)
	}
}

func TestNothingIsOpenOrReadable(t *testing.T) {
	template := readTemplate(t)
	for name, bucket := range template.ofType("AWS::S3::Bucket") {
		for _, block := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			require.Equal(t, true, at(bucket.Properties, "PublicAccessBlockConfiguration", block), name)
		}
		require.NotNil(t, at(bucket.Properties, "BucketEncryption", "ServerSideEncryptionConfiguration", "ServerSideEncryptionByDefault", "SSEAlgorithm"), name)
		require.NotNil(t, at(bucket.Properties, "LifecycleConfiguration", "Rules", "AbortIncompleteMultipartUpload"), name)
		require.Equal(t, "Retain", bucket.rest["DeletionPolicy"], name)
		policy := template.Resources[name+"Policy"]
		require.Equal(t, "Deny", at(policy.Properties, "PolicyDocument", "Statement", "Effect"), "%s takes what does not come through TLS", name)
	}
	for name, table := range template.ofType("AWS::DynamoDB::Table") {
		require.Equal(t, true, at(table.Properties, "SSESpecification", "SSEEnabled"), name)
		require.Equal(t, true, at(table.Properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"), name)
		require.Equal(t, "PAY_PER_REQUEST", table.Properties["BillingMode"], name)
		require.Equal(t, "Retain", table.rest["DeletionPolicy"], name)
	}
	for name, queue := range template.ofType("AWS::SQS::Queue") {
		require.Equal(t, true, queue.Properties["SqsManagedSseEnabled"], name)
	}
	for name, topic := range template.ofType("AWS::SNS::Topic") {
		require.NotNil(t, topic.Properties["KmsMasterKeyId"], name)
	}
	require.Equal(t, true, template.Resources["Files"].Properties["Encrypted"])
	for name, group := range template.ofType("AWS::EC2::SecurityGroup") {
		for _, rule := range list(group.Properties["SecurityGroupIngress"]) {
			_, open := object(rule)["CidrIp"]
			require.False(t, open && name != "BalancerGroup", "%s can be reached from anywhere", name)
		}
	}
}

func TestEveryQueueHasDeadLettersAndAlarms(t *testing.T) {
	template := readTemplate(t)
	watched := map[string][]string{} // by queue: the metrics with an alarm that tells somebody
	for _, alarm := range template.ofType("AWS::CloudWatch::Alarm") {
		if queue := at(alarm.Properties, "Dimensions", "Value", "Fn::GetAtt"); queue != nil && alarm.Properties["AlarmActions"] != nil {
			watched[fmt.Sprint(list(queue)[0])] = append(watched[fmt.Sprint(list(queue)[0])], fmt.Sprint(alarm.Properties["MetricName"]))
		}
	}
	for _, topic := range job.Topics {
		name := camel(string(topic))
		queue := template.Resources["Queue"+name]
		require.Equal(t, []any{"Dead" + name, "Arn"}, at(queue.Properties, "RedrivePolicy", "deadLetterTargetArn", "Fn::GetAtt"))
		require.Equal(t, []string{"ApproximateAgeOfOldestMessage"}, watched["Queue"+name])
		require.Equal(t, []string{"ApproximateNumberOfMessagesVisible"}, watched["Dead"+name])
	}
}

// camel makes JobRequests of job_requests.
func camel(name string) string {
	var text strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		text.WriteString(logical(word))
	}
	return text.String()
}

func TestAlarmsWatchMetricsThatThereAre(t *testing.T) {
	spec, template := loadSpecification(t), readTemplate(t)
	own := map[string]bool{}
	for _, filter := range template.ofType("AWS::Logs::MetricFilter") {
		own[fmt.Sprint(at(filter.Properties, "MetricTransformations", "MetricName"))] = true
	}
	for name, alarm := range template.ofType("AWS::CloudWatch::Alarm") {
		metrics := []any{alarm.Properties}
		for _, query := range list(alarm.Properties["Metrics"]) {
			if metric := at(query, "MetricStat", "Metric"); metric != nil {
				metrics = append(metrics, metric)
			}
		}
		for _, metric := range metrics {
			namespace, metricName := at(metric, "Namespace"), fmt.Sprint(at(metric, "MetricName"))
			switch namespace := namespace.(type) {
			case nil: // an expression over others
			case string:
				if namespace != "ECS/ContainerInsights" { // the specification does not list these
					require.True(t, spec.metrics[namespace][metricName], "%s: there is no metric %s of %s", name, metricName, namespace)
				}
			default:
				require.True(t, own[metricName], "%s: nothing makes the metric %s", name, metricName)
			}
		}
	}
}
