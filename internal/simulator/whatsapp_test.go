package simulator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/channel/whatsapp"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/simulator"
)

// playNumber starts WhatsApp for a number that belongs to the product.
func playNumber(t *testing.T, p *product, now func() time.Time) *simulator.Simulator {
	t.Helper()
	s, _ := play(t, p, func(c *simulator.Config) { c.Kind, c.Now = domain.ChannelWhatsApp, now })
	return s
}

// number is the account as the adapter knows it.
func number(s *simulator.Simulator) channel.Account {
	return channel.Account{AccountID: page, BaseURL: s.URL(), Credentials: map[string]string{"access_token": token}}
}

func theAdapter(t *testing.T) whatsapp.Adapter {
	return whatsapp.Adapter{Client: plain(t), Files: plain(t)}
}

// told reads a webhook as the product does: kind, contact, alias and text of each event.
func (h webhook) told(t *testing.T) (lines []string) {
	t.Helper()
	for _, e := range (meta.Platform{}).Split(h.body) {
		event, err := whatsapp.Adapter{}.Parse(e)
		if err != nil || e.Fault != "" || e.AccountID != page {
			t.Fatalf("%s: %q, %v", h.body, e.Fault, err)
		}
		line := fmt.Sprintf("%s %s/%s %s%s", event.Kind, event.Contact, event.Alias, event.Text, event.Emoji)
		for _, a := range event.Attachment {
			line += " [" + a.Type + "]"
		}
		lines = append(lines, strings.TrimSpace(line+" "+strings.Join(event.MessageIDs, " ")+event.Token))
	}
	return lines
}

// The real adapter is taken at its word, and told what became of it.
func TestWhatsAppTakesMessages(t *testing.T) {
	t.Parallel()
	p := newProduct(t, nil)
	s := playNumber(t, p, start)
	for to, kind := range map[string]string{"15550100009": "phone", "US.1000000000000000001": "user_id"} {
		r := theAdapter(t).Send(t.Context(), number(s), channel.Outbound{Token: "out_1", To: to, AddressType: kind, Text: "Hello", ReplyTo: "wamid.0"})
		if r.Outcome != channel.OutcomeAccepted || !strings.HasPrefix(r.MessageID, "wamid.") {
			t.Fatalf("%s: got %+v", to, r)
		}
		for _, status := range []string{"sent", "delivered"} {
			if got := p.next(t).told(t); !slices.Equal(got, []string{status + " " + to + "/  " + r.MessageID + "out_1"}) {
				t.Errorf("%s: told %q", to, got)
			}
		}
	}
	template := channel.Outbound{To: "15550100009", Template: &domain.Template{Name: "order_update", Language: "en_US", Parameters: []string{"77"}}}
	if r := theAdapter(t).Send(t.Context(), number(s), template); r.Outcome != channel.OutcomeAccepted {
		t.Errorf("a template: got %+v", r)
	}
	if r := theAdapter(t).Typing(t.Context(), number(s), channel.Outbound{ReplyTo: "wamid.0"}, true); r.Status != 200 {
		t.Errorf("typing: got %+v", r)
	}
}

func TestWhatsAppRefuses(t *testing.T) {
	t.Parallel()
	s := playNumber(t, nil, start)
	const head = `{"messaging_product":"whatsapp","to":"15550100009",`
	for body, code := range map[string]string{
		`[]`: "100", `{"to":"15550100009","type":"text","text":{"body":"x"}}`: "100", `{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}`: "100",
		head + `"type":"text"}`: "131008", head + `"type":"hologram","hologram":{}}`: "100", head + `"type":"text","text":{"body":""}}`: "100",
		head + `"type":"text","text":{"body":"` + strings.Repeat("x", 4097) + `"}}`: "100", head + `"type":"text","text":{"body":"x"},"metadata":"y"}`: "100",
		head + `"recipient_type":"group","type":"text","text":{"body":"x"}}`: "100", head + `"type":"text","text":{"body":"x"},"context":{}}`: "100",
		`{"messaging_product":"whatsapp","to":"+1 555","type":"text","text":{"body":"x"}}`: "131009", `{"messaging_product":"whatsapp","recipient":"15550100009","type":"text","text":{"body":"x"}}`: "131009",
		head + `"type":"image","image":{"id":"nobody's"}}`: "131009", head + `"type":"template","template":{"name":"x"}}`: "131008",
		head + `"type":"template","template":{"name":"x","language":{"code":"de"},"components":[{"type":"body","parameters":[{"type":"text"}]}]}}`: "132000",
		`{"messaging_product":"whatsapp","status":"read"}`: "100", head + `"type":"text","text":{"body":"x"},"biz_opaque_callback_data":"` + strings.Repeat("x", 513) + `"}`: "100",
	} {
		answer, err := call(t, plain(t), http.MethodPost, s.URL()+"/v25.0/"+page+"/messages", token, body)
		if err != nil || answer.status != 400 || !strings.Contains(answer.raw, `"code":`+code+`,`) {
			t.Errorf("%.120s: answered %d %s, %v", body, answer.status, answer.raw, err)
		}
	}
	if answer, err := call(t, plain(t), http.MethodPost, s.URL()+"/v25.0/"+page+"/messages", "stolen", head+`"type":"text","text":{"body":"x"}}`); err != nil || answer.status != 401 {
		t.Errorf("answered %d %s, %v", answer.status, answer.raw, err)
	}
}

// After 24 hours only a template goes; and not too much goes to one person at once.
func TestWhatsAppLimits(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	s := playNumber(t, newProduct(t, nil), func() time.Time { return start().Add(time.Duration(passed.Load())) })
	if _, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: simulator.Person{ID: "15550100009", UserID: "US.1"}, Text: "Hello"}); err != nil {
		t.Fatal(err)
	}
	text := channel.Outbound{To: "US.1", AddressType: "user_id", Text: "Hello"}
	send := func(m channel.Outbound) channel.Result { return theAdapter(t).Send(t.Context(), number(s), m) }
	for range 45 {
		if r := send(text); r.Outcome != channel.OutcomeAccepted {
			t.Fatalf("got %+v", r)
		}
	}
	if r := send(channel.Outbound{To: "15550100009", Text: "One more"}); r.Outcome != channel.OutcomeThrottled || r.Code != "131056" {
		t.Errorf("too fast: got %+v", r)
	}
	if passed.Add(int64(24 * time.Hour)); send(text).Outcome != channel.OutcomeAccepted {
		t.Error("refused after 24 hours")
	}
	if passed.Add(int64(time.Second)); send(text).Failure != domain.FailureTemplateRequired {
		t.Error("taken after more than 24 hours")
	}
	text.Template = &domain.Template{Name: "hello", Language: "de"}
	if r := send(text); r.Outcome != channel.OutcomeAccepted {
		t.Errorf("a template: got %+v", r)
	}
}

// What is uploaded can be sent and got; so can what a simulated customer sends, for the account alone.
func TestWhatsAppMedia(t *testing.T) {
	t.Parallel()
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, "a picture")
	}))
	t.Cleanup(source.Close)
	p := newProduct(t, nil)
	s := playNumber(t, p, start)
	large := strings.Repeat("x", 300_000)
	file := &channel.File{Kind: "file", Name: "a.pdf", ContentType: "application/pdf", Size: int64(len(large)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(large)), nil }}
	if r := theAdapter(t).Send(t.Context(), number(s), channel.Outbound{To: "15550100009", File: file}); r.Outcome != channel.OutcomeAccepted {
		t.Fatalf("got %+v", r)
	}
	p.next(t)
	p.next(t)
	in := simulator.InboundMessage{AccountID: page, From: simulator.Person{ID: "15550100009"}, Text: "Look", Attachments: []simulator.Attachment{{Type: "image", URL: source.URL}, {Type: "file", URL: "http://127.0.0.1:1/"}}}
	if _, err := s.Inbound(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if got := p.next(t).told(t); !slices.Equal(got, []string{"message 15550100009/ Look [image]", "message 15550100009/  [file]"}) {
		t.Errorf("told %q", got)
	}
	for id, want := range map[string]string{"500000000000001": large, "500000000000002": "a picture"} {
		media, r := theAdapter(t).Media(t.Context(), number(s), id)
		if r.Outcome != channel.OutcomeAccepted {
			t.Errorf("%s: got %+v", id, r)
			continue
		}
		got, _ := io.ReadAll(media.Body)
		_ = media.Body.Close()
		if string(got) != want || media.Size != int64(len(want)) || media.SHA256 == "" {
			t.Errorf("%s: got %+v with %d bytes", id, media, len(got))
		}
	}
	for _, id := range []string{"500000000000003", "7"} { // cannot be got; is not there
		if _, r := theAdapter(t).Media(t.Context(), number(s), id); r.Outcome != channel.OutcomeRejected {
			t.Errorf("%s: got %+v", id, r)
		}
	}
	stranger := number(s)
	stranger.Credentials = map[string]string{"access_token": "stolen"}
	if _, r := theAdapter(t).Media(t.Context(), stranger, "500000000000001"); r.Outcome != channel.OutcomeUnauthorized {
		t.Errorf("got %+v", r)
	}
}

// Every event of the sandbox is one that the product reads.
func TestWhatsAppEvents(t *testing.T) {
	t.Parallel()
	p := newProduct(t, nil)
	s := playNumber(t, p, start)
	ana := simulator.Person{ID: "15550100009", UserID: "US.1", Name: "Ana", Username: "ana"}
	for _, c := range []struct {
		in   simulator.InboundMessage
		want string
	}{
		{simulator.InboundMessage{From: ana, Text: "Hello"}, "message US.1/15550100009 Hello"},
		{simulator.InboundMessage{From: simulator.Person{ID: "US.1"}, Text: "Hello"}, "message US.1/ Hello"},
		{simulator.InboundMessage{From: simulator.Person{ID: "15550100009"}, Text: "Hello"}, "message 15550100009/ Hello"},
		{simulator.InboundMessage{From: ana, Event: "react", MessageID: "wamid.1", Text: "👍"}, "reaction US.1/15550100009 👍"},
		{simulator.InboundMessage{From: ana, Event: "unreact", MessageID: "wamid.1"}, "reaction US.1/15550100009"},
		{simulator.InboundMessage{From: ana, Event: "edit", MessageID: "wamid.1", Text: "Better"}, "edited US.1/15550100009 Better"},
		{simulator.InboundMessage{From: ana, Event: "unsend", MessageID: "wamid.1"}, "unsent US.1/15550100009"},
		{simulator.InboundMessage{From: ana, Event: "postback", Text: "Menu", Data: "MENU"}, "message US.1/15550100009 Menu"},
		{simulator.InboundMessage{From: ana, Event: "quick_reply", Text: "Red", Data: "RED"}, "message US.1/15550100009 Red"},
		{simulator.InboundMessage{From: ana, Event: "referral", Data: "https://ad.example.test"}, "referral US.1/15550100009"},
		{simulator.InboundMessage{From: ana, Event: "location", Text: "Shop", Data: "52.5,13.25"}, "message US.1/15550100009 Shop\n52.5, 13.25 [location]"},
		{simulator.InboundMessage{From: ana, Event: "contact", Text: "Bo", Data: "+1 555"}, "message US.1/15550100009 Bo, +1 555 [contact]"},
		{simulator.InboundMessage{From: ana, Event: "unsupported", Data: "poll_creation"}, "message US.1/15550100009  [unsupported]"},
		{simulator.InboundMessage{Payload: []byte(`{"id":"wamid.7","from":"5","type":"text","text":{"body":"raw"}}`)}, "message 5/ raw"},
		{simulator.InboundMessage{Payload: []byte(`{"id":"wamid.7","status":"read","recipient_id":"5"}`)}, "read 5/  wamid.7"},
		{simulator.InboundMessage{Payload: []byte(`{"metadata":{"phone_number_id":"` + page + `"},"messages":[{"id":"wamid.7","from":"5","type":"text","text":{"body":"raw"}}]}`)}, "message 5/ raw"},
		{simulator.InboundMessage{Payload: []byte(`{"field":"messages","value":{"metadata":{"phone_number_id":"` + page + `"},"messages":[{"id":"wamid.7","from":"5","type":"text","text":{"body":"raw"}}]}}`)}, "message 5/ raw"},
	} {
		c.in.AccountID = page
		if _, err := s.Inbound(t.Context(), c.in); err != nil {
			t.Fatal(err)
		}
		if got := p.next(t).told(t); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%+v: told %q", c.in, got)
		}
	}
	for _, event := range []string{"pass_thread_control", "post", "policy_enforcement"} {
		if _, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: ana, Event: event}); !domain.IsKind(err, domain.ErrorInvalid) {
			t.Errorf("%s: %v", event, err)
		}
	}
}

func TestWhatsAppFaults(t *testing.T) {
	t.Parallel()
	s := playNumber(t, nil, start)
	code, seconds := 131047, 30
	for mode, c := range map[simulator.Mode]struct {
		faults simulator.Faults
		want   channel.Result
	}{
		simulator.ModeReject:      {simulator.Faults{Code: &code}, channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureTemplateRequired, Status: 400, Code: "131047"}},
		simulator.ModeRateLimit:   {simulator.Faults{}, channel.Result{Outcome: channel.OutcomeThrottled, Status: 400, Code: "130429"}},
		simulator.ModeServerError: {simulator.Faults{RetryAfterSeconds: &seconds}, channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailurePlatformRejected, Status: 500, Code: "1"}},
		simulator.ModeDropAnswer:  {simulator.Faults{}, channel.Result{Outcome: channel.OutcomeUnknown}},
	} {
		c.faults.Mode, c.faults.Times = mode, 1
		set(t, s, c.faults)
		if got := theAdapter(t).Send(t.Context(), number(s), channel.Outbound{To: "15550100009", Text: "x"}); got != c.want {
			t.Errorf("%s: got %+v", mode, got)
		}
	}
}
