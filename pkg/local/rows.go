package local

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gas/pkg/fault"
)

// one reads the record of the one row that a query finds.
func one[T any](ctx context.Context, from *statements, query string, args ...any) (record T, err error) {
	var data []byte
	if err := from.row(ctx, []any{&data}, query, args...); err != nil {
		return record, err
	}
	return decode[T](data)
}

// many reads the record of each row that a query finds.
func many[T any](ctx context.Context, from *statements, query string, args ...any) (list []T, err error) {
	var data []byte
	err = from.each(ctx, []any{&data}, decoded(&list, &data), query, args...)
	return list, err
}

// next is the cursor after a page: empty where the page was not full.
func next[T any](list []T, limit int, cursor func(last T) string) string {
	if len(list) == 0 || len(list) < limit {
		return ""
	}
	return cursor(list[len(list)-1])
}

// maybeText is a text column that is NULL when empty.
func maybeText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// joinDue is the cursor of a list ordered by due time and id.
func joinDue(due time.Time, id string) string {
	return strconv.FormatInt(due.UnixNano(), 10) + "," + id
}

// splitDue reads it; an empty cursor stands before everything.
func splitDue(cursor string) (due int64, id string, err error) {
	if cursor == "" {
		return -1 << 63, "", nil
	}
	before, id, found := strings.Cut(cursor, ",")
	due, err = strconv.ParseInt(before, 10, 64)
	if !found || err != nil {
		return 0, "", badCursor()
	}
	return due, id, nil
}

// badCursor is what a cursor that is none of ours gets.
func badCursor() error {
	return fault.New(fault.Usage, "The cursor is not one that this list gave out.")
}
