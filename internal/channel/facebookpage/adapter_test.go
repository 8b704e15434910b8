package facebookpage_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/facebookpage"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, channeltest.Case{
		New:      func(client *http.Client) channel.Adapter { return facebookpage.Adapter{Client: client} },
		Platform: meta.Platform{},
		Fixtures: "testdata",
		Account:  account(""),
		Accepted: `{"recipient_id":"contact-1","message_id":"m_EXAMPLE-sent"}`,
		Readings: readings(),
		Refusals: []channeltest.Refusal{
			{Status: 400, Body: `{"error":{"message":"Unsupported get request.","type":"GraphMethodException","code":100,"error_subcode":33,"fbtrace_id":"A"}}`, Want: channel.OutcomeRejected},
			{Status: 401, Body: `{"error":{"message":"Error validating access token","type":"OAuthException","code":190,"error_subcode":463}}`, Want: channel.OutcomeUnauthorized},
			{Status: 400, Body: `{"error":{"message":"(#10) This endpoint requires a permission","type":"OAuthException","code":10}}`, Want: channel.OutcomeUnauthorized},
			{Status: 400, Body: `{"error":{"message":"(#4) Application request limit reached","type":"OAuthException","code":4}}`, Want: channel.OutcomeThrottled},
			{Status: 500, Body: `{"error":{"message":"An unknown error occurred","type":"OAuthException","code":1}}`, Want: channel.OutcomeNotSent},
		},
	})
}

func account(base string) channel.Account {
	return channel.Account{AccountID: "100200300400500", BaseURL: base, Credentials: map[string]string{"access_token": "page-token-demo"}}
}

// readings are the documented answers for posts and comments.
func readings() []channeltest.Reading {
	at := time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)
	return []channeltest.Reading{
		{Asked: channel.Reference{ID: "100200300400500_900"},
			Told: `{"message":"Our new opening hours","from":{"name":"Example Shop","id":"100200300400500"},"permalink_url":"https:\/\/www.facebook.example\/900",
				"created_time":"2026-09-21T12:00:00+0000","attachments":{"data":[{"media_type":"photo","type":"photo","title":"Hours","url":"https:\/\/www.facebook.example\/photo","media":{"image":{"height":720,"src":"https:\/\/cdn.example.test\/1.jpg","width":720}}}]},"id":"100200300400500_900"}`,
			Want: channel.Post{Author: "100200300400500", AuthorName: "Example Shop", Text: "Our new opening hours", Permalink: "https://www.facebook.example/900", At: at,
				Attachments: []domain.Attachment{{Type: "image", URL: "https://cdn.example.test/1.jpg", Name: "Hours"}}}},
		{Asked: channel.Reference{ID: "900_901", Comment: true, Post: "100200300400500_900"},
			Told: `{"message":"Like this \u2764","from":{"name":"Ana Example","id":"7100000000000009"},"permalink_url":"https:\/\/www.facebook.example\/901","created_time":"2026-09-21T14:00:00+0200",
				"attachment":{"type":"video_inline","url":"https:\/\/www.facebook.example\/v","media":{"image":{"src":"https:\/\/cdn.example.test\/thumb.jpg"},"source":"https:\/\/cdn.example.test\/1.mp4"}},"id":"900_901"}`,
			Want: channel.Post{Author: "7100000000000009", AuthorName: "Ana Example", Text: "Like this \u2764", Permalink: "https://www.facebook.example/901", At: at,
				Attachments: []domain.Attachment{{Type: "video", URL: "https://cdn.example.test/1.mp4"}}}},
		{Asked: channel.Reference{ID: "555_777", Mention: true},
			Told: `{"created_time":"soon","attachments":{"data":[{"media_type":"album","url":"https:\/\/www.facebook.example\/album","subattachments":{"data":[
				{"media_type":"photo","media":{"image":{"src":"https:\/\/cdn.example.test\/a.jpg"}}},{"media_type":"link","title":"A page","url":"https:\/\/shop.example"},{"type":"note","url":"file:///etc/passwd"}]}}]},"id":"555_777"}`,
			Want: channel.Post{Attachments: []domain.Attachment{{Type: "image", URL: "https://cdn.example.test/a.jpg"}, {Type: "fallback", Name: "A page", URL: "https://shop.example"}}}},
	}
}

// An account without a token asks nobody.
func TestReadWithoutToken(t *testing.T) {
	t.Parallel()
	_, got := facebookpage.Adapter{Client: channeltest.Client(t)}.Read(t.Context(), channel.Account{AccountID: "1"}, channel.Reference{ID: "1_2"})
	if got != (channel.Result{Outcome: channel.OutcomeUnauthorized}) {
		t.Errorf("got %+v", got)
	}
}
