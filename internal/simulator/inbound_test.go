package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/simulator"
)

func TestInbound(t *testing.T) {
	t.Parallel()
	p := newProduct(t, nil)
	s, _ := play(t, p)
	head := `{"object":"page","entry":[{"time":1790000000123,"id":"` + page + `","messaging":[`
	parties := `{"sender":{"id":"` + customer + `"},"recipient":{"id":"` + page + `"},"timestamp":`
	raw := `{ "sender":{"id":"7"},"é":"<>/" ,"message":{"mid":"m_raw"}}`
	from := simulator.Person{ID: customer}
	for name, c := range map[string]struct {
		in   simulator.InboundMessage
		ids  []string
		want string
	}{
		"a text": {
			simulator.InboundMessage{AccountID: page, From: from, Text: "Wo ist es? ü😀", MessageID: "m_1"}, []string{"m_1"},
			parties + `1790000000123,"message":{"mid":"m_1","text":"Wo ist es? \u00fc\ud83d\ude00"}}`,
		},
		"attachments": {
			simulator.InboundMessage{AccountID: page, From: from, MessageID: "m_2", Timestamp: 5, Attachments: []simulator.Attachment{
				{Type: "image", URL: "https://cdn.example.test/i/1.jpg"}, {Type: "file", URL: "https://cdn.example.test/2"}}}, []string{"m_2"},
			parties + `5,"message":{"mid":"m_2","attachments":[{"type":"image","payload":{"url":"https:\/\/cdn.example.test\/i\/1.jpg"}},` +
				`{"type":"file","payload":{"url":"https:\/\/cdn.example.test\/2"}}]}}`,
		},
		"a raw item":               {simulator.InboundMessage{AccountID: page, Text: "x", Payload: json.RawMessage(raw)}, []string{"m_raw"}, raw},
		"an item without messages": {simulator.InboundMessage{AccountID: page, Payload: json.RawMessage(`{"read":{}}`)}, []string{}, `{"read":{}}`},
	} {
		got, err := s.Inbound(t.Context(), c.in)
		if err != nil || got.Status != 200 || got.WebhookURL != p.url || !slices.Equal(got.MessageIDs, c.ids) || got.MessageIDs == nil {
			t.Errorf("%s: got %+v and %v", name, got, err)
		}
		if hook := p.next(t); string(hook.body) != head+c.want+"]}]}" {
			t.Errorf("%s: sent\n%s\nwant\n%s", name, hook.body, head+c.want+"]}]}")
		}
	}
}

func TestInboundMakesIDs(t *testing.T) {
	t.Parallel()
	s, _ := play(t, newProduct(t, nil))
	in := simulator.InboundMessage{AccountID: page, From: simulator.Person{ID: customer}, Text: "x"}
	one, err := s.Inbound(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.Inbound(t.Context(), in)
	if err != nil || one.MessageIDs[0] == two.MessageIDs[0] || !strings.HasPrefix(one.MessageIDs[0], "m_") {
		t.Errorf("got %v and %v, %v", one.MessageIDs, two.MessageIDs, err)
	}
}

// TestInboundCopies has a product that answers none of the copies before it has all.
func TestInboundCopies(t *testing.T) {
	t.Parallel()
	const copies = 16
	var came atomic.Int32
	all := make(chan struct{})
	p := newProduct(t, func(webhook) int {
		n := came.Add(1)
		if n == copies {
			close(all)
		}
		<-all
		return map[bool]int{true: 503, false: 200}[n == 5]
	})
	s, _ := play(t, p)
	got, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: simulator.Person{ID: customer}, Text: "x", Copies: copies})
	if err != nil || got.Status != 503 {
		t.Errorf("got %+v and %v", got, err)
	}
	body := string(p.next(t).body)
	for range copies - 1 {
		if other := string(p.next(t).body); other != body {
			t.Errorf("a copy differs: %s", other)
		}
	}
}

func TestInboundIsNotRepeated(t *testing.T) {
	t.Parallel()
	p := newProduct(t, func(webhook) int { return http.StatusServiceUnavailable })
	s, _ := play(t, p)
	got, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: simulator.Person{ID: customer}})
	if err != nil || got.Status != 503 || len(p.got) != 1 {
		t.Errorf("got %+v and %v after %d webhooks", got, err, len(p.got))
	}
}

func TestInboundRefuses(t *testing.T) {
	t.Parallel()
	s, known := play(t, nil)
	known.change("gone", simulator.Account{WebhookURL: "http://127.0.0.1:1/hooks"})
	from := simulator.Person{ID: customer}
	for name, c := range map[string]struct {
		in   simulator.InboundMessage
		kind domain.ErrorKind
	}{
		"nobody":          {simulator.InboundMessage{AccountID: page, Text: "x"}, domain.ErrorInvalid},
		"unknown account": {simulator.InboundMessage{AccountID: "999", From: from}, domain.ErrorInvalid},
		"no webhook":      {simulator.InboundMessage{AccountID: page, From: from}, domain.ErrorInvalid},
		"unreachable":     {simulator.InboundMessage{AccountID: "gone", From: from, Copies: 2}, domain.ErrorUnavailable},
	} {
		if got, err := s.Inbound(t.Context(), c.in); !domain.IsKind(err, c.kind) {
			t.Errorf("%s: got %+v and %v", name, got, err)
		}
	}
	known.fail(errAway)
	if _, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: from}); !domain.IsKind(err, domain.ErrorUnavailable) {
		t.Errorf("got %v", err)
	}
}
