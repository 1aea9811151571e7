package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

const (
	defaultPage = 20
	largestPage = 1000
)

// submitted is the time that a list of jobs is ordered by: an intent that was not submitted counts by its creation.
func submitted(j job.Job) time.Time {
	if j.SubmitTime.IsZero() {
		return j.Created
	}
	return j.SubmitTime
}

// bySubmission orders by submission, then id.
func bySubmission(a, b job.Job) int {
	return cmp.Or(submitted(a).Compare(submitted(b)), cmp.Compare(a.ID, b.ID))
}

// orders are the words of JobQuery.Sort. Ties go by submission.
var orders = map[string]func(a, b job.Job) int{
	"submitted":  func(a, b job.Job) int { return -bySubmission(a, b) },
	"-submitted": bySubmission,
	"name":       func(a, b job.Job) int { return byName(a, b) },
	"-name":      func(a, b job.Job) int { return -byName(a, b) },
	"status":     func(a, b job.Job) int { return byStatus(a, b) },
	"-status":    func(a, b job.Job) int { return -byStatus(a, b) },
	"size":       func(a, b job.Job) int { return bySize(a, b) },
	"-size":      func(a, b job.Job) int { return -bySize(a, b) },
}

func byName(a, b job.Job) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), bySubmission(a, b))
}

func byStatus(a, b job.Job) int { return cmp.Or(cmp.Compare(a.Status, b.Status), bySubmission(a, b)) }

func bySize(a, b job.Job) int {
	return cmp.Or(cmp.Compare(a.Input.Size, b.Input.Size), bySubmission(a, b))
}

func (s *store) JobsOf(_ context.Context, userID string, q port.JobQuery) (page port.JobPage, err error) {
	order, known := orders[cmp.Or(q.Sort, "submitted")]
	if !known {
		return page, fault.New(fault.Usage, "A list of jobs cannot be sorted by %q.", q.Sort)
	}
	list := s.jobsWhere(func(j job.Job) bool { return j.UserID == userID && j.Status != job.Deleted && matches(j, q) })
	slices.SortFunc(list, order)
	page.Total = len(list)
	begin := min(max(q.Offset, 0), len(list))
	if q.Cursor != "" {
		if begin, err = s.behind(list, order, q.Cursor); err != nil {
			return page, err
		}
	}
	limit := defaultPage
	if q.Limit > 0 {
		limit = min(q.Limit, largestPage)
	}
	page.Jobs = list[begin:min(begin+limit, len(list))]
	if begin+limit < len(list) {
		page.Next = page.Jobs[limit-1].ID
	}
	return page, nil
}

// behind finds where a list goes on after the job that a cursor names.
func (s *store) behind(list []job.Job, order func(a, b job.Job) int, cursor string) (int, error) {
	s.mu.Lock()
	last, is := s.jobs[cursor]
	s.mu.Unlock()
	if !is {
		return 0, fault.New(fault.Usage, "The cursor is not one that this list gave out.")
	}
	for i, j := range list {
		if order(j, last) > 0 {
			return i, nil
		}
	}
	return len(list), nil
}

// matches tells whether a query's search and states fit.
func matches(j job.Job, q port.JobQuery) bool {
	if len(q.Status) > 0 && !slices.Contains(q.Status, j.Status) {
		return false
	}
	text := strings.ToLower(q.Search)
	return strings.Contains(strings.ToLower(j.Name), text) || strings.HasPrefix(j.ID, text)
}
