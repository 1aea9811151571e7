//go:build !mutants

// Package mutant switches deliberate breaks of the protocol on, so that a test can show that the simulation finds each of them.
// In a release all of them are constants that are false: the compiler leaves nothing of them in the binary.
package mutant

// The breaks. Each is one rule of the life of a job, taken away.
const (
	NoCondition = false // commits hold whatever gen and attempt say
	SameKey     = false // a restored copy goes under the first key again
	EarlyDelete = false // the hot object is deleted before the commit
	EarlyAck    = false // a message is acked before its handler has committed
	NoChecksum  = false // a copy is not verified
	PlanHint    = false // the plan is taken from before the claim instead of the commit's own transaction
	NoPlanCheck = false // the archive commit does not look at the plan
	NoSweeper   = false // nobody posts a lost message again
	AnyGen      = false // the collector deletes what the record does not name, whatever its gen
	NoInstall   = false // the collector does not compare installations
	EarlyNotice = false // the mail is sent before the commit that it tells of
	LoserDelete = false // who lost his claim deletes his objects
	WindowEnd   = false // the window's last instant still counts as open
	EventOrder  = false // payment events are believed in the order of arrival
)
