package simulator_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/simulator"
)

func everything() simulator.Receipts {
	return simulator.Receipts{Echo: true, Delivered: true, Read: true, Copies: 1}
}

func TestReceiptShapes(t *testing.T) {
	t.Parallel()
	p := newProduct(t, nil)
	s, _ := play(t, p)
	set(t, s, simulator.Faults{Mode: simulator.ModeNone, Receipts: everything()})
	id := sent(t, s, "Größe </b> 🍟\u2028")
	event := func(sender, recipient, content string) string {
		return `{"object":"page","entry":[{"time":1790000000123,"id":"` + page + `","messaging":[{"sender":{"id":"` + sender +
			`"},"recipient":{"id":"` + recipient + `"},"timestamp":1790000000123,` + content + `}]}]}`
	}
	for _, want := range []string{
		event(page, customer, `"message":{"mid":"`+id+`","is_echo":true,"app_id":1517000000000001,"metadata":"out_1","text":"Gr\u00f6\u00dfe <\/b> \ud83c\udf5f\u2028"}`),
		event(customer, page, `"delivery":{"mids":["`+id+`"],"watermark":1790000000123}`),
		event(customer, page, `"read":{"watermark":1790000000123}`),
	} {
		if got := p.next(t); string(got.body) != want {
			t.Errorf("sent\n%s\nwant\n%s", got.body, want)
		}
	}
}

func TestReceiptsAsConfigured(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		receipts simulator.Receipts
		want     string
	}{
		"default":    {simulator.DefaultReceipts(), "echo delivery"},
		"all":        {everything(), "echo delivery read"},
		"only read":  {simulator.Receipts{Read: true}, "read"},
		"copies":     {simulator.Receipts{Echo: true, Read: true, Copies: 3}, "echo echo echo read read read"},
		"reversed":   {simulator.Receipts{Echo: true, Delivered: true, Read: true, Reversed: true}, "read delivery echo"},
		"everything": {simulator.Receipts{Echo: true, Delivered: true, Copies: 2, Reversed: true}, "delivery delivery echo echo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProduct(t, nil)
			s, _ := play(t, p)
			set(t, s, simulator.Faults{Mode: simulator.ModeNone, Receipts: c.receipts})
			sent(t, s, "x")
			var last webhook
			for _, want := range strings.Fields(c.want) {
				got := p.next(t)
				if got.kind() != want {
					t.Errorf("sent %s, want %s", got.kind(), want)
				}
				if last.kind() == want && last.body != nil && string(last.body) != string(got.body) {
					t.Errorf("a copy differs: %s", got.body)
				}
				last = got
			}
			end(t, s)
			if len(p.got) != 0 {
				t.Errorf("sent %s too", p.next(t).body)
			}
		})
	}
}

// TestAnswerBeforeReceipts reads the answer only when the first receipt is there, and before that is answered.
func TestAnswerBeforeReceipts(t *testing.T) {
	t.Parallel()
	first := make(chan struct{})
	p := newProduct(t, func(webhook) int { <-first; return 200 })
	s, _ := play(t, p)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := text("x")
	_, _ = fmt.Fprintf(conn, "POST /v25.0/%s/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", page, token, len(body), body)
	if p.next(t).kind() != "echo" {
		t.Error("something else came first")
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("answered %v, %v", response, err)
	}
	_ = response.Body.Close()
	close(first)
	p.next(t)
}

func TestEarlyReceipts(t *testing.T) {
	t.Parallel()
	var answered atomic.Bool
	p := newProduct(t, func(webhook) int {
		if answered.Load() {
			return 500 // too late
		}
		return 200
	})
	s, _ := play(t, p)
	early := everything()
	early.Early = true
	set(t, s, simulator.Faults{Mode: simulator.ModeNone, Receipts: early})
	id := sent(t, s, "x")
	answered.Store(true)
	if len(p.got) != 3 {
		t.Fatalf("%d receipts came before the answer", len(p.got))
	}
	if got := p.next(t); got.kind() != "echo" || !strings.Contains(string(got.body), id) {
		t.Errorf("sent %s", got.body)
	}
}

// TestEarlyReceiptsDoNotHoldForEver has a product that answers no webhook before its own call was answered.
func TestEarlyReceiptsDoNotHoldForEver(t *testing.T) {
	t.Parallel()
	answered := make(chan struct{})
	p := newProduct(t, func(webhook) int { <-answered; return 200 })
	s, _ := play(t, p, func(c *simulator.Config) { c.EarlyWait = time.Millisecond })
	set(t, s, simulator.Faults{Mode: simulator.ModeNone, Receipts: simulator.Receipts{Echo: true, Early: true}})
	sent(t, s, "x")
	close(answered)
	p.next(t)
}

// TestReceiptsOfAConversationAreInOrder sends to several people at once, more than there are senders.
func TestReceiptsOfAConversationAreInOrder(t *testing.T) {
	t.Parallel()
	const people, each = 20, 5
	p := newProduct(t, nil)
	s, _ := play(t, p)
	var sending sync.WaitGroup
	for person := range people {
		sending.Go(func() {
			client := plain(t)
			for n := range each {
				body := strings.Replace(text(strconv.Itoa(n)), customer, strconv.Itoa(person), 1)
				if _, err := call(t, client, http.MethodPost, messages(s), token, body); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sending.Wait()
	heard := map[string][]string{}
	for range people * each * 2 {
		person, what := told(t, p.next(t))
		heard[person] = append(heard[person], what)
	}
	for person, got := range heard {
		if want := []string{"0", "delivery", "1", "delivery", "2", "delivery", "3", "delivery", "4", "delivery"}; !slices.Equal(got, want) {
			t.Errorf("%s: heard %v", person, got)
		}
	}
}

// told reads whom a webhook is about, and the text of an echo.
func told(t *testing.T, hook webhook) (person, what string) {
	t.Helper()
	var body struct {
		Entry []struct {
			Messaging []struct {
				Sender, Recipient struct{ ID string }
				Message           *struct{ Text string }
			}
		}
	}
	if err := json.Unmarshal(hook.body, &body); err != nil {
		t.Fatal(err)
	}
	event := body.Entry[0].Messaging[0]
	if event.Message != nil {
		return event.Recipient.ID, event.Message.Text
	}
	return event.Sender.ID, hook.kind()
}

func TestReceiptsAreRepeated(t *testing.T) {
	t.Parallel()
	answers := make(chan int, 10)
	for _, status := range []int{503, 404, 302, 200, 500, 500, 500, 500, 200} { // three retries: the delivery is given up
		answers <- status
	}
	p := newProduct(t, func(webhook) int { return <-answers })
	s, _ := play(t, p, func(c *simulator.Config) { c.Retries = []time.Duration{0, 0, time.Microsecond} })
	set(t, s, simulator.Faults{Mode: simulator.ModeNone, Receipts: everything()})
	sent(t, s, "x")
	for _, want := range strings.Fields("echo echo echo echo delivery delivery delivery delivery read") {
		if got := p.next(t).kind(); got != want {
			t.Fatalf("sent %s, want %s", got, want)
		}
	}
}

func TestReceiptsWithoutWebhook(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil, func(c *simulator.Config) { c.Retries = []time.Duration{time.Hour} })
	set(t, s, simulator.Faults{Mode: simulator.ModeNone, Receipts: simulator.Receipts{Echo: true, Early: true}})
	sent(t, s, "x") // the answer waits for the receipt, so it must have been dropped at once
}
