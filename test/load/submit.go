package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"gas/pkg/genome"
)

// measureSubmit measures accepted submissions of a 10 KB file by many clients at once, and then tiny jobs to their end.
func measureSubmit(ctx context.Context, s settings) error {
	file, err := smallFile(10_000)
	if err != nil {
		return err
	}
	v, token, done, err := fresh(ctx, s, "--role=web")
	if err != nil {
		return err
	}
	times := make([]time.Duration, s.count)
	begun := time.Now()
	err = together(ctx, s.client, s.count, func(i int) error {
		asked := time.Now()
		_, err := v.submit(ctx, token, file)
		times[i] = time.Since(asked)
		return err
	})
	took := time.Since(begun)
	done()
	if err != nil {
		return err
	}
	fmt.Printf("accepted submissions of %d bytes, %d clients: %.0f/s, p50 %s, p99 %s\n", len(file), s.client, float64(s.count)/took.Seconds(),
		quantile(times, 0.5).Round(100*time.Microsecond), quantile(times, 0.99).Round(100*time.Microsecond))
	return measureJobs(ctx, s)
}

// measureJobs measures tiny jobs from submission to the end, all roles in one process.
func measureJobs(ctx context.Context, s settings) error {
	file, err := smallFile(1000)
	if err != nil {
		return err
	}
	v, token, done, err := fresh(ctx, s)
	if err != nil {
		return err
	}
	defer done()
	var last atomic.Pointer[string]
	begun := time.Now()
	count := s.count / 3
	err = together(ctx, s.client, count, func(int) error {
		id, err := v.submit(ctx, token, file)
		last.Store(&id)
		return err
	})
	if err != nil {
		return err
	}
	if err := v.drained(ctx, token, count); err != nil {
		return err
	}
	fmt.Printf("tiny jobs of %d bytes to the end: %.0f/s\n", len(file), float64(count)/time.Since(begun).Seconds())
	return nil
}

// measureLatency measures one 10 KB file from the submission's first byte until the job is seen COMPLETED, alone on the machine.
func measureLatency(ctx context.Context, s settings) error {
	file, err := smallFile(10_000)
	if err != nil {
		return err
	}
	v, token, done, err := fresh(ctx, s)
	if err != nil {
		return err
	}
	defer done()
	var times []time.Duration
	for range 50 {
		begun := time.Now()
		id, err := v.submit(ctx, token, file)
		if err != nil {
			return err
		}
		for {
			var j struct{ Status string }
			if err := v.get(ctx, token, "/api/v1/jobs/"+id, &j); err != nil {
				return err
			}
			if j.Status == "COMPLETED" {
				break
			}
			if j.Status == "FAILED" {
				return fmt.Errorf("the job %s failed", id)
			}
			time.Sleep(time.Millisecond)
		}
		times = append(times, time.Since(begun))
	}
	fmt.Printf("upload to result of %d bytes: p50 %s, p95 %s\n", len(file), quantile(times, 0.5).Round(time.Millisecond), quantile(times, 0.95).Round(time.Millisecond))
	return nil
}

// fresh starts a server on a data folder of its own; done stops it and removes the folder.
func fresh(ctx context.Context, s settings, args ...string) (v *server, token string, done func(), err error) {
	data, err := os.MkdirTemp(s.dir, "gas-load")
	if err != nil {
		return nil, "", nil, err
	}
	if v, err = begin(ctx, s, data, args...); err != nil {
		return nil, "", nil, err
	}
	done = func() { v.end(); os.RemoveAll(data) }
	if token, err = v.token(ctx); err != nil {
		done()
	}
	return v, token, done, err
}

// together does something count times by several clients at once.
func together(ctx context.Context, clients, count int, do func(i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range clients {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= count || ctx.Err() != nil {
					return ctx.Err()
				}
				if err := do(i); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// submit sends a file and returns the job's id.
func (v *server) submit(ctx context.Context, token string, file []byte) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "load.vcf")
	if err != nil {
		return "", err
	}
	part.Write(file)
	if err := form.Close(); err != nil {
		return "", err
	}
	var j struct {
		ID string `json:"job_id"`
	}
	err = v.call(ctx, http.MethodPost, token, "/api/v1/jobs", form.FormDataContentType(), &body, &j)
	return j.ID, err
}

func (v *server) get(ctx context.Context, token, path string, value any) error {
	return v.call(ctx, http.MethodGet, token, path, "", nil, value)
}

// client keeps as many connections open as there are clients.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

func (v *server) call(ctx context.Context, method, token, path, kind string, body io.Reader, value any) error {
	request, err := http.NewRequestWithContext(ctx, method, v.url+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, raw)
	}
	return json.Unmarshal(raw, value)
}

// drained waits until every job has ended, and fails when one has failed.
func (v *server) drained(ctx context.Context, token string, count int) error {
	for {
		ended := 0
		for _, status := range []string{"COMPLETED", "FAILED"} {
			var list struct{ Total int }
			if err := v.get(ctx, token, "/api/v1/jobs?limit=1&status="+status, &list); err != nil {
				return err
			}
			if status == "FAILED" && list.Total > 0 {
				return fmt.Errorf("%d jobs failed", list.Total)
			}
			ended += list.Total
		}
		if ended >= count {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// smallFile makes a VCF of SNVs on rCRS of about size bytes.
func smallFile(size int) ([]byte, error) {
	reference, err := genome.Builtin("rCRS")
	if err != nil {
		return nil, err
	}
	defer reference.Close()
	bases := reference.Bases(0, 0, reference.Contigs[0].Length)
	var file bytes.Buffer
	fmt.Fprintf(&file, "##fileformat=VCFv4.2\n##contig=<ID=MT,length=%d>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", len(bases))
	other := map[byte]byte{'A': 'G', 'G': 'A', 'C': 'T', 'T': 'C'}
	for i := 0; file.Len() < size && i < len(bases); i += 7 {
		if alt, ok := other[bases[i]]; ok {
			fmt.Fprintf(&file, "MT\t%d\t.\t%c\t%c\t50\tPASS\tDP=30\n", i+1, bases[i], alt)
		}
	}
	return file.Bytes(), nil
}

// quantile is the q-quantile of times.
func quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
