package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// finding is one thing that fsck says does not hold.
type finding struct{ Invariant, Damage, Text, Key, JobID string }

const (
	aDayAhead  = 26 * time.Hour // then no lease and no restore lives any more that was begun in the storm
	tidyWithin = 5 * time.Minute
	tidyEvery  = 2 * time.Second
)

// tidy lets a day pass and waits for the collector to clear away what the attempts that died have left.
func (p *proof) tidy(ctx context.Context) error {
	p.killAll()
	p.ahead = aDayAhead
	if err := p.startAll(""); err != nil {
		return err
	}
	for end := time.Now().Add(tidyWithin); time.Now().Before(end); {
		found, err := p.findings(ctx)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(tidyEvery):
		}
	}
	return nil // fsck tells what is left
}

// fsck holds every record against the data, and the data against their checksums.
func (p *proof) fsck(ctx context.Context) error {
	found, err := p.findings(ctx, "--read-data")
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Damage == "orphan" {
			p.report.Orphans++
		} else {
			p.report.Findings++
		}
		p.report.details = append(p.report.details, fmt.Sprintf("%s %s: %s %s", f.Invariant, f.Damage, f.Text, f.Key))
	}
	return nil
}

func (p *proof) findings(ctx context.Context, args ...string) ([]finding, error) {
	out, err := p.gas(ctx, append([]string{"fsck", "--json"}, args...)...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	var said struct{ Findings []finding }
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		return nil, fmt.Errorf("read what fsck says: %w: %s", err, out)
	}
	return said.Findings, nil
}
