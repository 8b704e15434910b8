package archtest

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// row says what the packages of one folder may import besides the standard
// library: packages of ours, more of ours in tests, and others' by a prefix of
// their path (tests may use any that go.mod has). "*" is everything.
type row struct{ own, tests, others []string }

type list = []string

const (
	domain  = "internal/domain"
	channel = "internal/channel"
	graph   = "internal/channel/internal/graph" // Meta's Graph API: for the Meta channels only
	suite   = "internal/channel/channeltest"
)

// flows are one for each sentence of the product. None imports another.
func flows() list {
	return list{"internal/intake", "internal/dispatch", "internal/desk", "internal/compose", "internal/handover", "internal/closing", "internal/delivery", "internal/retention", "internal/stream", "internal/attach", "internal/listening"}
}

// house is the table: a folder that is not in it fails, and so does one that is gone.
func house() map[string]row {
	anything := list{"*"}
	adapters := list{suite, "internal/channel/facebookpage", "internal/channel/instagram", "internal/channel/messenger", "internal/channel/meta", "internal/channel/open", "internal/channel/whatsapp"}
	return map[string]row{
		// The contract and the schema: they know nothing of us.
		"api":        {others: list{"github.com/labstack/echo/v4", "github.com/oapi-codegen/runtime", "github.com/getkin/kin-openapi"}},
		"migrations": {},

		// Ground.
		domain:             {others: list{"github.com/google/uuid"}},
		"internal/routing": {own: list{domain}},
		channel: {own: list{domain}, tests: adapters, others: list{"github.com/rivo/uniseg", "golang.org/x/net/idna", "golang.org/x/net/publicsuffix",
			"golang.org/x/text/unicode/norm"}},

		// Flows. Their tests use a real database and whatever else they need, but no other flow.
		"internal/intake":    {own: list{domain, channel}, tests: anything},
		"internal/dispatch":  {own: list{domain, "internal/routing"}, tests: anything},
		"internal/desk":      {own: list{domain}, tests: anything},
		"internal/compose":   {own: list{domain, channel}, tests: anything},
		"internal/handover":  {own: list{domain, "internal/routing"}, tests: anything},
		"internal/closing":   {own: list{domain}, tests: anything},
		"internal/delivery":  {own: list{domain, channel}, tests: anything},
		"internal/retention": {own: list{domain}, tests: anything},
		"internal/listening": {own: list{domain, channel}, tests: anything},
		"internal/stream":    {own: list{domain}, tests: anything},
		"internal/attach":    {own: list{domain, channel}, tests: anything, others: list{"github.com/gabriel-vasile/mimetype"}},

		// Edges.
		"internal/channel/facebookpage": {own: list{domain, channel, graph}, tests: adapters},
		"internal/channel/instagram":    {own: list{domain, channel, graph}, tests: adapters},
		"internal/channel/messenger":    {own: list{domain, channel, graph}, tests: adapters},
		"internal/channel/open":         {own: list{domain, channel}, tests: adapters},
		"internal/channel/meta":         {own: list{domain, channel, graph}, tests: adapters},
		"internal/channel/whatsapp":     {own: list{domain, channel, graph}, tests: adapters},
		graph:                           {own: list{domain, channel}, tests: adapters},
		"internal/auth":                 {own: list{domain}, others: list{"github.com/golang-jwt/jwt/v5", "github.com/google/uuid"}},
		"internal/blob":                 {own: list{domain}, others: list{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"}},
		"internal/config":               {},
		"internal/egress":               {own: list{domain}},
		"internal/docs":                 {others: list{"github.com/getkin/kin-openapi"}},
		"internal/locale":               {own: list{domain}},
		"internal/jobs":                 {},
		"internal/secret":               {},
		"internal/simulator":            {own: list{domain, channel}, tests: anything},
		// The database seals what its rows keep secret; the schema is its own.
		"internal/storage": {own: list{domain, "internal/secret", "migrations"}, tests: anything, others: list{"gorm.io/", "modernc.org/sqlite",
			"github.com/jackc/pgx/v5", "github.com/pressly/goose/v3", "github.com/google/uuid"}},
		// Plain reads go to the database past the flows; the sandbox's routes play with the simulator.
		"internal/httpapi": {own: slices.Concat(list{"api", "internal/auth", channel, "internal/docs", domain, "internal/locale", "internal/storage", "internal/simulator"}, flows()),
			tests: anything, others: list{"github.com/labstack/echo/v4", "github.com/getkin/kin-openapi", "github.com/prometheus/client_golang", "github.com/google/uuid"}},

		// What only tests import.
		suite:                          {own: list{domain, channel}},
		"internal/storage/storagetest": {own: list{domain, "internal/storage", "internal/secret"}},
		"internal/contracttest":        {own: list{"api"}},
		"internal/archtest":            {tests: anything},

		// The program puts all of it together.
		"cmd/parley": {own: anything, tests: anything, others: anything},
	}
}

func TestEveryFolderHasARow(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, s := range tree(t, func(source) bool { return true }) {
		there[s.folder] = true
	}
	rows := house()
	for folder := range there {
		if _, known := rows[folder]; !known {
			t.Errorf("%s has no row: say in house() what it is for and what it may import", folder)
		}
	}
	for folder := range rows {
		if !there[folder] {
			t.Errorf("%s has a row and no Go files: take the row out of house()", folder)
		}
	}
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	for _, s := range tree(t, func(source) bool { return true }) {
		r := house()[s.folder]
		allowed := r.own
		if strings.HasSuffix(s.path, "_test.go") {
			allowed = slices.Concat(r.own, r.tests, list{s.folder})
		}
		own, others := s.imports()
		for _, name := range own {
			if !within(allowed, name, false) {
				t.Errorf("%s imports %s: the row of %s does not allow it", s.path, name, s.folder)
			}
			if helps(name) && !s.test {
				t.Errorf("%s imports %s, which is for tests only", s.path, name)
			}
		}
		for _, name := range others {
			if !s.test && !within(r.others, name, true) {
				t.Errorf("%s imports %s: the row of %s does not allow it", s.path, name, s.folder)
			}
		}
	}
}

// within tells whether a list has a name, or with below the beginning of its path.
func within(names list, name string, below bool) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return n == "*" || n == name || below && strings.HasPrefix(name, strings.TrimSuffix(n, "/")+"/")
	})
}

// Not even in a test: what two flows do together is tested on the whole program.
func TestAFlowNeverImportsAFlow(t *testing.T) {
	t.Parallel()
	for _, s := range tree(t, func(s source) bool { return slices.Contains(flows(), s.folder) }) {
		own, _ := s.imports()
		for _, name := range own {
			if name != s.folder && slices.Contains(flows(), name) {
				t.Errorf("%s imports %s: flows hand over through the database", s.path, name)
			}
		}
	}
}

// graphOf gives, for each package or folder of what runs, those that it imports.
func graphOf(t *testing.T, name func(folder string) string) map[string]list {
	t.Helper()
	all := map[string]list{}
	for _, s := range tree(t, func(s source) bool { return !s.test }) {
		own, _ := s.imports()
		for _, o := range own {
			from, to := name(s.folder), name(o)
			if from != to && !slices.Contains(all[from], to) {
				all[from] = append(all[from], to)
			}
		}
	}
	return all
}

// longest gives the longest way down from a name, or the first circle on it.
func longest(all map[string]list, name string, above list) (way list, circle bool) {
	above = append(slices.Clone(above), name)
	if slices.Contains(above[:len(above)-1], name) {
		return above, true
	}
	way = above
	for _, next := range all[name] {
		below, circle := longest(all, next, above)
		if circle {
			return below, true
		}
		if len(below) > len(way) {
			way = below
		}
	}
	return way, false
}

// A folder is what stands directly below internal, with everything in it.
func TestFoldersHaveNoCircles(t *testing.T) {
	t.Parallel()
	all := graphOf(t, func(folder string) string {
		words := strings.Split(folder, "/")
		return path.Join(words[:min(2, len(words))]...)
	})
	for name := range maps.Keys(all) {
		if way, circle := longest(all, name, nil); circle {
			t.Errorf("folders import each other: %s", strings.Join(way, " → "))
			return
		}
	}
}

func TestTheLongestChainIsFive(t *testing.T) {
	t.Parallel()
	way, _ := longest(graphOf(t, func(folder string) string { return folder }), "cmd/parley", nil)
	if len(way) > 5 {
		t.Errorf("%d packages in a row: %s", len(way), strings.Join(way, " → "))
	}
}
