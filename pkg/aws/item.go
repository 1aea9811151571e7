package aws

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// item is one item of a table.
type item = map[string]types.AttributeValue

// The attributes that are no keys. attrData is the record as JSON, and the only one that is read back; those beside it are there for conditions,
// and for people and programs that know the course's table.
const (
	attrData    = "data"
	attrVersion = "version"
	attrWrite   = "write_id" // of the last write: a writer whose answer got lost recognises its own
	attrEvents  = "events"   // how many lines the job's time line has
	attrAttempt = "attempt"
	attrTaken   = "taken"
	attrEnds    = "ends" // when a small value ends, as a stamp
)

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// textOf is a text attribute, empty where there is none.
func textOf(i item, name string) string {
	if s, is := i[name].(*types.AttributeValueMemberS); is {
		return s.Value
	}
	return ""
}

// numberOf is a whole number, 0 where there is none.
func numberOf(i item, name string) int64 {
	if n, is := i[name].(*types.AttributeValueMemberN); is {
		value, err := strconv.ParseInt(n.Value, 10, 64)
		if err == nil {
			return value
		}
	}
	return 0
}

// encoded is a record as its attribute.
func encoded(record any) (types.AttributeValue, error) {
	data, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return text(string(data)), nil
}

// decoded reads a record's attribute.
func decoded[T any](i item) (record T, err error) {
	if err := json.Unmarshal([]byte(textOf(i, attrData)), &record); err != nil {
		return record, fmt.Errorf("decode record: %w", err)
	}
	return record, nil
}

// year1 is the zero time in Unix seconds.
var year1 = time.Time{}.Unix()

// stamp writes a time so that texts sort as times do: 20 digits, seconds since year 1 and nanoseconds.
func stamp(t time.Time) string { return fmt.Sprintf("%011d%09d", t.Unix()-year1, t.Nanosecond()) }

// stamped is a sort key: a time and, for ties, an id.
func stamped(t time.Time, id string) types.AttributeValue { return text(stamp(t) + "/" + id) }

// through is the sort key behind everything that is stamped with a time or an earlier one.
func through(t time.Time) types.AttributeValue { return text(stamp(t) + "0") } // '0' sorts behind '/'

// unixSeconds is a time as the course's system writes it: a number of seconds, here with the fraction that it has.
func unixSeconds(t time.Time) types.AttributeValue {
	if t.IsZero() {
		return number(0)
	}
	whole := strconv.FormatInt(t.Unix(), 10)
	if t.Nanosecond() == 0 || t.Unix() < 0 {
		return &types.AttributeValueMemberN{Value: whole}
	}
	return &types.AttributeValueMemberN{Value: whole + strings.TrimRight(fmt.Sprintf(".%09d", t.Nanosecond()), "0")}
}

// jobItem is a job in the table of annotations, with the names of the course's system.
func (n Names) jobItem(j job.Job, events int64) (item, error) {
	data, err := encoded(j)
	if err != nil {
		return nil, err
	}
	i := item{
		attrJob: text(j.ID), attrUser: text(j.UserID), attrSubmitted: unixSeconds(port.RowOf(j).Submitted), "job_status": text(string(j.Status)),
		attrData: data, attrVersion: number(j.Version), attrWrite: text(j.WriteID), attrEvents: number(events),
		attrAttempt: number(int64(j.Attempt)), "gen": number(int64(j.Gen)),
	}
	for name, value := range map[string]string{
		"input_file_name": j.Name, "s3_key_input_file": j.Input.Key, "s3_key_result_file": j.Result.Key, "s3_key_log_file": j.Files[job.FileLog].Key,
		"results_file_archive_id": j.Archive.Ref, "storage": string(j.Storage), "sha256": j.Result.SHA256,
	} {
		if value != "" {
			i[name] = text(value)
		}
	}
	if j.Input.Key != "" {
		i["s3_inputs_bucket"] = text(n.BucketInputs)
	}
	if j.Result.Key != "" {
		i["s3_results_bucket"] = text(n.BucketResults)
	}
	if !j.CompleteTime.IsZero() {
		i["complete_time"] = unixSeconds(j.CompleteTime)
	}
	if !j.Due.IsZero() {
		i[attrWaiting], i[attrDue] = text(waitingJob), stamped(j.Due, j.ID)
	}
	if j.Status == job.Pending {
		i[attrPending], i[attrPlace] = text(pendingJob), placeOf(j)
	}
	return i, nil
}

// What waits, by the partition of the index.
const (
	waitingJob    = "job"
	waitingUser   = "user"
	waitingNotice = "notice"
	pendingJob    = "job"
)

// placeOf is where a pending job stands among the others.
func placeOf(j job.Job) types.AttributeValue { return stamped(port.RowOf(j).Submitted, j.ID) }

// userItem is a user in the table of users.
func userItem(u user.User) (item, error) {
	data, err := encoded(u)
	if err != nil {
		return nil, err
	}
	i := item{attrUser: text(u.ID), attrData: data, attrVersion: number(u.Version), attrWrite: text(u.WriteID), "plan": text(string(u.Plan))}
	if !u.FanOut.Due.IsZero() {
		i[attrWaiting], i[attrDue] = text(waitingUser), stamped(u.FanOut.Due, u.ID)
	}
	return i, nil
}

// The rows of the table of records. A slash is in no id of ours but that of a small value, which comes last.
func rowKey(partition, sort string) item { return item{attrKey: text(partition), attrSort: text(sort)} }

const (
	outboxKey  = "outbox"
	onlyRow    = "-" // the sort key of a partition that has one row
	eventSort  = "event/"
	noticeSort = "notice/"
)

func listKey(userID, jobID string) item    { return rowKey("list/"+userID, jobID) }
func uploadKey(userID, upload string) item { return rowKey("upload/"+userID, upload) }
func seenKey(event string) item            { return rowKey("seen/"+event, onlyRow) }
func progressKey(jobID string) item        { return rowKey("job/"+jobID, "progress") }
func eventKey(jobID string, seq int64) item {
	return rowKey("job/"+jobID, fmt.Sprintf("%s%010d", eventSort, seq))
}
func noticeKey(jobID, kind string, attempt int) item {
	return rowKey("job/"+jobID, fmt.Sprintf("%s%s/%010d", noticeSort, kind, attempt))
}

// outboxRow is the key of a message that is to be sent. Its role comes first, so that a role reads only its own.
func outboxRow(role, id string) item { return rowKey(outboxKey, role+"/"+id) }

// valueKey is the key of a small value.
func valueKey(kind, id string) item { return rowKey("value/"+kind+"/"+id, onlyRow) }

// with adds attributes to a key.
func with(key, more item) item {
	for name, value := range more {
		key[name] = value
	}
	return key
}
