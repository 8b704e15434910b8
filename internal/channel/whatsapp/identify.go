package whatsapp

import (
	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// Identify gives the contact and the key of repetition of an event. Meta repeats a
// webhook for up to seven days. A message has an id of its own, also where it does
// something to another one; a status is one by message, word and time. What is told of
// the account has no contact. A person is
// named by two addresses, now by one and now by the other: all events of a number stay in order.
func (Adapter) Identify(e channel.Envelope) (channel.Identity, error) {
	i, err := open(e)
	if err != nil {
		return channel.Identity{}, err
	}
	identity := channel.Identity{DedupeKey: i.key(), Order: "number"}
	if !i.grouped() {
		identity.Contact, identity.Subject = i.contact(), i.target()
	}
	return identity, nil
}

// key is the sort and what makes the event unique among those of its sort.
func (i item) key() string {
	id := graph.Identifier(i.content["id"])
	switch {
	case id == "":
		return i.sort + ":" + graph.Sum(i.payload)
	case i.sort == itemStatus:
		return i.sort + ":" + graph.Digest(id, i.shape, scalar(i.content["timestamp"]), i.contact())
	}
	return i.sort + ":" + id
}
