package main

import (
	"context"
	"database/sql"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/parley-cx/parley/internal/config"
	"github.com/parley-cx/parley/internal/storage/storagetest"
	"github.com/parley-cx/parley/migrations"
)

// upgradeKey is the sealing key of the server that wrote testdata/upgrade.
const upgradeKey = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

// TestUpgrade starts this version on what the first one left behind, in the midst
// of work: what it held can be read, what was under way goes on.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, database string) {
		leftBehind(t, database, 1)
		p := start(t, database, func(c *config.Config) { c.SealingKey = upgradeKey })
		admin := p.admin()
		ana := upgradedAgent(t, p, admin)
		upgradedSetup(t, admin)
		upgradedHistory(t, admin)
		upgradedWork(t, admin, ana)
	})
}

// TestPreviousVersionWritesOn lets the first version write into this version's
// schema, as it does while the nodes are replaced one after the other.
func TestPreviousVersionWritesOn(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, database string) {
		leftBehind(t, database, newest)
		p := start(t, database, func(c *config.Config) { c.SealingKey = upgradeKey })
		upgradedHistory(t, p.admin())
	})
}

// newest is a version that no migration has.
const newest = 99_999

// leftBehind makes a database of a version of the schema, with what the first
// version wrote, two minutes after it went.
func leftBehind(t *testing.T, database string, version int64) {
	t.Helper()
	dialect, driver, address, folder := goose.DialectSQLite3, "sqlite", strings.TrimPrefix(database, "sqlite:"), "sqlite"
	if strings.HasPrefix(database, "postgres") {
		dialect, driver, address, folder = goose.DialectPostgres, "pgx", database, "postgres"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations.Files, folder)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(dialect, db, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if err := load(t.Context(), db, filepath.Join("testdata", "upgrade", folder+".sql")); err != nil {
		t.Fatal(err)
	}
}

// load runs a file of statements, one on each line, with its times moved to today.
func load(ctx context.Context, db *sql.DB, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	times := regexp.MustCompile(`\b17956\d{8}\b`)
	latest := slices.Max(times.FindAllString(string(raw), -1))
	then, _ := strconv.ParseInt(latest, 10, 64)
	shift := time.Now().Add(-2*time.Minute).UnixMilli() - then
	moved := times.ReplaceAllStringFunc(string(raw), func(found string) string {
		at, _ := strconv.ParseInt(found, 10, 64)
		return strconv.FormatInt(at+shift, 10)
	})
	for line := range strings.Lines(moved) {
		if strings.HasPrefix(line, "--") {
			continue
		}
		if _, err := db.ExecContext(ctx, line); err != nil {
			return err
		}
	}
	return nil
}

// upgradedAgent gives a caller with a token of the agent who was at work.
func upgradedAgent(t *testing.T, p *program, admin *caller) *caller {
	t.Helper()
	agents := admin.do("GET", "/v1/agents?order=asc", nil).want(200)
	agents.holds(map[string]string{"items.#": "2", "items.0.name": "Ana", "items.0.presence": "away", "items.0.external_subject": "",
		"items.0.utilization.message.maximum": "3", "items.1.email": "ben@example.com"})
	token := admin.tokenFor("grant_type=client_credentials&agent_id="+agents.get("items.0.id"), testClient, testSecret).want(200)
	ana := *newCaller(t, p.url)
	ana.token = token.get("access_token")
	return &ana
}

// upgradedSetup reads what an administrator had set, with the defaults of what is new.
func upgradedSetup(t *testing.T, admin *caller) {
	t.Helper()
	queue := admin.do("GET", "/v1/queues", nil).want(200)
	queue.holds(map[string]string{"items.#": "1", "items.0.name": "Care", "items.0.external_id": "crm-1", "items.0.alerting_timeout_seconds": "60"})
	admin.do("GET", "/v1/organization", nil).want(200).holds(map[string]string{"name": "default", "allowed_origins": "[]", "features.attachments": "true", "version": "1"})
	admin.do("GET", "/v1/oauth-clients", nil).want(200).holds(map[string]string{"items.0.id": testClient, "items.0.allowed_origins": "[]"})
	admin.do("GET", "/v1/channels", nil).want(200).holds(map[string]string{"items.0.account_id": "100200300"})
	// An answer that was kept under a key is still given.
	body := map[string]any{"name": "Care", "wrap_up_code_ids": each(admin.list("/v1/wrap-up-codes?order=asc"), "id"), "external_id": "crm-1", "alerting_timeout_seconds": 60}
	plain := *admin
	plain.http = &http.Client{Timeout: time.Minute} // it is as the contract was then
	again := plain.do("POST", "/v1/queues", body, "Idempotency-Key", "upgrade-queue")
	if again.status != 201 || again.header.Get("Idempotent-Replayed") != "true" || again.get("id") != queue.get("items.0.id") {
		t.Errorf("the kept answer is %d %s", again.status, again.body)
	}
	// Every resource can be changed.
	admin.do("PATCH", "/v1/queues/"+queue.get("items.0.id"), map[string]any{"description": "after"}).want(200)
	admin.do("PATCH", "/v1/channels/"+admin.do("GET", "/v1/channels", nil).get("items.0.id"), map[string]any{"name": "After"}).want(200)
}

// upgradedHistory reads the conversation that was over, and the log.
func upgradedHistory(t *testing.T, admin *caller) {
	t.Helper()
	ended := admin.list("/v1/interactions?state=disconnected")
	if len(ended) != 1 {
		t.Fatalf("%d conversations have ended", len(ended))
	}
	address := "/v1/interactions/" + text(lookup(ended[0], "id"))
	admin.do("GET", address+"/messages", nil).want(200).holds(map[string]string{"items.#": "3", "items.0.text": "hello", "items.1.text": "How can I help?",
		"items.1.status": "delivered", "items.0.sender.type": "customer", "items.2.kind": "system"})
	events := admin.list("/v1/events?limit=200&interaction_id=" + text(lookup(ended[0], "id")))
	for n, event := range events {
		if got := text(lookup(event, "sequence")); got != strconv.Itoa(n+1) {
			t.Errorf("event %d has the sequence %s", n, got)
		}
	}
	if len(events) < 8 {
		t.Errorf("the log has %d events of the conversation", len(events))
	}
}

// upgradedWork takes up the work where it was left.
func upgradedWork(t *testing.T, admin, ana *caller) {
	t.Helper()
	connected := admin.list("/v1/interactions?state=connected")
	if len(connected) != 1 {
		t.Fatalf("%d conversations are connected", len(connected))
	}
	i := text(lookup(connected[0], "id"))
	reply := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "still here"}).want(202).get("items.0.id")
	ana.until(i, reply, "delivered")
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	// Two waited: the offer of one has run out meanwhile, and both come now.
	admin.advance(0)
	if n := len(admin.list("/v1/interactions?state=queued")); n != 2 {
		t.Errorf("%d conversations wait", n)
	}
	cursor := ana.presence("on_queue").want(200).header.Get("Event-Cursor")
	for range 2 {
		i, cursor = ana.accepted(cursor)
		ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	}
	// A customer of then comes back, and is known.
	admin.do("POST", "/sandbox/platforms/messenger/inbound", map[string]any{"account_id": "100200300", "from": map[string]any{"id": "c-ended"}, "text": "again"}).want(200)
	i, _ = ana.accepted(cursor)
	if got := ana.do("GET", "/v1/interactions/"+i, nil).want(200); got.get("previous_interaction_id") == "" {
		t.Errorf("nobody knows the customer: %s", got.body)
	}
}
