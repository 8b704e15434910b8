package simulator

import (
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"time"
)

// utterance is one post or comment.
type utterance struct {
	id       string
	page     string // empty where it is not known whose it is about
	post     string // its own id for a post
	parent   string
	author   Person // nobody where it is not told
	text     string
	media    []itemAttachment
	at       time.Time
	answered bool // its writer had their private reply
	removed  bool

	elsewhere bool // Instagram: it stands under somebody else's post
}

// isPost tells a post from a comment.
func (u utterance) isPost() bool { return u.id == u.post }

// told is what the Graph API tells of it: the fields that were asked for, as far as
// there is something under them, and its id.
func (u utterance) told(asked map[string]bool) map[string]any {
	all := map[string]any{"message": u.text, "permalink_url": "https://www.facebook.com/" + u.id, "created_time": u.at.UTC().Format("2006-01-02T15:04:05+0000")}
	if u.author.ID != "" {
		all["from"] = map[string]string{"id": u.author.ID, "name": u.author.Name}
	}
	var media []map[string]any
	for _, a := range u.media {
		media = append(media, map[string]any{"media_type": "photo", "type": "photo", "media": map[string]any{"image": map[string]string{"src": a.Payload.URL}}})
	}
	if media != nil {
		all["attachments"], all["attachment"] = map[string]any{"data": media}, media[0]
	}
	told := map[string]any{"id": u.id}
	for field, value := range all {
		if asked[field] && value != "" {
			told[field] = value
		}
	}
	return told
}

// wall remembers posts and comments.
type wall struct {
	mu    sync.Mutex
	next  int
	known map[string]utterance
}

func newWall() *wall { return &wall{known: map[string]utterance{}} }

// put remembers one. When there are too many, all are forgotten.
func (w *wall) put(u utterance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.known) >= maxPeople {
		clear(w.known)
	}
	w.known[u.id] = u
}

func (w *wall) find(id string) (utterance, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, known := w.known[id]
	return u, known
}

// number is one that no other post or comment has.
func (w *wall) number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	return 880000000 + w.next
}

// newID makes the id of a comment: {post}_{comment}, where the post's own part is the
// second of {page}_{post}.
func (w *wall) newID(post string) string {
	if _, own, found := strings.Cut(post, "_"); found {
		post = own
	}
	return fmt.Sprintf("%s_%d", post, w.number())
}

// scopedID is the id by which a page's private messages know a person, which is not
// the one of their comments. It is the same each time.
func scopedID(author string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(author))
	return fmt.Sprintf("72%014d", sum.Sum64()%100_000_000_000_000)
}
