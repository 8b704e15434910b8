package channel

import (
	"encoding/json"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// C20: what people wrote is covered in a platform's own bytes; ids, times and
// addresses that could be cards' numbers stay, and so does every byte between them.
func TestC20_CardDataInAWebhookIsMasked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ payload, want string }{
		{`{"message":{"mid":"m_4111111111111111","text":"4111111111111111"} }`, `{"message":{"mid":"m_4111111111111111","text":"************1111"} }`},
		{`{"sender":{"id":"4111111111111111"},"timestamp":4111111111111111,"text":"hi"}`, `{"sender":{"id":"4111111111111111"},"timestamp":4111111111111111,"text":"hi"}`},
		{`{"text":4111111111111111}`, `{"text":"************1111"}`},
		{`{"Te\u0078t" : "\uff14\uff11\uff11\uff11 1111 1111 1111"}`, `{"Te\u0078t" : "**** **** **** 1111"}`},
		{`{"text":"4\u200b111111111111111","url":"https://a.example/4111111111111111"}`, `{"text":"*` + "\u200b" + `***********1111","url":"https://a.example/4111111111111111"}`},
		{`{"other":"card 4111111111111111","mids":["4111111111111111"]}`, `{"other":"card ************1111","mids":["4111111111111111"]}`},
		{`{"postback":{"title":"5555555555554444","payload":"PAY-5555555555554444","referral":{"ref":"5555555555554444"}}}`, `{"postback":{"title":"************4444","payload":"PAY-************4444","referral":{"ref":"5555555555554444"}}}`},
		{`{"attachments":[{"type":"image","payload":{"url":"https://a.example/?n=4111111111111111","title":"4111111111111111"}}]}`, `{"attachments":[{"type":"image","payload":{"url":"https://a.example/?n=4111111111111111","title":"************1111"}}]}`},
		{`{"attachments":[{"payload":{"url":"https://a.example/?n=4111111111111111"},"type":"fallback"}]}`, `{"attachments":[{"payload":{"url":"https://a.example/?n=************1111"},"type":"fallback"}]}`},
		{`{"content":[{"attachment":{"mediaType":"Link","url":"https://a.example/4111111111111111"}},{"attachment":{"mediaType":"Image","url":"https://a.example/5555555555554444"}}]}`,
			`{"content":[{"attachment":{"mediaType":"Link","url":"https://a.example/************1111"}},{"attachment":{"mediaType":"Image","url":"https://a.example/5555555555554444"}}]}`},
		{`{"bot":{"handover_words":["4111111111111111"],"answers":[{"words":["x","5555555555554444"],"pattern":"5555555555554444"}]}}`,
			`{"bot":{"handover_words":["************1111"],"answers":[{"words":["x","************4444"],"pattern":"************4444"}]}}`},
		{`{"text":[{"id":"4111111111111111"},"4111111111111111"],"id":"4111111111111111"}`, `{"text":[{"id":"4111111111111111"},"************1111"],"id":"4111111111111111"}`},
		{`{"metadata":{"card":"4111111111111111","n":5555555555554444}}`, `{"metadata":{"card":"************1111","n":"************4444"}}`},
		{`{"metadata":"4111111111111111"}`, `{"metadata":"4111111111111111"}`},
		{`{"substitutions":{"number":"4111111111111111"}}`, `{"substitutions":{"number":"************1111"}}`},
		{`{"text":"cvv 123"}`, `{"text":"cvv ***"}`},
		{`{"text":"4111111111111111`, `{"text":"************1111`},
		{`"4111 1111 1111 1111"`, `"**** **** **** 1111"`},
	} {
		if got := string(MaskCards([]byte(c.payload))); got != c.want {
			t.Errorf("%s:\n%s, not\n%s", c.payload, got, c.want)
		}
	}
}

// FuzzMaskPayload holds to any body that what was JSON still is, that to mask again
// changes nothing, and that a body without card data is the same bytes.
func FuzzMaskPayload(f *testing.F) {
	for _, payload := range []string{`{"text":"4111 1111 1111 1111","a":[1,{"name":4111111111111111}]}`, `["\ud83d 4111-1111-1111-1111\u0000"]`, `4111111111111111`, `{"text":"\\"}`} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		masked := MaskCards(payload)
		if json.Valid(payload) && !json.Valid(masked) {
			t.Errorf("%q became %q", payload, masked)
		}
		if again := MaskCards(masked); string(again) != string(masked) {
			t.Errorf("%q, and again %q", masked, again)
		}
	})
}

func BenchmarkMaskPayload(b *testing.B) {
	for name, text := range map[string]string{"words": "Hello, my parcel has not arrived yet.", "card": "My card is 4111 1111 1111 1111."} {
		payload := []byte(`{"sender":{"id":"7234567890123456"},"recipient":{"id":"104567890123456"},"timestamp":1795000000000,"message":{"mid":"m_AbCdEf0123456789AbCdEf0123456789","text":"` + text + `"}}`)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				MaskCards(payload)
			}
		})
	}
}

// The address of a link is covered; that of a file stays, which would lead nowhere.
func TestC20_LinksOfCustomersAreMasked(t *testing.T) {
	t.Parallel()
	const address = "https://a.example/4111111111111111"
	for kind, covered := range map[string]bool{"fallback": true, "link": true, "image": false, "file": false} {
		e := Event{Attachment: []domain.Attachment{{Type: kind, URL: address}}}.Masked()
		if (e.Attachment[0].URL != address) != covered {
			t.Errorf("%s: %s", kind, e.Attachment[0].URL)
		}
	}
}

// What is read of a post is masked like what customers write, and the adapter's own value stays as it was.
func TestC20_APostIsMasked(t *testing.T) {
	t.Parallel()
	const number = "4111111111111111"
	told := Post{AuthorName: number, Text: "It is " + number, Attachments: []domain.Attachment{{Type: "file", URL: "https://cdn.example.test/a", Name: number}}}
	masked := told.Masked()
	if masked.AuthorName == number || masked.Text == told.Text || masked.Attachments[0].Name == number || told.Attachments[0].Name != number {
		t.Errorf("%+v of %+v", masked, told)
	}
}
