package annotate

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// ownKeys are INFO keys that the result brings itself.
type ownKeys struct {
	keys   [][]byte // each with its "="
	first  [256]uint8
	second [256]uint8 // bytes that a key begins with; a bit for each key, or for several
}

// add adds a key, with its "=".
func (o *ownKeys) add(key []byte) {
	bit := uint8(1) << (len(o.keys) % 8)
	o.keys = append(o.keys, key)
	o.first[key[0]] |= bit
	o.second[key[1]] |= bit
}

// begin reports whether an entry begins with one of the keys.
func (o *ownKeys) begin(entry []byte) bool {
	for _, key := range o.keys {
		if bytes.HasPrefix(entry, key) {
			return true
		}
	}
	return false
}

const (
	everyByte = 0x0101010101010101
	lowBits   = 0x7f * everyByte
)

// in reports whether an entry of INFO begins with one of the keys. It looks for semicolons eight bytes at a time, and at the two bytes behind each.
func (o *ownKeys) in(info []byte) bool {
	if o.begin(info) {
		return true
	}
	at := 0
	for ; at+10 <= len(info); at += 8 {
		x := binary.LittleEndian.Uint64(info[at:]) ^ ';'*everyByte
		for found := ^((x&lowBits + lowBits) | x | lowBits); found != 0; found &= found - 1 {
			next := at + bits.TrailingZeros64(found)>>3 + 1
			if o.first[info[next]]&o.second[info[next+1]] != 0 && o.begin(info[next:]) {
				return true
			}
		}
	}
	for ; at < len(info); at++ {
		if info[at] == ';' && o.begin(info[at+1:]) {
			return true
		}
	}
	return false
}

// appendToInfo appends the record up to the end of INFO, without the entries that the result brings itself, and without a missing INFO. It tells how
// long dst was before INFO.
func (w *worker) appendToInfo(dst []byte) (_ []byte, before int) {
	r := &w.record
	before = len(dst) + len(r.BeforeInfo())
	switch {
	case len(r.Info) == 1 && r.Info[0] == '.':
		return append(dst, r.BeforeInfo()...), before
	case w.plan.own.in(r.Info):
		return w.appendOthers(append(dst, r.BeforeInfo()...), r.Info), before
	}
	return append(dst, r.ToInfo()...), before
}

// appendOthers appends the entries that none of the own keys begins.
func (w *worker) appendOthers(dst, info []byte) []byte {
	start := len(dst)
	for entry := range bytes.SplitSeq(info, []byte{';'}) {
		if w.plan.own.begin(entry) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ';')
		}
		dst = append(dst, entry...)
	}
	return dst
}

// findEntry is where the value of the entry that begins with key= starts; -1 where there is none.
func findEntry(info, key []byte) int {
	for from := 0; ; {
		at := bytes.Index(info[from:], key)
		if at < 0 {
			return -1
		}
		if at += from; at == 0 || info[at-1] == ';' {
			return at + len(key)
		}
		from = at + 1
	}
}

var endKey = []byte("END=")

// infoEnd is the value of END, 0 where there is none.
func infoEnd(info []byte) uint32 {
	at := findEntry(info, endKey)
	if at < 0 {
		return 0
	}
	end := uint64(0)
	for ; at < len(info) && info[at]-'0' <= 9 && end < 1<<31; at++ {
		end = end*10 + uint64(info[at]-'0')
	}
	return uint32(min(end, 1<<31-1))
}
