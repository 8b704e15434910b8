package storage

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// secrets writes a text to every place that is sealed.
func (w *world) secrets(text string) {
	w.t.Helper()
	app, ch := w.app, w.channel
	app.Secrets, app.VerifyToken, ch.Credentials = []string{text}, text, map[string]string{"access_token": text}
	inbox := w.inbox(1, 1)
	inbox[0].Payload = []byte(text)
	commit(w.t, w.Store, func(ctx context.Context) error {
		_, _, err := w.ClaimKey(ctx, w.key(text))
		return first(err, w.SaveApp(ctx, &app), w.SaveChannel(ctx, &ch), w.AppendInbox(ctx, inbox),
			w.SaveSigningKey(ctx, SigningKey{ID: domain.NewID[string](), Public: []byte("public"), Private: []byte(text), CreatedAt: noon}),
			w.SaveAnswer(ctx, w.key(text)))
	})
}

// What is sealed is in no file of the database, also not in the log that is
// written ahead of it.
func TestSealedValuesAreNotInTheFiles(t *testing.T) {
	t.Parallel()
	db := onSQLite(t)
	w := newWorld(t, db.Store)
	secret := "secret-" + strings.Repeat("canary", 3)
	w.secrets(secret)
	commit(t, db.Store, func(ctx context.Context) error { return note(ctx, db.Store, "plain "+strings.Repeat("magpie", 3)) })
	file, found := strings.TrimPrefix(db.url, "sqlite:"), 0
	for _, name := range []string{file, file + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("canary")) {
			t.Errorf("%s has the secret in clear", name)
		}
		found += bytes.Count(content, []byte("magpiemagpie"))
	}
	if found == 0 {
		t.Error("the search does not even find what is not sealed")
	}
}

// On PostgreSQL no column of any table gives the secret away.
func TestSealedValuesAreNotInTheTables(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		secret := strings.Repeat("canary", 3)
		w.secrets(secret)
		for name, r := range rowTypes {
			for _, f := range r.table(t, db.Store).all {
				var rows []map[string]any
				if err := db.read.Raw("SELECT " + f.DBName + " AS value FROM " + r.table(t, db.Store).name).Scan(&rows).Error; err != nil {
					t.Fatal(err)
				}
				for _, row := range rows {
					raw, isBytes := row["value"].([]byte)
					text, _ := row["value"].(string)
					if isBytes && bytes.Contains(raw, []byte("canary")) || strings.Contains(text, "canary") {
						t.Errorf("%s: %s has the secret in clear", name, f.DBName)
					}
				}
			}
		}
	})
}

// A sealed value opens only in the row and the column for which it was sealed.
func TestSealedValuesCannotBeMoved(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		w.secrets("mine")
		other.secrets("theirs")
		move := func(table, column string) {
			t.Helper()
			commit(t, db.Store, func(ctx context.Context) error {
				return db.exec(ctx, table, nil, "UPDATE "+table+" SET "+column+" = (SELECT "+column+" FROM "+table+
					" WHERE organization_id = ?) WHERE organization_id = ?", w.org, other.org)
			})
		}
		for name, c := range map[string]struct {
			table, column string
			read          func(ctx context.Context) error
		}{
			"secrets":     {"platform_apps", "secrets", func(ctx context.Context) error { _, err := db.App(ctx, other.org, other.app.ID); return err }},
			"credentials": {"channels", "credentials", func(ctx context.Context) error { _, err := db.Channel(ctx, other.org, other.channel.ID); return err }},
			"payload":     {"inbox", "payload", func(ctx context.Context) error { _, err := db.PendingEvents(ctx, 1, 9); return err }},
			"answer":      {"idempotency_keys", "body", func(ctx context.Context) error { _, _, err := db.ClaimKey(ctx, other.key("")); return err }},
		} {
			if err := db.InTx(t.Context(), c.read); err != nil {
				t.Errorf("%s in its own place: %v", name, err)
			}
			move(c.table, c.column)
			if err := db.InTx(t.Context(), c.read); err == nil {
				t.Errorf("%s of another organization is read", name)
			}
		}
	})
}
