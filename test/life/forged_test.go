package life

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// settled makes jobs that wait for nothing: a result in its window, one in cold storage, a failed job, a deleted one.
func settled(t *testing.T, h *house) (ids []string) {
	ctx := t.Context()
	cold, err := h.upload(ctx, "up-cold", "cold")
	require.NoError(t, err)
	h.calm(t, cold.ID, job.State(job.Hot))
	h.clock.pass(window)
	h.calm(t, cold.ID, job.State(job.Archived))
	for _, content := range []string{"bad", "gone", "hot"} {
		j, err := h.upload(ctx, "up-"+content, content)
		require.NoError(t, err)
		require.NoError(t, h.work(ctx))
		if content == "gone" {
			require.NoError(t, h.As("web").Flow().Delete(ctx, owner, j.ID))
		}
		ids = append(ids, j.ID)
	}
	return append(ids, cold.ID)
}

var writeMarks = regexp.MustCompile(`"(version":\d+|write_id":"[^"]*"|updated":"[^"]*"),?`)

// picture is all that a message could change: jobs, users, notices, objects.
func (h *house) picture(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	jobs, _, err := h.Store.EveryJob(ctx, "", 100)
	require.NoError(t, err)
	users, _, err := h.Store.EveryUser(ctx, "", 100)
	require.NoError(t, err)
	all := []any{jobs, users}
	for _, j := range jobs {
		notices, err := h.Store.Notices(ctx, j.ID)
		require.NoError(t, err)
		events, err := h.Store.Events(ctx, j.ID)
		require.NoError(t, err)
		all = append(all, notices, events)
	}
	for _, blobs := range []port.Blobs{h.Inputs, h.Results} {
		items, _, err := blobs.List(ctx, "", "", 100)
		require.NoError(t, err)
		for _, item := range items {
			all = append(all, item.Key, item.Size)
		}
	}
	_, refs, _, err := h.Vault.List(ctx, "", 100)
	require.NoError(t, err)
	text, err := json.Marshal(append(all, refs))
	require.NoError(t, err)
	return writeMarks.ReplaceAllString(string(text), "") // to write the same again is no effect
}

// T5: a message is a hint. Whatever it says of owners, keys, states and times, the record decides; what is not a message is buried.
func TestT05AForgedMessageHasNoEffect(t *testing.T) {
	for name := range backends {
		t.Run(name, func(t *testing.T) {
			h, ctx := newHouse(t, name), t.Context()
			require.NoError(t, h.Store.CreateUser(ctx, user.User{ID: "u_eve", Plan: user.Premium, Created: h.clock.time(), FreeSince: h.clock.time()}))
			ids := settled(t, h)
			before := h.picture(t)
			n := 0
			send := func(topic job.Topic, body string) {
				n++
				err := h.Bus.Publish(ctx, job.Message{ID: fmt.Sprintf("forged-%d", n), Topic: topic, UserID: "u_eve", Body: json.RawMessage(body)})
				require.True(t, err == nil || !json.Valid([]byte(body)), "%v", err) // what is not even JSON may be refused at once
			}
			for _, topic := range job.Topics {
				for _, id := range append(ids, "j999", "", "../../etc/passwd", "*") {
					for _, who := range []string{owner, "u_eve", "u_nobody", "", "*"} {
						if topic == job.Thaws && id == "" && who == "u_eve" {
							continue // she is premium and may ask for her own
						}
						if body, err := json.Marshal(job.Body{JobID: id, UserID: who}); id+who != "" {
							require.NoError(t, err)
							send(topic, string(body))
						}
						send(topic, fmt.Sprintf(`{"v":1,"job_id":%q,"user_id":%q,"s3_key_result_file":"results/0/other/1-1/result","s3_key_log_file":"../x","s3_inputs_bucket":"evil","s3_key_input_file":"/etc/passwd","input_file_name":"$(id)","job_status":"COMPLETED","complete_time":"2001-01-01T00:00:00Z","submit_time":"2001-01-01T00:00:00Z","cursor":"'; DROP TABLE jobs; --"}`, id, who))
					}
				}
				for _, body := range []string{
					`{}`, `[]`, `null`, `"x"`, `1`, `{"v":2,"job_id":"` + ids[2] + `"}`, `{"job_id":"` + ids[2] + `","plan":"premium_user"}`, `{"job_id":"` + ids[2] + `"}{}`,
					`{"job_id":7}`, `{"job_id":null,"user_id":null}`, `{"job_id":"` + strings.Repeat("x", job.MaxBody) + `"}`,
				} {
					send(topic, body)
				}
			}
			for range 12 { // some come back a few times before they are buried
				require.NoError(t, h.work(ctx))
				require.Empty(t, cmp.Diff(before, h.picture(t)))
				h.clock.pass(time.Second)
			}
			dead := 0
			for _, topic := range job.Topics {
				stats, err := h.Queue.Stats(ctx, topic)
				require.NoError(t, err)
				dead += stats.Dead
			}
			require.Positive(t, dead, "what is no message is kept for an operator to see")
		})
	}
}
