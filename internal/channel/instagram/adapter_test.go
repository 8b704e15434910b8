package instagram_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/instagram"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 9, 21, 14, 30, 0, 0, time.UTC)
	channeltest.Run(t, channeltest.Case{
		New:      func(client *http.Client) channel.Adapter { return instagram.Adapter{Client: client} },
		Platform: meta.Platform{},
		Fixtures: "testdata",
		Account:  account(""),
		Accepted: `{"recipient_id":"contact-1","message_id":"ig_EXAMPLE-sent"}`,
		Readings: []channeltest.Reading{
			{Asked: channel.Reference{ID: "17950000000000020"},
				Told: `{"id":"17950000000000020","caption":"New shoes","media_type":"IMAGE","media_url":"https://cdn.example.test/m/1.jpg","permalink":"https://www.instagram.com/p/abc/","timestamp":"2026-09-21T14:30:00+0000","username":"shop.example"}`,
				Want: channel.Post{AuthorName: "shop.example", Text: "New shoes", Permalink: "https://www.instagram.com/p/abc/", At: asked,
					Attachments: []domain.Attachment{{Type: "image", URL: "https://cdn.example.test/m/1.jpg"}}}},
			{Asked: channel.Reference{ID: "17950000000000022"}, Told: `{"id":"17950000000000022","media_type":"VIDEO","media_url":"https://cdn.example.test/m/2.mp4"}`,
				Want: channel.Post{Attachments: []domain.Attachment{{Type: "video", URL: "https://cdn.example.test/m/2.mp4"}}}},
			{Asked: channel.Reference{ID: "17900000000000009", Comment: true},
				Told: `{"id":"17900000000000009","text":"Is this in stock?","timestamp":"2026-09-21T16:30:00+0200","username":"ana.example","from":{"id":"8800000000000002","username":"ana.example"}}`,
				Want: channel.Post{Author: "8800000000000002", AuthorName: "ana.example", Text: "Is this in stock?", At: asked}},
			{Asked: channel.Reference{ID: "17900000000000018", Comment: true, Mention: true, Post: "17950000000000027"},
				Told: `{"mentioned_comment":{"id":"17900000000000018","text":"@shop.example look","timestamp":"2026-09-21T14:30:00+0000","username":"ana.example"},"id":"17840000000000001"}`,
				Want: channel.Post{AuthorName: "ana.example", Text: "@shop.example look", At: asked}},
			{Asked: channel.Reference{ID: "17950000000000028", Mention: true},
				Told: `{"mentioned_media":{"id":"17950000000000028","caption":"With @shop.example","media_type":"CAROUSEL_ALBUM","permalink":"https://www.instagram.com/p/def/","timestamp":"soon","username":"eva.example"},"id":"17840000000000001"}`,
				Want: channel.Post{AuthorName: "eva.example", Text: "With @shop.example", Permalink: "https://www.instagram.com/p/def/"}},
		},
		Refusals: []channeltest.Refusal{
			{Status: 400, Body: `{"error":{"message":"gone","type":"GraphMethodException","code":100,"error_subcode":33}}`, Want: channel.OutcomeRejected},
			{Status: 403, Body: `{"error":{"message":"User consent is required","type":"OAuthException","code":230}}`, Want: channel.OutcomeRejected},
			{Status: 401, Body: `{"error":{"message":"expired","type":"OAuthException","code":190}}`, Want: channel.OutcomeUnauthorized},
			{Status: 400, Body: `{"error":{"message":"slow down","type":"OAuthException","code":4}}`, Want: channel.OutcomeThrottled},
			{Status: 500, Body: `{"error":{"message":"unknown","type":"OAuthException","code":1}}`, Want: channel.OutcomeNotSent},
		},
	})
}

func account(base string) channel.Account {
	return channel.Account{AccountID: "17840000000000001", BaseURL: base, Credentials: map[string]string{"access_token": "account-token-demo"}}
}

// What names the account no longer, or stands in a private account, is told of by
// nobody.
func TestReadOfNothing(t *testing.T) {
	t.Parallel()
	base := answering(t, http.MethodGet, 200, `{"id":"17840000000000001"}`,
		"/v25.0/17840000000000001?fields=mentioned_media.media_id%281795%29%7Bid%2Ccaption%2Cmedia_type%2Cmedia_url%2Cpermalink%2Ctimestamp%2Cusername%7D", "")
	_, got := instagram.Adapter{Client: channeltest.Client(t)}.Read(t.Context(), account(base), channel.Reference{ID: "1795", Mention: true})
	if got.Outcome != channel.OutcomeRejected {
		t.Errorf("got %+v", got)
	}
	nobody := channel.Account{AccountID: "1"}
	if _, got := (instagram.Adapter{}).Read(t.Context(), nobody, channel.Reference{ID: "1"}); got != (channel.Result{Outcome: channel.OutcomeUnauthorized}) {
		t.Errorf("without a token: %+v", got)
	}
}
