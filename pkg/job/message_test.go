package job

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzABodyIsDecodedStrictly is T5's: whatever comes over the queue, what is taken is exactly what was said.
func FuzzABodyIsDecodedStrictly(f *testing.F) {
	for _, body := range []string{
		`{"job_id":"j1"}`, `{"v":1,"user_id":"u_1","cursor":"x"}`, `{"v":2,"job_id":"j1"}`, `{}`, `[]`, `null`, `{"job_id":"j1"}{}`, `{"job_id":"j1","plan":"premium_user"}`, `{"JOB_ID":"j1"}`,
		`{"job_id":"j1","job_id":"j2"}`, `{"job_id":7}`, `{"job_id":"j1","submit_time":"yesterday"}`, `{"job_id":"` + strings.Repeat("x", MaxBody) + `"}`, "{\"job_id\":\"\x00\"}", `{"job_id":"j1"} `,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Decode(raw)
		if err != nil {
			return
		}
		require.Less(t, len(raw), MaxBody)
		require.True(t, json.Valid(raw))
		require.NotEmpty(t, b.JobID+b.UserID)
		again, err := Decode(b.encode())
		require.NoError(t, err)
		require.True(t, b.SubmitTime.Equal(again.SubmitTime) && b.CompleteTime.Equal(again.CompleteTime))
		again.SubmitTime, again.CompleteTime = b.SubmitTime, b.CompleteTime
		require.Equal(t, b, again)
	})
}

func TestT05WhatIsNoMessageIsNotDecoded(t *testing.T) {
	for _, body := range []string{
		"", "{}", "[]", "null", `"x"`, "1", `{"v":2,"job_id":"j1"}`, `{"v":-1,"job_id":"j1"}`, `{"job_id":"j1"}{}`, `{"job_id":"j1"} x`, `{"job_id":"j1","plan":"premium_user"}`, `{"job_id":7}`,
		`{"job_id":["j1"]}`, `{"job_id":null}`, `{"job_id":"j1","complete_time":"yesterday"}`, `{"job_id":"` + strings.Repeat("x", MaxBody) + `"}`,
	} {
		_, err := Decode([]byte(body))
		require.Error(t, err, "%.80s", body)
	}
	b, err := Decode([]byte(`{"v":1,"job_id":"j1","user_id":"u_1"}`))
	require.NoError(t, err)
	require.Equal(t, Body{V: 1, JobID: "j1", UserID: "u_1"}, b)
}
