package simulator

import (
	"cmp"
	"sync"
	"time"
)

// waPerson is a customer as WhatsApp knows them: by a number, by a business-scoped id, or by both.
type waPerson struct{ number, user, name, username string }

// key is by what they are remembered.
func (p waPerson) key() string { return cmp.Or(p.user, p.number) }

// personOf is the customer whom a sandbox's request describes.
func personOf(p Person) waPerson {
	who := waPerson{number: p.ID, user: p.UserID, name: p.Name, username: p.Username}
	if isUserID(p.ID) {
		who.number, who.user = "", p.ID
	}
	return who
}

// persons remembers who wrote, when, and what was sent to them lately.
type persons struct {
	mu    sync.Mutex
	known map[string]waPerson // by number and by id
	wrote map[thread]time.Time
	sent  map[thread][]time.Time
}

func newPersons() *persons {
	return &persons{known: map[string]waPerson{}, wrote: map[thread]time.Time{}, sent: map[thread][]time.Time{}}
}

// heard notes that a person wrote to a number.
func (p *persons) heard(number string, who waPerson, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPeople {
		clear(p.known)
		clear(p.wrote)
		clear(p.sent)
	}
	for _, id := range []string{who.number, who.user} {
		if id != "" {
			p.known[id] = who
		}
	}
	p.wrote[thread{number, who.key()}] = now
}

// find gives who has a number or an id; somebody who never wrote has it alone.
func (p *persons) find(id string) waPerson {
	p.mu.Lock()
	defer p.mu.Unlock()
	if who, known := p.known[id]; known {
		return who
	}
	return personOf(Person{ID: id})
}

// admits tells why a message may not go to a person now: the customer's last one is too long ago for anything but a
// template, or too much was sent to them at once. Of people who never wrote through the simulator it knows nothing.
func (p *persons) admits(t thread, template bool, now time.Time) *graphFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last, known := p.wrote[t]; known && !template && now.Sub(last) > standardWindow {
		return waFault(131047, "Re-engagement message")
	}
	lately := p.sent[t][:0]
	for _, at := range p.sent[t] {
		if now.Sub(at) < pairTime {
			lately = append(lately, at)
		}
	}
	if len(lately) >= pairBurst {
		return waFault(131056, "(Business Account, Consumer Account) pair rate limit hit")
	}
	p.sent[t] = append(lately, now)
	return nil
}
