package messenger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/parley-cx/parley/internal/channel"
)

// Identify gives the contact and the key of repetition of an event. Meta repeats
// a webhook for up to 36 hours; the keys follow what its events are unique by. An
// event about the account alone, such as a policy notice, has no contact.
func (Adapter) Identify(e channel.Envelope) (channel.Identity, error) {
	i, err := open(e)
	if err != nil {
		return channel.Identity{}, err
	}
	key := i.key()
	if e.Field == fieldStandby {
		// The same message can come again as our own, when the thread is handed to us.
		key = fieldStandby + ":" + key
	}
	return channel.Identity{Contact: i.contact(), Subject: identifier(i.content["mid"]), DedupeKey: key}, nil
}

// fieldStandby is the list of events of threads that another app owns.
const fieldStandby = "standby"

// key is the shape and what makes the event unique among those of its shape.
func (i item) key() string {
	mid := identifier(i.content["mid"])
	switch i.shape {
	case shapeMessage, shapeEcho, shapeDeleted, shapePostback:
		if mid != "" {
			return i.shape + ":" + mid
		}
	}
	if parts := i.parts(mid); parts != nil {
		return i.shape + ":" + digest(parts)
	}
	return i.shape + ":" + sum(i.payload)
}

// parts lists what tells two events of one shape apart that have no id of their
// own; nil where only the whole payload does.
func (i item) parts(mid string) []string {
	member := func(name string) string { return scalar(i.content[name]) }
	place := []string{i.account, i.contact()}
	switch watermark := member("watermark"); {
	case i.shape == shapeReaction && mid != "":
		return []string{mid, i.sender, member("action"), i.timestamp}
	case i.shape == shapeEdit && mid != "":
		return []string{mid, member("num_edit")}
	case i.shape == shapeRead && watermark != "":
		return append(place, watermark)
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

// digest joins parts that may hold anything, without letting one run into the next.
func digest(parts []string) string {
	joined, _ := json.Marshal(parts) // strings always encode
	return sum(joined)
}

func sum(b []byte) string {
	hash := sha256.Sum256(b)
	return hex.EncodeToString(hash[:])
}
