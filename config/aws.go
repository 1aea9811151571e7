package config

// Named returns the settings with every name filled in: one that is empty is the prefix and what the thing is. Buckets take hyphens, since
// S3 allows no underscore; the others take the underscores of the course's system.
func (a AWS) Named() AWS {
	for _, name := range []struct {
		field *string
		rest  string
	}{
		{&a.BucketInputs, "-inputs"}, {&a.BucketResults, "-results"}, {&a.BucketArchive, "-archive"},
		{&a.TableJobs, "_annotations"}, {&a.TableUsers, "_users"}, {&a.TableRecords, "_records"},
		{&a.TopicJobRequests, "_job_requests"}, {&a.TopicJobResults, "_job_results"}, {&a.TopicArchive, "_results_archive"},
		{&a.TopicThaw, "_results_thaw"}, {&a.TopicRestore, "_results_restore"},
		{&a.QueueJobRequests, "_job_requests"}, {&a.QueueJobResults, "_job_results"}, {&a.QueueArchive, "_results_archive"},
		{&a.QueueThaw, "_results_thaw"}, {&a.QueueRestore, "_results_restore"},
		{&a.StateMachineArchive, "_archive"},
	} {
		if *name.field == "" {
			*name.field = a.Prefix + name.rest
		}
	}
	return a
}
