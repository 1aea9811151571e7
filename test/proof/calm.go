package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// state is what the service says of a job.
type state struct {
	Status  string
	Storage *string
	Error   *struct{ Code string }
	code    int // HTTP status
}

const (
	restWithin = 10 * time.Minute // in which everything comes to rest
	restEvery  = 2 * time.Second
)

// calm starts everything again without failpoints and waits until each job is where its owner's plan wants it, on the free plan and then,
// after an upgrade, on the premium plan.
func (p *proof) calm(ctx context.Context) error {
	begun := time.Now()
	defer func() { p.report.Calm = time.Since(begun) }()
	p.killAll()
	if err := p.startAll(""); err != nil {
		return err
	}
	for _, goal := range []struct{ plan, tier string }{{"free_user", "ARCHIVED"}, {"premium_user", "HOT"}} {
		for _, who := range p.people {
			if _, err := p.gas(ctx, "user", "set-plan", who.name, goal.plan); err != nil {
				return err
			}
		}
		if err := p.rest(ctx, goal.tier); err != nil {
			return err
		}
	}
	return nil
}

// rest waits until every job has ended and every result is in a tier. What is not there in time is stuck.
func (p *proof) rest(ctx context.Context, tier string) error {
	waiting := p.accepted
	for end := time.Now().Add(restWithin); time.Now().Before(end); {
		still := map[string]submission{}
		for id, s := range waiting {
			now, err := p.look(ctx, id, s)
			if err != nil {
				return err
			}
			if !now.rests(tier) {
				still[id] = s
			}
		}
		if waiting = still; len(waiting) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(restEvery):
		}
	}
	for id, s := range waiting {
		now, err := p.look(ctx, id, s)
		if err != nil {
			return err
		}
		p.report.Stuck++
		p.report.details = append(p.report.details, fmt.Sprintf("job %s of %s stays %s, waiting for %s", id, s.who.name, now.describe(), tier))
	}
	return fmt.Errorf("%d jobs are stuck", len(waiting))
}

// rests tells whether a job has arrived. One that the service does not know any more is lost, and counted later.
func (s state) rests(tier string) bool {
	switch {
	case s.code == http.StatusNotFound, s.Status == "FAILED", s.Status == "CANCELLED":
		return true
	}
	return s.Status == "COMPLETED" && s.Storage != nil && *s.Storage == tier
}

func (s state) describe() string {
	if s.Storage != nil {
		return s.Status + " " + *s.Storage
	}
	return s.Status
}

func (p *proof) look(ctx context.Context, id string, s submission) (state, error) {
	var now state
	code, text, err := p.client.call(ctx, http.MethodGet, "/api/v1/jobs/"+id, s.who.token, "", "", nil)
	if err != nil {
		return now, err
	}
	if code == http.StatusOK {
		err = json.Unmarshal(text, &now)
	}
	now.code = code
	return now, err
}

// compare looks at every job once more: none is lost, none failed but for poison, and all results of an input are equal.
func (p *proof) compare(ctx context.Context) error {
	p.report.Accepted, p.report.Deleted, p.report.Kills = len(p.accepted), p.deleted, p.kills
	for id, s := range p.accepted {
		now, err := p.look(ctx, id, s)
		if err != nil {
			return err
		}
		switch {
		case now.code == http.StatusNotFound:
			p.report.Lost++
			p.report.details = append(p.report.details, "job "+id+" is lost")
		case now.Status == "FAILED" && now.Error != nil && now.Error.Code == "poison":
			p.report.Poisoned++
		case now.Status == "FAILED" && p.inputs[s.input].bad && now.Error != nil && now.Error.Code == "bad_input":
			p.report.Refused++
		case now.Status == "COMPLETED" && !p.inputs[s.input].bad:
			p.report.Completed++
			if err := p.same(ctx, id, s); err != nil {
				return err
			}
		default:
			p.report.OtherFails++
			p.report.details = append(p.report.details, fmt.Sprintf("job %s ended as %s %+v", id, now.Status, now.Error))
		}
	}
	return nil
}

func (p *proof) same(ctx context.Context, id string, s submission) error {
	sum, err := p.client.result(ctx, s.who.token, id)
	if err != nil {
		return err
	}
	in := &p.inputs[s.input]
	if in.result == "" {
		in.result = sum
	}
	if sum != in.result {
		p.report.Different++
		p.report.details = append(p.report.details, fmt.Sprintf("job %s has another result than others of the same input of %d bytes", id, len(in.text)))
	}
	return nil
}
