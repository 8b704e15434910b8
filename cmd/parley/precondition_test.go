package main

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestPreconditions sends every write that takes If-Match an older version, and
// compares what the problem shows with what a reader gets.
func TestPreconditions(t *testing.T) {
	t.Parallel()
	onEach(t, part{"stale", preconditionStale}, part{"a race", preconditionRace})
}

func preconditionStale(t *testing.T, p *program) {
	w := p.populate(p.admin())
	t.Cleanup(func() { w.desk.faults(map[string]any{"mode": "none"}) })
	conditional := 0
	for _, o := range operations(t) {
		if !slices.Contains(names(o), "If-Match") {
			continue
		}
		conditional++
		address, body := w.filled(o, place{}, "")
		resource := strings.TrimSuffix(address, "/rotate-secret")
		now := w.who.do("GET", resource, nil).want(200)
		for _, stale := range []string{`"0"`, `"999999"`, `W/` + now.header.Get("ETag"), now.get("version"), `"x", "y"`} {
			refused := w.who.do(o.method, address, body, "If-Match", stale).code(412, "precondition.failed")
			if refused.get("current") != text(now.value) {
				t.Errorf("%s: the current one is %s, not %s", o.id, refused.get("current"), now.body)
			}
		}
		if after := w.who.do("GET", resource, nil).want(200); string(after.body) != string(now.body) {
			t.Errorf("%s changed the resource to %s", o.id, after.body)
		}
		for _, fitting := range []string{now.header.Get("ETag"), "*", `"0", ` + now.header.Get("ETag")} {
			if got := w.who.do(o.method, address+"?validate_only=true", body, "If-Match", fitting); got.status == 412 || got.status == 428 {
				t.Errorf("%s with %s answers %s", o.id, fitting, got.body)
			}
		}
		if got := w.who.do(o.method, address+"?validate_only=true", body); (got.status == 428) != (o.method == "PUT") {
			t.Errorf("%s without If-Match answers %d %s", o.id, got.status, got.body)
		}
	}
	if conditional < 15 {
		t.Errorf("only %d writes take If-Match", conditional)
	}
}

// preconditionRace lets many change one version at once: one of them wins.
func preconditionRace(t *testing.T, p *program) {
	admin := p.admin()
	for _, write := range []struct{ method, body string }{{"PUT", `{"name":"Raced"}`}, {"PATCH", `{"name":"Raced"}`}, {"DELETE", ""}} {
		made := admin.do("POST", "/v1/queues", map[string]any{"name": "Race"}).want(201)
		address, version := "/v1/queues/"+made.get("id"), made.header.Get("ETag")
		var won atomic.Int32
		together(12, func(n int) {
			method, body := write.method, any(write.body)
			if n%2 == 0 { // some want something else
				method, body = "PATCH", `{"description":"d"}`
			}
			if method == "DELETE" {
				body = nil
			}
			got := admin.do(method, address, body, "If-Match", version)
			switch got.status {
			case http.StatusOK, http.StatusNoContent:
				won.Add(1)
			case http.StatusPreconditionFailed, http.StatusNotFound:
			default:
				t.Errorf("%s answers %d %s", got.what, got.status, got.body)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%s: %d changed one version", write.method, won.Load())
		}
	}
}
