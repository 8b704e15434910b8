package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds what is read of a call that brings no file.
const maxBody = 256 << 10

// answer is what the platform says to one call.
type answer struct {
	status int
	header map[string]string
	body   []byte
}

// serve takes one call: it is remembered, meets the fault in force, and is judged by the platform.
func (s *Simulator) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.bodyLimit(r.URL.Path)))
	if tooLarge := new(http.MaxBytesError); err != nil && !errors.As(err, &tooLarge) {
		hangUp(w)
		return
	}
	call := s.request(r, body)
	kept := call
	kept.Body = body[:min(len(body), maxBody)] // of a large file its beginning is remembered
	call.ID = s.requests.add(kept).ID
	faults := s.faults.take()
	switch {
	case err != nil:
		s.say(w, call, s.platform.tooLarge())
	case faults.Mode == ModeRefuse: // it came before the door was shut
		hangUp(w)
	case faults.Mode == ModeHang:
		<-r.Context().Done()
		hangUp(w)
	case faults.Mode == ModeNone || faults.Mode == ModeDropAnswer:
		s.process(w, r, call, faults)
	default:
		s.say(w, call, s.platform.failure(faults))
	}
}

// roomy is a platform that takes files, which are larger than messages.
type roomy interface{ bodyLimit(path string) int64 }

// bodyLimit bounds what is read of a call.
func (s *Simulator) bodyLimit(path string) int64 {
	if p, takes := s.platform.(roomy); takes {
		return p.bodyLimit(path)
	}
	return maxBody
}

// request copies a call as it came. Go keeps the Host header elsewhere.
func (s *Simulator) request(r *http.Request, body []byte) Request {
	header := r.Header.Clone()
	header.Set("Host", r.Host)
	path, query, _ := strings.Cut(r.RequestURI, "?")
	return Request{ReceivedAt: s.machine(), Method: r.Method, Path: path, Query: query, Header: header, Body: body}
}

// process lets the platform judge a call. What follows a message that was taken waits until the answer was written,
// or comes before it where early receipts are wanted, but never at the same time.
func (s *Simulator) process(w http.ResponseWriter, r *http.Request, call Request, faults Faults) {
	said, taken := s.platform.answer(r.Context(), call)
	if taken != nil && taken.attached != nil && faults.FetchFiles && !s.sender.fetch(r.Context(), taken.attached.Payload.URL) {
		said, taken = notFetched(), nil
	}
	early := taken != nil && faults.Receipts.Early
	if early {
		await(r.Context(), s.follow(*taken, faults.Receipts), s.earlyWait)
	}
	if faults.Mode == ModeDropAnswer {
		hangUp(w)
	} else {
		s.say(w, call, said)
	}
	if taken != nil && !early {
		s.follow(*taken, faults.Receipts)
	}
}

// follow sends a message's receipts; the channel is closed when all were answered or given up.
func (s *Simulator) follow(taken message, receipts Receipts) <-chan struct{} {
	hooks := s.platform.receipts(taken, receipts)
	return s.courier.follow(taken.thread, batch{hooks: hooks, copies: receipts.Copies})
}

// say writes an answer through to the caller. That it was written is noted before, so that a caller who has it finds it.
func (s *Simulator) say(w http.ResponseWriter, call Request, said answer) {
	s.requests.answered(call.ID, said.status)
	for name, value := range said.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(said.body)))
	w.WriteHeader(said.status)
	_, _ = w.Write(said.body)
	_ = http.NewResponseController(w).Flush()
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// await waits until done is closed, but neither longer than that nor than ctx.
func await(ctx context.Context, done <-chan struct{}, longest time.Duration) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// pause waits, and tells whether ctx is still there.
func pause(ctx context.Context, wait time.Duration) bool {
	await(ctx, nil, wait)
	return ctx.Err() == nil
}
