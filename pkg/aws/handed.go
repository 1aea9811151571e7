package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

var _ port.HandsOver = (*Queue)(nil)

// Handed reads a message that another service has received from a topic's queue: as one that this process received itself.
func (q *Queue) Handed(topic job.Topic, m port.HandedMessage) port.Delivery {
	received := types.Message{MessageId: &m.ID, Body: &m.Body, ReceiptHandle: &m.Receipt, Attributes: m.System, MessageAttributes: map[string]types.MessageAttributeValue{}}
	for name, value := range m.Attributes {
		received.MessageAttributes[name] = types.MessageAttributeValue{StringValue: &value}
	}
	return readLetter(topic, q.names.Topics[topic], received).delivery()
}
