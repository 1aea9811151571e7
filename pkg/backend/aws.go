package backend

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"

	"github.com/google/uuid"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/aws/snspost"
	"gas/pkg/fault"
	"gas/pkg/port"
)

// coldStore is a vault that keeps the installation.
type coldStore interface {
	port.Vault
	port.Installed
	Install(ctx context.Context, i port.Installation) error
}

// openAWS opens the ports on AWS. What they need is made by gas aws init.
func openAWS(ctx context.Context, c config.Config) (p *Ports, err error) {
	s, closeSession, err := awsSession(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeSession())
		}
	}()
	names := AWSNames(c.AWS)
	store, records := s.Database(names, nil)
	install, err := store.Installation(ctx)
	if errors.Is(err, port.ErrNotFound) {
		return nil, fault.New(fault.Usage, "The tables on AWS hold no installation.").WithHint("gas aws init makes one")
	}
	if err != nil {
		return nil, err
	}
	bus, inputs := s.Bus(names), s.Blobs(names.BucketInputs)
	vault, err := vaultOf(ctx, s, bus, c)
	if err != nil {
		return nil, err
	}
	webhooks, err := webhooksOf(ctx, bus, c)
	if err != nil {
		return nil, err
	}
	mailer, err := s.Mailer(c.MailFrom)
	if err != nil {
		return nil, err
	}
	identity, err := identityOf(c, nil)
	if err != nil {
		return nil, err
	}
	pay, err := paymentsOf(c, install, nil)
	if err != nil {
		return nil, err
	}
	return &Ports{
		Now: clock(c), Install: install, Instance: uuid.NewString(),
		Store: store, Records: records, Inputs: inputs, Results: s.Blobs(names.BucketResults), Parts: inputs,
		Bus: bus, Queue: s.Queue(names), Webhooks: webhooks, Vault: vault, Mailer: mailer, Payments: pay, Identity: identity,
		close: closeSession,
	}, nil
}

// vaultOf is cold storage by the setting vault: s3, or glacier:NAME.
func vaultOf(ctx context.Context, s *aws.Session, bus *aws.Bus, c config.Config) (coldStore, error) {
	name, is := strings.CutPrefix(c.AWS.Vault, "glacier:")
	if !is {
		return s.S3Vault(AWSNames(c.AWS).BucketArchive), nil
	}
	topic, err := bus.RestoreTopic(ctx)
	if err != nil {
		return nil, err
	}
	return s.GlacierVault(name, topic), nil
}

// webhooksOf verifies what SNS posts to workers. An emulator's certificates are believed under GAS_TEST alone, and on this machine alone.
func webhooksOf(ctx context.Context, bus *aws.Bus, c config.Config) (port.Webhooks, error) {
	topics, err := bus.TopicARNs(ctx)
	if err != nil {
		return nil, err
	}
	options := snspost.Options{Topics: topics, Confirm: bus.Confirm, Now: clock(c)}
	if c.Test {
		options.Emulator = loopbackEndpoint("SNS")
	}
	return snspost.New(options)
}

// loopbackEndpoint is where the environment leads a service, if that is this machine.
func loopbackEndpoint(service string) string {
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if u, err := url.Parse(os.Getenv(name)); err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost") {
			return "http://" + u.Host
		}
	}
	return ""
}
