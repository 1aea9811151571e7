// Package aws runs the built program on the AWS backend, one process for each role, against emulators that nobody here wrote.
package aws

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/roles"
	"gas/test/calls"
	"gas/test/peers"
	"gas/test/program"
)

// sender is who mails come from: an identity that SES knows.
const sender = "gas@example.org"

// services says by its address which emulator stands for which service; the one under "" stands for all others.
type services map[string]string

// house is one installation on emulators, and its processes by role.
type house struct {
	*program.World
	t     *testing.T
	env   map[string]string
	addr  string // of the pages
	mail  string // where SES is
	warm  func() // ends retrievals that are under way; nil where the vault does it by itself
	procs map[string]*program.Server
}

// newHouse makes everything that an installation needs by gas aws init.
func newHouse(t *testing.T, at services, vault string, more map[string]string) *house {
	t.Helper()
	addr := peers.FreeAddr(t)
	env := map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
		"GAS_BACKEND": "aws", "GAS_VAULT": vault, "GAS_BASE_URL": "http://" + addr, "GAS_SESSION_SECRET": strings.Repeat("s", 32), "GAS_MAIL_FROM": sender,
		"GAS_TEST": "1", "GAS_QUEUE_VISIBILITY": "6s", "GAS_SWEEP_EVERY": "2s", "GAS_LIMIT_UPLOAD": "0", "GAS_LIMIT_API": "0",
	}
	for service, url := range at {
		env[strings.TrimSuffix("AWS_ENDPOINT_URL_"+service, "_")] = url
	}
	for name, value := range more {
		env[name] = value
	}
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	h := &house{World: program.New(t, list...), t: t, env: env, addr: addr, mail: at["SESV2"], procs: map[string]*program.Server{}}
	h.must("aws", "init")
	return h
}

// must runs a command that has to succeed, and gives what it said in one line.
func (h *house) must(args ...string) string {
	h.t.Helper()
	return strings.TrimSpace(h.Must(args...))
}

// serveAll starts one process for each role, the pages first: readiness is asked of them.
func (h *house) serveAll() {
	h.t.Helper()
	h.serve("web")
	for _, r := range roles.All() {
		if r.Name != "web" {
			h.serve(r.Name)
		}
	}
}

// serve starts the process of a role.
func (h *house) serve(role string) {
	h.t.Helper()
	args := []string{"--role=" + role}
	if role == "web" {
		args = append(args, "--addr="+h.addr)
	}
	h.procs[role] = h.With("GAS_AWS_CALLS=" + h.calls(role)).Serve(args...)
}

// calls is where the processes of a role note their calls to AWS.
func (h *house) calls(role string) string { return filepath.Join(h.Home, role+".calls") }

// allowed holds every call that was made against the policy of the role that made it.
func (h *house) allowed() {
	h.t.Helper()
	c := config.Default()
	c.MailFrom, c.AWS.Vault = sender, h.env["GAS_VAULT"]
	for _, r := range roles.All() {
		made := calls.Read(h.t, h.calls(r.Name))
		require.NotEmpty(h.t, made, r.Name)
		calls.Allowed(h.t, r.Name, c, made)
	}
}

// await waits for something that other processes do: no clock of ours moves them.
func (h *house) await(what string, holds func() bool) {
	h.t.Helper()
	for end := time.Now().Add(program.Patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if holds() {
			return
		}
	}
	for role, p := range h.procs {
		h.t.Logf("the process of %s:\n%s", role, p.Log)
	}
	require.FailNow(h.t, "waited in vain", what)
}

// status asks the pages and tells the status of the answer, 0 where there is none.
func (h *house) status(path, token string) int {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.env["GAS_BASE_URL"]+path, nil)
	require.NoError(h.t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

// job reads a job by the API.
func (h *house) job(token, id string) (j program.Job) {
	h.t.Helper()
	text := h.procs["web"].Get(token, "/api/v1/jobs/"+id)
	require.NoError(h.t, json.Unmarshal([]byte(text), &j), text)
	return j
}

// awaitTier waits until a job's result is in a tier.
func (h *house) awaitTier(token, id, tier string) {
	h.t.Helper()
	h.await("the result is "+tier, func() bool {
		if h.warm != nil {
			h.warm()
		}
		j := h.job(token, id)
		return j.Storage != nil && *j.Storage == tier
	})
}

// calm waits until the queues are empty, and lets fsck look at everything.
func (h *house) calm() {
	h.t.Helper()
	h.await("the queues are empty", func() bool {
		var stats []struct{ Waiting, Delayed, Running, Dead int }
		text := h.must("queue", "stats", "-o", "json")
		require.NoError(h.t, json.Unmarshal([]byte(text), &stats), text)
		for _, s := range stats {
			if s.Waiting+s.Delayed+s.Running+s.Dead > 0 {
				return false
			}
		}
		return true
	})
	r := h.Gas("fsck", "--read-data")
	require.Zero(h.t, r.Code, "%s\n%s", r.Out, r.Err)
}

// mails is what the emulator of SES has kept.
func (h *house) mails() string {
	h.t.Helper()
	response, err := http.Get(h.mail + "/moto-api/data.json")
	require.NoError(h.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	var data struct {
		SES json.RawMessage `json:"ses"`
	}
	require.NoError(h.t, json.Unmarshal(text, &data))
	return string(data.SES)
}
