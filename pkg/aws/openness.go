package aws

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// confining are the conditions by which a statement for everybody, or for a service, is one for us alone.
var confining = []string{"aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:principalaccount", "aws:principalarn", "aws:principalorgid"}

// statementsOf are the statements of a policy that somebody else may have written.
func statementsOf(policy string) (list []map[string]any, err error) {
	var p struct{ Statement any }
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	for _, one := range several(p.Statement) {
		s, _ := one.(map[string]any)
		list = append(list, s)
	}
	return list, nil
}

// Outsiders names the statements of a resource's policy by which somebody of another account may do something.
func Outsiders(policy, account string) ([]string, error) {
	statements, err := statementsOf(policy)
	if err != nil {
		return nil, err
	}
	var open []string
	for n, s := range statements {
		if s["Effect"] != "Allow" || confined(s["Condition"]) || !slices.ContainsFunc(principals(s), func(who string) bool { return outside(who, account) }) {
			continue
		}
		sid, _ := s["Sid"].(string)
		if sid == "" {
			sid = fmt.Sprintf("number %d", n+1)
		}
		open = append(open, sid)
	}
	return open, nil
}

// trusts tells whether a role's trust lets a service take it on.
func trusts(trust, service string) (bool, error) {
	statements, err := statementsOf(trust)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(statements, func(s map[string]any) bool {
		return s["Effect"] == "Allow" && slices.Contains(principals(s), service) && anyMatches(s["Action"], "sts:AssumeRole")
	}), nil
}

// permits tells whether a policy lets an action be done to a resource. A condition is taken to hold; what is allowed by naming all else is not seen.
func permits(policy, action, resource string) bool {
	statements, err := statementsOf(policy)
	return err == nil && slices.ContainsFunc(statements, func(s map[string]any) bool {
		return s["Effect"] == "Allow" && anyMatches(s["Action"], action) && anyMatches(s["Resource"], resource)
	})
}

// anyMatches tells whether one of the patterns of a statement matches.
func anyMatches(patterns any, name string) bool {
	return slices.ContainsFunc(several(patterns), func(p any) bool { return matches(strings.ToLower(fmt.Sprint(p)), strings.ToLower(name)) })
}

// principals are those whom a statement is for. NotPrincipal is everybody but some, which is everybody.
func principals(s map[string]any) (list []string) {
	if _, inverted := s["NotPrincipal"]; inverted {
		return []string{"*"}
	}
	if everybody, ok := s["Principal"].(string); ok {
		return []string{everybody}
	}
	kinds, _ := s["Principal"].(map[string]any)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, who := range several(kinds[kind]) {
			list = append(list, fmt.Sprint(who))
		}
	}
	return list
}

// outside tells whether a principal is another than this account: everybody, another account, or a service, which acts for whoever asks it.
func outside(who, account string) bool {
	return who != account && !strings.Contains(who, ":"+account+":")
}

// confined tells whether a condition names whose requests count.
func confined(condition any) bool {
	operators, _ := condition.(map[string]any)
	for operator, keys := range operators {
		if strings.HasPrefix(operator, "Null") || strings.Contains(operator, "Not") || strings.HasSuffix(operator, "IfExists") {
			continue
		}
		named, _ := keys.(map[string]any)
		for key := range named {
			if slices.Contains(confining, strings.ToLower(key)) {
				return true
			}
		}
	}
	return false
}

// several is a value that may stand for a list of one.
func several(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// hasStatement tells whether a policy has a statement with an id.
func hasStatement(policy, sid string) bool {
	var p struct{ Statement []struct{ Sid string } }
	return json.Unmarshal([]byte(policy), &p) == nil && slices.ContainsFunc(p.Statement, func(s struct{ Sid string }) bool { return s.Sid == sid })
}
