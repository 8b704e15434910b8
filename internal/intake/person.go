package intake

import (
	"context"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// person is a customer as a set of events names them: by one address from now on, and
// by whatever others the platform used.
type person struct {
	address string
	kind    string
	thread  *held[domain.Thread] // nil for a stranger
	aliases []string             // by which the thread is not found yet
	moved   bool                 // the thread has another address from now on
}

// addresses gives every address that events name.
func addressesOf(items []parsed) []string {
	var all []string
	seen := map[string]bool{"": true}
	for _, item := range items {
		for _, address := range []string{item.event.Contact, item.event.Alias, item.event.Former} {
			if !seen[address] {
				seen[address] = true
				all = append(all, address)
			}
		}
	}
	return all
}

// recognise lets every event name its customer by the address by which they are known
// from now on. Who was known by an address that a platform tells only in passing, such
// as a number, gets the one that is theirs alone when it is told; who has moved is known
// by the new one. Both stay as aliases. Two threads are never made one.
func (g *gathering) recognise(items []parsed) {
	g.people = map[string]*person{}
	whose := make([]*person, len(items))
	for n, item := range items {
		whose[n] = g.recogniseOne(item.event)
	}
	seen := map[*person]bool{}
	for n, p := range whose {
		if e := &items[n].event; e.Contact != p.address {
			if e.Alias == "" && e.AddressType != p.kind { // an address of the same sort is one that they had before
				e.Alias = e.Contact
			}
			e.Contact, e.AddressType = p.address, p.kind
		}
		if p.thread != nil {
			g.threads[p.address] = p.thread
		}
		if !seen[p] {
			seen[p] = true
			g.order, g.met = append(g.order, p.address), append(g.met, p)
		}
	}
}

func (g *gathering) recogniseOne(e channel.Event) *person {
	p := g.person(e.Contact)
	if p == nil {
		p = g.adopted(e)
	}
	if p == nil {
		p = &person{address: e.Contact, kind: e.AddressType}
	}
	g.people[e.Contact] = p
	if other := g.person(e.Alias); e.Alias != "" && (other == nil || other != p && other.address != e.Alias) {
		g.people[e.Alias] = p
		p.aliases = append(p.aliases, e.Alias)
	}
	return p
}

// adopted finds who an unknown address belongs to, and gives it to them; nil where it
// is a stranger's.
func (g *gathering) adopted(e channel.Event) *person {
	p := g.person(e.Alias)
	if p != nil && p.address != e.Alias { // a number that somebody else had before
		p = nil
	}
	if former := g.person(e.Former); e.Kind == channel.EventMoved && former != nil {
		p = former
	}
	if p == nil {
		return nil
	}
	p.aliases = append(p.aliases, p.address)
	p.address, p.kind = e.Contact, e.AddressType
	if t := p.thread; t != nil {
		t.value.Address, t.value.AddressType, t.changed = p.address, p.kind, true
		p.moved = true
	}
	return p
}

// person finds who has an address; nil where nobody is known by it.
func (g *gathering) person(address string) *person {
	if p, known := g.people[address]; known {
		return p
	}
	t, known := g.threads[address]
	if !known || address == "" {
		return nil
	}
	for _, p := range g.people {
		if p.thread == t {
			g.people[address] = p
			return p
		}
	}
	p := &person{address: t.value.Address, kind: t.value.AddressType, thread: t}
	g.people[address] = p
	return p
}

// writePeople writes by which addresses customers are found from now on.
func (a *Applier) writePeople(ctx context.Context, g *gathering) error {
	for _, p := range g.met {
		t := g.threads[p.address]
		if p.moved {
			if err := a.Store.ReaddressContact(ctx, t.value.Organization, t.value.Contact, p.address); err != nil {
				return err
			}
		}
		if t == nil || len(p.aliases) == 0 {
			continue
		}
		if err := a.Store.AliasThread(ctx, t.value, p.aliases...); err != nil {
			return err
		}
	}
	return nil
}
