package meta_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
)

// line is an envelope as these tests write it.
func line(e channel.Envelope) string {
	return fmt.Sprintf("%s|%s|%s|%s|%s", e.Kind, e.AccountID, e.Field, e.Payload, e.Fault)
}

func split(body string) []string {
	lines := []string{}
	for _, e := range (meta.Platform{}).Split([]byte(body)) {
		lines = append(lines, line(e))
	}
	return lines
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"order, pages and untouched bytes": {
			`{"object":"page","entry":[{"id":"1","messaging":[ {"a" : "\u00e9"} ,{"b":2}]},{"id":2,"standby":[{"c":3}]},{"id":"1","messaging":[{"d":4}]}]}`,
			[]string{`messenger|1|messaging|{"a" : "\u00e9"}|`, `messenger|1|messaging|{"b":2}|`, `messenger|2|standby|{"c":3}|`, `messenger|1|messaging|{"d":4}|`},
		},
		"changes": {
			`{"object":"page","entry":[{"id":"1","time":1790000100,"changes":[{"field":"feed","value":{}},{"field":"mention"},{"field":"ratings"},{"field":"leadgen"},{"field":7},5]}]}`,
			[]string{`facebook_page|1|changes:feed|{"field":"feed","value":{}}|`, `facebook_page|1|changes:mention|{"field":"mention"}|`, `facebook_page|1|changes:ratings|{"field":"ratings"}|`,
				`|1|changes:leadgen|{"field":"leadgen"}|unsupported field changes:leadgen`, `|1|changes:|{"field":7}|unsupported field changes:`, `|1|changes:|5|unsupported field changes:`},
		},
		"another object": {
			`{"object":"permissions","entry":[{"id":"1","messaging":[{"a":1}],"changes":[{"field":"comments"}]}]}`,
			[]string{`|1|messaging|{"a":1}|unsupported object permissions`, `|1|changes:comments|{"field":"comments"}|unsupported object permissions`},
		},
		"instagram": {
			`{"object":"instagram","entry":[{"id":"1","messaging":[{"a":1}],"standby":[{"b":2}],"changes":[{"field":"comments"},{"field":"live_comments"},{"field":"mentions"},{"field":"story_insights"},{"field":"messaging_seen"}]}]}`,
			[]string{`instagram|1|messaging|{"a":1}|`, `instagram|1|standby|{"b":2}|`, `instagram|1|changes:comments|{"field":"comments"}|`,
				`instagram|1|changes:live_comments|{"field":"live_comments"}|`, `instagram|1|changes:mentions|{"field":"mentions"}|`,
				`|1|changes:story_insights|{"field":"story_insights"}|unsupported field changes:story_insights`, `instagram|1|changes:messaging_seen|{"field":"messaging_seen"}|`},
		},
		"an entry that is a change": {
			`{"object":"instagram","entry":[{"id":"1","time":5,"field":"comments","value":{"id":"2"}},{"id":"1","field":7},{"id":"1","field":"comments","changes":[{"field":"mentions"}]}]}`,
			[]string{`instagram|1|changes:comments|{"id":"1","time":5,"field":"comments","value":{"id":"2"}}|`, `|1|changes:|{"id":"1","field":7}|unsupported field changes:`,
				`instagram|1|changes:mentions|{"field":"mentions"}|`},
		},
		"bad elements among good ones": {
			`{"object":"page","entry":[5,{"id":"1","messaging":[7,null,{"a":1}]},{"id":"2"},{"id":"3","messaging":{"b":2},"standby":[{"c":3}]},{"id":true,"messaging":[{"d":4}]}]}`,
			[]string{
				`|||5|an entry that is not an object`,
				`messenger|1|messaging|7|an event that is not an object`, `messenger|1|messaging|null|an event that is not an object`, `messenger|1|messaging|{"a":1}|`,
				`|2||{"id":"2"}|an entry without events`,
				`|3|messaging|{"id":"3","messaging":{"b":2},"standby":[{"c":3}]}|no list under messaging`, `messenger|3|standby|{"c":3}|`,
				`messenger||messaging|{"d":4}|an entry without an account`,
			},
		},
		"WhatsApp: each event with its contact": {
			`{"object":"whatsapp_business_account","entry":[{"id":"3","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"4"},"contacts":[{"wa_id" : "5"},{"user_id":"US.6"}],"messages":[{"from":"5"},{"from_user_id":"US.6"},{"from":"7"}],"statuses":[{"recipient_id":"5"}],"errors":[{"code":1}]}}]}]}`,
			[]string{`whatsapp|4|messages|{"metadata":{"phone_number_id":"4"},"contact":{"wa_id" : "5"},"message":{"from":"5"}}|`, `whatsapp|4|messages|{"metadata":{"phone_number_id":"4"},"contact":{"user_id":"US.6"},"message":{"from_user_id":"US.6"}}|`,
				`whatsapp|4|messages|{"metadata":{"phone_number_id":"4"},"message":{"from":"7"}}|`, `whatsapp|4|statuses|{"metadata":{"phone_number_id":"4"},"contact":{"wa_id" : "5"},"status":{"recipient_id":"5"}}|`,
				`whatsapp|4|errors|{"metadata":{"phone_number_id":"4"},"error":{"code":1}}|`},
		},
		"WhatsApp: what is not of a conversation": {
			`{"object":"whatsapp_business_account","entry":[{"id":"3","changes":[{"field":"account_update","value":{}},{"field":"new"},7,{"field":"messages","value":{}},{"field":"messages","value":{"metadata":{"phone_number_id":4}}},{"field":"messages"}],"messaging":[{"a":1}]}]}`,
			[]string{`|3|messaging|{"a":1}|unsupported object whatsapp_business_account`, `whatsapp|3|changes:account_update|{"field":"account_update","value":{}}|`, `|3|changes:new|{"field":"new"}|unsupported field changes:new`, `whatsapp|3|changes:|7|an event that is not an object`,
				`whatsapp||changes:messages|{"field":"messages","value":{}}|a change without a phone number`, `whatsapp|4|changes:messages|{"field":"messages","value":{"metadata":{"phone_number_id":4}}}|a change without events`,
				`whatsapp|3|changes:messages|{"field":"messages"}|a change without a value`},
		},
		"no entries":         {`{"object":"page","entry":[]}`, []string{}},
		"no events":          {`{"object":"page","entry":[{"id":"1","messaging":[]}]}`, []string{}},
		"no list of entries": {`{"object":"page","entry":{}}`, []string{`|||{"object":"page","entry":{}}|no list of entries`}},
		"entries missing":    {`{"object":"page"}`, []string{`|||{"object":"page"}|no list of entries`}},
		"null":               {`null`, []string{`|||null|no list of entries`}},
		"not JSON":           {`object=page`, []string{`|||object=page|not a JSON object`}},
		"a list":             {`[]`, []string{`|||[]|not a JSON object`}},
		"nothing":            {``, []string{`||||not a JSON object`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := split(c.body); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// When a webhook was sent is told in milliseconds or in seconds, by entry.
func TestSplitTellsWhenItWasSent(t *testing.T) {
	t.Parallel()
	got := (meta.Platform{}).Split([]byte(`{"object":"page","entry":[{"id":"1","time":1790000100,"changes":[{"field":"feed"}]},{"id":"1","time":1790000200456,"messaging":[{}]},{"id":"1","messaging":[{}]}]}`))
	if at := got[0].SentAt.UnixMilli(); at != 1790000100000 {
		t.Errorf("the first was sent at %d", at)
	}
	if at := got[1].SentAt.UnixMilli(); at != 1790000200456 || !got[2].SentAt.IsZero() {
		t.Errorf("the second was sent at %d, the third at %v", at, got[2].SentAt)
	}
}

func TestSplitIsBounded(t *testing.T) {
	t.Parallel()
	body := `{"object":"page","entry":[{"id":"1","messaging":[{}` + strings.Repeat(`,{}`, 20_000) + `]}]}`
	got := (meta.Platform{}).Split([]byte(body))
	last := got[len(got)-1]
	if len(got) != 10_001 || last.Kind != "" || last.Fault == "" || string(last.Payload) != body {
		t.Errorf("got %d events, the last with fault %q", len(got), last.Fault)
	}
	long := split(`{"object":"` + strings.Repeat("é", 10_000) + `","entry":[{"id":"1","messaging":[{}]}]}`)
	if len(long[0]) > 200 {
		t.Errorf("a fault of %d bytes", len(long[0]))
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(`{"object":"page","entry":[{"id":"1","time":1790000000456,"messaging":[{"message":{"mid":"m_1"}}],"standby":[{}],"changes":[{"field":"feed"}]}]}`))
	f.Add([]byte(`{"object":"page","entry":[{"id":1,"messaging":[null]},[],{"changes":{}}]}`))
	f.Add([]byte(`{"object":null,"entry":null}`))
	f.Add([]byte(`{"object":"instagram","entry":[{"id":"1","field":"comments","value":{}}]}`))
	f.Add([]byte("\xff"))
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"3","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"4"},"contacts":[{"wa_id":"5"}],"messages":[{"from":"5"},7],"statuses":[{}]}},{"field":"account_update"}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		first, again := (meta.Platform{}).Split(body), (meta.Platform{}).Split(body)
		if !reflect.DeepEqual(first, again) {
			t.Error("cut in two ways")
		}
		for _, e := range first {
			if e.Fault == "" && (e.Kind == "" || e.AccountID == "" || !json.Valid(e.Payload)) {
				t.Errorf("a faultless event that is not whole: %s", line(e))
			}
			if e.Kind != domain.ChannelWhatsApp && !strings.Contains(string(body), string(e.Payload)) {
				t.Errorf("bytes that the webhook does not hold: %s", line(e))
			}
		}
	})
}
