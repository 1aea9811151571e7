package config

// Secret is a value that never appears in output: it prints as "***", or as "" when it is empty.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// MarshalText hides the value in JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// Reveal gives the value, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }
