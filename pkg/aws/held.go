package aws

import (
	"maps"
	"sync"
	"time"
)

// held remembers how long the messages that this process has received are hidden from others. SQS keeps the receipt of every receive good, also when
// somebody else has received the message since: an old one would hide or delete what is in his hands. So a receipt whose time is over is not
// used any more. A receipt that is not known, such as one that Lambda has received, is used.
type held struct {
	mu    sync.Mutex
	until map[string]time.Time // by receipt
}

func newHeld() *held { return &held{until: map[string]time.Time{}} }

// keep notes that a receipt is good until a time, and forgets those that have been over for longer than anybody holds a message.
func (h *held) keep(receipt string, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := time.Now().Add(-longestHide)
	maps.DeleteFunc(h.until, func(_ string, at time.Time) bool { return at.Before(old) })
	h.until[receipt] = until
}

// lost tells whether a receipt's time is over, or was ended by us. None at all is lost too.
func (h *held) lost(receipt string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	until, known := h.until[receipt]
	return receipt == "" || known && !time.Now().Before(until)
}

// forget drops a receipt whose message is deleted.
func (h *held) forget(receipt string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.until, receipt)
}
