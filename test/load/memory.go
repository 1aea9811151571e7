package main

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/dustin/go-humanize"
)

// measureMemory measures the peak of resident memory while a large file is uploaded and downloaded again, by the web role alone.
func measureMemory(ctx context.Context, s settings) error {
	v, token, done, err := fresh(ctx, s, "--role=web")
	if err != nil {
		return err
	}
	defer done()
	begun := time.Now()
	id, err := v.upload(ctx, token, s.size)
	if err != nil {
		return err
	}
	up := time.Since(begun)
	begun = time.Now()
	n, err := v.download(ctx, token, id)
	if err != nil {
		return err
	}
	if n < s.size {
		return fmt.Errorf("%d bytes came back of %d", n, s.size)
	}
	all, anonymous := v.peak()
	fmt.Printf("resident memory after %s up (%s) and down (%s): peak %s, of it now anonymous %s\n", humanize.IBytes(uint64(s.size)),
		up.Round(time.Second), time.Since(begun).Round(time.Second), humanize.IBytes(uint64(all)), humanize.IBytes(uint64(anonymous)))
	return nil
}

// upload streams a VCF whose records go on for ever, up to a size.
func (v *server) upload(ctx context.Context, token string, size int64) (string, error) {
	header, err := smallFile(1)
	if err != nil {
		return "", err
	}
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		part, err := form.CreateFormFile("file", "large.vcf")
		if err == nil {
			_, err = part.Write(header)
		}
		line := []byte("MT\t73\t.\tA\tG\t50\tPASS\tDP=30\n")
		block := make([]byte, 0, 1<<20)
		for len(block)+len(line) < cap(block) {
			block = append(block, line...)
		}
		for written := int64(0); written < size && err == nil; written += int64(len(block)) {
			_, err = part.Write(block)
		}
		if err == nil {
			err = form.Close()
		}
		writer.CloseWithError(err)
	}()
	var j struct {
		ID string `json:"job_id"`
	}
	err = v.call(ctx, http.MethodPost, token, "/api/v1/jobs", form.FormDataContentType(), reader, &j)
	return j.ID, err
}

// download reads the input back and counts its bytes.
func (v *server) download(ctx context.Context, token, id string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+"/api/v1/jobs/"+id+"/files/input", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("download: %s", response.Status)
	}
	return io.Copy(io.Discard, response.Body)
}
