package vcf

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// declarations finds what is declared of INFO and FORMAT keys: by the file, else by the specification.
type declarations struct {
	info, format map[string]declaration
	formatKey    *regexp.Regexp
}

func newDeclarations(h *Header) *declarations {
	d := &declarations{info: map[string]declaration{}, format: map[string]declaration{}, formatKey: formatKey}
	if h.older() {
		d.formatKey = olderFormatKey
	}
	for key, r := range reservedInfo {
		d.info[key] = r
	}
	for key, r := range reservedFormat {
		d.format[key] = r
	}
	for i := range h.Meta {
		m := &h.Meta[i]
		switch m.Key {
		case "INFO":
			d.info[m.Get("ID")] = declaration{m.Get("Number"), m.Get("Type")}
		case "FORMAT":
			d.format[m.Get("ID")] = declaration{m.Get("Number"), m.Get("Type")}
		}
	}
	return d
}

// judgeInfo returns what is wrong with INFO, and the rule by which it is passed on.
func (d *declarations) judgeInfo(info []byte, alleles int) (Rule, string) {
	if string(info) == "." {
		return 0, ""
	}
	if at := bytes.IndexByte(info, ' '); at >= 0 {
		return RuleKey, "INFO holds a space."
	}
	seen := map[string]bool{}
	for entry := range bytes.SplitSeq(info, []byte{';'}) {
		name, value, valued := bytes.Cut(entry, []byte{'='})
		key := string(name)
		if key == "" || seen[key] {
			return RuleKey, fmt.Sprintf("INFO has the key %q twice, or an entry without a key.", key)
		}
		seen[key] = true
		want, ok := d.info[key]
		if !ok {
			continue
		}
		if want.number == "G" && bytes.Count(value, []byte{','}) == alleles {
			want.number = "." // one value for each allele: the records are of haploid samples
		}
		if wrong := judgeValue(want, value, valued, alleles, 2); wrong != "" {
			return RuleValue, fmt.Sprintf("The value of %s in INFO %s.", key, wrong)
		}
		if wrong := judgeReserved(key, value); wrong != "" {
			return RuleValue, fmt.Sprintf("The value of %s in INFO %s.", key, wrong)
		}
	}
	return 0, ""
}

// judgeReserved adds what the specification says of some reserved keys.
func judgeReserved(key string, value []byte) string {
	switch {
	case unsigned[key] && (bytes.HasPrefix(value, []byte{'-'}) || bytes.Contains(value, []byte(",-"))):
		return "is below 0"
	case key == "CIGAR" && !isCIGAR(value):
		return "is no CIGAR string"
	}
	return ""
}

// isCIGAR tells whether values are made of numbers and operations.
func isCIGAR(value []byte) bool {
	for part := range bytes.SplitSeq(value, []byte{','}) {
		digits := 0
		for i, c := range part {
			switch {
			case c >= '0' && c <= '9':
				digits++
				continue
			case c == '.' && len(part) == 1:
			case digits == 0 || bytes.IndexByte([]byte("MIDNSHPX="), c) < 0:
				return false
			}
			digits = 0
			_ = i
		}
		if digits > 0 || len(part) == 0 {
			return false
		}
	}
	return true
}

// judgeValue holds a value against a declaration. Alleles counts the ALT alleles.
func judgeValue(want declaration, value []byte, valued bool, alleles, ploidy int) string {
	if want.number == "0" || want.kind == "Flag" {
		if valued && string(value) != "0" && string(value) != "1" {
			return "is a flag and has no value"
		}
		return ""
	}
	if !valued || len(value) == 0 && !strings.HasPrefix(want.number, "L") && want.number != "." {
		return "is missing"
	}
	if len(value) == 0 {
		return "" // an empty list
	}
	if len(value) == 1 && value[0] == '.' {
		return ""
	}
	if n, fixed := valueCount(want.number, alleles, ploidy); fixed && bytes.Count(value, []byte{','})+1 != n {
		return fmt.Sprintf("has %d parts where Number=%s asks for %d", bytes.Count(value, []byte{','})+1, want.number, n)
	}
	for part := range bytes.SplitSeq(value, []byte{','}) {
		if !isOfType(want.kind, part) {
			return fmt.Sprintf("is not of the type %s", want.kind)
		}
	}
	return ""
}

// valueCount is how many values a Number asks for, where it asks for a number of them.
func valueCount(number string, alleles, ploidy int) (int, bool) {
	if alleles == 0 {
		return 0, false // what is said of the alleles of a record without any differs from file to file
	}
	switch number {
	case "A":
		return alleles, true
	case "R":
		return alleles + 1, true
	case "G":
		n := 1 // the number of multisets of ploidy alleles
		for i := 1; i <= ploidy; i++ {
			n = n * (alleles + i) / i
		}
		return n, true
	}
	n, err := strconv.Atoi(number)
	return n, err == nil
}

func isOfType(kind string, value []byte) bool {
	if len(value) == 1 && value[0] == '.' {
		return true
	}
	switch kind {
	case "Integer":
		n, err := strconv.ParseInt(string(value), 10, 64)
		return err == nil && n >= math.MinInt32+8 && n <= math.MaxInt32 // the eight least are reserved by BCF
	case "Float":
		_, err := strconv.ParseFloat(string(value), 64)
		return err == nil || len(value) > 0 && bytes.IndexByte([]byte("0123456789"), value[len(value)-1]) >= 0 && errIsRange(err)
	case "Character":
		return len(value) == 1
	}
	return len(value) > 0
}

func errIsRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}
