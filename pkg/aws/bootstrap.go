package aws

import (
	"context"
	"slices"
)

// Bootstrap is what making and looking at everything needs to know.
type Bootstrap struct {
	Names  Names
	Origin string // of the pages, for uploads by browsers; empty = none upload
	Sender string // the SES identity of the sender of mails; empty = none is made
	Vault  string // the name of a Glacier vault; empty = there is none
	Role   string // ARN of the role by which the state machine publishes, which is left as it is; empty = the one called as the machine, which is made
}

// Make makes everything that is missing or not as it should be. Repeatable. What was made before an error is returned with it.
func (b Bootstrap) Make(ctx context.Context, s *Session) (made []Made, err error) {
	for _, step := range []func() ([]Made, error){
		func() ([]Made, error) { return MakeTables(ctx, s, b.Names) },
		func() ([]Made, error) { return MakeMessaging(ctx, s, b.Names) },
		func() ([]Made, error) { return MakeStateMachine(ctx, s, b.Names, b.Role) },
		func() ([]Made, error) { return MakeBuckets(ctx, s, b.Names, b.Origin) },
		func() ([]Made, error) { return MakeVault(ctx, s, b.Vault) },
		func() ([]Made, error) { return MakeSender(ctx, s, b.Sender) },
	} {
		some, err := step()
		made = append(made, some...)
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// Check looks at everything and changes nothing.
func (b Bootstrap) Check(ctx context.Context, s *Session) []Finding {
	return slices.Concat(
		CheckTables(ctx, s, b.Names), CheckMessaging(ctx, s, b.Names), CheckStateMachine(ctx, s, b.Names), CheckBuckets(ctx, s, b.Names, b.Origin),
		CheckVault(ctx, s, b.Vault), CheckSender(ctx, s, b.Sender),
	)
}
