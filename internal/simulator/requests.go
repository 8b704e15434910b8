package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// keptRequests is how many requests are remembered.
const keptRequests = 1000

// Request is one call as it came in, byte for byte, credentials included: it is shown to whoever tests and never logged.
type Request struct {
	ID         string // numbers the calls of this simulator
	ReceivedAt time.Time
	Method     string
	Path       string // as it was written, before the question mark
	Query      string // as it was written, after it
	Header     http.Header
	Body       []byte
	Status     int // of the answer; zero before it and where there was none
}

// requests remembers the latest calls in a ring.
type requests struct {
	mu   sync.Mutex
	all  int // how many came in so far
	ring []Request
}

// add remembers a call and gives it its id.
func (r *requests) add(request Request) Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := r.all % keptRequests
	r.all++
	request.ID = strconv.Itoa(r.all)
	if place == len(r.ring) {
		r.ring = append(r.ring, request)
	} else {
		r.ring[place] = request
	}
	return request
}

// answered notes the answer to a call, unless a thousand others have pushed it out.
func (r *requests) answered(id string, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	number, err := strconv.Atoi(id)
	if err != nil || number < 1 || r.all-number >= keptRequests {
		return
	}
	r.ring[(number-1)%keptRequests].Status = status
}

// latest lists the latest calls, newest first.
func (r *requests) latest(limit int) []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := max(min(limit, len(r.ring)), 0)
	found := make([]Request, 0, count)
	for back := range count {
		found = append(found, r.ring[(r.all-1-back)%keptRequests])
	}
	return found
}
