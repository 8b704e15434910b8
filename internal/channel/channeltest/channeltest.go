// Package channeltest is the conformance suite that every adapter runs against
// its own fixtures: documented webhook bodies with what they must be read as. Its
// HTTP client refuses any network but loopback, so no test reaches a platform.
package channeltest

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// update makes Run write the golden files instead of comparing with them.
var update = flag.Bool("update", false, "write the golden files of the fixtures")

// Case is one adapter under test.
type Case struct {
	New      func(client *http.Client) channel.Adapter
	Platform channel.Platform
	Fixtures string          // directory of <name>.json and <name>.golden.json
	Account  channel.Account // an account that may send; BaseURL is the suite's
	Accepted string          // the platform's answer to a message that it took
	Readings []Reading       // what an adapter that reads posts is told; none where it reads none
	Refusals []Refusal       // and what it is refused
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Helper()
	fixtures := c.fixtures(t)
	t.Run("golden", func(t *testing.T) { t.Parallel(); c.golden(t, fixtures) })
	t.Run("identity", func(t *testing.T) { t.Parallel(); c.identity(t, fixtures) })
	t.Run("hostile", func(t *testing.T) { t.Parallel(); c.hostile(t, fixtures) })
	t.Run("matrix", func(t *testing.T) { t.Parallel(); c.matrix(t, fixtures) })
	t.Run("send", func(t *testing.T) { t.Parallel(); c.send(t) })
	t.Run("read", func(t *testing.T) { t.Parallel(); c.read(t) })
}

type fixture struct {
	path string // without .json
	body []byte
}

func (c Case) fixtures(t *testing.T) []fixture {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.Fixtures, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures in %s: %v", c.Fixtures, err)
	}
	var fixtures []fixture
	for _, path := range paths {
		if strings.HasSuffix(path, ".golden.json") {
			continue
		}
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fixtures = append(fixtures, fixture{path: strings.TrimSuffix(path, ".json"), body: body})
	}
	return fixtures
}

// golden compares what each fixture is read as with its golden file.
func (c Case) golden(t *testing.T, fixtures []fixture) {
	for _, f := range fixtures {
		got := readings(c.Platform, c.New(nil), f.body)
		path := f.path + ".golden.json"
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: read as\n%s\nwant\n%s", f.path, got, want)
		}
	}
}

// reading is one event of a golden file.
type reading struct {
	Kind      domain.ChannelKind `json:"kind,omitempty"`
	AccountID string             `json:"account_id,omitempty"`
	Field     string             `json:"field,omitempty"`
	Fault     string             `json:"fault,omitempty"`
	Contact   string             `json:"contact,omitempty"`
	Subject   string             `json:"subject,omitempty"`
	DedupeKey string             `json:"dedupe_key,omitempty"`
	ExpiresAt time.Time          `json:"expires_at,omitzero"`
	Event     *event             `json:"event,omitempty"`
	Errors    []string           `json:"errors,omitempty"`
}

// event is channel.Event as a golden file writes it.
type event struct {
	Kind    channel.EventKind `json:"kind"`
	Contact string            `json:"contact,omitempty"`

	AddressType string `json:"address_type,omitempty"`
	Name        string `json:"name,omitempty"`

	MessageID  string              `json:"message_id,omitempty"`
	Text       string              `json:"text,omitempty"`
	Attachment []domain.Attachment `json:"attachments,omitempty"`
	ReplyTo    string              `json:"reply_to,omitempty"`
	Token      string              `json:"token,omitempty"`
	MessageIDs []string            `json:"message_ids,omitempty"`
	Watermark  time.Time           `json:"watermark,omitzero"`
	Failure    domain.FailureCode  `json:"failure,omitempty"`
	At         time.Time           `json:"at,omitzero"`
	Note       string              `json:"note,omitempty"`
	ExpiresAt  time.Time           `json:"expires_at,omitzero"`

	Postback   *domain.Postback   `json:"postback,omitempty"`
	QuickReply *domain.QuickReply `json:"quick_reply,omitempty"`
	Referral   *domain.Referral   `json:"referral,omitempty"`
	Edit       int                `json:"edit,omitempty"`
	Reaction   string             `json:"reaction,omitempty"`
	Emoji      string             `json:"emoji,omitempty"`
	Removed    bool               `json:"removed,omitempty"`
	Standby    bool               `json:"standby,omitempty"`
	Elsewhere  bool               `json:"elsewhere,omitempty"`
	Owner      string             `json:"owner,omitempty"`
	Action     string             `json:"action,omitempty"`

	Story   domain.Story      `json:"story,omitempty"`
	Omitted []domain.Omission `json:"omitted,omitempty"`
	Through string            `json:"through,omitempty"`

	Public     bool   `json:"public,omitempty"`
	Post       string `json:"post,omitempty"`
	Mention    bool   `json:"mention,omitempty"`
	Incomplete bool   `json:"incomplete,omitempty"`
	Former     string `json:"former,omitempty"`
	Alias      string `json:"alias,omitempty"`
}

// readings writes everything that the platform and the adapter make of a body.
func readings(platform channel.Platform, adapter channel.Adapter, body []byte) []byte {
	all := []reading{}
	for _, e := range platform.Split(body) {
		all = append(all, read(adapter, e))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return []byte(err.Error())
	}
	return out.Bytes()
}

func read(adapter channel.Adapter, e channel.Envelope) reading {
	r := reading{Kind: e.Kind, AccountID: e.AccountID, Field: e.Field, Fault: e.Fault}
	if e.Kind != adapter.Kind() || e.Fault != "" {
		return r
	}
	identity, err := adapter.Identify(e)
	r.Contact, r.Subject, r.DedupeKey, r.ExpiresAt = identity.Contact, identity.Subject, identity.DedupeKey, identity.ExpiresAt
	r.note(err)
	parsed, err := adapter.Parse(e)
	r.note(err)
	if err == nil {
		written := event(parsed)
		r.Event = &written
	}
	return r
}

func (r *reading) note(err error) {
	if err != nil {
		r.Errors = append(r.Errors, err.Error())
	}
}
