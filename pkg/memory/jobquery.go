package memory

import (
	"context"

	"gas/pkg/job"
	"gas/pkg/port"
)

func (s *store) JobsOf(_ context.Context, userID string, q port.JobQuery) (page port.JobPage, err error) {
	var rows []port.JobRow
	byID := map[string]job.Job{}
	for _, j := range s.jobsWhere(func(j job.Job) bool { return j.UserID == userID }) {
		rows, byID[j.ID] = append(rows, port.RowOf(j)), j
	}
	rows, page.Total, page.Next, err = port.SelectJobs(rows, q)
	for _, row := range rows {
		page.Jobs = append(page.Jobs, byID[row.ID])
	}
	return page, err
}
