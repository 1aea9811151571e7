package port

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gas/pkg/fault"
	"gas/pkg/job"
)

// JobRow is what a list of jobs is searched, narrowed and sorted by. Adapters without a query language of their own read all rows of a user
// and let SelectJobs answer.
type JobRow struct {
	ID        string     `json:"i"`
	Name      string     `json:"n,omitempty"` // in lower case
	Status    job.Status `json:"s,omitempty"`
	Size      int64      `json:"z,omitempty"`
	Submitted time.Time  `json:"t"` // an intent that was not submitted counts by its creation
}

// RowOf is a job's row.
func RowOf(j job.Job) JobRow {
	row := JobRow{ID: j.ID, Name: strings.ToLower(j.Name), Status: j.Status, Size: j.Input.Size, Submitted: j.SubmitTime}
	if j.SubmitTime.IsZero() {
		row.Submitted = j.Created
	}
	return row
}

// BySubmission orders rows by submission, then id.
func BySubmission(a, b JobRow) int {
	return cmp.Or(a.Submitted.Compare(b.Submitted), cmp.Compare(a.ID, b.ID))
}

const (
	defaultPage = 20
	largestPage = 1000
)

// SelectJobs answers a query over all rows of one user: the rows of one page in their order, how many match, and the cursor of the next page.
// Tombstones are left out. A fault of kind Usage for an order that does not exist or a cursor that is none of its own. The list is reordered.
func SelectJobs(all []JobRow, q JobQuery) (page []JobRow, total int, next string, err error) {
	order, err := orderOf(q.Sort)
	if err != nil {
		return nil, 0, "", err
	}
	all = slices.DeleteFunc(all, func(r JobRow) bool { return r.Status == job.Deleted || !r.matches(q) })
	slices.SortFunc(all, order)
	begin := min(max(q.Offset, 0), len(all))
	if q.Cursor != "" {
		last, err := rowOfCursor(q.Cursor)
		if err != nil {
			return nil, 0, "", err
		}
		begin, _ = slices.BinarySearchFunc(all, last, func(r, last JobRow) int {
			if order(r, last) > 0 {
				return 1
			}
			return -1
		})
	}
	limit := defaultPage
	if q.Limit > 0 {
		limit = min(q.Limit, largestPage)
	}
	page = all[begin:min(begin+limit, len(all))]
	if begin+limit < len(all) {
		next = page[limit-1].cursor()
	}
	return page, len(all), next, nil
}

// matches tells whether a query's search and states fit.
func (r JobRow) matches(q JobQuery) bool {
	if len(q.Status) > 0 && !slices.Contains(q.Status, r.Status) {
		return false
	}
	text := strings.ToLower(q.Search)
	return strings.Contains(r.Name, text) || strings.HasPrefix(r.ID, text)
}

// orders are the words of JobQuery.Sort. Ties go by submission.
var orders = map[string]func(a, b JobRow) int{
	"submitted": func(a, b JobRow) int { return -BySubmission(a, b) },
	"name":      func(a, b JobRow) int { return cmp.Or(cmp.Compare(a.Name, b.Name), BySubmission(a, b)) },
	"status":    func(a, b JobRow) int { return cmp.Or(cmp.Compare(a.Status, b.Status), BySubmission(a, b)) },
	"size":      func(a, b JobRow) int { return cmp.Or(cmp.Compare(a.Size, b.Size), BySubmission(a, b)) },
}

// orderOf reads JobQuery.Sort.
func orderOf(word string) (func(a, b JobRow) int, error) {
	name, turned := strings.CutPrefix(cmp.Or(word, "submitted"), "-")
	order, known := orders[name]
	switch {
	case !known:
		return nil, fault.New(fault.Usage, "A list of jobs cannot be sorted by %q.", word)
	case turned:
		return func(a, b JobRow) int { return -order(a, b) }, nil
	}
	return order, nil
}

// cursor writes the row after which a list goes on.
func (r JobRow) cursor() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts, numbers and a time always encode
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// rowOfCursor reads it.
func rowOfCursor(cursor string) (r JobRow, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fault.New(fault.Usage, "The cursor is not one that this list gave out.")
	}
	return r, nil
}
