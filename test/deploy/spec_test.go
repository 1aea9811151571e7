package deploy

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/peers"
)

// specification is the resource types of CloudFormation as AWS publishes them, read from the database of the npm package @aws-cdk/aws-service-spec.
// The database is a graph: entities with ids, and relations between ids.
type specification struct {
	resources map[string]shape           // by type, such as AWS::SQS::Queue
	types     map[string]shape           // by id: the types of properties
	metrics   map[string]map[string]bool // by namespace and name
}

// shape is a resource or a type of property.
type shape struct {
	ID         string              `json:"$id"`
	Type       string              `json:"cloudFormationType"` // of a resource
	Name       string              `json:"name"`
	Properties map[string]property `json:"properties"`
	Attributes map[string]property `json:"attributes"` // what Fn::GetAtt gives
}

type property struct {
	Type     valueType `json:"type"`
	Required bool      `json:"required"`
}

// valueType is what a value has to be: a plain type (string, integer, number, boolean, json, date-time, tag), an array or map of element, one of
// types, or a reference to a type of property.
type valueType struct {
	Type          string      `json:"type"`
	AllowedValues []any       `json:"allowedValues"`
	Element       *valueType  `json:"element"`
	Types         []valueType `json:"types"`
	Reference     struct {
		To string `json:"$ref"`
	} `json:"reference"`
}

// loadSpecification reads the database that `make peers` has installed.
func loadSpecification(t testing.TB) specification {
	t.Helper()
	path := peers.Installed(t, "cloudformation", "node_modules", "@aws-cdk", "aws-service-spec", "db.json.gz")
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var database struct {
		Schema struct {
			Resource       struct{ Entities []shape }
			TypeDefinition struct{ Entities []shape }
			Metric         struct {
				Entities []struct{ Namespace, Name string }
			}
		}
	}
	require.NoError(t, json.NewDecoder(unzipped).Decode(&database))
	s := specification{resources: map[string]shape{}, types: map[string]shape{}, metrics: map[string]map[string]bool{}}
	for _, r := range database.Schema.Resource.Entities {
		s.resources[r.Type] = r
	}
	for _, d := range database.Schema.TypeDefinition.Entities {
		s.types[d.ID] = d
	}
	for _, m := range database.Schema.Metric.Entities {
		if s.metrics[m.Namespace] == nil {
			s.metrics[m.Namespace] = map[string]bool{}
		}
		s.metrics[m.Namespace][m.Name] = true
	}
	require.Greater(t, len(s.resources), 1000)
	return s
}
