package web

import (
	"context"
	"strings"
	"sync"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// pulse knows which roles have not been heard of, so that a page can say what a job waits for. It looks at the heartbeats at most each two seconds.
type pulse struct {
	records port.Records
	queue   port.Queue
	now     port.Clock
	mu      sync.Mutex
	looked  time.Time
	down    map[string]bool
	holdUp  string // what stands still because of that, for everybody; empty where nothing does
}

const pulseLasts = 2 * time.Second

// isDown tells whether no process of a role has been heard of. Where the heartbeats can't be read it says no: that is another trouble.
func (p *pulse) isDown(ctx context.Context, name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.look(ctx) && p.down[name]
}

// heldUp says for everybody which roles are down and what that holds up.
func (p *pulse) heldUp(ctx context.Context) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.look(ctx) {
		return ""
	}
	return p.holdUp
}

// look reads the heartbeats where that was too long ago, and tells whether it knows them.
func (p *pulse) look(ctx context.Context) bool {
	now := p.now()
	if p.down != nil && now.Sub(p.looked).Abs() <= pulseLasts {
		return true
	}
	records, err := p.records.Of(ctx, role.HeartbeatKind, "", 1000)
	if err != nil {
		return false
	}
	p.looked, p.down = now, map[string]bool{}
	for _, known := range knownRoles {
		p.down[known] = true
	}
	for _, r := range records {
		_, of, _ := strings.Cut(r.ID, "/")
		delete(p.down, of)
	}
	p.holdUp = p.stillness(ctx)
	return true
}

// held is what stands still without a role, and the queue in which it lies.
var held = [...]struct {
	role, what string
	topic      job.Topic
}{
	{"annotator", "jobs wait until it is back", job.Requests}, {"notify", "mails wait until it is back", job.Results},
	{"archive", "results go to cold storage later", job.Archives}, {"thaw", "archived results come back later", job.Thaws}, {"restore", "archived results come back later", job.Restores},
}

// stillness names the roles that are down. A role that a cloud calls when there is work has no heartbeat, so that one counts as down only while something waits for
// it; jobs are told of before anybody uploads a file.
func (p *pulse) stillness(ctx context.Context) string {
	var out []string
	for _, h := range held {
		if !p.down[h.role] {
			continue
		}
		if h.role != "annotator" {
			if stats, err := p.queue.Stats(ctx, h.topic); err != nil || stats.Waiting == 0 {
				continue
			}
		}
		out = append(out, "The role "+h.role+" is down: "+h.what+".")
	}
	return strings.Join(out, " ")
}

// missing is the role that a job needs next and that has not been heard of, with what it would do; empty where nothing is missing.
func (s *site) missing(ctx context.Context, v sight) string {
	name, does := "", ""
	switch {
	case v.Status == job.Pending, v.Status == job.Running:
		name, does = "annotator", "the job goes on when one is back"
	case v.Storage == job.Thawing && v.Retrieval.AskedAt.IsZero():
		name, does = "thaw", "the result is asked for when one is there again"
	case v.Storage == job.Thawing:
		name, does = "restore", "the result comes back when one is there again"
	case v.Storage == job.Archived && v.readable != nil && v.owner.Plan == user.Premium:
		name, does = "thaw", "the result is asked for when one is there again"
	case v.expired() && (v.Storage == job.Hot || v.Storage == job.Archiving):
		name, does = "archive", "the result is archived when one is there again"
	}
	if name == "" || !s.pulse.isDown(ctx, name) {
		return ""
	}
	return "No process of the role " + name + " has been heard of for half a minute; " + does + "."
}
