package backend

import (
	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/job"
)

// AWSNames is what everything on AWS is called by the settings.
func AWSNames(c config.AWS) aws.Names {
	c = c.Named()
	return aws.Names{
		BucketInputs: c.BucketInputs, BucketResults: c.BucketResults, BucketArchive: c.BucketArchive,
		TableJobs: c.TableJobs, TableUsers: c.TableUsers, TableRecords: c.TableRecords,
		Topics: map[job.Topic]string{
			job.Requests: c.TopicJobRequests, job.Results: c.TopicJobResults, job.Archives: c.TopicArchive, job.Thaws: c.TopicThaw, job.Restores: c.TopicRestore,
		},
		Queues: map[job.Topic]string{
			job.Requests: c.QueueJobRequests, job.Results: c.QueueJobResults, job.Archives: c.QueueArchive, job.Thaws: c.QueueThaw, job.Restores: c.QueueRestore,
		},
		StateMachine: c.StateMachineArchive,
	}
}
