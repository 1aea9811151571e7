package aws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// headerName is the one attribute that a message of ours carries.
const headerName = "gas"

// header is what a message carries beside its body, as JSON in one attribute. A message without it is a provider's own, or of another program.
// Nobody trusts it: it holds ids, and how often earlier copies of the message were received.
type header struct {
	ID       string    `json:"id"`
	UserID   string    `json:"user_id,omitempty"`
	JobID    string    `json:"job_id,omitempty"`
	Kind     string    `json:"kind,omitempty"`
	Receives int       `json:"receives,omitempty"` // of the copies before this one
	Sent     time.Time `json:"sent,omitzero"`      // when the first copy was sent
	Reason   string    `json:"reason,omitempty"`   // of a dead letter
	Buried   time.Time `json:"buried,omitzero"`
	Total    int       `json:"total,omitempty"` // of a dead letter: how often it was received
}

// headerOf is the header of a message that is sent for the first time.
func headerOf(m job.Message) header {
	return header{ID: m.ID, UserID: m.UserID, JobID: m.JobID, Kind: m.Kind}
}

// text writes the header. SQS allows no control characters in an attribute.
func (h header) text() string {
	h.Reason = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' {
			return ' '
		}
		return r
	}, h.Reason[:min(len(h.Reason), 2000)])
	return document(h)
}

// group is whose turn a message uses: SQS keeps the dwell time of one user's messages short while another user has thousands.
func group(userID string) *string {
	if userID == "" {
		return nil
	}
	return &userID
}

// letter is a received message, read.
type letter struct {
	message  job.Message
	header   header
	receipt  string
	queueID  string
	receives int
	sent     time.Time
}

// readLetter reads a message of a queue, whether it came raw or in the envelope of its topic.
func readLetter(topic job.Topic, topicName string, m types.Message) letter {
	l := letter{receipt: sdk.ToString(m.ReceiptHandle), queueID: sdk.ToString(m.MessageId)}
	body, attribute := []byte(sdk.ToString(m.Body)), sdk.ToString(m.MessageAttributes[headerName].StringValue)
	if inner, named, err := unwrap(body, topicName); err == nil {
		body, attribute = inner, named
	}
	h, err := readHeader(attribute)
	if err != nil {
		h = headerOfBody(body, l.queueID)
	}
	l.header = h
	l.message = job.Message{ID: h.ID, Topic: topic, UserID: h.UserID, JobID: h.JobID, Kind: h.Kind, Body: asJSON(body)}
	count, _ := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	l.receives = h.Receives + max(count, 1)
	l.sent = h.Sent
	if at, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil && l.sent.IsZero() {
		l.sent = time.UnixMilli(at).UTC()
	}
	return l
}

// readHeader reads a header strictly.
func readHeader(text string) (h header, err error) {
	if text == "" {
		return h, errors.New("a message without a header")
	}
	if err := strictly([]byte(text), &h); err != nil {
		return h, fmt.Errorf("read a message's header: %w", err)
	}
	if h.ID == "" || h.Receives < 0 {
		return h, errors.New("read a message's header: it names no message")
	}
	return h, nil
}

// headerOfBody makes the header of a message that has none, of the ids in its body where it is of our form.
func headerOfBody(body []byte, id string) header {
	h := header{ID: id}
	if b, err := job.Decode(body); err == nil {
		h.UserID, h.JobID, h.Kind = b.UserID, b.JobID, b.Kind
	}
	return h
}

// envelope is what SNS puts around a message where a subscription is not raw.
type envelope struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicArn          string
	Subject           string
	Message           string
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string
	UnsubscribeURL    string
	SequenceNumber    string
	MessageAttributes map[string]struct{ Type, Value string }
}

// unwrap takes a message out of the envelope of its topic. A body that is no envelope, or one of another topic, is an error. The signature is
// not looked at: only the topic may write to the queue.
func unwrap(body []byte, topicName string) (inner []byte, attribute string, err error) {
	if !bytes.Contains(body, []byte(`"TopicArn"`)) {
		return nil, "", errors.New("no envelope")
	}
	var e envelope
	if err := strictly(body, &e); err != nil {
		return nil, "", fmt.Errorf("read an envelope: %w", err)
	}
	if e.Type != "Notification" || lastOf(e.TopicArn) != lastOf(topicName) {
		return nil, "", fmt.Errorf("read an envelope: type %q of topic %q", e.Type, e.TopicArn)
	}
	return []byte(e.Message), e.MessageAttributes[headerName].Value, nil
}

// strictly decodes one JSON value: an unknown field and anything behind it are errors.
func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// asJSON is a body as it is, or as a JSON text where it is no JSON: a handler then refuses it and it can still be shown.
func asJSON(body []byte) json.RawMessage {
	if json.Valid(body) {
		return body
	}
	return json.RawMessage(document(string(body)))
}

// delivery is the letter as a role sees it.
func (l letter) delivery() port.Delivery {
	return port.Delivery{Topic: l.message.Topic, Message: l.message, Receipt: l.receipt, Receives: l.receives, Sent: l.sent}
}

// dead is the letter as an operator sees it among the dead.
func (l letter) dead() port.DeadLetter {
	d := port.DeadLetter{ID: l.message.ID, Message: l.message, Reason: l.header.Reason, At: l.header.Buried, Receives: l.header.Total}
	if d.Reason == "" { // SQS has moved it by itself
		d.Reason, d.At, d.Receives = fmt.Sprintf("received %d times and never acked", port.MaxReceives), l.sent, port.MaxReceives
	}
	return d
}
