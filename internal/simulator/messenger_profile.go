package simulator

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxPeople bounds the names that are remembered; when there are more, all are forgotten.
const maxPeople = 10_000

// people remembers the names of those who wrote, and to which page.
type people struct {
	mu    sync.Mutex
	known map[string]acquaintance // by the person's page-scoped id
	wrote map[thread]time.Time    // when they last wrote
}

type acquaintance struct{ page, name string }

func newPeople() *people {
	return &people{known: map[string]acquaintance{}, wrote: map[thread]time.Time{}}
}

// The windows in which a page may answer (Meta, Messenger Platform, Send messages; Message tags).
const (
	standardWindow = 24 * time.Hour
	humanWindow    = 7 * 24 * time.Hour
)

// heard notes that a person wrote, pressed a button or took a quick reply.
func (p *people) heard(t thread, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.wrote) >= maxPeople {
		clear(p.wrote)
	}
	p.wrote[t] = now
}

// allows tells whether the page may write now. Of people who never wrote through the simulator it knows nothing, and
// lets the page write.
func (p *people) allows(page string, s send, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.wrote[thread{account: page, contact: s.Recipient.ID}]
	window := standardWindow
	if s.Tag != "" {
		window = humanWindow
	}
	return !known || now.Sub(last) <= window
}

func (p *people) meet(page string, person Person) {
	if person.Name == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPeople {
		clear(p.known)
	}
	p.known[person.ID] = acquaintance{page: page, name: person.Name}
}

func (p *people) find(id string) (acquaintance, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.known[id]
	return found, ok
}

// profile tells a person's name to the page that they wrote to (Meta, Messenger Platform, User profile). Somebody who
// wrote without a name has no profile, as it happens.
func (m messenger) profile(ctx context.Context, id string, call Request) answer {
	found, ok := m.people.find(id)
	if refused := m.authorize(ctx, found.page, call); refused != nil {
		return *refused
	}
	if !ok {
		return unknownObject(call.Method, id)
	}
	query, _ := url.ParseQuery(call.Query)
	return graphAnswer(http.StatusOK, profileOf(id, found.name, query.Get("fields")))
}

// profileOf picks the fields that were asked for, by default both parts of the name. The id always comes along.
func profileOf(id, name, fields string) map[string]string {
	if fields == "" {
		fields = "first_name,last_name"
	}
	first, last := name, ""
	if space := strings.LastIndex(name, " "); space >= 0 {
		first, last = name[:space], name[space+1:]
	}
	all := map[string]string{"first_name": first, "last_name": last, "name": name}
	told := map[string]string{"id": id}
	for field, value := range all {
		if value != "" && slices.Contains(strings.Split(fields, ","), field) {
			told[field] = value
		}
	}
	return told
}
