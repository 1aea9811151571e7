package cli

import (
	"context"
	"os/user"

	"gas/pkg/backend"
	"gas/pkg/port"
)

// operator is who acts by a command on the data itself, as the audit log names him.
func operator() string {
	if who, err := user.Current(); err == nil && who.Username != "" {
		return port.AuditOperator + " " + who.Username
	}
	return port.AuditOperator
}

// audit notes what an operator did by a command, to a user's account where about is not empty.
func audit(ctx context.Context, p *backend.Ports, about, did, detail string) error {
	return port.NoteAudit(ctx, p.Records, p.Now(), port.Audit{About: about, By: operator(), Did: did, Detail: detail})
}
