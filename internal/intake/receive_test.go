package intake

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
)

// C20: what is taken to disk has no card data, whether it can be understood or not,
// and what knows an event again has nothing of it either.
func TestC20_TheInboxHasNoCardData(t *testing.T) {
	t.Parallel()
	const number = "4111111111111111"
	var kept []domain.InboxEvent
	inbox := NewBatcher(func(_ context.Context, events []domain.InboxEvent) error { kept = append(kept, events...); return nil }, func() {})
	defer inbox.Close()
	r := &Receiver{Platforms: map[domain.Platform]channel.Platform{domain.PlatformMeta: meta.Platform{}}, Inbox: inbox, Now: func() time.Time { return time.UnixMilli(0) },
		Adapters: map[domain.ChannelKind]channel.Adapter{domain.ChannelMessenger: messenger.Adapter{}}}
	said := `{"sender":{"id":"` + number + `"},"recipient":{"id":"page"},"timestamp":1790000000123,`
	for _, body := range []string{
		`{"object":"page","entry":[{"id":"page","messaging":[` + said + `"message":{"mid":"m_1","text":"It is ` + number + `"}}]}]}`,
		`{"object":"page","entry":[{"id":"page","messaging":[` + said + `"postback":{"title":"x","payload":"` + number + `"}}]}]}`,
		`{"object":"page","entry":[{"id":"page","messaging":[` + said + `"message":{"text":"` + number + `"}}]}]}`,
		`{"object":"other","entry":[{"id":"page","messaging":[{"text":"` + number + `"}]}]}`,
		`{"text":"` + number,
	} {
		if err := r.Receive(t.Context(), domain.PlatformApp{Platform: domain.PlatformMeta}, []byte(body)); err != nil {
			t.Fatal(err)
		}
		e := kept[len(kept)-1]
		if rest := strings.Replace(string(e.Payload), `{"id":"`+number, "", 1); strings.Contains(rest, number) || !strings.Contains(rest, "1111") {
			t.Errorf("%s was kept as %s", body, e.Payload)
		}
		if e.State == domain.InboxPending && e.Contact != number {
			t.Errorf("the contact is %q", e.Contact)
		}
		if again := r.file(domain.PlatformApp{}, channel.Envelope{Kind: e.Kind, AccountID: e.AccountID, Field: e.Field, Payload: e.Payload, Fault: e.Fault}); again.DedupeKey != e.DedupeKey {
			t.Errorf("%s is known again by %s, not %s", e.Payload, again.DedupeKey, e.DedupeKey)
		}
	}
	if len(kept) != 5 {
		t.Errorf("%d events were kept", len(kept))
	}
}
