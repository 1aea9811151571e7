package vcf

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// checkMeta judges the header lines by their keys and notes what does not follow the specification.
func (h *Header) checkMeta() []Note {
	var notes []Note
	for i := range h.Meta {
		m := &h.Meta[i]
		if m.Fault != "" {
			continue // noted when it was read
		}
		if rule, wrong := checkMetaLine(m, h.older()); wrong != "" {
			notes = append(notes, Note{rule, m.Line, wrong})
		}
	}
	return notes
}

func checkMetaLine(m *Meta, older bool) (Rule, string) {
	switch m.Key {
	case "INFO":
		return checkDeclaration(m, reservedInfo)
	case "FORMAT":
		return checkDeclaration(m, reservedFormat)
	case "FILTER":
		return RuleMeta, first(checkID(m), checkDescription(m))
	case "ALT":
		return RuleMeta, first(checkID(m), checkAltID(m.Get("ID"), older), checkDescription(m), checkAltExtras(m))
	case "contig":
		return RuleMeta, first(checkID(m), checkSpelling(m, contigID, older))
	case "META":
		return RuleMeta, first(checkID(m), checkMetaValues(m))
	case "SAMPLE":
		return RuleMeta, first(checkID(m), checkSpelling(m, plainID, older), checkSample(m, older))
	case "PEDIGREE":
		return RuleMeta, checkPedigree(m, older)
	case "assembly", "pedigreeDB":
		return RuleMeta, checkAddress(m)
	}
	return 0, ""
}

func first(faults ...string) string {
	for _, f := range faults {
		if f != "" {
			return f
		}
	}
	return ""
}

func checkID(m *Meta) string {
	if len(m.Fields) == 0 || m.Get("ID") == "" {
		return "##" + m.Key + " has no ID."
	}
	return ""
}

func checkDescription(m *Meta) string {
	if !slices.Contains(m.quoted, "Description") {
		return fmt.Sprintf("##%s %s has no Description in quotation marks.", m.Key, m.Get("ID"))
	}
	return ""
}

var (
	contigID = regexp.MustCompile(`^[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*$`)
	plainID  = regexp.MustCompile(`^[^\s,;=<>*]+$`)
	altID    = regexp.MustCompile(`^[^\s,<>]+$`)
	number   = regexp.MustCompile(`^(\d+|[ARG.]|LA|LR|LG|P|M)$`)
)

// checkSpelling refuses IDs with characters that do not belong there. "1.*" is the example of a wrong contig that the
// specification's authors give since VCF 4.3.
func checkSpelling(m *Meta, form *regexp.Regexp, older bool) string {
	if id := m.Get("ID"); !form.MatchString(id) || !older && strings.HasSuffix(id, ".*") {
		return fmt.Sprintf("The ID %q of ##%s holds a character that it may not hold.", id, m.Key)
	}
	return ""
}

func checkAltID(id string, older bool) string {
	prefix, _, several := strings.Cut(id, ":")
	known := slices.Contains([]string{"DEL", "INS", "DUP", "INV", "CNV", "BND", "*", "NON_REF"}, prefix) || strings.HasPrefix(prefix, "CN")
	if !altID.MatchString(id) || (several || older) && !known {
		return fmt.Sprintf("The ID %q of ##ALT does not follow the form of symbolic alleles.", id)
	}
	return ""
}

// checkAltExtras judges Number and Type, which do not belong into ##ALT but are met there.
func checkAltExtras(m *Meta) string {
	if n := m.Get("Number"); n != "" && !number.MatchString(n) {
		return fmt.Sprintf("Number=%s is not known.", n)
	}
	if t := m.Get("Type"); t != "" && !slices.Contains(types, t) {
		return fmt.Sprintf("Type=%s is not known.", t)
	}
	if !inOrder(m, "ID", "Number", "Type", "Description") {
		return "The fields of ##ALT are not in their order."
	}
	return ""
}

var types = []string{"Integer", "Float", "Flag", "Character", "String"}

// checkDeclaration judges ##INFO and ##FORMAT, and compares reserved keys with their reservation.
func checkDeclaration(m *Meta, reserved map[string]declaration) (Rule, string) {
	id, n, kind := m.Get("ID"), m.Get("Number"), m.Get("Type")
	switch {
	case id == "":
		return RuleMeta, "##" + m.Key + " has no ID."
	case !number.MatchString(n):
		return RuleMeta, fmt.Sprintf("Number=%s of ##%s %s is not known.", n, m.Key, id)
	case !slices.Contains(types, kind) || kind == "Flag" && m.Key == "FORMAT":
		return RuleMeta, fmt.Sprintf("Type=%s of ##%s %s is not known.", kind, m.Key, id)
	case !inOrder(m, "ID", "Number", "Type", "Description"):
		return RuleMeta, fmt.Sprintf("The fields of ##%s %s are not in the order ID, Number, Type, Description.", m.Key, id)
	}
	if wrong := checkDescription(m); wrong != "" {
		return RuleMeta, wrong
	}
	want, ok := reserved[id]
	if ok && (want.number != n || want.kind != kind && want.kind != "") {
		return RuleReserved, fmt.Sprintf("The reserved key %s is declared with Number=%s and Type=%s; the specification has Number=%s and Type=%s.", id, n, kind, want.number, want.kind)
	}
	return 0, ""
}

// inOrder tells whether the fields that are there follow each other as named.
func inOrder(m *Meta, names ...string) bool {
	last := -1
	for _, f := range m.Fields {
		at := slices.Index(names, f.Key)
		if at >= 0 && at < last {
			return false
		}
		last = max(last, at)
	}
	return true
}

func checkMetaValues(m *Meta) string {
	n, kind := m.Get("Number"), m.Get("Type")
	values := m.Get("Values")
	switch {
	case n != "" && !number.MatchString(n):
		return fmt.Sprintf("Number=%s of ##META is not known.", n)
	case kind != "" && !slices.Contains(types, kind):
		return fmt.Sprintf("Type=%s of ##META is not known.", kind)
	case !inOrder(m, "ID", "Type", "Number", "Values") && !inOrder(m, "ID", "Number", "Type", "Values"):
		return "The fields of ##META are not in their order."
	case values != "" && !strings.HasPrefix(values, "["):
		return "The Values of ##META are not in square brackets."
	}
	return ""
}

// checkSample judges what ##SAMPLE had to hold before VCF 4.3.
func checkSample(m *Meta, older bool) string {
	if !older {
		return ""
	}
	for _, key := range []string{"Genomes", "Mixture"} {
		if m.Get(key) == "" {
			return "##SAMPLE lacks " + key + "."
		}
	}
	if slices.ContainsFunc(m.quoted, func(key string) bool { return key != "Description" }) {
		return "##SAMPLE has a quoted value that is no Description."
	}
	return ""
}

// checkPedigree judges ##PEDIGREE, whose values are the names of samples.
func checkPedigree(m *Meta, older bool) string {
	if len(m.Fields) == 0 || !older && m.Get("ID") == "" {
		return "##PEDIGREE names nobody."
	}
	for _, f := range m.Fields {
		if f.Value == "" || strings.ContainsAny(f.Value, " \t,;:=<>") {
			return fmt.Sprintf("The value %q of ##PEDIGREE holds a character that it may not hold.", f.Value)
		}
	}
	return ""
}

// checkAddress judges lines whose value is an address.
func checkAddress(m *Meta) string {
	value := strings.TrimSuffix(strings.TrimPrefix(m.Value, "<"), ">")
	if m.Fields != nil || value == "" {
		if len(m.Fields) == 0 && value == "" {
			return "##" + m.Key + " holds no address."
		}
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Host != "" && (u.Hostname() == "" || strings.Trim(u.Hostname(), "0123456789") == "") {
		return fmt.Sprintf("##%s does not hold an address.", m.Key)
	}
	return ""
}
