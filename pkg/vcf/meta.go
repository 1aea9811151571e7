package vcf

import "strings"

// parseMeta takes a header line apart, without its leading ##. What does not follow the form is said in Fault; the rest is read as well as it can be.
func parseMeta(line string) Meta {
	key, value, ok := strings.Cut(line, "=")
	if !ok || key == "" || strings.ContainsAny(key, " \t<>\"") {
		return Meta{Key: key, Fault: "A header line has the form ##key=value; this one was passed on as it is."}
	}
	m := Meta{Key: key}
	if value == "" {
		m.Fault = "The header line has no value; it was passed on as it is."
		return m
	}
	if value[0] != '<' || key == "pedigreeDB" {
		m.Value = value
		if structuredKeys[key] {
			m.Fault = "##" + key + " has the form <ID=…,…>; this one was passed on as it is."
		}
		return m
	}
	if !strings.HasSuffix(value, ">") {
		m.Value = value
		m.Fault = "The header line is not closed by >; it was passed on as it is."
		return m
	}
	m.Fields = []Field{}
	m.fields(value[1 : len(value)-1])
	return m
}

// structuredKeys are the keys whose lines are always structured.
var structuredKeys = map[string]bool{"INFO": true, "FORMAT": true, "FILTER": true, "ALT": true, "contig": true, "META": true, "SAMPLE": true, "PEDIGREE": true}

// fields reads "key=value,key="quoted value",key=[a, b]".
func (m *Meta) fields(s string) {
	for s != "" {
		if len(m.Fields) == DefaultEntries {
			m.malformed("holds too many parts")
			return
		}
		end := strings.IndexAny(s, "=,")
		if end < 0 || s[end] == ',' || end == 0 {
			m.malformed("holds a part that is not key=value")
			if end < 0 {
				return
			}
			s = s[end+1:]
			continue
		}
		key := s[:end]
		value, rest, quoted, ok := metaValue(s[end+1:])
		if !ok {
			m.malformed("holds a value whose quotation mark or bracket is not closed, or not escaped")
		}
		if quoted {
			m.quoted = append(m.quoted, key)
		}
		m.Fields = append(m.Fields, Field{key, value})
		if s = strings.TrimPrefix(rest, ","); rest == "," || rest != "" && rest == s {
			m.malformed("holds text behind a value")
			if next := strings.IndexByte(s, ','); next >= 0 {
				s = s[next+1:]
			} else {
				return
			}
		}
	}
}

func (m *Meta) malformed(what string) {
	if m.Fault == "" {
		m.Fault = "The header line " + what + "; it was passed on as it is."
	}
}

// metaValue reads one value up to its comma.
func metaValue(s string) (value, rest string, quoted, ok bool) {
	if strings.HasPrefix(s, "[") {
		if end := strings.IndexByte(s, ']'); end >= 0 {
			return s[:end+1], s[end+1:], false, true
		}
		return s, "", false, false
	}
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s, ',')
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], false, true
	}
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				text.WriteByte(s[i])
			}
		case '"':
			return text.String(), s[i+1:], true, true
		default:
			text.WriteByte(s[i])
		}
	}
	return text.String(), "", true, false
}
