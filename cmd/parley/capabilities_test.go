package main

import (
	"strconv"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// TestB02_B07_Capabilities reads what a channel's platform allows, for every kind, and
// what its settings leave of that.
func TestB02_B07_Capabilities(t *testing.T) {
	t.Parallel()
	onEach(t, part{"B02 B07 of every kind", capabilitiesOfKinds}, part{"B07 with settings", capabilitiesWithSettings})
}

func capabilitiesOfKinds(t *testing.T, p *program) {
	d := p.desk(1, nil)
	app := d.admin.do("POST", "/v1/platform-apps", map[string]any{"platform": "meta", "name": "A", "secrets": []string{"0123456789abcdef"}, "verify_token": "word"}).want(201).get("id")
	for kind, row := range channel.Capabilities() {
		body := map[string]any{"name": "C", "kind": kind, "account_id": "capable-" + string(kind), "credentials": map[string]string{"webhook_secret": "0123456789abcdef"}}
		if row.AppNeeded {
			body["app_id"] = app
		}
		id := d.admin.do("POST", "/v1/channels", body).want(201).get("id")
		got := d.agents[0].do("GET", "/v1/channels/"+id+"/capabilities", nil).want(200)
		counting := row.Counting
		if counting == "" {
			counting = channel.CountCharacters
		}
		want := map[string]string{"kind": string(kind), "private.text_counting": string(counting), "cobrowse": "false", "emoji": "pass"}
		if row.Window == 0 {
			want["window_seconds"] = ""
		}
		if !row.Public() {
			want["public"], want["first_private_message_seconds"] = "", ""
		}
		got.holds(want)
		if said := got.get("private.text_limit"); said != strconv.Itoa(row.TextLimit) {
			t.Errorf("%s: a text of %s, not %d", kind, said, row.TextLimit)
		}
		if said := got.get("public.text_limit"); row.Public() && said != strconv.Itoa(row.Posts.TextLimit) {
			t.Errorf("%s: in public a text of %s, not %d", kind, said, row.Posts.TextLimit)
		}
		if said := got.get("first_private_message_seconds"); row.Posts.FirstWord > 0 && said != strconv.Itoa(int(row.Posts.FirstWord.Seconds())) {
			t.Errorf("%s: a first private message for %s s", kind, said)
		}
		if kept := got.get("media_policy") == "stored"; kept != row.StoreMedia {
			t.Errorf("%s: media are kept: %v", kind, kept)
		}
	}
}

func capabilitiesWithSettings(t *testing.T, p *program) {
	d := p.desk(1, nil)
	path := "/v1/channels/" + d.channel
	d.admin.do("GET", path+"/capabilities", nil).want(200).holds(map[string]string{"kind": string(domain.ChannelMessenger), "window_seconds": "86400", "human_window_seconds": "604800",
		"private.attachments.max_size_by_type.image": "8388608", "outbound_typing": "true", "inbound_typing": "false", "templates": "false", "starts_conversations": "false"})
	d.admin.do("PATCH", path, map[string]any{"settings": map[string]any{"human_agent": false, "attachments": "none", "emoji": "strip"}}).want(200)
	d.admin.do("GET", path+"/capabilities", nil).want(200).holds(map[string]string{"human_window_seconds": "", "private.attachments": "", "emoji": "strip"})
	d.admin.do("GET", "/v1/channels/"+unknownID+"/capabilities", nil).code(404, "channel.not_found")
	d.client(d.ids[0], "conversation:message:accept").do("GET", path+"/capabilities", nil).code(403, "permission.missing")
}
