package httpapi

import (
	"context"
	"fmt"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toTransfer(t domain.Transfer) api.Transfer {
	out := api.Transfer{ID: string(t.ID), InteractionID: string(t.Interaction), State: api.TransferState(t.State), Mode: api.TransferMode(t.Mode),
		Target:  api.TransferTarget{Type: api.TargetType(t.Target.Type), ID: t.Target.ID, Name: t.Target.Name},
		AgentID: string(t.Agent), AgentName: t.AgentName, OfferID: ref(t.Offer), Note: t.Note, Priority: t.Priority, Skills: words(t.Skills),
		RequestedAt: api.At(t.RequestedAt), EndedAt: api.AtOrNull(t.EndedAt)}
	if t.Outcome != "" {
		outcome := api.OfferState(t.Outcome)
		out.Outcome = &outcome
	}
	return out
}

// fromTransfer reads what a client asks for.
func fromTransfer(a api.TransferInput) domain.Transfer {
	t := domain.Transfer{Mode: domain.TransferMode(a.Mode), Target: domain.TransferTarget{Type: domain.TargetType(a.Target.Type), ID: a.Target.ID},
		Note: a.Note, Priority: a.Priority, Skills: skillsOf(a.Skills)}
	if t.Mode == "" {
		t.Mode = domain.TransferUnattended
	}
	return t
}

// ListTransfers serves GET /v1/interactions/{id}/transfers.
func (s *Server) ListTransfers(ctx context.Context, r api.ListTransfersRequestObject) (api.ListTransfersResponseObject, error) {
	i, err := s.Store.Interaction(ctx, principal(ctx).Organization, domain.InteractionID(r.ID))
	if err != nil {
		return nil, err
	}
	transfers, next, err := s.Store.Transfers(ctx, i.Organization, i.ID, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListTransfers200JSONResponse(api.TransferList{Items: each(transfers, toTransfer), NextCursor: next}), nil
}

// CreateTransfer serves POST /v1/interactions/{id}/transfers (C23, C28).
func (s *Server) CreateTransfer(ctx context.Context, r api.CreateTransferRequestObject) (api.CreateTransferResponseObject, error) {
	asked := fromTransfer(*r.Body)
	if err := s.checkTransfer(ctx, asked); err != nil {
		return nil, err
	}
	t, err := s.Transfers.Request(ctx, principal(ctx), domain.InteractionID(r.ID), asked, r.Body.RejectIfDraft)
	if err != nil {
		return nil, err
	}
	unsent, err := s.Store.UnsentDraft(ctx, t.Organization, t.Interaction, t.Agent)
	if err != nil {
		return nil, err
	}
	made := toTransfer(t)
	made.Warnings = s.draftWarnings(ctx, unsent)
	return api.CreateTransfer201JSONResponse{Body: made,
		Headers: api.CreateTransfer201ResponseHeaders{Location: location("interactions", r.ID+"/transfers/"+string(t.ID))}}, nil
}

// checkTransfer refuses skills that do not exist.
func (s *Server) checkTransfer(ctx context.Context, t domain.Transfer) error {
	living, err := s.Store.LivingSkills(ctx, principal(ctx).Organization, t.Skills)
	if err != nil {
		return err
	}
	for n, skill := range t.Skills {
		if !living[skill] {
			return domain.Invalid(fmt.Sprintf("/skills/%d", n), "skill.unknown", "There is no such skill.")
		}
	}
	return nil
}

// GetTransfer serves GET /v1/interactions/{id}/transfers/{transfer_id}.
func (s *Server) GetTransfer(ctx context.Context, r api.GetTransferRequestObject) (api.GetTransferResponseObject, error) {
	t, err := s.Store.Transfer(ctx, principal(ctx).Organization, domain.InteractionID(r.ID), domain.TransferID(r.TransferID))
	if err != nil {
		return nil, err
	}
	return api.GetTransfer200JSONResponse(toTransfer(t)), nil
}

// CancelTransfer serves DELETE /v1/interactions/{id}/transfers/{transfer_id}.
func (s *Server) CancelTransfer(ctx context.Context, r api.CancelTransferRequestObject) (api.CancelTransferResponseObject, error) {
	if err := s.Transfers.Cancel(ctx, principal(ctx), domain.InteractionID(r.ID), domain.TransferID(r.TransferID)); err != nil {
		return nil, err
	}
	return api.CancelTransfer204Response{}, nil
}
