package deploy

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// checker compares a template with the specification and collects what is wrong, as "path: what".
type checker struct {
	spec     specification
	template template
	faults   []string
	used     map[string]bool // parameters, conditions and mappings that something names
}

// check returns what is wrong with a template: types and properties that do not exist, properties that are missing, values that do not fit,
// names that lead nowhere, and parameters that nothing uses.
func check(s specification, t template) []string {
	c := &checker{spec: s, template: t, used: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		c.resource(name, t.Resources[name])
	}
	for name, condition := range t.Conditions {
		c.value("Conditions."+name, condition, valueType{Type: "json"})
	}
	for name, output := range t.Outputs {
		c.condition("Outputs."+name, output["Condition"])
		c.value("Outputs."+name, output["Value"], valueType{Type: "string"})
	}
	for name := range t.Parameters {
		if !c.used[name] {
			c.fault("Parameters."+name, "nothing uses it")
		}
	}
	for name := range t.Conditions {
		if !c.used[name] {
			c.fault("Conditions."+name, "nothing uses it")
		}
	}
	slices.Sort(c.faults)
	return c.faults
}

func (c *checker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, path+": "+fmt.Sprintf(format, args...))
}

// attributesOfResources are what a resource may say beside its type and properties.
var attributesOfResources = []string{"DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy", "Metadata"}

func (c *checker) resource(name string, r resource) {
	known, ok := c.spec.resources[r.Type]
	if !ok {
		c.fault(name, "there is no resource type %s", r.Type)
		return
	}
	for key := range r.rest {
		if !slices.Contains(attributesOfResources, key) {
			c.fault(name, "a resource has no %s", key)
		}
	}
	if r.Condition != "" {
		c.condition(name, r.Condition)
	}
	for _, other := range list(r.DependsOn) {
		if _, ok := c.template.Resources[fmt.Sprint(other)]; !ok {
			c.fault(name, "it depends on %v, which is not there", other)
		}
	}
	c.properties(name, r.Properties, known.Properties)
}

// properties checks an object against the properties that it may and must have.
func (c *checker) properties(path string, given map[string]any, known map[string]property) {
	for key, value := range given {
		p, ok := known[key]
		if !ok {
			c.fault(path, "there is no property %s", key)
			continue
		}
		c.value(path+"."+key, value, p.Type)
	}
	for key, p := range known {
		if _, ok := given[key]; p.Required && !ok {
			c.fault(path, "the property %s is missing", key)
		}
	}
}

// value checks one value. A function of CloudFormation stands for what it gives.
func (c *checker) value(path string, value any, want valueType) {
	if name, argument, ok := function(value); ok {
		c.function(path, name, argument, want)
		return
	}
	if len(want.AllowedValues) > 0 && !slices.ContainsFunc(want.AllowedValues, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(value) }) {
		c.fault(path, "%v is none of %v", value, want.AllowedValues)
		return
	}
	switch want.Type {
	case "string", "date-time":
		c.scalar(path, value, "a text", reflect.String, reflect.Int, reflect.Float64, reflect.Bool)
	case "integer":
		c.scalar(path, value, "a whole number", reflect.Int)
	case "number":
		c.scalar(path, value, "a number", reflect.Int, reflect.Float64)
	case "boolean":
		c.scalar(path, value, "true or false", reflect.Bool)
	case "array":
		c.array(path, value, *want.Element)
	case "map":
		c.mapping(path, value, *want.Element)
	case "tag":
		c.properties(path, object(value), map[string]property{"Key": textual, "Value": textual})
	case "ref":
		if object(value) == nil {
			c.fault(path, "%v is not an object", value)
			return
		}
		c.properties(path, object(value), c.spec.types[want.Reference.To].Properties)
	case "union":
		c.union(path, value, want.Types)
	case "json":
		c.inside(path, value)
	default:
		c.fault(path, "the specification has a type %s that this test does not know", want.Type)
	}
}

var textual = property{Type: valueType{Type: "string"}, Required: true}

func (c *checker) scalar(path string, value any, what string, kinds ...reflect.Kind) {
	if value == nil || !slices.Contains(kinds, reflect.TypeOf(value).Kind()) {
		c.fault(path, "%v is not %s", value, what)
	}
}

func (c *checker) array(path string, value any, element valueType) {
	items, ok := value.([]any)
	if !ok {
		c.fault(path, "%v is not a list", value)
	}
	for i, item := range items {
		c.value(fmt.Sprintf("%s[%d]", path, i), item, element)
	}
}

func (c *checker) mapping(path string, value any, element valueType) {
	fields := object(value)
	if fields == nil {
		c.fault(path, "%v is not an object", value)
	}
	for key, field := range fields {
		c.value(path+"."+key, field, element)
	}
}

// union takes the value when one of the types does.
func (c *checker) union(path string, value any, types []valueType) {
	var first []string
	for i, t := range types {
		trial := &checker{spec: c.spec, template: c.template, used: c.used}
		trial.value(path, value, t)
		if len(trial.faults) == 0 {
			return
		}
		if i == 0 {
			first = trial.faults
		}
	}
	c.faults = append(c.faults, first...)
}

// inside follows the functions in a value of any shape.
func (c *checker) inside(path string, value any) {
	if name, argument, ok := function(value); ok {
		c.function(path, name, argument, valueType{Type: "json"})
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for key, field := range v {
			c.inside(path+"."+key, field)
		}
	case []any:
		for i, item := range v {
			c.inside(fmt.Sprintf("%s[%d]", path, i), item)
		}
	}
}

// function tells whether a value is a function of CloudFormation.
func function(value any) (name string, argument any, ok bool) {
	fields := object(value)
	if len(fields) != 1 {
		return "", nil, false
	}
	for name, argument = range fields {
	}
	return name, argument, name == "Ref" || strings.HasPrefix(name, "Fn::")
}

func (c *checker) function(path, name string, argument any, want valueType) {
	path += "." + name
	switch name {
	case "Ref":
		c.reference(path, fmt.Sprint(argument))
	case "Fn::GetAtt":
		c.attribute(path, list(argument))
	case "Fn::Sub":
		c.substitute(path, argument)
	case "Fn::If":
		branches := list(argument)
		if len(branches) != 3 {
			c.fault(path, "it takes a condition and two values")
			return
		}
		c.condition(path, branches[0])
		for _, branch := range branches[1:] {
			if object(branch)["Ref"] != "AWS::NoValue" {
				c.value(path, branch, want)
			}
		}
	case "Fn::FindInMap":
		c.find(path, list(argument))
	case "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::GetAZs", "Fn::Base64":
		c.inside(path, argument)
		for _, item := range list(argument) {
			if condition, ok := object(item)["Condition"]; ok {
				c.condition(path, condition)
			}
		}
	default:
		c.fault(path, "this test does not know the function")
	}
}

// pseudo are the names that every stack knows.
var pseudo = []string{"AWS::AccountId", "AWS::Region", "AWS::Partition", "AWS::StackName", "AWS::StackId", "AWS::URLSuffix", "AWS::NoValue", "AWS::NotificationARNs"}

func (c *checker) reference(path, name string) {
	_, isParameter := c.template.Parameters[name]
	_, isResource := c.template.Resources[name]
	if !isParameter && !isResource && !slices.Contains(pseudo, name) {
		c.fault(path, "there is no %s", name)
	}
	c.used[name] = true
}

func (c *checker) attribute(path string, argument []any) {
	if len(argument) != 2 {
		c.fault(path, "it takes a resource and an attribute")
		return
	}
	name, attribute := fmt.Sprint(argument[0]), fmt.Sprint(argument[1])
	r, ok := c.template.Resources[name]
	if !ok {
		c.fault(path, "there is no resource %s", name)
		return
	}
	if _, ok := c.spec.resources[r.Type].Attributes[attribute]; !ok {
		c.fault(path, "%s has no attribute %s", r.Type, attribute)
	}
}

var inText = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

func (c *checker) substitute(path string, argument any) {
	own := map[string]any{}
	text, ok := argument.(string)
	if parts, isList := argument.([]any); isList && len(parts) == 2 {
		text, ok = parts[0].(string)
		own = object(parts[1])
		c.inside(path, parts[1])
	}
	if !ok {
		c.fault(path, "it takes a text")
	}
	for _, found := range inText.FindAllStringSubmatch(text, -1) {
		name := found[1]
		if _, known := own[name]; known {
			continue
		}
		if resource, attribute, dotted := strings.Cut(name, "."); dotted {
			c.attribute(path, []any{resource, attribute})
		} else {
			c.reference(path, name)
		}
	}
}

func (c *checker) condition(path string, name any) {
	if name == nil {
		return
	}
	if _, ok := c.template.Conditions[fmt.Sprint(name)]; !ok {
		c.fault(path, "there is no condition %v", name)
	}
	c.used[fmt.Sprint(name)] = true
}

func (c *checker) find(path string, argument []any) {
	if len(argument) != 3 {
		c.fault(path, "it takes a map and two keys")
		return
	}
	level := c.template.Mappings
	for _, key := range argument {
		if _, _, isFunction := function(key); isFunction {
			c.inside(path, key)
			return
		}
		next, ok := level[fmt.Sprint(key)]
		if !ok {
			c.fault(path, "the map has no %v", key)
			return
		}
		level = object(next)
	}
}

func object(value any) map[string]any {
	fields, _ := value.(map[string]any)
	return fields
}

// list gives the items of a list, or the one value that stands for a list of one.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}
