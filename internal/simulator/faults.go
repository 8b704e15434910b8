package simulator

import (
	"slices"
	"sync"

	"github.com/parley-cx/parley/internal/domain"
)

// Mode is how the simulated platform misbehaves.
type Mode string

// The modes, spelled as in the contract.
const (
	ModeNone        Mode = "none"         // it does not
	ModeRefuse      Mode = "refuse"       // it does not listen: connections are refused
	ModeReject      Mode = "reject"       // it answers 400 with an error of its own
	ModeServerError Mode = "server_error" // it answers 500 with an error of its own
	ModeBadGateway  Mode = "bad_gateway"  // something before it answers 502 in HTML
	ModeRateLimit   Mode = "rate_limit"   // it says that too much was sent
	ModeHang        Mode = "hang"         // it reads the request and never answers
	ModeDropAnswer  Mode = "drop_answer"  // it takes the message and closes the connection without an answer
)

// Faults is how the simulated platform behaves. What is behind its pointers must not be changed.
type Faults struct {
	Mode              Mode
	Code              *int // the error's code, for ModeReject; nil for 100
	Subcode           *int // the error's subcode, for ModeReject
	Times             int  // how many requests the fault meets before it is lifted; zero until it is changed
	RetryAfterSeconds *int // Retry-After, for ModeRateLimit and ModeServerError
	Receipts          Receipts
	FetchFiles        bool // it gets the files of messages, as the platform does, and refuses those that it cannot get
}

// Receipts is what the simulated platform tells of a message that it took.
type Receipts struct {
	Echo      bool
	Delivered bool
	Read      bool
	Copies    int  // how often each is sent; zero is one
	Reversed  bool // read before delivered before echo
	Early     bool // before the answer to the call
}

// DefaultReceipts is an echo and a delivery, once each and after the answer.
func DefaultReceipts() Receipts { return Receipts{Echo: true, Delivered: true, Copies: 1} }

// check refuses what cannot be played. A refused connection never gets here, so nobody can count it.
func (f Faults) check() error {
	modes := []Mode{ModeNone, ModeRefuse, ModeReject, ModeServerError, ModeBadGateway, ModeRateLimit, ModeHang, ModeDropAnswer}
	switch {
	case !slices.Contains(modes, f.Mode):
		return domain.Invalid("/mode", "sandbox.unknown_mode", "There is no such mode.")
	case f.Mode == ModeRefuse && f.Times != 0:
		return domain.Invalid("/times", "sandbox.refuse_uncounted",
			"Refused connections cannot be counted: refuse lasts until the mode is changed.")
	}
	return nil
}

// normal is the faults as they are told: a fault that is none has no details.
func (f Faults) normal() Faults {
	if f.Mode == ModeNone {
		f = Faults{Mode: ModeNone, Receipts: f.Receipts, FetchFiles: f.FetchFiles}
	}
	f.Times = max(f.Times, 0)
	f.Receipts.Copies = max(f.Receipts.Copies, 1)
	return f
}

// faultState holds the faults in force.
type faultState struct {
	mu    sync.Mutex
	force Faults
}

func (s *faultState) set(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.force = f.normal()
}

func (s *faultState) get() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.force
}

// take is the behaviour that the next request meets; the last of the counted ones lifts the fault.
func (s *faultState) take() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	met := s.force
	if met.Times > 0 {
		s.force.Times--
	}
	if met.Times == 1 {
		s.force.Mode = ModeNone
		s.force = s.force.normal()
	}
	return met
}
