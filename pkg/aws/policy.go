package aws

import (
	"fmt"
	"slices"
	"strings"

	"gas/pkg/job"
)

// Statement is one rule of an IAM policy: what may be done, and to what.
type Statement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource []string

	// ForVault says that the rule is needed only where cold storage is a Glacier vault.
	ForVault bool `json:"-"`
}

// Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Place is where the things of an installation are, for their ARNs. A field may be a wildcard, or a placeholder of a template.
type Place struct {
	Partition, Region, Account string
	Names                      Names
	Vault                      string // the name of the Glacier vault; empty = there is none
	Sender                     string // the SES identity that mail is sent from: an address or a domain
}

// PolicyRoles are the roles that have a policy, in the order of the roles.
var PolicyRoles = []string{"web", "annotator", "notify", "archive", "thaw", "restore"}

// PolicyOf is what one role may do: the rows of the table below as an IAM policy, and nothing else.
func PolicyOf(role string, at Place) (Policy, error) {
	rows, ok := granted[role]
	if !ok {
		return Policy{}, fmt.Errorf("make the policy of %q: there is no such role", role)
	}
	p := Policy{Version: "2012-10-17"}
	for _, g := range rows {
		if g.vault && at.Vault == "" {
			continue
		}
		p.Statement = append(p.Statement, Statement{Sid: g.sid, Effect: "Allow", Action: slices.Sorted(slices.Values(g.may)), Resource: at.arns(g.to), ForVault: g.vault})
	}
	return p, nil
}

// grant is a row of the table: a role may do these actions to these things.
type grant struct {
	sid   string
	may   []string
	to    []thing
	vault bool
}

// thing is one resource, or one kind of part of it: objects of a bucket, indexes of a table, executions of a state machine.
type thing struct {
	kind string
	name func(Names) string
	of   job.Topic
}

func objectsOf(bucket func(Names) string) thing { return thing{kind: "objects", name: bucket} }
func bucketOf(bucket func(Names) string) thing  { return thing{kind: "bucket", name: bucket} }
func tableOf(name func(Names) string) thing     { return thing{kind: "table", name: name} }
func indexesOf(name func(Names) string) thing   { return thing{kind: "indexes", name: name} }
func topicOf(t job.Topic) thing                 { return thing{kind: "topic", of: t} }
func queueOf(t job.Topic) thing                 { return thing{kind: "queue", of: t} }
func deadOf(t job.Topic) thing                  { return thing{kind: "dead", of: t} }

var (
	machine = thing{kind: "machine"}
	vault   = thing{kind: "vault"}
	sender  = thing{kind: "sender"}
)

func inputs(n Names) string  { return n.BucketInputs }
func results(n Names) string { return n.BucketResults }
func archive(n Names) string { return n.BucketArchive }
func jobs(n Names) string    { return n.TableJobs }
func users(n Names) string   { return n.TableUsers }
func records(n Names) string { return n.TableRecords }

// arns are the full names of things at a place.
func (at Place) arns(things []thing) []string {
	var list []string
	for _, t := range things {
		list = append(list, at.arn(t))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (at Place) arn(t thing) string {
	n := at.Names
	global := func(service, rest string) string { return "arn:" + at.Partition + ":" + service + ":::" + rest }
	here := func(service, rest string) string {
		return strings.Join([]string{"arn", at.Partition, service, at.Region, at.Account, rest}, ":")
	}
	switch t.kind {
	case "bucket":
		return global("s3", t.name(n))
	case "objects":
		return global("s3", t.name(n)+"/*")
	case "table":
		return here("dynamodb", "table/"+t.name(n))
	case "indexes":
		return here("dynamodb", "table/"+t.name(n)+"/index/*")
	case "topic":
		return here("sns", lastOf(n.Topics[t.of]))
	case "queue":
		return here("sqs", lastOf(n.Queues[t.of]))
	case "dead":
		return here("sqs", n.Dead(t.of))
	case "machine":
		return here("states", "stateMachine:"+lastOf(n.StateMachine))
	case "vault":
		return here("glacier", "vaults/"+at.Vault)
	case "sender":
		return here("ses", "identity/"+at.Sender)
	}
	panic("no such kind of thing: " + t.kind)
}

// The actions by what they do. A read of an object that is missing is answered 404 only to who may list the bucket, else 403; hence listing beside reading.
var (
	readObjects   = []string{"s3:GetObject"}
	writeObjects  = []string{"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}
	deleteObjects = []string{"s3:DeleteObject"}
	listBucket    = []string{"s3:ListBucket"}

	readRows  = []string{"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
	lookAt    = []string{"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem"}
	writeRows = []string{"dynamodb:PutItem", "dynamodb:ConditionCheckItem"}
	dropRows  = []string{"dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"}
	scanRows  = []string{"dynamodb:Scan"}
	consume   = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
	count     = []string{"sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
	bury      = []string{"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
	redrive   = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
	post      = []string{"sqs:SendMessage"}
	publish   = []string{"sns:Publish"}
	confirm   = []string{"sns:ConfirmSubscription"}
	start     = []string{"states:StartExecution"}
	send      = []string{"ses:SendEmail"}

	vaultWrite  = []string{"glacier:UploadArchive", "glacier:InitiateMultipartUpload", "glacier:UploadMultipartPart", "glacier:CompleteMultipartUpload", "glacier:AbortMultipartUpload"}
	vaultAsk    = []string{"glacier:InitiateJob", "glacier:DescribeJob", "glacier:ListJobs"}
	vaultRead   = []string{"glacier:GetJobOutput", "glacier:DescribeJob", "glacier:ListJobs"}
	vaultDelete = []string{"glacier:DeleteArchive"}
	vaultTags   = []string{"glacier:ListTagsForVault"} // which tell the installation, to the collector
)

// row makes a row of the table.
func row(sid string, may []string, to ...thing) grant { return grant{sid: sid, may: may, to: to} }

// inVault makes a row that counts only where cold storage is a Glacier vault.
func inVault(sid string, lists ...[]string) grant {
	return grant{sid: sid, may: slices.Compact(slices.Sorted(slices.Values(slices.Concat(lists...)))), to: []thing{vault}, vault: true}
}

// worker is what every role with a queue of its own may do with it.
func worker(own job.Topic) []grant {
	return []grant{row("Consume", slices.Concat(consume, post), queueOf(own)), row("Bury", bury, deadOf(own)), row("ConfirmWakeUp", confirm, topicOf(own))}
}

// keepRecords is what every role may do with the small values: heartbeats, leases, its rows of the outbox, events.
func keepRecords() []grant {
	return []grant{
		row("Records", slices.Concat(readRows, writeRows, dropRows), tableOf(records)),
		row("RecordIndexes", []string{"dynamodb:Query"}, indexesOf(records)),
	}
}

// granted is the table: by role, what it may do. A test compares it with every call that the whole program makes.
var granted = map[string][]grant{
	"web": slices.Concat(keepRecords(), []grant{
		row("Rows", slices.Concat(readRows, writeRows), tableOf(jobs), tableOf(users)),
		row("ListUsers", scanRows, tableOf(users)), // the page of administrators
		row("Indexes", []string{"dynamodb:Query"}, indexesOf(jobs), indexesOf(users)),
		row("TakeInputs", slices.Concat(readObjects, writeObjects), objectsOf(inputs)),
		row("ReadResults", readObjects, objectsOf(results)),
		row("List", listBucket, bucketOf(inputs), bucketOf(results)),
		row("Publish", publish, topicOf(job.Requests), topicOf(job.Thaws), topicOf(job.Archives)),
		row("Count", count, everyQueue()...),
		row("LookAtDead", redrive, everyDead()...),
		row("Redrive", post, everyQueue()...),
		row("Mail", send, sender), // that confirms an address
	}),
	"annotator": slices.Concat(keepRecords(), worker(job.Requests), []grant{
		row("Rows", slices.Concat(readRows, writeRows), tableOf(jobs), tableOf(users)), // an owner's record counts the jobs that wait and run
		row("Indexes", []string{"dynamodb:Query"}, indexesOf(jobs)),
		row("ReadInputs", readObjects, objectsOf(inputs)),
		row("WriteResults", slices.Concat(readObjects, writeObjects), objectsOf(results)),
		row("List", listBucket, bucketOf(inputs), bucketOf(results)),
		row("Publish", publish, topicOf(job.Results), topicOf(job.Requests)),
		row("Wait", start, machine),
	}),
	"notify": slices.Concat(keepRecords(), worker(job.Results), []grant{
		row("LookUp", lookAt, tableOf(jobs), tableOf(users)),
		row("Mail", send, sender),
	}),
	"archive": slices.Concat(keepRecords(), worker(job.Archives), []grant{
		row("Rows", slices.Concat(readRows, writeRows), tableOf(jobs), tableOf(users)),
		row("Indexes", []string{"dynamodb:Query"}, indexesOf(jobs), indexesOf(users)),
		row("ListUsers", scanRows, tableOf(users)), // whose subscription is to be looked at
		row("Objects", slices.Concat(readObjects, deleteObjects), objectsOf(inputs), objectsOf(results), objectsOf(archive)),
		row("WriteArchive", writeObjects, objectsOf(archive)),
		row("List", listBucket, bucketOf(inputs), bucketOf(results), bucketOf(archive)),
		row("Publish", publish, topicOf(job.Requests), topicOf(job.Results), topicOf(job.Archives), topicOf(job.Thaws)),
		row("Wait", start, machine),
		inVault("Vault", vaultWrite, vaultAsk, vaultRead, vaultDelete, vaultTags),
	}),
	"thaw": slices.Concat(keepRecords(), worker(job.Thaws), []grant{
		row("Rows", slices.Concat(readRows, writeRows), tableOf(jobs), tableOf(users)),
		row("Indexes", []string{"dynamodb:Query"}, indexesOf(jobs)),
		row("Warm", slices.Concat(readObjects, []string{"s3:RestoreObject"}), objectsOf(archive)),
		row("List", listBucket, bucketOf(archive)),
		row("Publish", publish, topicOf(job.Thaws), topicOf(job.Restores)),
		inVault("Vault", vaultAsk),
	}),
	"restore": slices.Concat(keepRecords(), worker(job.Restores), []grant{
		row("Jobs", slices.Concat(readRows, writeRows), tableOf(jobs)),
		row("Owners", lookAt, tableOf(users)),
		row("TakeBack", slices.Concat(readObjects, deleteObjects), objectsOf(archive)),
		row("WriteResults", slices.Concat(readObjects, writeObjects), objectsOf(results)),
		row("List", listBucket, bucketOf(archive), bucketOf(results)),
		row("Publish", publish, topicOf(job.Results), topicOf(job.Thaws)),
		row("Wait", start, machine),
		inVault("Vault", vaultRead, vaultDelete),
	}),
}

func everyQueue() (list []thing) {
	for _, t := range job.Topics {
		list = append(list, queueOf(t))
	}
	return list
}

func everyDead() (list []thing) {
	for _, t := range job.Topics {
		list = append(list, deadOf(t))
	}
	return list
}

// needs says which actions an operation takes where its name is not that of the action.
var needs = map[string][]string{
	"s3:HeadObject": {"s3:GetObject"}, "s3:HeadBucket": {"s3:ListBucket"}, "s3:ListObjectsV2": {"s3:ListBucket"}, "s3:ListObjectVersions": {"s3:ListBucketVersions"},
	"s3:CopyObject": {"s3:GetObject", "s3:PutObject"}, "s3:PostObject": {"s3:PutObject"}, "s3:CreateMultipartUpload": {"s3:PutObject"}, "s3:UploadPart": {"s3:PutObject"},
	"s3:UploadPartCopy": {"s3:PutObject"}, "s3:CompleteMultipartUpload": {"s3:PutObject"}, "s3:ListParts": {"s3:ListMultipartUploadParts"}, "s3:DeleteObjects": {"s3:DeleteObject"},
	"dynamodb:TransactGetItems": {"dynamodb:GetItem"},
	"sqs:SendMessageBatch":      {"sqs:SendMessage"}, "sqs:DeleteMessageBatch": {"sqs:DeleteMessage"}, "sqs:ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
	"sns:PublishBatch":      {"sns:Publish"},
	"sts:GetCallerIdentity": {}, // everybody may ask who he is
}

// ActionsOf are the actions that IAM checks for an operation.
func ActionsOf(call string) []string {
	if list, ok := needs[call]; ok {
		return list
	}
	return []string{call}
}

// Lacks lists what of a call's permissions the policy does not give at a place.
func (p Policy) Lacks(at Place, c Call) []Access {
	return slices.DeleteFunc(slices.Clone(c.Takes), func(a Access) bool { return p.Allows(a.Action, at.whole(a)) })
}

// whole is the ARN of what an access is to.
func (at Place) whole(a Access) string {
	service, _, _ := strings.Cut(a.Action, ":")
	region, account := at.Region, at.Account
	if service == "s3" {
		region, account = "", ""
	}
	return strings.Join([]string{"arn", at.Partition, service, region, account, a.To}, ":")
}

// Allows tells whether the policy lets an action be done to a resource, which is an ARN.
func (p Policy) Allows(action, resource string) bool {
	return slices.ContainsFunc(p.Statement, func(s Statement) bool {
		return slices.Contains(s.Action, action) && slices.ContainsFunc(s.Resource, func(pattern string) bool { return matches(pattern, resource) })
	})
}

// matches compares an ARN with a pattern in which * stands for anything.
func matches(pattern, arn string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == arn
	}
	after, ok := strings.CutPrefix(arn, first)
	if !ok {
		return false
	}
	for i := range len(after) + 1 {
		if matches(rest, after[i:]) {
			return true
		}
	}
	return false
}

// MachinePolicy is what the role of the state machine may do: publish what waited.
func MachinePolicy(at Place) Policy {
	var topics []thing
	for _, t := range job.Topics {
		topics = append(topics, topicOf(t))
	}
	return Policy{Version: "2012-10-17", Statement: []Statement{{Sid: "Publish", Effect: "Allow", Action: publish, Resource: at.arns(topics)}}}
}
