package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"time"

	"gas/pkg/genome"
)

// input is one file; its only right result is learnt from the first job that was done with it.
type input struct {
	text   []byte
	result string // sha256 of the bytes that a download gives
	bad    bool   // it is not a VCF
}

// makeInputs writes files of 10 KB up to the largest, with variants of the mitochondrial genome.
func makeInputs(rng *rand.Rand, largest int) ([]input, error) {
	reference, err := genome.Builtin("rCRS")
	if err != nil {
		return nil, err
	}
	bases := reference.Bases(0, 0, 16569)
	var inputs []input
	for size := 10_000; size <= largest; size = size * 3 {
		inputs = append(inputs, input{text: variants(rng, bases, size)})
	}
	return append([]input{{text: []byte("This is not a VCF.\n"), bad: true}}, inputs...), nil
}

func variants(rng *rand.Rand, bases []byte, size int) []byte {
	var b bytes.Buffer
	b.WriteString("##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
	for at := 0; b.Len() < size; at = (at + 1 + rng.IntN(40)) % (len(bases) - 1) {
		ref := bases[at]
		alt := "ACGT"[rng.IntN(4)]
		if alt == ref || ref == 'N' {
			continue
		}
		fmt.Fprintf(&b, "MT\t%d\t.\t%c\t%c\t50\tPASS\tDP=%d\n", at+1, ref, alt, rng.IntN(100))
	}
	return b.Bytes()
}

// client speaks to the service and is patient: what was not answered is asked again, under the same key.
type client struct {
	base string
	http *http.Client
}

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
}

func (c *client) call(ctx context.Context, method, path, token, key, contentType string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// submit sends a file until it is accepted.
func (c *client) submit(ctx context.Context, token, key string, file []byte) (string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "x.vcf")
	if err != nil {
		return "", err
	}
	if _, err := part.Write(file); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	for ctx.Err() == nil {
		status, text, err := c.call(ctx, http.MethodPost, "/api/v1/jobs", token, key, w.FormDataContentType(), form.Bytes())
		var j struct {
			JobID string `json:"job_id"`
		}
		if err == nil && status/100 == 2 && json.Unmarshal(text, &j) == nil && j.JobID != "" {
			return j.JobID, nil
		}
		if err == nil && status/100 == 4 && status != http.StatusConflict && status != http.StatusTooManyRequests {
			return "", fmt.Errorf("submit: %d %s", status, text)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return "", ctx.Err()
}

// result downloads a result and hashes it.
func (c *client) result(ctx context.Context, token, id string) (string, error) {
	status, text, err := c.call(ctx, http.MethodGet, "/api/v1/jobs/"+id+"/files/result", token, "", "", nil)
	if err != nil {
		return "", err
	}
	if status != http.StatusOK {
		return "", fmt.Errorf("download of %s: %d %.200s", id, status, text)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// submitting lets one hand submit until all jobs are, and delete one now and then.
func (p *proof) submitting(ctx context.Context, hand int) {
	rng := rand.New(rand.NewPCG(p.seed, uint64(hand)+100))
	for ctx.Err() == nil {
		n := int(p.submitted.Add(1))
		if n > p.jobs {
			return
		}
		p.submitOne(ctx, n, rng)
		if n%25 == 0 {
			p.deleteOne(ctx, rng)
		}
		select { // spread over the storm
		case <-ctx.Done():
		case <-p.hurry:
		case <-time.After(time.Duration(rng.IntN(p.cycles*10_000/p.jobs+1)) * time.Millisecond):
		}
	}
}

// bad is the number of a job whose input is not a VCF.
const bad = 0

func (p *proof) submitOne(ctx context.Context, n int, rng *rand.Rand) {
	who := p.people[rng.IntN(len(p.people))]
	// Small files are more frequent than large ones.
	choice := 1 + min(rng.IntN(len(p.inputs)-1), rng.IntN(len(p.inputs)-1))
	if n%10 == 0 {
		choice = 0
	}
	id, err := p.client.submit(ctx, who.token, fmt.Sprintf("proof-job-key-%08d-%d", n, rng.Uint32()), p.inputs[choice].text)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			p.report.details = append(p.report.details, err.Error())
			p.report.OtherFails++
		}
		return
	}
	p.accepted[id] = submission{who, choice}
}

// deleteOne deletes some job: it must leave nothing behind.
func (p *proof) deleteOne(ctx context.Context, rng *rand.Rand) {
	p.mu.Lock()
	var id string
	var s submission
	for id, s = range p.accepted {
		break
	}
	delete(p.accepted, id)
	p.mu.Unlock()
	for id != "" && ctx.Err() == nil {
		status, _, err := p.client.call(ctx, http.MethodDelete, "/api/v1/jobs/"+id, s.who.token, "", "", nil)
		if err == nil && (status/100 == 2 || status == http.StatusNotFound) {
			p.mu.Lock()
			p.deleted++
			p.mu.Unlock()
			return
		}
		select {
		case <-ctx.Done():
			p.mu.Lock()
			p.deleted++ // perhaps: it is not asked for again
			p.mu.Unlock()
		case <-time.After(time.Duration(50+rng.IntN(100)) * time.Millisecond):
		}
	}
}

// restPatience is how long no job may be accepted while there are still some to submit.
const restPatience = 2 * time.Minute

// submitRest waits, without any more deaths, for what is still to be submitted.
func (p *proof) submitRest(ctx context.Context) error {
	close(p.hurry)
	last, at := int64(-1), time.Now()
	for ctx.Err() == nil {
		n := p.submitted.Load()
		if int(n) > p.jobs { // the hands raise it once more when they find that all is submitted
			time.Sleep(2 * time.Second)
			return nil
		}
		if n != last {
			last, at = n, time.Now()
		}
		if time.Since(at) > restPatience {
			return fmt.Errorf("%d of %d jobs were submitted, and then none for %v", n, p.jobs, restPatience)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return ctx.Err()
}

// changingPlans lets people upgrade and cancel.
func (p *proof) changingPlans(ctx context.Context) {
	rng := rand.New(rand.NewPCG(p.seed, 7))
	for ctx.Err() == nil {
		p.turnPlan(ctx, rng)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(500+rng.IntN(1500)) * time.Millisecond):
		}
	}
}

// turnPlan lets one person upgrade or cancel.
func (p *proof) turnPlan(ctx context.Context, rng *rand.Rand) {
	who := p.people[rng.IntN(len(p.people))]
	who.mu.Lock()
	defer who.mu.Unlock()
	plan := "premium_user"
	if who.plan == plan {
		plan = "free_user"
	}
	if _, err := p.gas(ctx, "user", "set-plan", who.name, plan); err == nil {
		who.plan = plan
	}
}
