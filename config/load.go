package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"gas/pkg/fault"
)

// Source says where settings are read from. The zero value reads the environment and the default places.
type Source struct {
	File    string         // a file that must exist; empty = the first of Files that does
	Flags   *pflag.FlagSet // flags that were given win; may be nil
	Environ func() []string
}

// Loaded is a configuration and where each of its values came from.
type Loaded struct {
	Config
	Origins  map[string]string // by key; a key that is missing has its default
	Warnings []string          // what was read and has no effect
}

// layer is one place that settings come from.
type layer struct {
	values map[string]any
	origin func(key string) string
}

// Variables that begin with GAS_ and are not settings.
var otherVariables = []string{
	"GAS_CONFIG", "GAS_SERVER", "GAS_TOKEN", "GAS_TEST", "GAS_FAILPOINT", "GAS_CLOCK_OFFSET", "GAS_AWS_CALLS", "GAS_STRIPE_URL", "GAS_SHARED", "GAS_BIN",
}

// Load reads flags, environment and file over the defaults. Its errors are of kind Usage.
func Load(source Source) (Loaded, error) {
	if source.Environ == nil {
		source.Environ = os.Environ
	}
	loaded := Loaded{Config: Default(), Origins: map[string]string{}}
	fromFile, err := fileLayer(source)
	if err != nil {
		return loaded, err
	}
	fromEnv, warnings, err := envLayer(source)
	if err != nil {
		return loaded, err
	}
	loaded.Warnings = warnings
	all := koanf.New(".")
	for _, l := range []layer{fromFile, fromEnv, flagLayer(source)} {
		if err := all.Load(values(l.values), nil); err != nil {
			return loaded, fmt.Errorf("merge settings: %w", err)
		}
		for key := range l.values {
			loaded.Origins[key] = l.origin(key)
		}
	}
	if err := decode(all, &loaded); err != nil {
		return loaded, err
	}
	return loaded, loaded.readTestSettings(source.Environ())
}

// Settings lists every setting with its origin.
func (l Loaded) Settings() []Setting {
	settings := l.Config.Settings()
	for i := range settings {
		settings[i].Origin = "default"
		if origin, ok := l.Origins[settings[i].Key]; ok {
			settings[i].Origin = origin
		}
	}
	return settings
}

func decode(all *koanf.Koanf, loaded *Loaded) error {
	err := all.UnmarshalWithConf("", &loaded.Config, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		TagName: "koanf", Result: &loaded.Config, ErrorUnused: true, DecodeHook: mapstructure.DecodeHookFuncType(decodeValue),
	}})
	if err == nil {
		return nil
	}
	what := "The settings cannot be read."
	for _, key := range all.Keys() {
		if origin := loaded.Origins[key]; origin != "" && strings.Contains(err.Error(), "'"+key+"'") {
			what = fmt.Sprintf("The setting %s cannot be read (%s).", key, origin)
			break
		}
	}
	return fault.New(fault.Usage, "%s", what).Because(firstCause(err))
}

// firstCause takes mapstructure's list of errors apart: one is enough, and its own words are about structs.
func firstCause(err error) error {
	for {
		switch wrapped := err.(type) {
		case interface{ Unwrap() []error }:
			if inner := wrapped.Unwrap(); len(inner) > 0 {
				err = inner[0]
				continue
			}
		case interface{ Unwrap() error }:
			if inner := wrapped.Unwrap(); inner != nil {
				err = inner
				continue
			}
		}
		return err
	}
}

func fileLayer(source Source) (layer, error) {
	path := source.File
	if path == "" {
		for _, place := range Files() {
			if _, err := os.Stat(place); err == nil {
				path = place
				break
			}
		}
	}
	l := layer{origin: func(string) string { return "file " + path }}
	if path == "" {
		return l, nil
	}
	read := koanf.New(".")
	if err := read.Load(file.Provider(path), yaml.Parser()); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return l, fault.New(fault.Usage, "There is no configuration file %s.", path)
		}
		return l, fault.New(fault.Usage, "The configuration file %s cannot be read.", path).Because(err)
	}
	l.values = read.Raw()
	known := keys()
	for key := range l.values {
		if !slices.Contains(known, key) {
			return l, fault.New(fault.Usage, "The configuration file %s has a key %q, which is no setting.", path, key).
				WithHint("gas config view lists every setting")
		}
	}
	return l, nil
}

// envLayer reads GAS_X for a setting x, and GAS_X_FILE where x is a secret. An empty variable is one that is not set.
func envLayer(source Source) (layer, []string, error) {
	origins := map[string]string{}
	var warnings []string
	var failed error
	settings := Default().Settings()
	provider := env.Provider(".", env.Opt{Prefix: "GAS_", EnvironFunc: source.Environ, TransformFunc: func(name, value string) (string, any) {
		if value == "" || slices.Contains(otherVariables, name) {
			return "", nil
		}
		key := strings.ToLower(strings.TrimPrefix(name, "GAS_"))
		for _, s := range settings {
			switch {
			case key == s.Key:
				origins[key] = "environment " + name
				return key, value
			case s.Secret && key == s.Key+"_file":
				content, err := os.ReadFile(value)
				if err != nil {
					failed = fault.New(fault.Usage, "The file that %s names cannot be read.", name).Because(err)
				}
				origins[s.Key] = "environment " + name
				return s.Key, strings.TrimRight(string(content), "\r\n")
			}
		}
		warnings = append(warnings, fmt.Sprintf("the environment variable %s is no setting", name))
		return "", nil
	}})
	read, err := provider.Read()
	if err == nil {
		err = failed
	}
	return layer{values: read, origin: func(key string) string { return origins[key] }}, warnings, err
}

// flagLayer takes the flags that were given; a flag's name is the key with dashes.
func flagLayer(source Source) layer {
	l := layer{origin: func(key string) string { return "flag --" + flagName(key) }}
	if source.Flags == nil {
		return l
	}
	known := keys()
	given := koanf.New(".")
	provider := posflag.ProviderWithFlag(source.Flags, ".", given, func(f *pflag.Flag) (string, any) {
		key := strings.ReplaceAll(f.Name, "-", "_")
		if !f.Changed || !slices.Contains(known, key) {
			return "", nil
		}
		return key, f.Value.String()
	})
	if err := given.Load(provider, nil); err == nil {
		l.values = given.Raw()
	}
	return l
}

// Flags adds a flag for every setting that a flag can hold. Secrets have none: a command line is seen by everybody on the machine.
func Flags(flags *pflag.FlagSet) {
	for _, s := range Default().Settings() {
		if !s.Secret && s.Key != "providers" && flags.Lookup(flagName(s.Key)) == nil {
			flags.String(flagName(s.Key), s.Value, s.Help)
		}
	}
}

func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

func keys() []string {
	var names []string
	for _, s := range Default().Settings() {
		names = append(names, s.Key)
	}
	return names
}

// values is a koanf provider of a map.
type values map[string]any

func (v values) Read() (map[string]any, error) { return v, nil }

func (v values) ReadBytes() ([]byte, error) { return nil, errors.New("a map has no bytes") }

// readTestSettings takes what exists only under GAS_TEST=1.
func (l *Loaded) readTestSettings(environ []string) error {
	variable := func(name string) string {
		for _, line := range environ {
			if value, ok := strings.CutPrefix(line, name+"="); ok {
				return value
			}
		}
		return ""
	}
	l.Test = variable("GAS_TEST") == "1"
	if !l.Test {
		for _, name := range []string{"GAS_FAILPOINT", "GAS_CLOCK_OFFSET", "GAS_STRIPE_URL", "GAS_AWS_CALLS"} {
			if variable(name) != "" {
				return fault.New(fault.Usage, "%s is taken only together with GAS_TEST=1.", name)
			}
		}
		return nil
	}
	l.Failpoint = variable("GAS_FAILPOINT")
	l.AWSCalls = variable("GAS_AWS_CALLS")
	if l.StripeURL = variable("GAS_STRIPE_URL"); l.StripeURL != "" {
		if u, err := url.Parse(l.StripeURL); err != nil || !loopbackHost(u.Hostname()) {
			return fault.New(fault.Usage, "GAS_STRIPE_URL does not lead to this machine.")
		}
	}
	if offset := variable("GAS_CLOCK_OFFSET"); offset != "" {
		d, err := ParseDuration(offset)
		if err != nil {
			return fault.New(fault.Usage, "GAS_CLOCK_OFFSET cannot be read.").Because(err)
		}
		l.ClockOffset = d
	}
	return nil
}
