package storage

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// secrets writes a text to every place that is sealed.
func (w *world) secrets(text string) {
	w.t.Helper()
	app, ch := w.app, w.channel
	app.Secrets, app.VerifyToken, ch.Credentials = []string{text}, text, map[string]string{"access_token": text}
	inbox := w.inbox(1, 1)
	inbox[0].Payload = []byte(text)
	m, file, early := w.said(text)
	draft := domain.Draft{Organization: w.org, Interaction: m.Interaction, Agent: w.agent().ID, Text: text, UpdatedAt: noon}
	noted := domain.Participant{ID: domain.NewID[domain.ParticipantID](), Organization: w.org, Interaction: m.Interaction, Agent: draft.Agent,
		WrapUp: &domain.WrapUp{Notes: &text}}
	post := domain.NewPost(w.channel, "post", noon)
	post.PostContent = domain.PostContent{AuthorName: text, Text: text, Permalink: text, Attachments: []domain.Attachment{{URL: text, Name: text}}}
	commit(w.t, w.Store, func(ctx context.Context) error {
		_, _, err := w.ClaimKey(ctx, w.key(text))
		return first(err, w.CreatePosts(ctx, post), w.CreateMessages(ctx, m), w.CreateFiles(ctx, file), w.SaveEarly(ctx, early), w.SaveDraft(ctx, draft), insert(ctx, w.Store, "", w.part(noted)), w.SaveApp(ctx, &app), w.SaveChannel(ctx, &ch), w.AppendInbox(ctx, inbox),
			w.SaveSigningKey(ctx, SigningKey{ID: domain.NewID[string](), Public: []byte("public"), Private: []byte(text), CreatedAt: noon}),
			w.SaveAnswer(ctx, w.key(text)))
	})
}

// part gives the row of an agent's part.
func (w *world) part(p domain.Participant) participantRow {
	w.t.Helper()
	r, err := w.toParticipantRow(p)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// parts reads every agent's part in the organization.
func (w *world) parts() error {
	rows, err := all[participantRow](w.read.Where("organization_id = ?", w.org))
	if err != nil {
		return err
	}
	_, err = eachTry(rows, w.fromParticipantRow)
	return err
}

// drafted reads every draft in the organization.
func (w *world) drafted() error {
	rows, err := all[draftRow](w.read.Where("organization_id = ?", w.org))
	if err != nil {
		return err
	}
	_, err = eachTry(rows, w.fromDraftRow)
	return err
}

// said gives what has a text wherever people's words are: in a message with a
// file and a button, and in what was told of one that has not come.
func (w *world) said(text string) (domain.Message, domain.File, domain.Early) {
	m := w.messages(w.waiting(1)[0], 1)[0]
	m.Text, m.Attachments = &text, []domain.Attachment{{Type: "image", URL: text, Name: text}}
	m.Details = domain.MessageDetails{Postback: &domain.Postback{Title: text, Payload: text}, QuickReply: &domain.QuickReply{Payload: text}}
	return m, domain.NewReceived(m, m.Attachments[0], "key", true, noon),
		domain.Early{Organization: w.org, Channel: w.channel.ID, MessageID: "early", EditText: &text, CreatedAt: noon}
}

// B22: what is sealed, and so whatever anybody said, is in no file of the database:
// neither in its tables nor in the log that is written ahead of them, which
// PostgreSQL keeps for as long as it likes.
func TestB22_SealedValuesAreNotInTheFiles(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		started := time.Now()
		unique := domain.NewID[string]()
		w.secrets(strings.Repeat("canary "+unique, 3))
		commit(t, db.Store, func(ctx context.Context) error { return note(ctx, db.Store, "magpie "+unique) })
		clear := map[bool]int{}
		for _, name := range db.files(t, started.Add(-time.Minute)) {
			content, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) { // PostgreSQL removes some meanwhile
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte("canary "+unique)) {
				t.Errorf("%s has the secret in clear", name)
			}
			if bytes.Contains(content, []byte("magpie "+unique)) {
				clear[strings.Contains(name, "wal")] += 1
			}
		}
		if clear[true] == 0 || clear[false] == 0 {
			t.Errorf("the search does not even find what is not sealed: in the log and the tables %v", clear)
		}
	})
}

// files gives all files of the database that were written since, the log's too.
func (db database) files(t *testing.T, since time.Time) (names []string) {
	t.Helper()
	file, lite := strings.CutPrefix(db.url, "sqlite:")
	folders := []string{filepath.Dir(file)}
	if lite {
		if _, err := db.engine.(*sqliteEngine).db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(FULL)"); err != nil {
			t.Fatal(err)
		}
	} else {
		folders = db.folders(t)
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatalf("the server's disk cannot be read, so nothing is proved; scripts/test starts a server whose disk can: %v", err)
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().After(since) {
				names = append(names, filepath.Join(folder, e.Name()))
			}
		}
	}
	return names
}

// folders are where the server keeps the database, all of it written down, and its log.
func (db database) folders(t *testing.T) []string {
	t.Helper()
	var place struct{ Data, Number string }
	err := db.read.Exec("CHECKPOINT").Error
	if err == nil {
		err = db.read.Raw("SELECT current_setting('data_directory') AS data, oid AS number FROM pg_database WHERE datname = current_database()").Scan(&place).Error
	}
	if err != nil {
		t.Fatalf("the role may not ask where the data is, so nothing is proved; scripts/test starts a server that tells: %v", err)
	}
	return []string{filepath.Join(place.Data, "base", place.Number), filepath.Join(place.Data, "pg_wal")}
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

// ids names all messages of the organization.
func (w *world) ids() (ids []domain.MessageID) {
	w.t.Helper()
	if err := w.read.Raw("SELECT id FROM messages WHERE organization_id = ?", w.org).Scan(&ids).Error; err != nil {
		w.t.Fatal(err)
	}
	return ids
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
			"content":     {"messages", "content", func(ctx context.Context) error { _, err := db.MessagesByID(ctx, other.org, other.ids()); return err }},
			"told": {"early_events", "content", func(ctx context.Context) error {
				_, err := db.EarlyEvents(ctx, other.org, other.channel.ID, []string{"early"})
				return err
			}},
			"post": {"posts", "content", func(ctx context.Context) error {
				_, err := db.PostsByPlatformID(ctx, other.org, other.channel.ID, []string{"post"})
				return err
			}},
			"draft":  {"drafts", "content", func(context.Context) error { return other.drafted() }},
			"notes":  {"participants", "sealed_notes", func(context.Context) error { return other.parts() }},
			"name":   {"attachments", "sealed_name", func(ctx context.Context) error { _, err := db.ClaimFiles(ctx, noon, noon, 9); return err }},
			"answer": {"idempotency_keys", "body", func(ctx context.Context) error { _, _, err := db.ClaimKey(ctx, other.key("")); return err }},
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
