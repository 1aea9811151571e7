package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"gas/pkg/user"
)

// when is a time as a page shows it: UTC in the text, exact in the attribute, from which the script makes the local tooltip.
type when struct{ ISO, Text string }

func at(t time.Time) when {
	if t.IsZero() {
		return when{}
	}
	t = t.UTC()
	return when{ISO: t.Format(time.RFC3339), Text: t.Format("2 Jan 2006, 15:04 UTC")}
}

// toTheSecond is at with seconds, for what is read line by line.
func toTheSecond(t time.Time) when {
	w := at(t)
	if w.ISO != "" {
		w.Text = t.UTC().Format("2 Jan 2006, 15:04:05 UTC")
	}
	return w
}

// clockText is a time of day, with the date where it is not today.
func clockText(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04 UTC")
	}
	return t.Format("2 Jan 2006, 15:04 UTC")
}

// countText writes a number with commas: 84,210.
func countText[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural writes a number with its noun: "1 job", "2 jobs".
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return countText(n) + " " + many
}

// sizeText writes bytes in the largest binary unit that leaves at least one, without needless decimals: 150 KiB, 1.5 MiB.
func sizeText(bytes int64) string {
	if bytes < 1024 {
		return plural(bytes, "byte", "bytes")
	}
	value := float64(bytes)
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		value /= 1024
		if value < 1023.95 || unit == "TiB" {
			if value >= 99.95 || value == math.Trunc(value) {
				return fmt.Sprintf("%.0f %s", value, unit)
			}
			return fmt.Sprintf("%.1f %s", value, unit)
		}
	}
	return ""
}

// durationText writes how long something takes, in the unit that a person would use.
func durationText(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// leftText is a time that is counted down, to the second where that matters. gas.js writes it in the same way.
func leftText(d time.Duration) string {
	switch s := int64(d / time.Second); {
	case s < 60:
		return fmt.Sprintf("%d s", max(s, 0))
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	case s < 48*3600:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	default:
		return fmt.Sprintf("%d days", s/86400)
	}
}

// ordinal writes a place in a row: first, second, third, 4th, 21st.
func ordinal(n int) string {
	if n >= 1 && n <= 3 {
		return [...]string{"first", "second", "third"}[n-1]
	}
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return countText(n) + suffix
}

// sentence makes the first letter large.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// visible shows control and bidirectional characters as their numbers, so that a name or a log can't pretend to be another. Line ends and tabs
// stay, a line end of Windows becomes a plain one, invalid UTF-8 becomes U+FFFD.
func visible(text string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD") {
		if r == '\n' || r == '\t' || !hidden(r) {
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, "\\u%04X", r)
	}
	return out.String()
}

// hidden tells whether a character has no shape of its own or turns the direction of others.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// nameOf is how a page calls a user.
func nameOf(u user.User) string {
	for _, name := range []string{u.Name, u.Email, u.Subject, u.ID} {
		if name != "" {
			return visible(name)
		}
	}
	return "you"
}

// browserText names a browser and its system from what it says of itself, as far as they are well known.
func browserText(agent string) string {
	find := func(pairs ...[2]string) string {
		for _, p := range pairs {
			if strings.Contains(agent, p[0]) {
				return p[1]
			}
		}
		return ""
	}
	name := find([2]string{"Edg/", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"}, [2]string{"curl/", "curl"})
	system := find([2]string{"Windows", "Windows"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Android", "Android"}, [2]string{"Mac OS X", "macOS"}, [2]string{"Linux", "Linux"})
	switch {
	case name == "":
		return orDefault(visible(firstOf(agent, 60)), "Unknown browser")
	case system == "":
		return name
	}
	return name + " on " + system
}
