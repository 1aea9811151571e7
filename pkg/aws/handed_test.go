package aws

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
)

func TestAMessageThatLambdaReceivedIsReadAsOneOfOurOwn(t *testing.T) {
	q := &Queue{names: gasNames()}
	m := job.Hint("m1", job.Restores, job.Job{ID: "j1", UserID: "u1"})
	h := headerOf(m)
	h.Receives = 3 // copies before this one
	dv := q.Handed(job.Restores, port.HandedMessage{
		ID: "sqs-id", Body: string(m.Body), Receipt: "r", Attributes: map[string]string{headerName: h.text()},
		System: map[string]string{"ApproximateReceiveCount": "2", "SentTimestamp": "1700000000000"},
	})
	require.Equal(t, "m1", dv.Message.ID)
	require.Equal(t, "u1", dv.Message.UserID)
	require.Equal(t, "r", dv.Receipt)
	require.Equal(t, 5, dv.Receives, "earlier copies count")
	require.Equal(t, time.UnixMilli(1700000000000).UTC(), dv.Sent)
}
