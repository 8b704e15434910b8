package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// greetings are, for each kind of account that has a token, the webhook by which a
// customer begins a conversation.
func greetings() map[domain.ChannelKind]func(page string) string {
	return map[domain.ChannelKind]func(string) string{
		domain.ChannelMessenger: func(page string) string { return batch(entry(page, said("c1", page, "m1"+page, "Hello"))) },
		domain.ChannelFacebookPage: func(page string) string {
			return batch(fmt.Sprintf(`{"id":%q,"time":1790000000,"changes":[%s]}`, page, comment(page+"_1", "1_1"+page, "c1", "Hello")))
		},
		domain.ChannelInstagram: func(page string) string {
			return fmt.Sprintf(`{"object":"instagram","entry":[%s]}`, entry(page, said("c1", page, "ig1"+page, "Hello")))
		},
		domain.ChannelWhatsApp: func(page string) string {
			return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"3","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",
				"metadata":{"display_phone_number":"15550100000","phone_number_id":%q},"contacts":[{"profile":{"name":"Kim"},"wa_id":"15550100001"}],
				"messages":[{"id":"wamid.1%s","from":"15550100001","timestamp":"1790000000","type":"text","text":{"body":"Hello"}}]}}]}]}`, page, page)
		},
	}
}

// Whatever the kind of account: with a broken token the channel says so, once, by its
// state and by an event; what agents write waits in its order, and all of it goes out
// once when the token is renewed.
func TestBrokenTokens(t *testing.T) {
	t.Parallel()
	var parts []part
	kinds := channel.Capabilities()
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[kind].Platform == domain.PlatformOpen { // a connector proves who calls, and has no token
			continue
		}
		parts = append(parts, part{string(kind), func(t *testing.T, p *program) { brokenToken(t, p, kind) }})
	}
	onEach(t, parts...)
}

// locked is a platform that takes one token alone, and keeps what it took.
type locked struct {
	*httptest.Server
	mu    sync.Mutex
	taken []string
	shut  bool // it takes no token at all
}

func newLocked(t *testing.T) *locked {
	l := &locked{}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *locked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if l.refuses() || r.Header.Get("Authorization") != "Bearer renewed-token" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"message":"Error validating access token","type":"OAuthException","code":190}}`)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, what := range []string{"the first", "the second", "the third", "the fourth", "the fifth"} {
		if strings.Contains(string(body), what) {
			l.taken = append(l.taken, what)
		}
	}
	id := fmt.Sprint("id", len(l.taken), r.Host)
	_, _ = fmt.Fprintf(w, `{"id":%q,"message_id":%q,"recipient_id":"c1","messages":[{"id":%q}]}`, id, id, id)
}

func (l *locked) refuses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shut
}

// shuts lets the platform refuse every token from now on, or take the right one again.
func (l *locked) shuts(shut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = shut
}

func (l *locked) texts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.taken)
}

func brokenToken(t *testing.T, p *program, kind domain.ChannelKind) {
	d, l := p.desk(1, nil), newLocked(t)
	hello := greetings()[kind]
	if hello == nil {
		t.Fatalf("say in greetings() how a conversation begins on %s", kind)
	}
	d.page += "0" // the desk's own channel is of a kind, too
	d.channel = d.admin.do("POST", "/v1/channels", map[string]any{"name": "Broken", "app_id": d.app, "kind": kind, "account_id": d.page, "queue_id": d.queue,
		"credentials": map[string]any{"access_token": "broken-token"}, "settings": map[string]any{"api_base_url": l.URL}}).want(201).get("id")
	ana := d.client(d.ids[0], append(deskScopes(), string(domain.ScopePublicCreate))...)
	ana.onQueue()
	d.hook(hello(d.page)).want(200)
	i, _ := ana.accepted("")
	var replies []string
	for _, what := range []string{"the first", "the second", "the third"} {
		replies = append(replies, ana.says(i, what))
	}
	d.admin.advance(0)
	d.hook(strings.ReplaceAll(hello(d.page), "1"+d.page, "2"+d.page)).want(200) // what comes in, comes in
	d.admin.advance(1800)
	for _, id := range replies {
		if got := ana.reply(i, id); got.get("status") != "queued" || got.get("error") != "" {
			t.Errorf("a reply is %s", got.body)
		}
	}
	address := "/v1/channels/" + d.channel
	told := slices.DeleteFunc(d.admin.list("/v1/events?limit=200&types=channel.needs_reauthorization"), func(e any) bool { return text(lookup(e, "subject")) != d.channel })
	if got := d.admin.do("GET", address, nil).want(200).get("status"); got != "needs_reauthorization" || len(told) != 1 {
		t.Errorf("the channel is %s, told %d times", got, len(told))
	}
	if n := len(ana.messages(i)); n != 5 {
		t.Errorf("the transcript has %d messages", n)
	}
	if got := d.admin.do("PATCH", address, map[string]any{"credentials": map[string]any{"access_token": "renewed-token"}}).want(200).get("status"); got != "active" {
		t.Errorf("with a new token the channel is %s", got)
	}
	ana.until(i, replies[2], "sent")
	if got := l.texts(); !slices.Equal(got, []string{"the first", "the second", "the third"}) {
		t.Errorf("the platform took %q", got)
	}
	// What was wrong is mended at the platform: the same token is given again, or an hour passes.
	for what, again := range map[string]func(){
		"the fourth": func() {
			d.admin.do("PATCH", address, map[string]any{"credentials": map[string]any{"access_token": "renewed-token"}}).want(200)
		},
		"the fifth": func() { d.admin.advance(3600) },
	} {
		l.shuts(true)
		id := ana.says(i, what)
		d.admin.advance(0)
		if got := d.admin.do("GET", address, nil).want(200).get("status"); got != "needs_reauthorization" || ana.reply(i, id).get("status") != "queued" {
			t.Errorf("with %s the channel is %s", what, got)
		}
		l.shuts(false)
		again()
		ana.until(i, id, "sent")
		if got := d.admin.do("GET", address, nil).want(200).get("status"); got != "active" {
			t.Errorf("after %s the channel is %s", what, got)
		}
	}
}
