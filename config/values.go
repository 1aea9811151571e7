package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// ParseSize reads a number of bytes: "153600", "150KiB", "5 GiB", "1MB".
func ParseSize(text string) (int64, error) {
	size, err := humanize.ParseBytes(strings.TrimSpace(text))
	if err != nil || size > 1<<62 {
		return 0, fmt.Errorf("%q is not a size; write bytes, or a number with KiB, MiB or GiB", text)
	}
	return int64(size), nil
}

// FormatSize writes a number of bytes in the largest unit that keeps it exact.
func FormatSize(size int64) string {
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		scale := int64(1) << (40 - 10*i)
		if size >= scale && size%scale == 0 {
			return strconv.FormatInt(size/scale, 10) + unit
		}
	}
	return strconv.FormatInt(size, 10)
}

// ParseDuration reads "5m", "1h30m", "30d" or "0". A bare number has no unit and is refused.
func ParseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration; write a number with its unit, as in 30s, 5m or 30d", text)
	}
	return d, nil
}

// FormatDuration writes a duration without its zero parts: "5m", not "5m0s".
func FormatDuration(d time.Duration) string {
	text := d.String()
	if d == 0 {
		return "0"
	}
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// ParsePerPlan reads one number for all plans, or FREE,PREMIUM.
func ParsePerPlan(text string) (PerPlan, error) {
	parts := strings.Split(text, ",")
	numbers := make([]int, len(parts))
	for i, part := range parts {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 0 || len(parts) > 2 {
			return PerPlan{}, fmt.Errorf("%q is not a limit; write one number, or FREE,PREMIUM", text)
		}
		numbers[i] = n
	}
	return PerPlan{Free: numbers[0], Premium: numbers[len(numbers)-1]}, nil
}

// String is what ParsePerPlan reads.
func (p PerPlan) String() string {
	if p.Free == p.Premium {
		return strconv.Itoa(p.Free)
	}
	return fmt.Sprintf("%d,%d", p.Free, p.Premium)
}

// Networks of a list and roles may be separated by commas or blanks.
func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// decodeValue turns what a file, a variable or a flag holds into the field's type. It is a hook of mapstructure.
func decodeValue(_, to reflect.Type, value any) (any, error) {
	if to == reflect.TypeFor[time.Duration]() && value == 0 {
		return time.Duration(0), nil
	}
	text, ok := scalarText(value)
	if !ok {
		return value, nil
	}
	switch to {
	case reflect.TypeFor[time.Duration]():
		return ParseDuration(text)
	case reflect.TypeFor[int64]():
		return ParseSize(text)
	case reflect.TypeFor[PerPlan]():
		return ParsePerPlan(text)
	case reflect.TypeFor[[]string]():
		return splitList(text), nil
	case reflect.TypeFor[int]():
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is not a number", text)
		}
		return n, nil
	case reflect.TypeFor[bool]():
		return strconv.ParseBool(text)
	}
	return text, nil
}

// scalarText gives a value of a file as text; lists and mappings have none.
func scalarText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case int, int64, uint64, float64, bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// formatValue writes a field as a file would hold it; a secret stays hidden.
func formatValue(field reflect.Value) string {
	switch v := field.Interface().(type) {
	case time.Duration:
		return FormatDuration(v)
	case int64:
		return FormatSize(v)
	case []string:
		return strings.Join(v, ",")
	case []Provider:
		names := make([]string, len(v))
		for i, p := range v {
			names[i] = p.Name
		}
		return strings.Join(names, ",")
	default:
		return fmt.Sprint(v)
	}
}
