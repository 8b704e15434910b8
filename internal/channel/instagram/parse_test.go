package instagram_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/instagram"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
)

func envelope(field, payload string) channel.Envelope {
	return channel.Envelope{Kind: domain.ChannelInstagram, AccountID: "17840000000000001", Field: field, Payload: []byte(payload)}
}

func item(members string) channel.Envelope {
	return envelope("messaging", `{"sender":{"id":"88"},"recipient":{"id":"17840000000000001"},"timestamp":1790001000400,`+members+`}`)
}

// B14: what tells of a story ends a day after it came, to the millisecond, in the
// message, in its file and in what is kept of the webhook. The text of an answer stays.
func TestB14_StoriesEnd(t *testing.T) {
	t.Parallel()
	over := time.UnixMilli(1790001000400).Add(24 * time.Hour)
	for members, whole := range map[string]bool{
		`"message":{"mid":"m","attachments":[{"type":"story_mention","payload":{"url":"https://cdn.example.test/1"}}]}`: true,
		`"message":{"mid":"m","text":"Nice","reply_to":{"story":{"id":"18","url":"https://cdn.example.test/1"}}}`:       false,
	} {
		event, err := instagram.Adapter{}.Parse(item(members))
		identity, _ := instagram.Adapter{}.Identify(item(members))
		if err != nil || len(event.Attachment) != 1 || event.Attachment[0].ExpiresAt == nil || !event.Attachment[0].ExpiresAt.Equal(over) {
			t.Fatalf("%s is read as %+v (%v)", members, event, err)
		}
		if !identity.ExpiresAt.Equal(over) || whole != event.ExpiresAt.Equal(over) || !whole && !event.ExpiresAt.IsZero() {
			t.Errorf("%s: kept until %v, shown until %v", members, identity.ExpiresAt, event.ExpiresAt)
		}
	}
}

// B17: a story that a customer shared has no picture for us, and says so.
func TestB17_SharedStories(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]int{
		`"message":{"mid":"m","attachments":[{"type":"share","payload":{}}]}`:                                       1,
		`"message":{"mid":"m","attachments":[{"type":"ig_story","payload":{"url":"javascript:alert(1)"}}]}`:         1,
		`"message":{"mid":"m","attachments":[{"type":"share"},{"type":"story_mention"}]}`:                           2,
		`"message":{"mid":"m","attachments":[{"type":"share","payload":{"url":"https://cdn.example.test/share"}}]}`: 0,
		`"message":{"mid":"m","attachments":[{"type":"template"}]}`:                                                 0,
		`"message":{"mid":"m","is_unsupported":false,"text":"x"}`:                                                   0,
	} {
		event, err := instagram.Adapter{}.Parse(item(members))
		if err != nil || len(event.Omitted) != want || want > 0 && (len(event.Attachment) != 0 || event.Omitted[0] != domain.OmittedStoryImage) {
			t.Errorf("%s is read as %+v (%v)", members, event, err)
		}
	}
	event, err := instagram.Adapter{}.Parse(item(`"message":{"mid":"m","is_unsupported":true}`))
	if err != nil || event.Kind != channel.EventMessage || len(event.Omitted) != 1 || event.Omitted[0] != domain.OmittedUnsupported {
		t.Errorf("what is not supported is read as %+v (%v)", event, err)
	}
}

// B21: a channel that does not want stories is told by which events bring them.
func TestB21_WhatComesOfStories(t *testing.T) {
	t.Parallel()
	off := false
	for members, want := range map[string]domain.Story{
		`"message":{"mid":"m","attachments":[{"type":"story_mention","payload":{"url":"https://cdn.example.test/1"}}]}`: domain.StoryMention,
		`"message":{"mid":"m","attachments":[{"type":"story_mention"}]}`:                                                domain.StoryMention,
		`"message":{"mid":"m","text":"Nice","reply_to":{"story":{}}}`:                                                   domain.StoryReply,
		`"message":{"mid":"m","text":"Nice","reply_to":{"mid":"m_0"}}`:                                                  "",
	} {
		event, err := instagram.Adapter{}.Parse(item(members))
		if err != nil || event.Story != want {
			t.Errorf("%s is read as %q (%v)", members, event.Story, err)
		}
		if !(domain.ChannelSettings{}).Takes(want) || (domain.ChannelSettings{StoryMentions: &off}).Takes(want) == (want == domain.StoryMention) ||
			(domain.ChannelSettings{StoryReplies: &off}).Takes(want) == (want == domain.StoryReply) {
			t.Errorf("%q: the switches do something else", want)
		}
	}
}

// The same comment is the same event, in whichever shape and however often it comes.
func TestIdentifyKnowsAComment(t *testing.T) {
	t.Parallel()
	value := `{"id":"1790","text":"x","from":{"id":"88"},"media":{"id":"1795"}}`
	want, err := instagram.Adapter{}.Identify(envelope("changes:comments", `{"field":"comments","value":`+value+`}`))
	for _, again := range []channel.Envelope{
		envelope("changes:comments", `{"id":"17840000000000001","time":5,"field":"comments","value":`+value+`}`),
		envelope("changes:comments", `{"field":"comments","value":[`+value+`]}`),
		envelope("changes:comments", `{"field":"comments","value":{"media":{"id":"1796","ad_id":"12"},"from":{"id":"88"},"id":"1790"}}`),
		envelope("changes:live_comments", `{"field":"live_comments","value":`+value+`}`),
	} {
		if got, also := (instagram.Adapter{}).Identify(again); err != nil || also != nil || got != want || got.DedupeKey == "" {
			t.Errorf("%s is known by %+v, want %+v", again.Payload, got, want)
		}
	}
	message := `{"sender":{"id":"88"},"recipient":{"id":"17840000000000001"},"timestamp":1790001000400,"message":{"mid":"m","text":"x"}}`
	one, _ := instagram.Adapter{}.Identify(envelope("messaging", message))
	two, err := instagram.Adapter{}.Identify(envelope("changes:messages", `{"field":"messages","value":`+message+`}`))
	if one != two || err != nil {
		t.Errorf("a message is known by %+v and %+v (%v)", one, two, err)
	}
}

func FuzzParse(f *testing.F) {
	fields := []string{"messaging", "standby", "changes:comments", "changes:live_comments", "changes:mentions", "changes:messages"}
	paths, _ := filepath.Glob("testdata/*.json")
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range (meta.Platform{}).Split(body) {
			for n, field := range fields {
				if field == e.Field {
					f.Add(e.Payload, uint8(n))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, field uint8) {
		e := envelope(fields[int(field)%len(fields)], string(payload))
		identity, refused := instagram.Adapter{}.Identify(e)
		event, err := instagram.Adapter{}.Parse(e)
		if err == nil && (refused != nil || event.Contact != identity.Contact || identity.DedupeKey == "") {
			t.Errorf("parsed as %+v, identified as %+v and %v", event, identity, refused)
		}
		for _, a := range event.Attachment {
			if strings.HasPrefix(a.Type, "story_") && a.URL != "" && a.ExpiresAt == nil {
				t.Errorf("a story's link that does not end: %+v", event)
			}
		}
		written, _ := json.Marshal(event)
		if !utf8.Valid(written) || strings.Contains(string(written), `\u0000`) || strings.Contains(identity.DedupeKey, "\x00") {
			t.Errorf("cannot be stored: %q", written)
		}
	})
}
