package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/simulator"
)

// Sandbox is time and the platforms, simulated.
type Sandbox struct {
	Platforms map[domain.ChannelKind]*simulator.Simulator
	Offset    func() time.Duration
	// Advance moves business time forward; due timers have run when it returns.
	Advance func(ctx context.Context, d time.Duration) error
}

// platform gives the simulated platform of a kind of channel; without the
// sandbox nothing is here.
func (s *Server) platform(kind api.ChannelKind) (*simulator.Simulator, error) {
	if s.Sandbox == nil {
		return nil, errNoRoute
	}
	p, ok := s.Sandbox.Platforms[domain.ChannelKind(kind)]
	if !ok {
		return nil, domain.NotFound("simulated platform")
	}
	return p, nil
}

func (s *Server) clock() api.Clock {
	return api.Clock{Now: api.At(s.Now()), MachineNow: api.At(s.Machine()), OffsetSeconds: s.Sandbox.Offset().Seconds()}
}

// GetClock serves GET /sandbox/clock.
func (s *Server) GetClock(context.Context, api.GetClockRequestObject) (api.GetClockResponseObject, error) {
	if s.Sandbox == nil {
		return nil, errNoRoute
	}
	return api.GetClock200JSONResponse(s.clock()), nil
}

// AdvanceClock serves POST /sandbox/clock/advance.
func (s *Server) AdvanceClock(ctx context.Context, r api.AdvanceClockRequestObject) (api.AdvanceClockResponseObject, error) {
	if s.Sandbox == nil {
		return nil, errNoRoute
	}
	// A caller who goes away must not stop the clock between two timers.
	if err := s.Sandbox.Advance(context.WithoutCancel(ctx), time.Duration(r.Body.Seconds*float64(time.Second))); err != nil {
		return nil, err
	}
	return api.AdvanceClock200JSONResponse(s.clock()), nil
}

// ListPlatformRequests serves GET /sandbox/platforms/{kind}/requests.
func (s *Server) ListPlatformRequests(_ context.Context, r api.ListPlatformRequestsRequestObject) (api.ListPlatformRequestsResponseObject, error) {
	p, err := s.platform(r.Kind)
	if err != nil {
		return nil, err
	}
	limit := r.Params.Limit
	if limit == 0 {
		limit = 200
	}
	return api.ListPlatformRequests200JSONResponse(api.PlatformRequestList{Items: each(p.Requests(limit), toPlatformRequest)}), nil
}

func toPlatformRequest(r simulator.Request) api.PlatformRequest {
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[name] = strings.Join(values, ", ")
	}
	return api.PlatformRequest{ID: r.ID, ReceivedAt: api.At(r.ReceivedAt), Method: r.Method, Path: r.Path, Query: r.Query,
		Headers: headers, Body: string(r.Body), Status: r.Status}
}

// SendPlatformInbound serves POST /sandbox/platforms/{kind}/inbound.
func (s *Server) SendPlatformInbound(ctx context.Context, r api.SendPlatformInboundRequestObject) (api.SendPlatformInboundResponseObject, error) {
	p, err := s.platform(r.Kind)
	if err != nil {
		return nil, err
	}
	in := simulator.InboundMessage{AccountID: r.Body.AccountID, Text: r.Body.Text, MessageID: r.Body.MessageID, Payload: r.Body.Payload, Copies: 1,
		Event: string(r.Body.Event), Data: r.Body.Data, PostID: r.Body.PostID, ReplyTo: r.Body.InReplyTo}
	if r.Body.Number != nil {
		in.Number = *r.Body.Number
	}
	if r.Body.Standby != nil {
		in.Standby = *r.Body.Standby
	}
	if r.Body.From != nil {
		in.From = simulator.Person{ID: r.Body.From.ID, Name: r.Body.From.Name, UserID: r.Body.From.UserID, Username: r.Body.From.Username}
	}
	if r.Body.Timestamp != nil {
		in.Timestamp = *r.Body.Timestamp
	}
	if r.Body.Copies != nil {
		in.Copies = *r.Body.Copies
	}
	in.Attachments = each(r.Body.Attachments, func(a api.InboundAttachment) simulator.Attachment {
		return simulator.Attachment{Type: a.Type, URL: a.URL}
	})
	sent, err := p.Inbound(ctx, in)
	if err != nil {
		return nil, err
	}
	return api.SendPlatformInbound200JSONResponse(api.InboundResult{WebhookURL: sent.WebhookURL, Status: sent.Status, MessageIds: sent.MessageIDs}), nil
}

func toFaults(f simulator.Faults) api.Faults {
	return api.Faults{Mode: api.FaultMode(f.Mode), Code: f.Code, Subcode: f.Subcode, Times: f.Times, RetryAfterSeconds: f.RetryAfterSeconds, FetchFiles: f.FetchFiles,
		Receipts: api.Receipts{Echo: f.Receipts.Echo, Delivered: f.Receipts.Delivered, Read: f.Receipts.Read, Copies: f.Receipts.Copies,
			Reversed: f.Receipts.Reversed, Early: f.Receipts.Early}}
}

// GetPlatformFaults serves GET /sandbox/platforms/{kind}/faults.
func (s *Server) GetPlatformFaults(_ context.Context, r api.GetPlatformFaultsRequestObject) (api.GetPlatformFaultsResponseObject, error) {
	p, err := s.platform(r.Kind)
	if err != nil {
		return nil, err
	}
	return api.GetPlatformFaults200JSONResponse(toFaults(p.Faults())), nil
}

// PutPlatformFaults serves PUT /sandbox/platforms/{kind}/faults.
func (s *Server) PutPlatformFaults(ctx context.Context, r api.PutPlatformFaultsRequestObject) (api.PutPlatformFaultsResponseObject, error) {
	p, err := s.platform(r.Kind)
	if err != nil {
		return nil, err
	}
	normal := toFaults(simulator.Faults{Mode: simulator.ModeNone, Receipts: simulator.DefaultReceipts()})
	want, err := overlay(normal, r.Body)
	if err != nil {
		return nil, err
	}
	f := simulator.Faults{Mode: simulator.Mode(want.Mode), Code: want.Code, Subcode: want.Subcode, Times: want.Times, RetryAfterSeconds: want.RetryAfterSeconds, FetchFiles: want.FetchFiles,
		Receipts: simulator.Receipts{Echo: want.Receipts.Echo, Delivered: want.Receipts.Delivered, Read: want.Receipts.Read, Copies: want.Receipts.Copies,
			Reversed: want.Receipts.Reversed, Early: want.Receipts.Early}}
	if err := p.SetFaults(ctx, f); err != nil {
		return nil, err
	}
	return api.PutPlatformFaults200JSONResponse(toFaults(p.Faults())), nil
}
