package deploy

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const templateFile = "../../deploy/gas.yaml"

// template is a CloudFormation template with its short forms (!Ref) written out ({"Ref": …}).
type template struct {
	Parameters map[string]map[string]any
	Mappings   map[string]any
	Conditions map[string]any
	Resources  map[string]resource
	Outputs    map[string]map[string]any
}

type resource struct {
	Type       string
	Condition  string
	DependsOn  any
	Properties map[string]any
	rest       map[string]any // what else the resource says
}

func readTemplate(t testing.TB) template {
	t.Helper()
	text, err := os.ReadFile(templateFile)
	require.NoError(t, err)
	parsed, err := parseTemplate(text)
	require.NoError(t, err)
	return parsed
}

func parseTemplate(text []byte) (template, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return template{}, err
	}
	value, err := plain(node.Content[0])
	if err != nil {
		return template{}, err
	}
	whole := value.(map[string]any)
	t := template{Resources: map[string]resource{}}
	for key, part := range whole {
		switch key {
		case "AWSTemplateFormatVersion", "Description", "Metadata", "Rules":
		case "Parameters":
			t.Parameters = sections(part)
		case "Outputs":
			t.Outputs = sections(part)
		case "Mappings":
			t.Mappings = part.(map[string]any)
		case "Conditions":
			t.Conditions = part.(map[string]any)
		case "Resources":
			for name, r := range sections(part) {
				t.Resources[name] = resourceOf(r)
			}
		default:
			return t, fmt.Errorf("a template has no part %s", key)
		}
	}
	return t, nil
}

func sections(part any) map[string]map[string]any {
	all := map[string]map[string]any{}
	for name, value := range part.(map[string]any) {
		all[name] = value.(map[string]any)
	}
	return all
}

func resourceOf(fields map[string]any) resource {
	r := resource{rest: map[string]any{}}
	for key, value := range fields {
		switch key {
		case "Type":
			r.Type, _ = value.(string)
		case "Condition":
			r.Condition, _ = value.(string)
		case "DependsOn":
			r.DependsOn = value
		case "Properties":
			r.Properties = value.(map[string]any)
		default:
			r.rest[key] = value
		}
	}
	return r
}

// plain turns a node of YAML into maps, lists, strings, numbers and booleans. A short form becomes a map with its long name. A key that is given
// twice is an error of the parser.
func plain(n *yaml.Node) (any, error) {
	if n.Kind == yaml.AliasNode {
		return plain(n.Alias)
	}
	tag := n.Tag
	if strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
		bare := *n
		bare.Tag = ""
		if bare.Kind == yaml.ScalarNode {
			bare.Tag = "!!str"
		}
		value, err := plain(&bare)
		return shortForm(tag, value), err
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := m[key]; twice {
				return nil, fmt.Errorf("line %d: %s is given twice", n.Content[i].Line, key)
			}
			value, err := plain(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[key] = value
		}
		return m, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return nil, fmt.Errorf("line %d: %w", n.Line, err)
	}
	return value, nil
}

func shortForm(tag string, value any) map[string]any {
	name := strings.TrimPrefix(tag, "!")
	if text, ok := value.(string); ok && name == "GetAtt" {
		resource, attribute, _ := strings.Cut(text, ".")
		value = []any{resource, attribute}
	}
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	return map[string]any{name: value}
}
