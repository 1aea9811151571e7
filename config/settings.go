package config

import "reflect"

// Setting is one setting as a person sees it.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // as a file would hold it; a secret is hidden
	Origin string `json:"origin"`
	Help   string `json:"help"`
	Secret bool   `json:"secret"`
}

// Settings lists every setting of a configuration in the order of the struct; Origin is empty.
func (c Config) Settings() []Setting {
	return settingsOf(reflect.ValueOf(c))
}

func settingsOf(value reflect.Value) []Setting {
	var settings []Setting
	for i := range value.NumField() {
		field, tag := value.Type().Field(i), value.Type().Field(i).Tag
		switch key := tag.Get("koanf"); key {
		case "-":
		case ",squash":
			settings = append(settings, settingsOf(value.Field(i))...)
		default:
			settings = append(settings, Setting{
				Key: key, Value: formatValue(value.Field(i)), Help: tag.Get("help"), Secret: field.Type == reflect.TypeFor[Secret](),
			})
		}
	}
	return settings
}
