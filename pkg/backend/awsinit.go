package backend

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strings"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/fault"
	"gas/pkg/port"
)

// awsSession opens a session with AWS by the settings, and tells how to close it. Under GAS_AWS_CALLS it notes each call in that file.
func awsSession(ctx context.Context, c config.Config) (s *aws.Session, closeAll func() error, err error) {
	if c.AWSCalls == "" {
		if s, err = aws.OpenSession(ctx, c.AWS.Region); err != nil {
			return nil, nil, err
		}
		return s, s.Close, nil
	}
	calls, err := os.OpenFile(c.AWSCalls, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("note calls to AWS: %w", err)
	}
	if s, err = aws.OpenSession(ctx, c.AWS.Region, aws.Recording(calls)); err != nil {
		return nil, nil, errors.Join(err, calls.Close())
	}
	return s, func() error { return errors.Join(s.Close(), calls.Close()) }, nil
}

// bootstrapOf is what the settings want of AWS.
func bootstrapOf(c config.Config) aws.Bootstrap {
	b := aws.Bootstrap{Names: AWSNames(c.AWS), Origin: strings.TrimSuffix(c.BaseURL, "/")}
	if vault, name, ok := strings.Cut(c.AWS.Vault, ":"); ok && vault == "glacier" {
		b.Vault = name
	}
	if c.SMTPURL == "" {
		b.Sender = c.MailFrom
		if sender, err := mail.ParseAddress(c.MailFrom); err == nil {
			b.Sender = sender.Address
		}
	}
	return b
}

// MakeAWS makes everything on AWS that the settings name and that is missing or not as it should be. Repeatable. machineRole is the ARN of the
// role by which the state machine publishes, which is left as it is; empty = the one that is called as the machine, which is made too. What was made
// before an error is returned with it.
func MakeAWS(ctx context.Context, c config.Config, machineRole string) (made []aws.Made, err error) {
	s, closeSession, err := awsSession(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeSession()) }()
	b := bootstrapOf(c)
	b.Role = machineRole
	if made, err = b.Make(ctx, s); err != nil {
		return made, err
	}
	i, isNew, err := installAWS(ctx, c, s)
	if err != nil {
		return made, err
	}
	return append(made, aws.Made{Kind: "installation", Name: i.ID, New: isNew}), nil
}

// InstallAWS makes the installation of new tables, and tells buckets and vault of it that know of none.
func InstallAWS(ctx context.Context, c config.Config) (i port.Installation, err error) {
	s, closeSession, err := awsSession(ctx, c)
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, closeSession()) }()
	i, _, err = installAWS(ctx, c, s)
	return i, err
}

// keeper is a place that keeps the installation.
type keeper interface {
	port.Installed
	Install(ctx context.Context, i port.Installation) error
}

// keepers are the places beside the tables, by their names.
func keepers(ctx context.Context, c config.Config, s *aws.Session) (map[string]keeper, error) {
	n := AWSNames(c.AWS)
	vault, err := vaultOf(ctx, s, s.Bus(n), c)
	if err != nil {
		return nil, err
	}
	return map[string]keeper{"bucket " + n.BucketInputs: s.Blobs(n.BucketInputs), "bucket " + n.BucketResults: s.Blobs(n.BucketResults), "vault " + c.AWS.Vault: vault}, nil
}

// installAWS gives tables, buckets and vault the same installation, and tells whether one of them had none. A place of another installation is left alone and
// is an error: to mix the two would lose data.
func installAWS(ctx context.Context, c config.Config, s *aws.Session) (i port.Installation, isNew bool, err error) {
	store, _ := s.Database(AWSNames(c.AWS), nil)
	_, err = store.Installation(ctx)
	isNew = errors.Is(err, port.ErrNotFound)
	if err != nil && !isNew {
		return i, false, err
	}
	if i, err = store.Install(ctx); err != nil {
		return i, false, err
	}
	places, err := keepers(ctx, c, s)
	if err != nil {
		return i, isNew, err
	}
	for name, place := range places {
		found, err := place.Installation(ctx)
		switch {
		case errors.Is(err, port.ErrNotFound):
			isNew = true
			err = place.Install(ctx, i)
		case errors.Is(err, errors.ErrUnsupported):
			err = nil
		case err == nil && found.ID != i.ID:
			err = fault.New(fault.Conflict, "The %s belongs to the installation %s, the tables to %s.", name, found.ID, i.ID).WithHint("Name other buckets or tables.")
		}
		if err != nil {
			return i, isNew, fmt.Errorf("install in %s: %w", name, err)
		}
	}
	return i, isNew, nil
}

// CheckAWS looks at everything on AWS that the settings name and changes nothing.
func CheckAWS(ctx context.Context, c config.Config) (found []aws.Finding, err error) {
	s, closeSession, err := awsSession(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeSession()) }()
	found = bootstrapOf(c).Check(ctx, s)
	return append(found, checkInstallation(ctx, c, s)), nil
}

func checkInstallation(ctx context.Context, c config.Config, s *aws.Session) aws.Finding {
	f := aws.Finding{Kind: "installation"}
	store, _ := s.Database(AWSNames(c.AWS), nil)
	want, err := store.Installation(ctx)
	if err != nil {
		f.Fault = "the tables hold none"
		return f
	}
	f.Name = want.ID
	places, err := keepers(ctx, c, s)
	if err != nil {
		f.Fault = err.Error()
		return f
	}
	for name, place := range places {
		found, err := place.Installation(ctx)
		switch {
		case errors.Is(err, errors.ErrUnsupported):
		case err != nil:
			f.Fault = "the " + name + " does not say to which installation it belongs"
		case found != want:
			f.Fault, f.Danger = fmt.Sprintf("the %s belongs to %s, epoch %d; the tables are at epoch %d", name, found.ID, found.Epoch, want.Epoch), true
		}
	}
	return f
}

// AWSPlace is where the things that the settings name are, for policies. The region of the settings counts; empty = any.
func AWSPlace(c config.Config, partition, account string) aws.Place {
	b := bootstrapOf(c)
	at := aws.Place{Partition: partition, Region: c.AWS.Region, Account: account, Names: b.Names, Vault: b.Vault, Sender: b.Sender}
	if at.Region == "" {
		at.Region = "*"
	}
	if at.Sender == "" {
		at.Sender = "*"
	}
	return at
}
