package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"gas/pkg/genome"
	"gas/pkg/job"
	"gas/pkg/overlay"
	"gas/pkg/port"
)

// The same file with the same options again: the earlier result is offered at once, so that nobody waits for what is there.

const (
	sameKind = "same"
	sameKept = 8 // jobs that are remembered of one file and one set of options
)

// sameID names what a user's jobs have in common: the bytes of the input, and the options.
func sameID(j job.Job) (string, error) {
	options, err := json.Marshal(j.Options)
	if err != nil {
		return "", err
	}
	return digest(j.UserID + "\n" + j.Input.SHA256 + "\n" + string(options)), nil
}

// sameOptions tells whether two jobs are to be done in the same way.
func sameOptions(a, b job.Options) (bool, error) {
	one, err := json.Marshal(a)
	if err != nil {
		return false, fmt.Errorf("compare options: %w", err)
	}
	other, err := json.Marshal(b)
	return bytes.Equal(one, other), err
}

// remember notes a submitted job under what it has in common with others.
func (s *site) remember(ctx context.Context, j job.Job) error {
	if j.Input.SHA256 == "" {
		return nil
	}
	id, err := sameID(j)
	if err != nil {
		return err
	}
	raw, err := json.Marshal([]string{j.ID})
	if err != nil {
		return err
	}
	err = s.Records.Create(ctx, port.Record{Kind: sameKind, ID: id, Owner: j.UserID, Value: raw, Created: s.Now()})
	if !errors.Is(err, port.ErrExists) {
		return err
	}
	_, err = s.Records.Update(ctx, sameKind, id, func(r *port.Record) error {
		var ids []string
		if err := json.Unmarshal(r.Value, &ids); err != nil {
			return err
		}
		ids = append(ids, j.ID)
		r.Value, err = json.Marshal(ids[max(0, len(ids)-sameKept):])
		return err
	})
	return err
}

// earlier finds a job of the same owner, file and options that was submitted before and whose result can be read now, made by this program and with the same data:
// with what this job was made with, or with what is installed as long as it is not made. Whoever had a job run again knows of the one before.
func (s *site) earlier(ctx context.Context, v sight) (*job.Job, error) {
	if v.Input.SHA256 == "" || v.RerunOf != "" {
		return nil, nil
	}
	id, err := sameID(v.Job)
	if err != nil {
		return nil, err
	}
	record, err := s.Records.Get(ctx, sameKind, id)
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the same file: %w", err)
	}
	var ids []string
	if err := json.Unmarshal(record.Value, &ids); err != nil {
		return nil, fmt.Errorf("look for the same file: %w", err)
	}
	for _, other := range ids {
		j, err := s.Store.Job(ctx, other)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read earlier job: %w", err)
		}
		if j.ID == v.ID || !j.SubmitTime.Before(v.SubmitTime) || j.Versions["gas"] != s.Version || s.flow.Readable(j, v.owner, v.now) != nil {
			continue
		}
		if v.Status == job.Completed && maps.Equal(j.Versions, v.Versions) || v.Status != job.Completed && s.dataOf(j) {
			return &j, nil
		}
	}
	return nil, nil
}

// dataOf tells whether the reference and the databases that a job was made with are those that are installed now.
func (s *site) dataOf(j job.Job) bool {
	if digest := j.Versions["reference"]; digest != "" {
		r, err := genome.Find(s.Config.ReferencesFolder(), j.Reference)
		if err != nil {
			return false
		}
		same := r.Digest == digest
		if err := r.Close(); err != nil || !same {
			return false
		}
	}
	if len(j.Options.Databases) == 0 {
		return true
	}
	list, _ := overlay.List(s.Config.DatabasesFolder()) // one that can't be read is none
	installed := map[string]string{}
	for _, d := range list {
		installed[job.DatabaseVersion(d.Name)] = d.Digest
	}
	for name, digest := range j.Versions {
		if strings.HasPrefix(name, job.DatabaseVersion("")) && installed[name] != digest {
			return false
		}
	}
	return true
}
