package messenger_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
)

// message is an event with a message of these members.
func message(members string) channel.Envelope {
	return envelope(`"message":{"mid":"m_1",` + members + `}`)
}

func envelope(members string) channel.Envelope {
	return channel.Envelope{Kind: domain.ChannelMessenger, AccountID: "1", Field: "messaging",
		Payload: []byte(`{"sender":{"id":"7"},"recipient":{"id":"1"},"timestamp":1790000000123,` + members + `}`)}
}

func TestParseText(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"text":"a\u0000b"`:      "a\uFFFDb",
		"\"text\":\"a\xffb\"":    "a\uFFFDb",
		`"text":"\ud83d"`:        "\uFFFD",
		`"text":"\ud83d\ude00"`:  "😀",
		`"text":null`:            "",
		`"sticker_id":369239`:    "",
		`"text":"x","quick":"y"`: "x",
	} {
		got, err := messenger.Adapter{}.Parse(message(raw))
		if err != nil || got.Kind != channel.EventMessage || got.Text != want {
			t.Errorf("%s: got %+v and %v", raw, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, members := range []string{
		`"message":{"mid":"m_1","text":5}`, `"message":{"mid":"m_1","is_echo":"true"}`, `"message":5`, `"message":[]`,
		`"message":{"is_deleted":true}`, `"message_edit":{"mid":"m_1","text":5}`, `"message_edit":{"text":"x"}`, `"message_edit":{"mid":"m_1"}`,
		`"reaction":{"action":"react"}`, `"reaction":5`, `"policy_enforcement":5`, `"delivery":{}`, `"read":{"watermark":"soon"}`, `"read":7`,
	} {
		if got, err := (messenger.Adapter{}).Parse(envelope(members)); err == nil {
			t.Errorf("%s: got %+v", members, got)
		} else if strings.Contains(err.Error(), "m_1") {
			t.Errorf("the error quotes the payload: %v", err)
		}
	}
}

func TestParseAttachments(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(`{"type":"image"},`, 150)
	for name, c := range map[string]struct {
		raw  string
		want []domain.Attachment
	}{
		"broken ones":   {`[5,{"type":7,"payload":[]},null]`, []domain.Attachment{{Type: "unknown"}, {Type: "unknown"}, {Type: "unknown"}}},
		"no list":       {`"image"`, []domain.Attachment{{Type: "unknown"}}},
		"none":          {`[]`, nil},
		"null":          {`null`, nil},
		"a long type":   {`[{"type":"` + strings.Repeat("é", 80) + `"}]`, []domain.Attachment{{Type: strings.Repeat("é", 64)}}},
		"U+0000":        {`[{"type":"fi\u0000le","payload":{"title":"a\u0000b","url":"https://cdn.example.test/\u0000"}}]`, []domain.Attachment{{Type: "fi\uFFFDle", Name: "a\uFFFDb", URL: "https://cdn.example.test/\uFFFD"}}},
		"another place": {`[{"type":"file","payload":{"url":"file:///etc/passwd"}},{"type":"file","payload":{"url":"//cdn.example.test/x"}}]`, []domain.Attachment{{Type: "file"}, {Type: "file"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := messenger.Adapter{}.Parse(message(`"attachments":` + c.raw))
			if err != nil || !reflect.DeepEqual(got.Attachment, c.want) {
				t.Errorf("got %+v and %v", got.Attachment, err)
			}
		})
	}
	got, err := messenger.Adapter{}.Parse(message(`"attachments":[` + strings.TrimSuffix(many, ",") + `]`))
	if err != nil || len(got.Attachment) != 100 {
		t.Errorf("got %d attachments and %v, want 100", len(got.Attachment), err)
	}
}

func TestIdentifyTellsEventsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, members := range []string{
		`"message":{"mid":"m_1"}`, `"message":{"mid":"m_2"}`, `"message":{"mid":"m_1","is_deleted":true}`,
		`"reaction":{"mid":"m_1","action":"react"}`, `"reaction":{"mid":"m_1","action":"unreact"}`,
		`"message_edit":{"mid":"m_1","num_edit":1}`, `"message_edit":{"mid":"m_1","num_edit":2}`,
		`"delivery":{"watermark":5}`, `"delivery":{"watermark":6}`, `"delivery":{"watermark":6,"mids":["m_1"]}`, `"read":{"watermark":5}`,
		`"postback":{"payload":"a"}`, `"postback":{"payload":"b"}`, `"postback":{"mid":"m_1","payload":"b"}`,
		`"referral":{"ref":"a"}`, `"optin":{"ref":"a"}`, `"optin":{"payload":"a"}`, `"x":1`, `"x":2`,
	} {
		identity, err := messenger.Adapter{}.Identify(envelope(members))
		if other, taken := seen[identity.DedupeKey]; err != nil || taken {
			t.Errorf("%s: %q is the key of %s too, or %v", members, identity.DedupeKey, other, err)
		}
		seen[identity.DedupeKey] = members
	}
}

// TestIdentifyKnowsARepetition varies what may differ between two deliveries of one event.
func TestIdentifyKnowsARepetition(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{`"message":{"mid":"m_1","text":"x"}`, `"message":{"text":"x","mid":"m_1"}`},
		{`"read":{"watermark":5}`, `"read":{"watermark":"5","seq":0}`},
		{`"message_edit":{"mid":"m_1","num_edit":1,"text":"x"}`, `"message_edit":{"num_edit":1,"mid":"m_1"}`},
	} {
		a, _ := messenger.Adapter{}.Identify(envelope(pair[0]))
		b, _ := messenger.Adapter{}.Identify(envelope(pair[1]))
		if a != b || a.DedupeKey == "" {
			t.Errorf("%s is %+v, %s is %+v", pair[0], a, pair[1], b)
		}
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
			f.Add(e.Payload, e.Field == "standby")
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, standby bool) {
		e := channel.Envelope{Kind: domain.ChannelMessenger, AccountID: "100200300400500", Field: "messaging", Payload: payload}
		if standby {
			e.Field = "standby"
		}
		identity, refused := messenger.Adapter{}.Identify(e)
		event, err := messenger.Adapter{}.Parse(e)
		if err == nil && (refused != nil || event.Contact != identity.Contact || identity.DedupeKey == "") {
			t.Errorf("parsed as %+v, identified as %+v and %v", event, identity, refused)
		}
		written, _ := json.Marshal(event)
		if !utf8.Valid(written) || strings.Contains(string(written), `\u0000`) || strings.Contains(identity.DedupeKey, "\x00") {
			t.Errorf("cannot be stored: %q", written)
		}
	})
}
