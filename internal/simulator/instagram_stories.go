package simulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// stories are pictures that end after a day (Meta, Instagram Messaging, Story mention).
type stories struct {
	base string // the simulator's own address, set once before it takes calls
	now  func() time.Time

	mu    sync.Mutex
	since map[string]time.Time // by path
}

func newStories(now func() time.Time) *stories {
	return &stories{now: now, since: map[string]time.Time{}}
}

// tell makes a story and gives its link.
func (s *stories) tell() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.since) >= maxPeople {
		clear(s.since)
	}
	path := "/stories/" + random(16)
	s.since[path] = s.now()
	return s.base + path
}

// dot is the picture of every story: one pixel.
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="

// shown answers a call for a story; ok is false for any other. The link needs no token.
func (s *stories) shown(call Request) (said answer, ok bool) {
	if !strings.HasPrefix(call.Path, "/stories/") {
		return said, false
	}
	s.mu.Lock()
	since, known := s.since[call.Path]
	s.mu.Unlock()
	if !known || s.now().Sub(since) >= 24*time.Hour {
		return answer{status: http.StatusForbidden, header: map[string]string{"Content-Type": "text/plain"}, body: []byte("URL signature expired")}, true
	}
	picture, _ := base64.StdEncoding.DecodeString(dot)
	return answer{status: http.StatusOK, header: map[string]string{"Content-Type": "image/png", "Cache-Control": fmt.Sprint("max-age=", 60)}, body: picture}, true
}
