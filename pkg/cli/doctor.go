package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/roles/web"
)

// finding is what doctor says of one thing it tried.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Took   string `json:"took"`
}

// trial is one thing that doctor tries. It returns a detail, or why it did not work.
type trial struct {
	name string
	do   func(ctx context.Context) (string, error)
}

// trialTime is how long one trial may take.
const trialTime = 20 * time.Second

func (a *app) doctorCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "doctor",
		Short: "try every port: write, read and delete something in each; on AWS also look what is missing or open to others",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			findings, err := diagnose(command.Context(), loaded.Config)
			if err != nil {
				return err
			}
			s := sheet{columns: []string{"port", "state", "took", "detail"}}
			sick := 0
			for _, f := range findings {
				state := "ok"
				if !f.OK {
					state = "FAILS"
					sick++
				}
				s.rows = append(s.rows, []string{f.Name, state, f.Took, f.Detail})
			}
			if err := a.print(format, findings, s); err != nil {
				return err
			}
			if sick > 0 {
				return fmt.Errorf("%d of %d do not work as they should", sick, len(findings))
			}
			return nil
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}

// diagnose looks at the things on AWS, and then tries every port. On AWS a backend that cannot be opened is one more finding: what is missing has been said.
func diagnose(ctx context.Context, c config.Config) (findings []finding, err error) {
	onAWS := c.Backend == "aws"
	if onAWS {
		if findings, err = awsFindings(ctx, c); err != nil {
			return nil, err
		}
	}
	ports, err := backend.Open(ctx, c)
	if err != nil && onAWS {
		return append(findings, finding{Name: "backend", Detail: err.Error()}), nil
	}
	if err != nil {
		return nil, err
	}
	findings = append(findings, examine(ctx, trialsOf(ports))...)
	return findings, ports.Close()
}

func examine(ctx context.Context, trials []trial) (findings []finding) {
	for _, t := range trials {
		trying, cancel := context.WithTimeout(ctx, trialTime)
		begun := time.Now()
		detail, err := t.do(trying)
		cancel()
		f := finding{Name: t.name, OK: err == nil, Detail: detail, Took: time.Since(begun).Round(100 * time.Microsecond).String()}
		if err != nil {
			f.Detail = err.Error()
		}
		findings = append(findings, f)
	}
	return findings
}

// trialsOf lists what is tried on the ports of a backend; a port that it does not have is left out.
func trialsOf(p *backend.Ports) []trial {
	trials := []trial{
		{"store", func(ctx context.Context) (string, error) { return tryStore(ctx, p.Store, p.Now) }},
		{"records", func(ctx context.Context) (string, error) { return "", tryRecords(ctx, p.Records, p.Now()) }},
		{"inputs", func(ctx context.Context) (string, error) { return "", tryBlobs(ctx, p.Inputs) }},
		{"results", func(ctx context.Context) (string, error) { return "", tryBlobs(ctx, p.Results) }},
		{"queues", func(ctx context.Context) (string, error) { return tryQueues(ctx, p.Queue) }},
	}
	if p.Vault != nil {
		trials = append(trials, trial{"vault", func(ctx context.Context) (string, error) {
			_, _, _, err := p.Vault.List(ctx, "", 1)
			return "", err
		}})
	}
	if p.Payments != nil {
		trials = append(trials, trial{"payments", func(ctx context.Context) (string, error) { return tryPayments(ctx, p.Payments) }})
	}
	if p.Identity != nil {
		trials = append(trials, trial{"identity", func(context.Context) (string, error) {
			var names []string
			for _, provider := range p.Identity.Providers() {
				names = append(names, provider.Name)
			}
			return strings.Join(names, ", "), nil
		}})
	}
	return trials
}

func tryStore(ctx context.Context, store port.Store, clock port.Clock) (string, error) {
	now, err := store.Now(ctx)
	if err != nil {
		return "", err
	}
	skew := clock().Sub(now).Round(time.Millisecond)
	if skew.Abs() > 2*time.Second {
		return "", fmt.Errorf("the clock differs from the store's by %s", skew)
	}
	return "", nil
}

// tryPayments asks what the premium plan costs.
func tryPayments(ctx context.Context, pay port.Payments) (string, error) {
	price, err := pay.Price(ctx)
	if errors.Is(err, port.ErrNotFound) {
		return "the local checkout, which charges nothing", nil
	}
	if err != nil {
		return "", err
	}
	return web.PriceText(price), nil
}

func tryRecords(ctx context.Context, records port.Records, now time.Time) error {
	id := uuid.NewString()
	if err := records.Create(ctx, port.Record{Kind: "doctor", ID: id, Value: []byte("{}"), Created: now, Expires: now.Add(time.Hour)}); err != nil {
		return err
	}
	if _, err := records.Get(ctx, "doctor", id); err != nil {
		return err
	}
	return records.Delete(ctx, "doctor", id)
}

func tryBlobs(ctx context.Context, blobs port.Blobs) (err error) {
	key := "doctor/" + uuid.NewString()
	const text = "what doctor writes"
	if _, err := blobs.Put(ctx, key, strings.NewReader(text), port.Put{Size: int64(len(text))}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Delete(ctx, key)) }()
	body, _, err := blobs.Open(ctx, key, "", port.Whole)
	if err != nil {
		return err
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err == nil && string(got) != text {
		err = errors.New("other bytes came back")
	}
	return err
}

func tryQueues(ctx context.Context, queue port.Queue) (string, error) {
	waiting, dead := 0, 0
	for _, topic := range job.Topics {
		stats, err := queue.Stats(ctx, topic)
		if err != nil {
			return "", fmt.Errorf("%s: %w", topic, err)
		}
		waiting, dead = waiting+stats.Waiting, dead+stats.Dead
	}
	return fmt.Sprintf("%d waiting, %d dead", waiting, dead), nil
}
