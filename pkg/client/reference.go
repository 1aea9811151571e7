package client

import "context"

// Reference is a reference that a server has.
type Reference struct {
	Name    string `json:"name"`
	Source  string `json:"source"`
	Builtin bool   `json:"builtin"` // it comes with the program
}

// References lists what jobs may be annotated against by name.
func (c *Client) References(ctx context.Context) ([]Reference, error) {
	var list List[Reference]
	err := c.get(ctx, "/references", &list)
	return list.Items, err
}
