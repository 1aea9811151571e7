package client

import "context"

// Database is an installed database: its name, and the fields that it adds to a variant.
type Database struct {
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
}

// Databases lists what jobs may ask for by name.
func (c *Client) Databases(ctx context.Context) ([]Database, error) {
	var list List[Database]
	err := c.get(ctx, "/databases", &list)
	return list.Items, err
}
