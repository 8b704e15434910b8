package graph

import (
	"github.com/parley-cx/parley/internal/channel"
)

// Identify gives the contact and the key of repetition of an event of private
// messages. Meta repeats a webhook for up to 36 hours; the keys follow what its
// events are unique by. An event about the account alone, such as a policy notice,
// has no contact.
func Identify(e channel.Envelope) (channel.Identity, error) {
	i, err := open(e)
	if err != nil {
		return channel.Identity{}, refused(e, err)
	}
	key := i.key()
	if e.Field == fieldStandby {
		// The same message can come again as our own, when the thread is handed to us.
		key = fieldStandby + ":" + key
	}
	return channel.Identity{Contact: i.contact(), Subject: Identifier(i.content["mid"]), DedupeKey: key}, nil
}

// fieldStandby is the list of events of threads that another app owns.
const fieldStandby = "standby"

// key is the shape and what makes the event unique among those of its shape.
func (i item) key() string {
	mid := Identifier(i.content["mid"])
	switch i.shape {
	case shapeMessage, shapeEcho, shapeDeleted, shapePostback:
		if mid != "" {
			return i.shape + ":" + mid
		}
	}
	if parts := i.parts(mid); parts != nil {
		return i.shape + ":" + Digest(parts...)
	}
	return i.shape + ":" + Sum(i.payload)
}

// parts lists what tells two events of one shape apart that have no id of their
// own; nil where only the whole payload does.
func (i item) parts(mid string) []string {
	member := func(name string) string { return Scalar(i.content[name]) }
	place := []string{i.account, i.contact()}
	switch watermark := member("watermark"); {
	case i.shape == shapeReaction && mid != "":
		return []string{mid, i.sender, member("action"), i.timestamp}
	case i.shape == shapeEdit && mid != "":
		return []string{mid, member("num_edit")}
	case i.shape == shapeRead && watermark != "":
		return append(place, watermark)
	case i.shape == shapeRead && mid != "":
		return append(place, mid)
	case i.shape == shapeDelivery && watermark != "":
		return append(append(place, watermark), i.mids()...)
	case i.timestamp == "":
		return nil
	case i.shape == shapePostback:
		return append(place, i.timestamp, member("payload"))
	case i.shape == shapeReferral || i.shape == "optin":
		return append(place, i.timestamp, member("ref"), member("payload"))
	}
	return nil
}
