package facebookpage_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/facebookpage"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
)

// fed is a change of the feed with these members.
func fed(members string) channel.Envelope {
	return channel.Envelope{Kind: domain.ChannelFacebookPage, AccountID: page, Field: "changes:feed",
		Payload: []byte(`{"field":"feed","value":{"from":{"id":"7"},` + members + `}}`)}
}

func TestIdentifyTellsEventsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, members := range []string{
		`"item":"comment","verb":"add","comment_id":"1_2","post_id":"9_1"`, `"item":"comment","verb":"add","comment_id":"1_3","post_id":"9_1"`,
		`"item":"comment","verb":"remove","comment_id":"1_2"`, `"item":"comment","verb":"hide","comment_id":"1_2"`, `"item":"comment","verb":"unhide","comment_id":"1_2"`,
		`"item":"comment","verb":"edited","comment_id":"1_2","message":"a","created_time":1`, `"item":"comment","verb":"edited","comment_id":"1_2","message":"b","created_time":1`,
		`"item":"comment","verb":"edited","comment_id":"1_2","message":"b","created_time":1,"edited_time":2`,
		`"item":"reaction","verb":"add","comment_id":"1_2","reaction_type":"like"`, `"item":"reaction","verb":"add","comment_id":"1_2","reaction_type":"love"`,
		`"item":"reaction","verb":"remove","comment_id":"1_2","reaction_type":"like"`, `"item":"reaction","verb":"add","comment_id":"1_2","reaction_type":"like","created_time":2`,
		`"item":"post","verb":"add","post_id":"9_1"`, `"item":"album","verb":"add","album_id":"1"`, `"item":"album","verb":"add","album_id":"2"`,
	} {
		identity, err := facebookpage.Adapter{}.Identify(fed(members))
		if other, taken := seen[identity.DedupeKey]; err != nil || taken || identity.Contact == "" {
			t.Errorf("%s: %q is the key of %s too, or %v", members, identity.DedupeKey, other, err)
		}
		seen[identity.DedupeKey] = members
	}
}

// A comment that is hidden, shown and hidden again is hidden twice; the same webhook
// that comes again is one. What was written is known by its id, whenever it is told.
func TestIdentifyKnowsARepetition(t *testing.T) {
	t.Parallel()
	key := func(members string, sent int64) string {
		e := fed(members)
		e.SentAt = time.Unix(sent, 0)
		identity, _ := facebookpage.Adapter{}.Identify(e)
		return identity.DedupeKey
	}
	hide, add := `"item":"comment","verb":"hide","comment_id":"1_2","created_time":1`, `"item":"comment","verb":"add","comment_id":"1_2","created_time":1`
	if key(hide, 5) != key(hide, 5) || key(hide, 5) == key(hide, 6) {
		t.Error("a comment that is hidden again is not told from a webhook that comes again")
	}
	if key(add, 5) != key(add, 6) || key(add, 5) != key(strings.ReplaceAll(add, ":1", ":2"), 7) {
		t.Error("a comment that is told twice has two keys")
	}
}

func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.json")
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range (meta.Platform{}).Split(body) {
			f.Add(e.Payload, e.Field)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, field string) {
		e := channel.Envelope{Kind: domain.ChannelFacebookPage, AccountID: page, Field: strings.ToValidUTF8(strings.ReplaceAll(field, "\x00", ""), ""), Payload: payload}
		identity, refused := facebookpage.Adapter{}.Identify(e)
		event, err := facebookpage.Adapter{}.Parse(e)
		if err == nil && (refused != nil || event.Contact != identity.Contact || identity.DedupeKey == "") {
			t.Errorf("parsed as %+v, identified as %+v and %v", event, identity, refused)
		}
		if err == nil && event.Kind != channel.EventIgnored && (event.MessageID == "" || !event.Public) {
			t.Errorf("an effect on nothing: %+v", event)
		}
		written, _ := json.Marshal(event)
		if !utf8.Valid(written) || strings.Contains(string(written), `\u0000`) || strings.Contains(identity.DedupeKey, "\x00") {
			t.Errorf("cannot be stored: %q", written)
		}
	})
}
