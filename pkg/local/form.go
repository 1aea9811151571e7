package local

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gas/pkg/port"
)

const (
	fieldLimit = 4 << 10
	fieldCount = 16
)

// The fields of a form and of a link, in the order in which they are signed.
var (
	formFields = []string{"key", "max_size", "expires", "redirect"}
	linkFields = []string{"key", "name", "expires"}
)

// FormPath is below which this store's forms are posted and its links are read.
func (b *blobs) FormPath() string { return "/files/" + b.name + "/" }

func (b *blobs) UploadForm(_ context.Context, f port.FormRequest) (port.Form, error) {
	if err := checkKey(f.Key); err != nil {
		return port.Form{}, err
	}
	fields := map[string]string{
		"key": f.Key, "max_size": strconv.FormatInt(f.MaxSize, 10), "expires": b.expiry(f.Expires), "redirect": f.Redirect,
	}
	fields["signature"] = b.sign("form", formFields, fields)
	return port.Form{URL: b.FormPath() + "post", Fields: fields}, nil
}

func (b *blobs) DownloadURL(_ context.Context, key, filename string, expires time.Duration) (string, error) {
	fields := map[string]string{"key": key, "name": filename, "expires": b.expiry(expires)}
	query := url.Values{"signature": {b.sign("link", linkFields, fields)}}
	for name, value := range fields {
		query.Set(name, value)
	}
	return b.FormPath() + "get?" + query.Encode(), nil
}

// expiry is the end of a form or link: Unix nanoseconds.
func (b *blobs) expiry(after time.Duration) string {
	return strconv.FormatInt(b.now().Add(after).UnixNano(), 10)
}

// sign is the HMAC over what the fields are for, the store, and each field's name, length and value.
func (b *blobs) sign(purpose string, names []string, fields map[string]string) string {
	mac := hmac.New(sha256.New, b.secret)
	for _, part := range []string{"gas", purpose, b.name} {
		io.WriteString(mac, part+"\n")
	}
	for _, name := range names {
		io.WriteString(mac, name+" "+strconv.Itoa(len(fields[name]))+" "+fields[name]+"\n")
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// verify refuses fields that we did not sign and those that have expired.
func (b *blobs) verify(purpose string, names []string, fields map[string]string) error {
	if !hmac.Equal([]byte(fields["signature"]), []byte(b.sign(purpose, names, fields))) {
		return port.ErrForged
	}
	end, err := strconv.ParseInt(fields["expires"], 10, 64)
	if err != nil || b.now().UnixNano() >= end {
		return port.ErrForged
	}
	return nil
}

// FormHandler serves posts of forms and reads of links.
func (b *blobs) FormHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+b.FormPath()+"post", b.servePost)
	mux.HandleFunc("GET "+b.FormPath()+"get", b.serveGet)
	return mux
}

// servePost takes the file of a form: the signed fields first, then the file as it streams.
func (b *blobs) servePost(w http.ResponseWriter, r *http.Request) {
	fields, file, err := readForm(r)
	if err != nil {
		answer(w, err)
		return
	}
	if err := b.verify("form", formFields, fields); err != nil {
		answer(w, err)
		return
	}
	limit, err := strconv.ParseInt(fields["max_size"], 10, 64)
	if err != nil {
		answer(w, port.ErrForged)
		return
	}
	if _, err := b.put(r.Context(), fields["key"], file, port.Put{Size: -1}, limit, nil); err != nil {
		answer(w, err)
		return
	}
	if fields["redirect"] == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, fields["redirect"], http.StatusSeeOther)
}

// errForm is a post that is no form of ours.
var errForm = errors.New("not a form with its fields first and a file last")

// readForm reads the fields up to the file, whose reader it returns.
func readForm(r *http.Request) (map[string]string, *multipart.Part, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, nil, errForm
	}
	fields := map[string]string{}
	for range fieldCount {
		part, err := reader.NextPart()
		if err != nil {
			return nil, nil, errForm
		}
		if part.FormName() == "file" {
			return fields, part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, fieldLimit+1))
		if err != nil || len(value) > fieldLimit {
			return nil, nil, errForm
		}
		fields[part.FormName()] = string(value)
	}
	return nil, nil, errForm
}

// serveGet serves a link: the object as an attachment, with ranges and its sha256 as ETag.
func (b *blobs) serveGet(w http.ResponseWriter, r *http.Request) {
	fields := map[string]string{}
	for _, name := range append([]string{"signature"}, linkFields...) {
		fields[name] = r.URL.Query().Get(name)
	}
	if err := b.verify("link", linkFields, fields); err != nil {
		answer(w, err)
		return
	}
	file, info, err := b.open(fields["key"], "")
	if err != nil {
		answer(w, err)
		return
	}
	defer file.Close()
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "private, no-store")
	header.Set("ETag", `"`+info.SHA256+`"`)
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": strings.ToValidUTF8(fields["name"], "_")}))
	http.ServeContent(w, r, "", info.Modified, file)
}

// answer maps an error to its status. The text is for programs: web shows a page of its own.
func answer(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, port.ErrForged):
		status = http.StatusForbidden
	case errors.Is(err, port.ErrTooLarge), errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, port.ErrExists):
		status = http.StatusConflict
	case errors.Is(err, port.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, port.ErrUnavailable):
		status = http.StatusServiceUnavailable
	case errors.Is(err, errForm), errors.Is(err, io.ErrUnexpectedEOF):
		status = http.StatusBadRequest
	}
	http.Error(w, http.StatusText(status), status)
}
