package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/job"
	"gas/pkg/port"
)

func (a *app) queueCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "queue", Short: "the queues and their dead letters", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.queueStatsCommand(), a.queueDeadCommand(), a.queueRedriveCommand())
	return parent
}

func (a *app) queueStatsCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "stats",
		Short: "count what waits, runs and is dead in each queue",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				var all []port.QueueStats
				s := sheet{columns: []string{"queue", "waiting", "delayed", "running", "dead", "oldest"}}
				for _, topic := range job.Topics {
					stats, err := p.Queue.Stats(ctx, topic)
					if err != nil {
						return err
					}
					all = append(all, stats)
					s.rows = append(s.rows, []string{
						string(topic), strconv.Itoa(stats.Waiting), strconv.Itoa(stats.Delayed), strconv.Itoa(stats.Running), strconv.Itoa(stats.Dead),
						stats.Oldest.Round(time.Second).String(),
					})
				}
				return a.print(format, all, s)
			})
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}

func (a *app) queueDeadCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "dlq [QUEUE...]",
		Short: "list the messages that nobody could handle",
		RunE: func(command *cobra.Command, args []string) error {
			topics, err := topicsOf(args)
			if err != nil {
				return err
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				dead := []port.DeadLetter{}
				s := sheet{columns: []string{"id", "queue", "job_id", "user_id", "at", "receives", "reason"}}
				for _, topic := range topics {
					letters, err := p.Queue.Dead(ctx, topic, 1000)
					if err != nil {
						return err
					}
					dead = append(dead, letters...)
					for _, d := range letters {
						s.rows = append(s.rows, []string{d.ID, string(topic), d.Message.JobID, d.Message.UserID, shortTime(&d.At), strconv.Itoa(d.Receives), d.Reason})
					}
				}
				return a.print(format, dead, s)
			})
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}

func (a *app) queueRedriveCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "redrive QUEUE [ID...]",
		Short: "put dead letters back into their queue: those named, or all of it",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			topics, err := topicsOf(args[:1])
			if err != nil {
				return err
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				n, err := p.Queue.Redrive(ctx, topics[0], args[1:])
				if err != nil {
					return err
				}
				if p.Wake != nil {
					p.Wake(topics[0])
				}
				a.say("%d message(s) put back into %s", n, topics[0])
				return audit(ctx, p, "", port.AuditRedrive, fmt.Sprintf("%d of %s", n, topics[0]))
			})
		},
	}
	settingsFlags(command)
	return command
}

// topicsOf takes names of queues; none means all.
func topicsOf(names []string) ([]job.Topic, error) {
	if len(names) == 0 {
		return job.Topics, nil
	}
	var topics []job.Topic
	for _, name := range names {
		if !slices.Contains(job.Topics, job.Topic(name)) {
			all := make([]string, len(job.Topics))
			for i, topic := range job.Topics {
				all[i] = string(topic)
			}
			return nil, usageError("There is no queue %q; it is one of %s.", name, strings.Join(all, ", "))
		}
		topics = append(topics, job.Topic(name))
	}
	return topics, nil
}
