package annotate

import "bytes"

// appendInfo appends INFO without the entries that the result brings itself, and nothing for a missing one.
func (w *worker) appendInfo(dst, info []byte) []byte {
	if len(info) == 1 && info[0] == '.' {
		return dst
	}
	for _, key := range w.plan.keys {
		if findEntry(info, key) >= 0 {
			return w.appendOthers(dst, info)
		}
	}
	return append(dst, info...)
}

// appendOthers appends the entries that none of the plan's keys begins.
func (w *worker) appendOthers(dst, info []byte) []byte {
	start := len(dst)
	for entry := range bytes.SplitSeq(info, []byte{';'}) {
		if w.own(entry) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ';')
		}
		dst = append(dst, entry...)
	}
	return dst
}

func (w *worker) own(entry []byte) bool {
	for _, key := range w.plan.keys {
		if bytes.HasPrefix(entry, key) {
			return true
		}
	}
	return false
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
