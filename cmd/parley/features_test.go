package main

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/config"
)

// TestF02Features switches off what an organization does not use.
func TestF02Features(t *testing.T) {
	t.Parallel()
	onEach(t, part{"off and on", featuresSwitch}, part{"every operation", featuresOperations}, part{"what is refused first", featuresOrder})
}

// off switches one feature off, and on again when the part ends.
func (d deskSetup) off(t *testing.T, feature string) {
	t.Helper()
	patch := func(on bool) answer {
		return d.admin.do("PATCH", "/v1/organization", map[string]any{"features": map[string]bool{feature: on}}).want(200)
	}
	patch(false).holds(map[string]string{"features." + feature: "false"})
	t.Cleanup(func() { patch(true).holds(map[string]string{"features." + feature: "true"}) })
}

func featuresSwitch(t *testing.T, p *program) {
	d, foreign := p.desk(1, nil), p.organization("features")
	before := d.admin.do("GET", "/v1/organization", nil).want(200)
	before.holds(map[string]string{"features": `{"attachments":true,"open_messaging":true,"typing_indicators":true}`})
	for _, odd := range []any{map[string]any{"unknown": false}, map[string]any{"attachments": nil}, map[string]any{"attachments": "no"}, nil} {
		d.admin.do("PATCH", "/v1/organization", map[string]any{"features": odd}).code(400, "request.invalid")
	}
	ana := d.agents[0]
	file := ana.upload("before.png", "image/png", picture).want(201).get("id")
	off := map[string]any{"features": map[string]bool{"attachments": false}}
	d.admin.do("PATCH", "/v1/organization?validate_only=true", off).want(200)
	ana.upload("tried.png", "image/png", picture).want(201)
	d.off(t, "attachments")
	after := d.admin.do("GET", "/v1/organization", nil).want(200)
	after.holds(map[string]string{"features": `{"attachments":false,"open_messaging":true,"typing_indicators":true}`, "allowed_origins": before.get("allowed_origins")})
	ana.upload("after.png", "image/png", picture).code(403, "feature.not_enabled")
	if _, ok := lookup(ana.upload("after.png", "image/png", picture).value, "required_scopes").([]any); ok {
		t.Error("a scope would not help")
	}
	foreign.upload("theirs.png", "image/png", picture).want(201)
	ana.do("GET", "/v1/attachments/"+file, nil).want(200).holds(map[string]string{"state": "ready"})
	ana.do("GET", "/v1/attachments/"+file+"/content", nil).want(200)
}

// featuresOperations calls every operation of every feature, as it would be called.
func featuresOperations(t *testing.T, p *program) {
	d := p.desk(0, nil)
	called := map[string]int{}
	for _, o := range allOperations(t) {
		feature, named := o.spec.Extensions["x-feature"].(string)
		if !named {
			continue
		}
		called[feature]++
		t.Run(o.spec.OperationID, func(t *testing.T) {
			p := p.in(t)
			d := deskSetup{admin: p.admin()}
			d.off(t, feature)
			french := p.admin().do(o.method, o.filled, o.example, "Accept-Language", "fr")
			if strings.HasPrefix(o.path, "/api/v2/") {
				french.refusedOpen(403, "feature.not_enabled")
				return
			}
			french.code(403, "feature.not_enabled").holds(map[string]string{"feature": feature})
			if detail := french.get("detail"); !strings.HasPrefix(detail, "Votre organisation a désactivé") {
				t.Errorf("in French it is %q", detail)
			}
		})
	}
	labels := d.admin.do("GET", "/v1/labels", nil, "Accept-Language", "fr").want(200)
	for feature := range called {
		if labels.get("enums.feature."+feature) == "" {
			t.Errorf("%s has no name in French", feature)
		}
	}
	if len(called) != 3 || called["open_messaging"] < 6 {
		t.Errorf("called are %v", called)
	}
}

// featuresOrder holds that a token is looked at first, and the body not at all.
func featuresOrder(t *testing.T, p *program) {
	d := p.desk(0, nil)
	d.off(t, "attachments")
	newCaller(t, p.url).do("POST", "/v1/attachments", "{").want(401)
	d.admin.with("routing:queue:view").do("POST", "/v1/attachments", "{").code(403, "permission.missing")
	d.admin.do("POST", "/v1/attachments?unknown=1", "{").code(403, "feature.not_enabled")
	d.admin.do("POST", "/v1/attachments?validate_only=true", "{").code(403, "feature.not_enabled")
	replayed := d.admin.do("POST", "/v1/attachments", "{", "Idempotency-Key", "off").code(403, "feature.not_enabled")
	if replayed.header.Get("Idempotent-Replayed") != "" {
		t.Error("a refusal was kept")
	}
}

// TestF02FeaturesOnEveryNode switches at one node, and looks at another: five
// seconds at most. On SQLite there is one node.
func TestF02FeaturesOnEveryNode(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		folder := t.TempDir()
		node := func() *caller {
			p := start(t, database, func(c *config.Config) { c.DataDir, c.PublicURL = folder, "http://parley.test" })
			return newCaller(t, "http://"+p.listener.Addr().String()).login(testClient, testSecret)
		}
		one := node()
		two := one
		if strings.HasPrefix(database, "postgres") {
			two = node()
		}
		for _, c := range []struct {
			on   bool
			want int
		}{{true, 400}, {false, 403}, {true, 400}} {
			one.do("PATCH", "/v1/organization", map[string]any{"features": map[string]bool{"attachments": c.on}}).want(200)
			one.do("POST", "/v1/attachments", "{").want(c.want)
			for began := time.Now(); two.do("POST", "/v1/attachments", "{").status != c.want; {
				if time.Since(began) > 6*time.Second { // five were promised; a look takes one
					t.Fatalf("on: %v has not come after %v", c.on, time.Since(began))
				}
				two.do("GET", "/v1/events?limit=1&wait=1&types=reply.read", nil) // waits a second, in vain
			}
		}
	})
}
