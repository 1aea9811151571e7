package awsfault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Glacier is a vault of the service S3 Glacier as its API reference describes it, as far as GAS asks: it refuses a wrong tree hash and an unknown
// archive, retrievals take until Warm is called, and Expedited can have no capacity. Inventories hold what was there when they were asked for.
type Glacier struct {
	URL    string
	Notify func(event []byte) // gets the notices; may be nil

	mu       sync.Mutex
	now      func() time.Time
	archives []*archive
	uploads  map[string]*upload
	jobs     []*retrieval
	tags     map[string]string
	refuse   bool
	fail     bool
	seen     []string
}

type archive struct {
	id, description string
	data            []byte
}

type upload struct {
	description string
	part        int64
	parts       map[int64][]byte
}

// retrieval is a job as DescribeJob tells it.
type retrieval struct {
	Action             string
	ArchiveID          string `json:"ArchiveId,omitempty"`
	ArchiveSizeInBytes int    `json:",omitempty"`
	Completed          bool
	CreationDate       string
	JobDescription     string `json:",omitempty"`
	JobID              string `json:"JobId"`
	SNSTopic           string `json:",omitempty"`
	StatusCode         string
	StatusMessage      string `json:",omitempty"`
	Tier               string `json:",omitempty"`
	VaultARN           string

	output []byte
	fails  bool
}

// NewGlacier starts a vault until the test ends. now is its clock.
func NewGlacier(t testing.TB, now func() time.Time) *Glacier {
	t.Helper()
	g := &Glacier{now: now, uploads: map[string]*upload{}, tags: map[string]string{}}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request, []byte){
		"POST /-/vaults/{vault}/archives":                 g.upload,
		"DELETE /-/vaults/{vault}/archives/{id}":          g.delete,
		"POST /-/vaults/{vault}/multipart-uploads":        g.begin,
		"PUT /-/vaults/{vault}/multipart-uploads/{id}":    g.part,
		"POST /-/vaults/{vault}/multipart-uploads/{id}":   g.complete,
		"DELETE /-/vaults/{vault}/multipart-uploads/{id}": g.abort,
		"POST /-/vaults/{vault}/jobs":                     g.ask,
		"GET /-/vaults/{vault}/jobs":                      g.list,
		"GET /-/vaults/{vault}/jobs/{id}":                 g.describe,
		"GET /-/vaults/{vault}/jobs/{id}/output":          g.output,
		"GET /-/vaults/{vault}":                           g.describeVault,
		"GET /-/vaults/{vault}/tags":                      g.getTags,
		"POST /-/vaults/{vault}/tags":                     g.addTags,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			g.mu.Lock()
			defer g.mu.Unlock()
			g.seen = append(g.seen, r.Method+" "+r.URL.RequestURI())
			if err == nil {
				handle(w, r, body)
			}
		})
	}
	server := httptest.NewServer(mux)
	g.URL = server.URL
	t.Cleanup(server.Close)
	return g
}

// Seen lists the requests so far.
func (g *Glacier) Seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.seen...)
}

// Refuse lets Expedited have no capacity from now on.
func (g *Glacier) Refuse() { g.locked(func() { g.refuse = true }) }

// Fail lets retrievals that are asked for from now on fail.
func (g *Glacier) Fail() { g.locked(func() { g.fail = true }) }

// Archives is how many archives there are.
func (g *Glacier) Archives() (n int) {
	g.locked(func() { n = len(g.archives) })
	return n
}

// Warm ends all jobs that are under way and tells so.
func (g *Glacier) Warm() {
	var notices [][]byte
	g.locked(func() {
		for _, j := range g.jobs {
			if j.Completed {
				continue
			}
			j.Completed, j.StatusCode, j.StatusMessage = true, "Succeeded", "Succeeded"
			if j.fails {
				j.StatusCode, j.StatusMessage = "Failed", "InternalError"
			}
			if j.SNSTopic != "" {
				notices = append(notices, encoded(j))
			}
		}
	})
	for _, n := range notices {
		if g.Notify != nil {
			g.Notify(n)
		}
	}
}

// Chill forgets the jobs that have ended: Glacier keeps what they brought for about a day.
func (g *Glacier) Chill() {
	g.locked(func() {
		var kept []*retrieval
		for _, j := range g.jobs {
			if !j.Completed {
				kept = append(kept, j)
			}
		}
		g.jobs = kept
	})
}

func (g *Glacier) locked(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do()
}

func encoded(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // only structs of strings come here
	}
	return text
}

// treeHash is by its definition: halves at the largest power of two of MiB.
func treeHash(data []byte) string {
	var of func(data []byte) [32]byte
	of = func(data []byte) [32]byte {
		const leaf = 1 << 20
		if len(data) <= leaf {
			return sha256.Sum256(data)
		}
		half := leaf
		for half*2 < len(data) {
			half *= 2
		}
		left, right := of(data[:half]), of(data[half:])
		return sha256.Sum256(append(left[:], right[:]...))
	}
	sum := of(data)
	return hex.EncodeToString(sum[:])
}

// right refuses a body whose checksums are not those that the request names.
func right(w http.ResponseWriter, r *http.Request, body []byte) bool {
	sum := sha256.Sum256(body)
	if r.Header.Get("X-Amz-Sha256-Tree-Hash") == treeHash(body) && r.Header.Get("X-Amz-Content-Sha256") == hex.EncodeToString(sum[:]) {
		return true
	}
	JSON(http.StatusBadRequest, "InvalidParameterValueException")(w, r)
	return false
}

func missing(w http.ResponseWriter, r *http.Request) {
	JSON(http.StatusNotFound, "ResourceNotFoundException")(w, r)
}

func (g *Glacier) add(w http.ResponseWriter, description string, data []byte) {
	a := &archive{fmt.Sprintf("arch_%d-x", len(g.seen)), description, data}
	g.archives = append(g.archives, a)
	w.Header().Set("X-Amz-Archive-Id", a.id)
	w.Header().Set("X-Amz-Sha256-Tree-Hash", treeHash(data))
	w.WriteHeader(http.StatusCreated)
}

func (g *Glacier) upload(w http.ResponseWriter, r *http.Request, body []byte) {
	if right(w, r, body) {
		g.add(w, r.Header.Get("X-Amz-Archive-Description"), body)
	}
}

func (g *Glacier) find(id string) *archive {
	for _, a := range g.archives {
		if a.id == id {
			return a
		}
	}
	return nil
}

func (g *Glacier) delete(w http.ResponseWriter, r *http.Request, _ []byte) {
	a := g.find(r.PathValue("id"))
	if a == nil {
		missing(w, r)
		return
	}
	var kept []*archive
	for _, other := range g.archives {
		if other != a {
			kept = append(kept, other)
		}
	}
	g.archives = kept
	w.WriteHeader(http.StatusNoContent)
}

func (g *Glacier) begin(w http.ResponseWriter, r *http.Request, _ []byte) {
	part, err := strconv.ParseInt(r.Header.Get("X-Amz-Part-Size"), 10, 64)
	if mib := part >> 20; err != nil || part != mib<<20 || mib < 1 || mib&(mib-1) != 0 || mib > 4096 {
		JSON(http.StatusBadRequest, "InvalidParameterValueException")(w, r)
		return
	}
	id := fmt.Sprintf("upload_%d", len(g.seen))
	g.uploads[id] = &upload{r.Header.Get("X-Amz-Archive-Description"), part, map[int64][]byte{}}
	w.Header().Set("X-Amz-Multipart-Upload-Id", id)
	w.WriteHeader(http.StatusCreated)
}

func (g *Glacier) part(w http.ResponseWriter, r *http.Request, body []byte) {
	u := g.uploads[r.PathValue("id")]
	if u == nil {
		missing(w, r)
		return
	}
	var from, to int64
	_, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/*", &from, &to)
	if err != nil || from%u.part != 0 || to-from+1 != int64(len(body)) || int64(len(body)) > u.part {
		JSON(http.StatusBadRequest, "InvalidParameterValueException")(w, r)
		return
	}
	if right(w, r, body) {
		u.parts[from] = body
		w.Header().Set("X-Amz-Sha256-Tree-Hash", treeHash(body))
		w.WriteHeader(http.StatusNoContent)
	}
}

func (g *Glacier) complete(w http.ResponseWriter, r *http.Request, _ []byte) {
	u := g.uploads[r.PathValue("id")]
	if u == nil {
		missing(w, r)
		return
	}
	var whole bytes.Buffer
	for at := int64(0); u.parts[at] != nil; at += u.part {
		whole.Write(u.parts[at])
	}
	if r.Header.Get("X-Amz-Archive-Size") != strconv.Itoa(whole.Len()) || r.Header.Get("X-Amz-Sha256-Tree-Hash") != treeHash(whole.Bytes()) {
		JSON(http.StatusBadRequest, "InvalidParameterValueException")(w, r)
		return
	}
	delete(g.uploads, r.PathValue("id"))
	g.add(w, u.description, whole.Bytes())
}

func (g *Glacier) abort(w http.ResponseWriter, r *http.Request, _ []byte) {
	delete(g.uploads, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}

// Uploads is how many uploads in parts are open.
func (g *Glacier) Uploads() (n int) {
	g.locked(func() { n = len(g.uploads) })
	return n
}

func (g *Glacier) ask(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Type, Description, SNSTopic, Tier, Format string
		ArchiveID                                 string `json:"ArchiveId"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		JSON(http.StatusBadRequest, "InvalidParameterValueException")(w, r)
		return
	}
	j := &retrieval{
		CreationDate: g.now().UTC().Format("2006-01-02T15:04:05.000Z"), JobDescription: in.Description, JobID: fmt.Sprintf("job_%d", len(g.seen)),
		SNSTopic: in.SNSTopic, StatusCode: "InProgress", Tier: in.Tier, VaultARN: "arn:aws:glacier:us-east-1:123456789012:vaults/" + r.PathValue("vault"),
	}
	switch in.Type {
	case "inventory-retrieval":
		j.Action, j.output = "InventoryRetrieval", g.inventory(j.VaultARN)
	case "archive-retrieval":
		a := g.find(in.ArchiveID)
		if a == nil {
			missing(w, r)
			return
		}
		if g.refuse && in.Tier == "Expedited" {
			JSON(http.StatusServiceUnavailable, "InsufficientCapacityException")(w, r)
			return
		}
		j.Action, j.ArchiveID, j.ArchiveSizeInBytes, j.output, j.fails = "ArchiveRetrieval", a.id, len(a.data), a.data, g.fail
	}
	g.jobs = append(g.jobs, j)
	w.Header().Set("X-Amz-Job-Id", j.JobID)
	w.WriteHeader(http.StatusAccepted)
}

func (g *Glacier) inventory(arn string) []byte {
	list := make([]map[string]any, 0, len(g.archives))
	for _, a := range g.archives {
		list = append(list, map[string]any{
			"ArchiveId": a.id, "ArchiveDescription": a.description, "CreationDate": "2026-01-02T03:04:05Z", "Size": len(a.data), "SHA256TreeHash": treeHash(a.data),
		})
	}
	return append([]byte(`{"VaultARN":"`+arn+`","InventoryDate":"2026-01-02T03:04:05Z","ArchiveList":`), append(encoded(list), '}')...)
}

// listPage is how many jobs a page of the list has: few, so that tests turn pages.
const listPage = 2

func (g *Glacier) list(w http.ResponseWriter, r *http.Request, _ []byte) {
	from, _ := strconv.Atoi(r.URL.Query().Get("marker"))
	to := min(len(g.jobs), from+listPage)
	page := map[string]any{"JobList": g.jobs[min(from, to):to], "Marker": nil}
	if to < len(g.jobs) {
		page["Marker"] = strconv.Itoa(to)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encoded(page))
}

func (g *Glacier) job(id string) *retrieval {
	for _, j := range g.jobs {
		if j.JobID == id {
			return j
		}
	}
	return nil
}

func (g *Glacier) describe(w http.ResponseWriter, r *http.Request, _ []byte) {
	if j := g.job(r.PathValue("id")); j != nil {
		_, _ = w.Write(encoded(j))
		return
	}
	missing(w, r)
}

func (g *Glacier) output(w http.ResponseWriter, r *http.Request, _ []byte) {
	j := g.job(r.PathValue("id"))
	if j == nil || j.StatusCode != "Succeeded" {
		missing(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if from, found := strings.CutPrefix(r.Header.Get("Range"), "bytes="); found {
		begin, _ := strconv.Atoi(strings.TrimSuffix(from, "-"))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", begin, len(j.output)-1, len(j.output)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(j.output[begin:])
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(j.output)))
	_, _ = w.Write(j.output)
}

// describeVault tells that the vault is there.
func (g *Glacier) describeVault(w http.ResponseWriter, r *http.Request, _ []byte) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encoded(map[string]any{"VaultName": r.PathValue("vault"), "NumberOfArchives": len(g.archives)}))
}

func (g *Glacier) getTags(w http.ResponseWriter, _ *http.Request, _ []byte) {
	_, _ = w.Write(encoded(map[string]any{"Tags": g.tags}))
}

func (g *Glacier) addTags(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct{ Tags map[string]string }
	if err := json.Unmarshal(body, &in); err != nil {
		JSON(http.StatusBadRequest, "InvalidParameterValueException")(w, r)
		return
	}
	for name, value := range in.Tags {
		g.tags[name] = value
	}
	w.WriteHeader(http.StatusNoContent)
}
