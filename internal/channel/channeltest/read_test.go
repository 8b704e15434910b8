package channeltest

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
)

// played is an adapter that reads posts as it should.
type played struct {
	channel.Adapter
	client *http.Client
}

func (p played) Read(ctx context.Context, account channel.Account, ref channel.Reference) (channel.Post, channel.Result) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, account.BaseURL+"/"+ref.ID, nil)
	if err != nil {
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeNotSent}
	}
	response, err := p.client.Do(request)
	if err != nil {
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeNotSent}
	}
	defer response.Body.Close()
	var told struct {
		From, Text string
		At         time.Time
	}
	switch err := json.NewDecoder(response.Body).Decode(&told); {
	case response.StatusCode == http.StatusTooManyRequests:
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeThrottled}
	case response.StatusCode == http.StatusUnauthorized:
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeUnauthorized}
	case response.StatusCode == http.StatusNotFound:
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeRejected}
	case response.StatusCode != http.StatusOK || err != nil:
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeUnknown}
	}
	return channel.Post{Author: told.From, Text: told.Text, At: told.At}, channel.Result{Outcome: channel.OutcomeAccepted}
}

// The suite finds nothing wrong with an adapter that reads as it should.
func TestReadings(t *testing.T) {
	t.Parallel()
	Case{New: func(client *http.Client) channel.Adapter { return played{client: client} },
		Readings: []Reading{{Asked: channel.Reference{ID: "post"}, Told: `{"from":"page","text":"Hello","at":"2026-03-01T12:00:00Z"}`,
			Want: channel.Post{Author: "page", Text: "Hello", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}},
		Refusals: []Refusal{{http.StatusUnauthorized, "", channel.OutcomeUnauthorized}, {http.StatusNotFound, "", channel.OutcomeRejected}},
	}.read(t)
}
