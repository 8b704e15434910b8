package handover

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// This file has what transfers and conferences do alike.

// Queues is where the rules are, by which a conversation is handed over.
type Queues interface {
	Queue(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) (domain.Queue, error)
}

// Drafts is where it is known who has begun to write and not sent it.
type Drafts interface {
	UnsentDraft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) (bool, error)
}

// Notices is how the customer is told who joined and who left.
type Notices interface {
	LockThreadsByID(ctx context.Context, org domain.OrganizationID, ids []domain.ThreadID) (map[domain.ThreadID]domain.Thread, error)
	CreateMessages(ctx context.Context, messages ...domain.Message) error
	CreateDeliveries(ctx context.Context, deliveries ...domain.Delivery) error
}

// queueOf gives a queue with its rules; one that was deleted, and none, has the
// documented defaults of a new one.
func queueOf(ctx context.Context, queues Queues, org domain.OrganizationID, id *domain.QueueID, now time.Time) (domain.Queue, error) {
	if id == nil {
		return domain.NewQueue(org, now), nil
	}
	q, err := queues.Queue(ctx, org, *id)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.NewQueue(org, now), nil
	}
	return q, err
}

// leaveDraft refuses, where the caller wants that, that an agent whose part is about
// to end leaves an unsent draft behind (C21).
func leaveDraft(ctx context.Context, drafts Drafts, e domain.Engagement, reject bool) error {
	if !reject {
		return nil
	}
	unsent, err := drafts.UnsentDraft(ctx, e.Participant.Organization, e.Participant.Interaction, e.Participant.Agent)
	if err != nil {
		return err
	}
	return domain.LeaveDraft(unsent, true)
}

// send lets a notice to the customer leave with the transaction of ctx.
func send(ctx context.Context, notices Notices, told []domain.Message, now time.Time) error {
	if len(told) == 0 {
		return nil
	}
	if err := notices.CreateMessages(ctx, told...); err != nil {
		return err
	}
	return notices.CreateDeliveries(ctx, domain.NewDeliveries(told, now)...)
}
