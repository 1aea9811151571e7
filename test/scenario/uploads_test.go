package scenario

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// multipartFile is a form with one file.
func multipartFile(t *testing.T, name string, content []byte) (body, contentType string) {
	t.Helper()
	var text strings.Builder
	form := multipart.NewWriter(&text)
	part, err := form.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = part.Write(content)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return text.String(), form.FormDataContentType()
}

// raw sends bytes as they are and reads the answer's status; 0 where there is none.
func raw(t *testing.T, s *program.Server, text string) int {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, text)
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// T12: what a client says of an upload is not believed: not its length, not its size, not whose it is.
func TestT12WhatAClientSaysOfAnUploadIsNotBelieved(t *testing.T) {
	t.Parallel()
	const limit = 20_000
	w := program.New(t, fmt.Sprintf("GAS_FREE_UPLOAD_LIMIT=%d", limit), "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_API=0", "GAS_JOB_LIMIT_QUEUED=2")
	s := w.Serve("--role=web") // nobody takes the jobs: they stay queued
	token := w.Token("ada", "free_user")
	ada, ben := s.Program(token), s.Program(w.Token("ben", "free_user"))
	send := func(size int) int {
		body, kind := multipartFile(t, "x.vcf", append([]byte(header), strings.Repeat("x", size-len(header))...))
		return ada.Do(http.MethodPost, "/api/v1/jobs", strings.NewReader(body), "Content-Type", kind).Status
	}
	jobs := func() int {
		var list struct{ Total int }
		require.NoError(t, json.Unmarshal([]byte(ada.Get("/api/v1/jobs").Body), &list))
		return list.Total
	}

	t.Run("a byte too many is refused, a byte less is taken", func(t *testing.T) {
		require.Equal(t, http.StatusRequestEntityTooLarge, send(limit+1))
		require.Equal(t, http.StatusRequestEntityTooLarge, send(100*limit))
		require.Zero(t, jobs())
		require.Equal(t, http.StatusCreated, send(limit))
		require.Equal(t, 1, jobs())
	})
	t.Run("a body without a length is counted while it comes", func(t *testing.T) {
		body, kind := multipartFile(t, "x.vcf", []byte(strings.Repeat("x", limit+1)))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/jobs", io.MultiReader(strings.NewReader(body)))
		require.NoError(t, err)
		request.Header.Set("Content-Type", kind)
		request.Header.Set("Authorization", "Bearer "+token)
		request.ContentLength = -1
		require.Equal(t, http.StatusRequestEntityTooLarge, ada.Send(request).Status)
		require.Equal(t, 1, jobs())
	})
	t.Run("a length that is not kept makes no job", func(t *testing.T) {
		body, kind := multipartFile(t, "x.vcf", []byte(header+record))
		head := "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nContent-Type: " + kind + "\r\nConnection: close\r\n"
		for name, text := range map[string]string{
			"shorter than it says": fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body)+1000, body[:len(body)-40]),
			"longer than it says":  fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body)-40, body),
			"two lengths":          fmt.Sprintf("%sContent-Length: 5\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body),
			"a length and chunks":  fmt.Sprintf("%sTransfer-Encoding: chunked, identity\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body),
			"a broken chunk":       head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + body,
			"negative":             head + "Content-Length: -1\r\n\r\n" + body,
		} {
			status := raw(t, s, text)
			require.True(t, status == 0 || status >= 400, "%s: %d", name, status)
			require.Equal(t, 1, jobs(), name)
		}
	})
	t.Run("a part is as long as it was announced", func(t *testing.T) {
		require.Equal(t, http.StatusRequestEntityTooLarge, ben.Do(http.MethodPost, "/api/v1/uploads", strings.NewReader(fmt.Sprintf(`{"name":"x","size":%d}`, limit+1))).Status)
		for _, size := range []string{"-1", "0", "1e99", "9223372036854775808", `"10"`, "null"} {
			a := ben.Do(http.MethodPost, "/api/v1/uploads", strings.NewReader(`{"name":"x","size":`+size+`}`))
			require.Contains(t, []int{400, 413, 422}, a.Status, size)
		}
		a := ben.Do(http.MethodPost, "/api/v1/uploads", strings.NewReader(`{"name":"x","size":10}`))
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		var up struct {
			ID string `json:"upload_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &up))
		path := "/api/v1/uploads/" + up.ID
		require.Equal(t, 422, ben.Do(http.MethodPut, path+"/parts/1", strings.NewReader("12345678901")).Status)
		require.Equal(t, 422, ben.Do(http.MethodPut, path+"/parts/1", strings.NewReader("123456789")).Status)
		for _, n := range []string{"0", "2", "-1", "99999999999999999999", "x"} {
			require.Contains(t, []int{400, 404, 422}, ben.Do(http.MethodPut, path+"/parts/"+n, strings.NewReader("1234567890")).Status, n)
		}
		require.Equal(t, 404, ada.Do(http.MethodPut, path+"/parts/1", strings.NewReader("1234567890")).Status, "another's intent is missing")
		require.Equal(t, 404, ada.Do(http.MethodPost, path+"/complete", nil).Status)
		require.Equal(t, 200, ben.Do(http.MethodPut, path+"/parts/1", strings.NewReader("1234567890")).Status)
		require.Equal(t, 201, ben.Do(http.MethodPost, path+"/complete", nil).Status)
		require.Contains(t, []int{404, 409}, ben.Do(http.MethodPut, path+"/parts/1", strings.NewReader("abcdefghij")).Status, "what was submitted is not changed any more")
	})
	t.Run("of many at the quota's edge one gets the last place", func(t *testing.T) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 8 {
			wg.Go(func() {
				status := send(1000)
				mu.Lock()
				defer mu.Unlock()
				statuses[status]++
			})
		}
		wg.Wait()
		require.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusTooManyRequests: 7}, statuses)
	})
}

// hostileNames are names that some system takes for a path, a device, an option, a script or a header.
func hostileNames() []string {
	names := []string{
		"../../../etc/passwd", "..", ".", "...", "/etc/passwd", "//host/share", `..\..\windows\system32\x`, `C:\x.vcf`, "C:x.vcf", "~", "~root/.ssh/authorized_keys", "$HOME/x", "%2e%2e%2fx", "..%2fx", "..%c0%afx", "....//x",
		"a/b/c.vcf", "x.vcf/", "/", `\`, "x\x00.vcf", "x.vcf\x00.png", "x\n.vcf", "x\r\nSet-Cookie: a=b", "x\r\nContent-Length: 0\r\n\r\n<html>", "\t", " ", "", "  .vcf", "x .", "x.", "-rf", "--help", "-o/tmp/x", "@/etc/passwd",
		"CON", "NUL.vcf", "COM1", "LPT1.txt", "aux.vcf", "x:stream.vcf", "*", "?", "x|y", "x;rm -rf ~", "`id`", "$(id)", "&& id", "> /tmp/x", "'; DROP TABLE jobs; --", `"`, "'", "<script>alert(1)</script>.vcf", "{{.}}", "${jndi:ldap://x}",
		"=cmd|' /C calc'!A0.vcf", "\u202efcv.exe", "\u200b", "\ufeffx.vcf", "e\u0301.vcf", "\xff\xfe.vcf", "🧬.vcf", "\u2028x", "\x1b[2J.vcf", strings.Repeat("a", 5000), strings.Repeat("ä", 300), strings.Repeat("../", 500),
		".gas.db", "gas.db", "gas.db-wal", "session.key", "lock", ".git/config", "x.vcf.gz.tbi",
	}
	return names
}

// ownPath is what the program may call a file or folder of its own.
var ownPath = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// T15: a name is a label: whatever it says, files lie in the data folder under ids, and what comes back is a plain name.
func TestT15ANameIsALabelAndNeverAPath(t *testing.T) {
	t.Parallel()
	w := program.New(t, "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_API=0")
	temp := filepath.Join(w.Home, "tmp")
	require.NoError(t, os.Mkdir(temp, 0o700))
	w = w.With("TMPDIR=" + temp)
	s := w.Serve()
	ada := s.Program(w.Token("ada", "premium_user"))
	names := hostileNames()
	require.GreaterOrEqual(t, len(names), 60)
	content := header + record
	for _, name := range names {
		said, err := json.Marshal(map[string]any{"name": name, "size": len(content)})
		require.NoError(t, err)
		a := ada.Do(http.MethodPost, "/api/v1/uploads", strings.NewReader(string(said)), "Content-Type", "application/json")
		require.Equal(t, http.StatusCreated, a.Status, "%q: %s", name, a.Body)
		var up struct {
			ID string `json:"upload_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &up))
		require.Equal(t, 200, ada.Do(http.MethodPut, "/api/v1/uploads/"+up.ID+"/parts/1", strings.NewReader(content)).Status)
		a = ada.Do(http.MethodPost, "/api/v1/uploads/"+up.ID+"/complete", nil)
		require.Equal(t, http.StatusCreated, a.Status, "%q: %s", name, a.Body)
		var j struct {
			ID   string `json:"job_id"`
			Name string
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &j))
		isALabel(t, j.Name)
		for _, kind := range []string{"input", "log", "result"} {
			a = ada.Eventually("/api/v1/jobs/"+j.ID+"/files/"+kind, func(a program.Answer) bool { return a.Status != http.StatusConflict })
			require.Equal(t, http.StatusOK, a.Status, "%q: %s", name, a.Body)
			require.Empty(t, a.Header.Get("Set-Cookie"))
			require.Regexp(t, `^attachment; filename="[ !#-$&-.0-\[\]-~]*"(; filename\*=UTF-8''[A-Za-z0-9%._~-]*)?$`, a.Header.Get("Content-Disposition"), "%q", name)
		}
	}
	s.Stop()
	outside := 0
	require.NoError(t, filepath.WalkDir(w.Home, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		in, err := filepath.Rel(w.Data, path)
		require.NoError(t, err)
		if strings.HasPrefix(in, "..") {
			if path != w.Home && path != temp {
				outside++
				t.Errorf("%s lies outside the data folder", path)
			}
			return nil
		}
		for _, element := range strings.Split(in, "/") {
			assert.Regexp(t, ownPath, element, path)
		}
		info, err := entry.Info()
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, "%s can be read by others", path)
		return nil
	}))
	require.Zero(t, outside)
}

// isALabel fails for a name that could be taken for a path or hides what it says.
func isALabel(t *testing.T, name string) {
	t.Helper()
	require.NotEmpty(t, name)
	require.LessOrEqual(t, len(name), 255)
	require.NotContains(t, []string{".", ".."}, name)
	require.False(t, strings.ContainsAny(name, "/\\\x00\r\n\t\x1b\u202e\u2028\u200b\ufeff"), "%q", name)
}
