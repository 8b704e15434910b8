package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/config"
	"github.com/parley-cx/parley/internal/domain"
)

// TestB14_B22_Media is about files that customers send.
func TestB14_B22_Media(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"kept", mediaKept},
		part{"redirects", mediaRedirects},
		part{"what is not kept", mediaRejected},
		part{"a platform that is away", mediaRetried},
		part{"B14 B18 media that expires", mediaExpires},
		part{"B22 a message that is taken back", mediaErased},
	)
}

// cdn is where a platform keeps its customers' files.
type cdn struct {
	*httptest.Server
	asked atomic.Int32
	away  atomic.Int32 // how many requests are still answered with 503
}

func newCDN(t *testing.T) *cdn {
	t.Helper()
	c := &cdn{}
	mux := http.NewServeMux()
	serve := func(path, kind, content string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, content)
		})
	}
	serve("/picture.png", "image/png", picture)
	serve("/page", "image/png", "<!DOCTYPE html><html></html>")
	serve("/program", "", "MZ\x90\x00"+strings.Repeat("\x00", 64))
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", fmt.Sprint(int64(101)<<20))
	})
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"3": "/hop/2", "2": "/hop/1", "1": "/picture.png", "4": "/hop/3"}[r.PathValue("n")]
		http.Redirect(w, r, next, http.StatusFound)
	})
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("url"))
		w.WriteHeader(http.StatusFound)
	})
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.asked.Add(1)
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("the request carries %v", r.Header)
		}
		if c.away.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// sendsFile lets a customer send a file, and gives what the transcript shows as
// soon as the message is there.
func (d deskSetup) sendsFile(from, link string) (shown answer, interaction string) {
	d.admin.t.Helper()
	d.admin.do("POST", "/sandbox/platforms/messenger/inbound", map[string]any{"account_id": d.page, "from": map[string]any{"id": from},
		"attachments": []any{map[string]any{"type": "image", "url": link}}}).want(200)
	e, _ := d.admin.await("", "message.received", "&queue_id="+d.queue)
	return d.attachment(e.get("interaction_id")), e.get("interaction_id")
}

// attachment gives the first attachment of an interaction's last message.
func (d deskSetup) attachment(interaction string) answer {
	d.admin.t.Helper()
	last := d.admin.do("GET", "/v1/interactions/"+interaction+"/messages?order=desc&limit=1", nil).want(200)
	return answer{t: d.admin.t, value: lookup(last.value, "items.0.attachments.0"), body: last.body}
}

func mediaKept(t *testing.T, p *program) {
	d, c := p.desk(0, nil), newCDN(t)
	shown, i := d.sendsFile("8001", c.URL+"/picture.png?token=secret")
	id := shown.get("id")
	if shown.get("type") != "image" || id == "" || !strings.HasSuffix(shown.get("url"), "/v1/attachments/"+id+"/content") {
		t.Errorf("at first the transcript shows %s", shown.body)
	}
	event, _ := d.admin.await("", "attachment.ready", "&interaction_id="+i)
	if event.get("subject") != id || event.get("data.before") != "pending" || event.get("sequence") == "" || strings.Contains(string(event.body), "token=secret") {
		t.Errorf("told %s", event.body)
	}
	shown = d.attachment(i)
	if shown.get("state") != "ready" || shown.get("content_type") != "image/png" || shown.get("size") != fmt.Sprint(len(picture)) {
		t.Errorf("the transcript shows %s", shown.body)
	}
	if file := d.admin.do("GET", p.at(shown.get("url")), nil).want(200); string(file.body) != picture {
		t.Errorf("kept is %q", file.body)
	}
	// A customer's file is not for other customers.
	d.hire("Ana")
	d.agents[0].onQueue()
	mine, _ := d.agents[0].accepted("")
	d.agents[0].do("POST", "/v1/interactions/"+mine+"/replies", map[string]any{"attachment_ids": []string{id}}).code(422, "content.attachment_unknown")
}

func mediaRedirects(t *testing.T, p *program) {
	c := newCDN(t)
	for link, want := range map[string]string{"/hop/3": "ready", "/hop/4": "rejected", "/to?url=http://169.254.169.254/latest": "rejected", "/to?url=file:///etc/passwd": "rejected",
		"/to?url=//user:pw@example.com/": "rejected", "/to?url=gopher://x/": "rejected"} {
		d := p.desk(0, nil)
		_, i := d.sendsFile("8002", c.URL+link)
		event, _ := d.admin.await("", "attachment."+want, "&interaction_id="+i)
		fault := map[string]string{"/hop/3": "", "/hop/4": "unreachable"}[link]
		if !strings.HasPrefix(link, "/hop") {
			fault = "forbidden"
		}
		if event.get("data.reason") != fault {
			t.Errorf("%s: %s", link, event.body)
		}
	}
}

func mediaRejected(t *testing.T, p *program) {
	c := newCDN(t)
	for link, fault := range map[string]string{c.URL + "/nothing": "unreachable", c.URL + "/page": "type_not_allowed", c.URL + "/large": "too_large",
		"http://169.254.169.254/latest/meta-data/": "forbidden", "http://[fd00:ec2::254]/": "forbidden", "http://0.0.0.0/": "forbidden"} {
		d := p.desk(0, nil)
		_, i := d.sendsFile("8003", link)
		event, _ := d.admin.await("", "attachment.rejected", "&interaction_id="+i)
		shown := d.attachment(i)
		if event.get("data.reason") != fault || shown.get("state") != "rejected" || shown.get("url") != link {
			t.Errorf("%s: %s, shown %s", link, event.body, shown.body)
		}
		if got := d.admin.do("GET", "/v1/attachments/"+shown.get("id"), nil).want(200); got.get("fault") != fault {
			t.Errorf("%s: %s", link, got.body)
		}
		d.admin.do("GET", "/v1/attachments/"+shown.get("id")+"/content", nil).code(409, "attachment.not_kept")
	}
}

func mediaRetried(t *testing.T, p *program) {
	d, c := p.desk(0, nil), newCDN(t)
	c.away.Store(3)
	_, i := d.sendsFile("8004", c.URL+"/picture.png")
	d.admin.advance(60)
	if got := d.attachment(i); got.get("state") != "ready" || c.asked.Load() != 4 {
		t.Errorf("after %d requests: %s", c.asked.Load(), got.body)
	}
	d = p.desk(0, nil)
	c.away.Store(1000)
	_, i = d.sendsFile("8005", c.URL+"/picture.png")
	d.admin.advance(3600)
	if got := d.attachment(i); got.get("state") != "rejected" || c.asked.Load() != 4+6 {
		t.Errorf("after %d requests: %s", c.asked.Load(), got.body)
	}
}

// mediaExpires is about media that a platform's terms end, on a channel whose
// adapter says so: here the test does.
func mediaExpires(t *testing.T, p *program) {
	d := p.desk(0, nil)
	d.writes("8006", "look")
	d.admin.advance(0)
	org := p.organizationOf(d)
	i, err := p.store.Interaction(t.Context(), org, domain.InteractionID(text(lookup(d.interactions()[0], "id"))))
	if err != nil {
		t.Fatal(err)
	}
	c := newCDN(t)
	ends := p.clock.Now().Add(24 * time.Hour)
	messageID := domain.MessageID(text(lookup(d.admin.list("/v1/interactions/" + string(i.ID) + "/messages")[0], "id")))
	m := domain.Message{ID: messageID, Organization: org, Interaction: i.ID}
	link := c.URL + "/picture.png?story=private"
	f := domain.NewReceived(m, domain.Attachment{Type: "image", URL: link, ExpiresAt: &ends}, newBlobKey(), true, p.clock.Now())
	linked := domain.NewReceived(m, domain.Attachment{Type: "image", URL: link, ExpiresAt: &ends}, newBlobKey(), false, p.clock.Now())
	if err := p.store.InTx(t.Context(), func(ctx context.Context) error { return p.store.CreateFiles(ctx, f, linked) }); err != nil {
		t.Fatal(err)
	}
	d.admin.advance(0)
	kept := len(p.blobs())
	path := "/v1/attachments/" + string(f.ID)
	if got := d.admin.do("GET", path, nil).want(200); got.get("state") != "ready" || got.get("expires_at") == "" {
		t.Fatalf("kept: %s", got.body)
	}
	if led := d.admin.do("GET", "/v1/attachments/"+string(linked.ID)+"/content", nil).want(302); led.header.Get("Location") != link {
		t.Errorf("a link leads to %s", led.header.Get("Location"))
	}
	d.admin.advance(24*3600 - 120)
	d.admin.do("GET", path+"/content", nil).want(200)
	d.admin.advance(120)
	d.admin.do("GET", path+"/content", nil).code(410, "media.expired")
	if now := len(p.blobs()); now != kept-1 {
		t.Errorf("%d files are kept, %d were", now, kept)
	}
	for _, id := range []domain.AttachmentID{f.ID, linked.ID} {
		if got := d.admin.do("GET", "/v1/attachments/"+string(id), nil).want(200); got.get("state") != "expired" {
			t.Errorf("left is %s", got.body)
		}
		if left, err := p.store.File(t.Context(), org, id); err != nil || left.Source != "" || left.Key != "" {
			t.Errorf("left is %+v (%v)", left, err)
		}
	}
	if event, _ := d.admin.await("", "attachment.expired", "&interaction_id="+string(i.ID)); event.get("data.attachment_id") == "" {
		t.Errorf("told %s", event.body)
	}
	if got := d.admin.list("/v1/interactions/" + string(i.ID) + "/messages"); len(got) != 1 || text(lookup(got[0], "text")) != "look" {
		t.Errorf("the message is %v", got)
	}
}

// organizationOf gives the organization of a desk.
func (p *program) organizationOf(d deskSetup) domain.OrganizationID {
	p.t.Helper()
	ch, _, found, err := p.store.FindAccount(p.t.Context(), domain.ChannelMessenger, d.page)
	if err != nil || !found {
		p.t.Fatal("no channel", err)
	}
	return ch.Organization
}

func mediaErased(t *testing.T, p *program) {
	d, c := p.desk(0, nil), newCDN(t)
	shown, i := d.sendsFile("8007", c.URL+"/picture.png")
	d.admin.await("", "attachment.ready", "&interaction_id="+i)
	kept := len(p.blobs())
	message := text(lookup(d.admin.list("/v1/interactions/" + i + "/messages")[0], "platform_message_id"))
	d.tell(event("8007", d.page, "message", map[string]any{"mid": message, "is_deleted": true}))
	d.admin.advance(0)
	d.admin.do("GET", "/v1/attachments/"+shown.get("id"), nil).code(404, "attachment.not_found")
	d.admin.do("GET", "/v1/attachments/"+shown.get("id")+"/content", nil).code(404, "attachment.not_found")
	if now := len(p.blobs()); now != kept-1 {
		t.Errorf("%d files are kept, %d were", now, kept)
	}
	if got := d.admin.list("/v1/interactions/" + i + "/messages"); text(lookup(got[0], "attachments")) != "[]" {
		t.Errorf("the message is %v", got)
	}
}

// TestMediaNeverLeadsInside fetches nothing from the network that the program runs
// in, unless it is allowed to.
func TestMediaNeverLeadsInside(t *testing.T) {
	t.Parallel()
	c := newCDN(t)
	template.Each(t, func(t *testing.T, database string) {
		p := start(t, database, func(c *config.Config) { c.Sandbox = false })
		d := p.desk(0, nil)
		cursor := ""
		for n, link := range []string{c.URL + "/picture.png", strings.Replace(c.URL, "127.0.0.1", "localhost", 1) + "/picture.png", "http://2130706433/",
			"https://127.0.0.1.:1/", "https://[::ffff:127.0.0.1]/", "https://localhost/"} {
			d.hook(batch(entry(d.page, event("c1", d.page, "message", map[string]any{"mid": fmt.Sprint("inside", n), "attachments": []any{
				map[string]any{"type": "image", "payload": map[string]string{"url": link}}}})))).want(200)
			var e answer
			e, cursor = d.admin.await(cursor, "attachment.rejected", "")
			if e.get("data.reason") != "forbidden" {
				t.Errorf("%s: %s", link, e.body)
			}
		}
		if n := c.asked.Load(); n != 0 {
			t.Errorf("%d requests got through", n)
		}
		if blobs := p.blobs(); len(blobs) != 0 {
			t.Errorf("kept are %v", blobs)
		}
	})
}
