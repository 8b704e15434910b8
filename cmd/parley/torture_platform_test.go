package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// platform is Messenger, played by the test itself so that it outlives the
// program's deaths. It remembers every call, and proves with signed webhooks what
// it took: as on the real one, echoes and receipts come early, late and twice.
type platform struct {
	t      testing.TB
	server *httptest.Server
	page   string
	hook   func(body string)  // sends a webhook until it is taken
	moment func(moment)       // tells what is about to happen
	faults func(float64) fate // what becomes of a call, by chance

	release chan struct{} // closed when the proofs that were held back may go

	mu       sync.Mutex
	dice     *rand.Rand
	calls    []call
	receipts sync.WaitGroup
}

// call is one message that the program handed over.
type call struct {
	contact, text, token string
	fate                 fate
	mid                  string // where it was taken
	at                   int64  // milliseconds since 1970
}

// fate is what becomes of a call.
type fate string

const (
	fateTaken    fate = "taken"
	fateDropped  fate = "dropped"  // taken, and the answer is lost
	fateBusy     fate = "busy"     // refused for now
	fateLimited  fate = "limited"  // refused by a rate limit
	fateRejected fate = "rejected" // refused for good
)

// roughly is a platform on a bad day.
func roughly(chance float64) fate {
	switch {
	case chance < 0.04:
		return fateDropped
	case chance < 0.08:
		return fateBusy
	case chance < 0.10:
		return fateLimited
	case chance < 0.13:
		return fateRejected
	}
	return fateTaken
}

// smoothly is a platform on a good day.
func smoothly(float64) fate { return fateTaken }

// refusals are the platform's own words (Messenger Platform, Common error codes).
var refusals = map[fate]string{
	fateBusy:     `{"error":{"message":"Temporary send message failure. Please try again later.","type":"OAuthException","code":1200,"is_transient":true}}`,
	fateLimited:  `{"error":{"message":"(#613) Calls to this api have exceeded the rate limit.","type":"OAuthException","code":613}}`,
	fateRejected: `{"error":{"message":"(#100) No matching user found","type":"OAuthException","code":100,"error_subcode":2018001}}`,
}

func startPlatform(t testing.TB, seed uint64, faults func(float64) fate, moments func(moment)) *platform {
	p := &platform{t: t, moment: moments, faults: faults, release: make(chan struct{}), dice: rand.New(rand.NewPCG(seed, 1))}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

// chance is a number in [0,1).
func (p *platform) chance() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dice.Float64()
}

// ServeHTTP takes a call of the Send API.
func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the program died while it spoke
	}
	c, err := readCall(raw)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/"+p.page+"/messages") || r.Header.Get("Authorization") != "Bearer page-token" {
		p.t.Errorf("the platform was called with %s %s: %v", r.Method, r.URL.Path, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c = p.take(c)
	early := c.mid != "" && p.chance() < 0.2
	if early {
		p.prove(c)
	}
	defer func() { // also where the connection is broken
		p.moment(momentAnswer)
		if c.mid != "" && !early {
			p.prove(c)
		}
	}()
	p.moment(momentCall)
	p.answer(w, c)
}

// readCall reads what is sent (Messenger Platform, Send API).
func readCall(raw []byte) (c call, err error) {
	var body struct {
		Recipient struct{ ID string }
		Message   struct{ Text, Metadata string }
	}
	if err = json.Unmarshal(raw, &body); err == nil && (body.Recipient.ID == "" || body.Message.Text == "" || body.Message.Metadata == "") {
		err = fmt.Errorf("not a message with a token: %s", raw)
	}
	return call{contact: body.Recipient.ID, text: body.Message.Text, token: body.Message.Metadata}, err
}

// take decides a call's fate and writes it down. From here on it has happened,
// whatever becomes of the program.
func (p *platform) take(c call) call {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.fate, c.at = p.faults(p.dice.Float64()), time.Now().UnixMilli()
	if c.fate == fateTaken || c.fate == fateDropped {
		c.mid = fmt.Sprintf("m_OUT-%06d-%08x", len(p.calls), p.dice.Uint32())
	}
	p.calls = append(p.calls, c)
	return c
}

// answer tells the program what became of its call, or breaks the connection.
func (p *platform) answer(w http.ResponseWriter, c call) {
	switch c.fate {
	case fateTaken:
		_, _ = fmt.Fprintf(w, `{"recipient_id":%q,"message_id":%q}`, c.contact, c.mid)
	case fateDropped:
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, refusals[c.fate])
	}
	_ = http.NewResponseController(w).Flush()
}

// prove sends the echo of a message, and receipts, in the background.
func (p *platform) prove(c call) {
	if p.hook == nil {
		return
	}
	proofs, wait := p.proofs(c), p.lateness()
	p.receipts.Go(func() {
		<-wait
		for _, body := range proofs {
			p.hook(webhookOf(p.page, body))
		}
	})
}

// proofs come in any order, and some of them twice.
func (p *platform) proofs(c call) []string {
	proofs := []string{echoOf(p.page, c)}
	if p.chance() < 0.9 {
		proofs = append(proofs, receiptOf(p.page, c, "delivery"))
	}
	if p.chance() < 0.4 {
		proofs = append(proofs, receiptOf(p.page, c, "read"))
	}
	if p.chance() < 0.2 {
		proofs[0], proofs[len(proofs)-1] = proofs[len(proofs)-1], proofs[0]
	}
	if p.chance() < 0.2 {
		proofs = append(proofs, proofs[0])
	}
	return proofs
}

// lateness is how long the platform takes to tell: nothing, a moment, or until
// long after the program has given up waiting.
func (p *platform) lateness() <-chan struct{} {
	chance, now := p.chance(), make(chan struct{})
	switch {
	case chance < 0.2:
		return p.release
	case chance < 0.4:
		time.AfterFunc(time.Duration(p.chance()*float64(time.Second)), func() { close(now) })
	default:
		close(now)
	}
	return now
}

// taken gives the calls so far.
func (p *platform) taken() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]call(nil), p.calls...)
}

// The items of webhooks (Messenger Platform, Webhook events reference).

func webhookOf(page string, items ...string) string {
	return fmt.Sprintf(`{"object":"page","entry":[{"id":%q,"time":%d,"messaging":[%s]}]}`, page, time.Now().UnixMilli(), strings.Join(items, ","))
}

func messageOf(page, contact, mid, text string) string {
	return fmt.Sprintf(`{"sender":{"id":%q},"recipient":{"id":%q},"timestamp":%d,"message":{"mid":%q,"text":%q}}`,
		contact, page, time.Now().UnixMilli(), mid, text)
}

func echoOf(page string, c call) string {
	return fmt.Sprintf(`{"sender":{"id":%q},"recipient":{"id":%q},"timestamp":%d,"message":{"mid":%q,"is_echo":true,"app_id":1517,"metadata":%q,"text":%q}}`,
		page, c.contact, c.at, c.mid, c.token, c.text)
}

// receiptOf is a delivery, which names its message, or a read.
func receiptOf(page string, c call, kind string) string {
	mids := ""
	if kind == "delivery" {
		mids = fmt.Sprintf(`"mids":[%q],`, c.mid)
	}
	return fmt.Sprintf(`{"sender":{"id":%q},"recipient":{"id":%q},"timestamp":%d,%q:{%s"watermark":%d}}`,
		c.contact, page, c.at, kind, mids, c.at)
}
