package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"gas/pkg/port"
)

// restoreCompleted is the event of a restored copy that can be read now. S3 prefixes it with "s3:" in settings, not in events.
const restoreCompleted = "ObjectRestore:Completed"

// trialEvent is what S3 sends when it is told where to send events.
const trialEvent = "s3:TestEvent"

// unwrapped takes the envelope off that SNS puts around a message where the subscription is not raw.
func unwrapped(body []byte) []byte {
	var envelope struct {
		Type    string
		Message *string
	}
	if json.Unmarshal(body, &envelope) == nil && envelope.Type == "Notification" && envelope.Message != nil {
		return []byte(*envelope.Message)
	}
	return body
}

// readRestoreEvent reads bucket and key of S3's event. Keys come URL-encoded as in a form: a space is a plus or %20.
func readRestoreEvent(body []byte) (bucket, key string, err error) {
	var event struct {
		Event   string // of the test that S3 sends when it is told to send events
		Records []struct {
			EventSource string `json:"eventSource"`
			EventName   string `json:"eventName"`
			S3          struct {
				Bucket struct {
					Name string `json:"name"`
				} `json:"bucket"`
				Object struct {
					Key string `json:"key"`
				} `json:"object"`
			} `json:"s3"`
		}
	}
	if err := json.Unmarshal(unwrapped(body), &event); err != nil {
		return "", "", err
	}
	if event.Event == trialEvent && len(event.Records) == 0 {
		return "", "", fmt.Errorf("S3 tries whether it may write here: %w", port.ErrNotFound)
	}
	if len(event.Records) != 1 {
		return "", "", fmt.Errorf("it holds %d events, not one", len(event.Records))
	}
	r := event.Records[0]
	if r.EventSource != "aws:s3" || r.EventName != restoreCompleted {
		return "", "", fmt.Errorf("it is %q of %q, not %s of S3", r.EventName, r.EventSource, restoreCompleted)
	}
	if key, err = url.QueryUnescape(r.S3.Object.Key); err != nil || key == "" {
		return "", "", errors.Join(errors.New("it names no object"), err)
	}
	return r.S3.Bucket.Name, key, nil
}
