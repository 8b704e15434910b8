package main

import (
	"strings"
	"testing"
)

// Ids have one spelling: what one database would find in capitals, the other
// would not.
func TestIDsInCapitals(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		d := start(t, database).desk(0, nil)
		d.admin.do("GET", "/v1/queues/"+strings.ToUpper(d.queue), nil).code(400, "request.invalid")
		d.admin.do("GET", "/v1/interactions?agent_id="+strings.ToUpper(d.queue), nil).code(400, "request.invalid")
		d.admin.do("POST", "/v1/channels", map[string]any{"name": "Capitals", "app_id": strings.ToUpper(d.app), "kind": "messenger",
			"account_id": "1"}).code(400, "request.invalid")
	})
}
