package local

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

const (
	defaultPage = 20
	largestPage = 1000
)

// sorting is how a list of jobs is ordered. Ties go by submission and id, in the same direction.
type sorting struct {
	column string // of table jobs
	down   bool
	value  func(job.Job) any // what the column holds
}

// sortings are the words of JobQuery.Sort.
var sortings = map[string]sorting{
	"submitted": {"submitted", true, func(j job.Job) any { return submitted(j).UnixNano() }},
	"name":      {"label", false, func(j job.Job) any { return strings.ToLower(j.Name) }},
	"status":    {"status", false, func(j job.Job) any { return string(j.Status) }},
	"size":      {"size", false, func(j job.Job) any { return j.Input.Size }},
}

// sortingOf reads JobQuery.Sort.
func sortingOf(word string) (sorting, error) {
	name, turned := strings.CutPrefix(word, "-")
	if name == "" && !turned {
		name = "submitted"
	}
	found, known := sortings[name]
	if !known {
		return sorting{}, fault.New(fault.Usage, "A list of jobs cannot be sorted by %q.", word)
	}
	found.down = found.down != turned
	return found, nil
}

// order is the ORDER BY of a sorting.
func (s sorting) order() string {
	direction := " ASC"
	if s.down {
		direction = " DESC"
	}
	return strings.Join([]string{s.column, "submitted", "id"}, direction+", ") + direction
}

// after is the condition of the rows behind a cursor.
func (s sorting) after() string {
	sign := ">"
	if s.down {
		sign = "<"
	}
	return "(" + s.column + ", submitted, id) " + sign + " (?, ?, ?)"
}

// place is what a cursor holds: the sort key of the last row of a page.
type place struct {
	Value     any    `json:"v"`
	Submitted int64  `json:"s"`
	ID        string `json:"i"`
}

// cursor writes the place of a job.
func (s sorting) cursor(j job.Job) (string, error) {
	data, err := encode(place{s.value(j), submitted(j).UnixNano(), j.ID})
	return base64.RawURLEncoding.EncodeToString(data), err
}

// placeOf reads a cursor. Numbers stay exact.
func placeOf(cursor string) (p place, err error) {
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, badCursor()
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	if err := decoder.Decode(&p); err != nil {
		return p, badCursor()
	}
	if number, is := p.Value.(json.Number); is {
		if p.Value, err = number.Int64(); err != nil {
			return p, badCursor()
		}
	}
	return p, nil
}

// condition is a WHERE with its arguments, built term by term.
type condition struct {
	terms []string
	args  []any
}

func (c *condition) and(term string, args ...any) {
	c.terms, c.args = append(c.terms, term), append(c.args, args...)
}

func (c *condition) String() string { return strings.Join(c.terms, " AND ") }

// matching is the condition of what a query of a user's jobs matches.
func matching(userID string, q port.JobQuery) condition {
	var c condition
	c.and("user_id = ?", userID)
	if len(q.Status) > 0 {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(q.Status)), ", ")
		c.and("status IN (" + marks + ")")
		for _, status := range q.Status {
			c.args = append(c.args, string(status))
		}
	}
	return c
}

// search narrows by a part of the name or the start of the id.
func (c *condition) search(text string) {
	text = strings.ToLower(text)
	c.and("(instr(label, ?) > 0 OR substr(id, 1, ?) = ?)", text, len([]rune(text)), text)
}

func (s *store) JobsOf(ctx context.Context, userID string, q port.JobQuery) (page port.JobPage, err error) {
	by, err := sortingOf(q.Sort)
	if err != nil {
		return page, err
	}
	if page.Total, err = s.total(ctx, userID, q); err != nil {
		return page, fmt.Errorf("count jobs of %s: %w", userID, err)
	}
	limit := pageSize(q.Limit)
	where := matching(userID, q)
	where.and("status <> 'DELETED'")
	if q.Search != "" {
		where.search(q.Search)
	}
	offset := q.Offset
	if q.Cursor != "" {
		at, err := placeOf(q.Cursor)
		if err != nil {
			return page, err
		}
		offset = 0
		where.and(by.after(), at.Value, at.Submitted, at.ID)
	}
	// The inner query runs on the index alone; the outer one reads only the rows of the page.
	query := "SELECT data FROM jobs WHERE rowid IN (SELECT rowid FROM jobs INDEXED BY jobs_by_user WHERE " + where.String() +
		" ORDER BY " + by.order() + " LIMIT ? OFFSET ?) ORDER BY " + by.order()
	page.Jobs, err = many[job.Job](ctx, s.read, query, append(where.args, limit+1, offset)...)
	if err != nil {
		return page, fmt.Errorf("list jobs of %s: %w", userID, err)
	}
	if len(page.Jobs) > limit {
		page.Jobs = page.Jobs[:limit]
		page.Next, err = by.cursor(page.Jobs[limit-1])
	}
	return page, err
}

// total counts what a query matches: from the kept counts, or on the index where a text is searched.
func (s *store) total(ctx context.Context, userID string, q port.JobQuery) (n int, err error) {
	where := matching(userID, q)
	where.and("status <> 'DELETED'")
	query := "SELECT coalesce(sum(n), 0) FROM job_counts WHERE "
	if q.Search != "" {
		where.search(q.Search)
		query = "SELECT count(*) FROM jobs INDEXED BY jobs_by_user WHERE "
	}
	err = s.read.row(ctx, []any{&n}, query+where.String(), where.args...)
	return n, err
}

// pageSize is the number of rows of a page.
func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, largestPage)
}
