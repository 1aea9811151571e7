//go:build mutants

package mutant

// The breaks, switched on one at a time by a test.
var (
	NoCondition bool
	SameKey     bool
	EarlyDelete bool
	EarlyAck    bool
	NoChecksum  bool
	PlanHint    bool
	NoPlanCheck bool
	NoSweeper   bool
	AnyGen      bool
	NoInstall   bool
	EarlyNotice bool
	LoserDelete bool
	WindowEnd   bool
	EventOrder  bool
)

var planted = map[string]*bool{
	"mutant-no-condition":  &NoCondition,
	"mutant-same-key":      &SameKey,
	"mutant-early-delete":  &EarlyDelete,
	"mutant-early-ack":     &EarlyAck,
	"mutant-no-checksum":   &NoChecksum,
	"mutant-plan-hint":     &PlanHint,
	"mutant-no-plan-check": &NoPlanCheck,
	"mutant-no-sweeper":    &NoSweeper,
	"mutant-any-gen":       &AnyGen,
	"mutant-no-install":    &NoInstall,
	"mutant-early-notice":  &EarlyNotice,
	"mutant-loser-delete":  &LoserDelete,
	"mutant-window-end":    &WindowEnd,
	"mutant-event-order":   &EventOrder,
}

// Names lists the breaks.
func Names() []string {
	var names []string
	for name := range planted {
		names = append(names, name)
	}
	return names
}

// Plant switches one break on, and all others off. No name switches all off.
func Plant(name string) {
	for other, on := range planted {
		*on = other == name
	}
}
