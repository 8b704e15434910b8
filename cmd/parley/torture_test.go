package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	tortureCycles = flag.Int("torture.cycles", 2, "how often TestTorture kills the program on each database")
	tortureSeed   = flag.Uint64("torture.seed", 0, "what TestTorture's chance begins with; 0 takes the time")
)

// TestTorture kills the program in the middle of its work, again and again, and
// then holds what it has to what it promised: nothing acknowledged is lost,
// nothing happens twice, order is kept. SIGKILL leaves the system's page cache
// alone, so this is about processes that die, not about power cuts.
func TestTorture(t *testing.T) {
	t.Parallel()
	seed := *tortureSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	template.Each(t, func(t *testing.T, database string) {
		t.Logf("-torture.cycles=%d -torture.seed=%d draws the same kills and faults again; what they hit is up to the machine", *tortureCycles, seed)
		tt := newTorture(t, database, seed)
		tt.begin()
		for range *tortureCycles {
			tt.cycle()
		}
		tt.drain()
		tt.check()
	})
}

// canary is in everything that people write; the program's log must never hold it.
const canary = "CANARY-3141592653"

// contactPrefix begins every customer's address, which is not for the log either.
const contactPrefix = "70031415926"

// torture is one run on one database.
type torture struct {
	t        *testing.T
	seed     uint64
	dice     *rand.Rand // of the driver alone
	program  *binary
	desk     deskSetup
	platform *platform
	history  *history
	agents   []*agent
	follower *reader
	kills    int
	polite   int // of them, with SIGTERM
	began    time.Time

	customersStop, agentsStop, followerStop chan struct{}
	writing, load, following                sync.WaitGroup
	next                                    atomic.Pointer[blow]
}

func newTorture(t *testing.T, database string, seed uint64) *torture {
	tt := &torture{t: t, seed: seed, dice: rand.New(rand.NewPCG(seed, 0)), began: time.Now(), history: &history{inbound: map[string][]inbound{}},
		customersStop: make(chan struct{}), agentsStop: make(chan struct{}), followerStop: make(chan struct{})}
	tt.program = startBinary(t, database, "PARLEY_PLATFORM_TIMEOUT=1s")
	tt.program.neverLogs(canary, contactPrefix)
	tt.platform = startPlatform(t, seed, roughly, tt.moment)
	tt.desk = newDesk(newCaller(t, tt.program.URL()).login(testClient, testSecret), 0, map[string]any{"acw": map[string]string{"mode": "mandatory"}})
	tt.desk.admin.do("PATCH", "/v1/channels/"+tt.desk.channel, map[string]any{"settings": map[string]string{"api_base_url": tt.platform.server.URL}}).want(200)
	tt.platform.page, tt.platform.hook = tt.desk.page, tt.client("", "").deliver
	for n := range 6 {
		tt.agents = append(tt.agents, tt.hire(n+1))
	}
	for n, a := range tt.agents {
		a.rival = tt.agents[(n+1)%len(tt.agents)]
	}
	tt.follower = &reader{client: tt.client(testClient, testSecret)}
	return tt
}

// begin starts the load: four people who write alone, four lines with four
// people each, six agents, and one who reads the whole log as it grows.
func (tt *torture) begin() {
	for line := range 8 {
		c := &customers{stubborn: tt.client("", ""), dice: rand.New(rand.NewPCG(tt.seed, uint64(10+line)))}
		for n := range 1 + line/4*3 {
			c.contacts = append(c.contacts, fmt.Sprintf("%s%02d%02d", contactPrefix, line, n))
		}
		tt.writing.Go(c.write)
	}
	for _, a := range tt.agents {
		tt.load.Go(a.work)
	}
	tt.following.Go(func() {
		for !tt.over(tt.followerStop) {
			tt.follower.more(2, 1+rand.IntN(100))
		}
	})
}

// moment is a place in the load at which a kill may hit.
type moment string

const (
	momentWebhook moment = "webhook" // a webhook is about to be sent
	momentCommand moment = "command" // an agent is about to ask for something
	momentCall    moment = "call"    // the platform has a message and has not answered
	momentAnswer  moment = "answer"  // the platform has answered
)

// blow is the next kill: at the n-th moment of a kind, or a little after it.
type blow struct {
	at     moment
	after  atomic.Int64
	delay  time.Duration
	polite bool // SIGTERM in the middle of the work: it must end cleanly all the same
	done   chan struct{}
}

// newBlow draws a kill. The counts of the kinds come after about the same time.
func (tt *torture) newBlow() *blow {
	b := &blow{at: []moment{momentWebhook, momentCommand, momentCall, momentAnswer}[tt.dice.IntN(4)], polite: tt.dice.IntN(8) == 0, done: make(chan struct{})}
	most := map[moment]int{momentWebhook: 120, momentCommand: 150, momentCall: 60, momentAnswer: 60}[b.at]
	b.after.Store(int64(most/4 + tt.dice.IntN(most)))
	if b.at == momentWebhook || b.at == momentCommand || tt.dice.IntN(2) == 0 {
		b.delay = time.Duration(tt.dice.IntN(5000)) * time.Microsecond
	}
	return b
}

// moment tells that the load has come to a place. With a delay of zero the
// program is dead when this returns.
func (tt *torture) moment(m moment) {
	b := tt.next.Load()
	if b == nil || b.at != m || b.after.Add(-1) != 0 {
		return
	}
	strike := func() {
		if b.polite {
			tt.program.terminate()
		} else {
			tt.program.kill9()
		}
		close(b.done)
	}
	if b.delay == 0 {
		strike()
		return
	}
	time.AfterFunc(b.delay, strike)
}

// longestCycle ends a cycle whose moment does not come.
const longestCycle = 5 * time.Second

// cycle lets the load run, kills the program, and starts it again.
func (tt *torture) cycle() {
	b := tt.newBlow()
	tt.next.Store(b)
	tt.jump()
	select {
	case <-b.done:
	case <-time.After(longestCycle):
		if b.after.Swap(0) > 0 { // nobody will strike any more
			tt.program.kill9()
			b.polite = false
		} else {
			<-b.done
		}
	}
	tt.next.Store(nil)
	if tt.kills++; b.polite {
		tt.polite++
	}
	tt.program.restart()
}

// jump moves business time in every other cycle: offers end, and replies are
// waited for no more. Under load it may not come to its end, or meet the kill.
func (tt *torture) jump() {
	seconds := 30 + tt.dice.IntN(120)
	if tt.dice.IntN(2) == 0 {
		return
	}
	clock := tt.client("", "")
	clock.http.Timeout = 5 * time.Second
	tt.load.Go(func() {
		_, _ = clock.once(http.MethodPost, "/sandbox/clock/advance", fmt.Sprintf(`{"seconds":%d}`, seconds), "")
	})
}

// longestDrain bounds how long the rest of the work may take: a call that a kill
// interrupted is nobody's until its lease is over.
const longestDrain = 3 * time.Minute

// drain brings everything that was begun to its end, and restarts the program
// once more, this time politely.
func (tt *torture) drain() {
	until := time.Now().Add(longestDrain)
	close(tt.customersStop)
	tt.writing.Wait()
	for tt.busy() {
		if time.Now().After(until) {
			tt.t.Errorf("%d interactions are still open %v after the last kill", tt.open(), longestDrain)
			break
		}
		<-time.After(5 * pause)
	}
	close(tt.agentsStop)
	tt.load.Wait()
	for left := tt.unsettled(); len(left) > 0; left = tt.unsettled() {
		if time.Now().After(until) {
			tt.t.Errorf("%d replies are on their way %v after the last kill: %v", len(left), longestDrain, left)
			break
		}
		tt.advance(130) // past the reconcile window, and every retry
	}
	close(tt.platform.release)
	tt.platform.receipts.Wait()
	tt.advance(0) // what was received is applied afterwards
	tt.catchUp()
	close(tt.followerStop)
	tt.following.Wait()
	tt.program.terminate()
	tt.program.restart()
}

// busy tells whether agents have something to do, or are about to.
func (tt *torture) busy() bool {
	if tt.open() > 0 {
		return true
	}
	tt.advance(0) // what was received last is applied then
	return tt.open() > 0
}

// advance moves business time, and lets the program do all that it has to do.
func (tt *torture) advance(seconds int) {
	clock := tt.client("", "")
	clock.http.Timeout = longestDrain
	answer, err := clock.once(http.MethodPost, "/sandbox/clock/advance", fmt.Sprintf(`{"seconds":%d}`, seconds), "")
	if err != nil || answer.status != http.StatusOK {
		tt.t.Fatalf("the clock answered %d: %s, %v", answer.status, answer.body, err)
	}
}

// open counts the interactions that are not over.
func (tt *torture) open() int {
	return len(tt.desk.admin.list("/v1/interactions?limit=200&state=queued,alerting,connected"))
}

// unsettled lists the replies that have not come to rest, after having waited a
// moment for the log to say more.
func (tt *torture) unsettled() (ids []string) {
	tt.catchUp()
	tt.desk.admin.do("GET", "/v1/events?wait=1&cursor="+url.QueryEscape(tt.follower.place()), nil).want(200)
	tt.catchUp()
	for id, status := range statuses(tt.follower.all()) {
		if status == "queued" || status == "sending" {
			ids = append(ids, id)
		}
	}
	return ids
}

// catchUp waits until the follower has read the log to its end.
func (tt *torture) catchUp() {
	for until := time.Now().Add(patience); time.Now().Before(until); {
		if len(tt.desk.admin.list("/v1/events?limit=1&cursor="+url.QueryEscape(tt.follower.place()))) == 0 {
			return
		}
		<-time.After(pause)
	}
	tt.t.Errorf("a reader of the log did not come to its end within %v", patience)
}

// logged is one entry of the log, as far as the checks need it.
type logged struct {
	ID, Type, Subject string
	Interaction       string `json:"interaction_id"`
	Agent             string `json:"agent_id"`
	Sequence          int64
	Data              struct {
		After string
		Used  *int
	}
}

// reader reads the log from where it stopped, over every kill.
type reader struct {
	client *stubborn
	mu     sync.Mutex
	cursor string
	events []logged
}

// more reads what comes next.
func (r *reader) more(wait, limit int) (found int) {
	answer := r.client.insist(http.MethodGet, fmt.Sprintf("/v1/events?wait=%d&limit=%d&cursor=%s", wait, limit, url.QueryEscape(r.place())), nil, "")
	if answer.status != http.StatusOK {
		r.client.history.fault("the log answered %d: %s", answer.status, answer.body)
		return 0
	}
	page := decode[struct {
		Items []logged
		Next  string `json:"next_cursor"`
	}](answer.body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events, r.cursor = append(r.events, page.Items...), page.Next
	return len(page.Items)
}

func (r *reader) place() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cursor
}

func (r *reader) all() []logged {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[:len(r.events):len(r.events)]
}

// statuses gives the last status of every reply that the log tells of.
func statuses(log []logged) map[string]string {
	last := map[string]string{}
	for _, e := range log {
		if strings.HasPrefix(e.Type, "reply.") && e.Data.After != "" {
			last[e.Subject] = e.Data.After
		}
	}
	return last
}
