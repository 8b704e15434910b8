package domain

import (
	"slices"
	"time"
)

// reasonTransfer is why work changes its queue in a transfer.
const reasonTransfer = "transfer"

// PassOn transfers a conversation to a queue: its agent wraps up at once (C28), and
// it waits there with its age. What it asked for, and who had it before, counts no
// longer; what the agent asks for does.
func (e Engagement) PassOn(t Transfer, q Queue, acw ACW, actor Actor, now time.Time) (Engagement, Transfer, []Event, error) {
	next, err := e.handing(MovePass)
	if err != nil {
		return e, t, nil, err
	}
	before := e.Interaction.State
	requested := e.begin(&t, actor, now)
	left, gone, err := e.depart(acw, actor, now)
	if err != nil {
		return e, t, nil, err
	}
	requested.Data.ParticipantID = gone
	events := append([]Event{requested}, left...)
	i := e.Interaction.Enter(q, now)
	i.State, i.Skills = next, append([]SkillID{}, t.Skills...)
	if t.Priority != nil {
		i.Priority = *t.Priority
	}
	queued := i.emit(EventInteractionQueued, actor, now, EventData{Before: string(before), After: string(next), Reason: reasonTransfer})
	completed, err := t.end(TransferComplete, "", &i, actor, now)
	e.Interaction = i
	return e, t, append(events, queued, completed), err
}

// HandOver transfers a conversation to an agent, who is offered it. Its agent keeps
// it until then where the transfer is attended, and wraps up at once where it is
// not (C28). The interaction as it is then is that of asked.
func (e Engagement) HandOver(t Transfer, target Agent, timeout time.Duration, acw ACW, actor Actor, now time.Time) (origin, asked Engagement, _ Transfer, events []Event, err error) {
	if _, err := e.handing(MoveTransfer); err != nil {
		return e, asked, t, nil, err
	}
	origin = e
	if t.Attended() && origin.Interaction.State == InteractionHeld {
		if origin, events, err = origin.Resume(actor, now); err != nil {
			return e, asked, t, nil, err
		}
	}
	requested := origin.begin(&t, actor, now)
	var left []Event
	if !t.Attended() {
		if left, requested.Data.ParticipantID, err = origin.depart(acw, actor, now); err != nil {
			return e, asked, t, nil, err
		}
	}
	events = append(append(events, requested), left...)
	asked, offered, err := origin.Interaction.Invite(MoveTransfer, PurposeTransfer, target, timeout, actor, now)
	if err != nil {
		return e, asked, t, nil, err
	}
	asked.Interaction.InactiveAt, t.Offer = nil, &asked.Participant.ID
	origin.Interaction = asked.Interaction
	return origin, asked, t, append(events, offered...), nil
}

// depart ends an agent's part in a conversation that goes on without them, and
// begins their after-contact work. gone is their part where there is none: nothing
// else tells then that it is over.
func (e *Engagement) depart(acw ACW, actor Actor, now time.Time) (events []Event, gone string, err error) {
	part, ok := e.Participant.State.After(e.leaving(acw))
	if !ok {
		return nil, "", e.refuse("a transfer")
	}
	events = e.leave(part, acw, actor, now)
	e.Interaction.Owner, e.Interaction.Recording, e.Interaction.InactiveAt = nil, false, nil
	if part == ParticipantClosed {
		gone = string(e.Participant.ID)
	}
	return events, gone, nil
}

// handing asks whether the agent may transfer the conversation now.
func (e Engagement) handing(move InteractionMove) (InteractionState, error) {
	i := e.Interaction
	next, ok := i.State.After(move)
	switch {
	case i.State == InteractionTransferring:
		return next, i.InProgress(e.Agent.ID, e.Participant)
	case !ok:
		return next, e.refuse("a transfer")
	}
	return next, i.ownedBy(e.Agent.ID)
}

// CanTransfer tells whether the agent may transfer the conversation now, and if
// not, why.
func (e Engagement) CanTransfer() error {
	_, err := e.handing(MoveTransfer)
	return err
}

// TakeOver lets the target of a transfer have the conversation. origin is the part
// of the agent who kept it until now, nil where none did; they wrap up.
func (t Transfer) TakeOver(asked Engagement, origin *Engagement, acw ACW, actor Actor, now time.Time) (Transfer, Engagement, *Engagement, []Event, error) {
	e, events, err := asked.connect(MoveTakeOver, actor, now)
	if err != nil {
		return t, asked, origin, nil, err
	}
	gone := ""
	if origin != nil {
		o := *origin
		o.Interaction = e.Interaction
		var left []Event
		if left, gone, err = o.depart(acw, actor, now); err != nil {
			return t, asked, origin, nil, err
		}
		o.Interaction.Owner = &e.Agent.ID
		e.Interaction, origin, events = o.Interaction, &o, append(events, left...)
		e.Interaction.stir(now)
	}
	e.Interaction.Recording, t.Outcome = false, e.Participant.Offer
	completed, err := t.end(TransferComplete, "", &e.Interaction, actor, now)
	completed.Data.ParticipantID = gone
	return t, e, origin, append(events, completed), err
}

// Refuse ends a transfer whose target declined it in time. marks says whether that
// makes them not responding.
func (t Transfer) Refuse(asked Engagement, policy NoAnswer, marks bool, reason string, actor Actor, now time.Time) (Transfer, Engagement, []Event, error) {
	if err := asked.due(now); err != nil {
		return t, asked, nil, err
	}
	return t.miss(asked, OfferDecline, policy, marks, reason, actor, now)
}

// TimeOut ends a transfer whose target left it unanswered; they are not responding.
func (t Transfer) TimeOut(asked Engagement, policy NoAnswer, now time.Time) (Transfer, Engagement, []Event, error) {
	if err := asked.overdue(now); err != nil {
		return t, asked, nil, err
	}
	return t.miss(asked, OfferTimeOut, policy, true, "timeout", System(), now)
}

// Lose ends a transfer whose target is lost: that is nobody's answer, so that it is
// never dropped for it.
func (t Transfer) Lose(asked Engagement, now time.Time) (Transfer, Engagement, []Event, error) {
	return t.miss(asked, OfferRescind, NoAnswerRequeue, false, ReasonLost, System(), now)
}

// miss ends a transfer that its target did not take. Who kept the conversation has
// it still; where nobody did, the policy says what becomes of it.
func (t Transfer) miss(asked Engagement, answer OfferMove, policy NoAnswer, marks bool, reason string, actor Actor, now time.Time) (Transfer, Engagement, []Event, error) {
	move, end := MoveFallBack, TransferFail
	switch {
	case t.Attended():
		move = MoveKeep
	case t.Drops(policy):
		move, end = MoveDrop, TransferDrop
	}
	e, before := asked, asked.Interaction.State
	next, ok := before.After(move)
	if !ok {
		return t, asked, nil, asked.refuse("an answer to the offer")
	}
	over, status, err := e.pass(answer, marks, reason, actor, now)
	if err != nil {
		return t, asked, nil, err
	}
	t.Outcome = e.Participant.Offer
	ended, err := t.end(end, string(t.Outcome), &e.Interaction, actor, now)
	if err != nil {
		return t, asked, nil, err
	}
	events := []Event{over, ended}
	i := &e.Interaction
	i.State = next
	switch move {
	case MoveKeep:
		i.stir(now)
	case MoveFallBack:
		i.RequeueCount++
		events = append(events, i.emit(EventInteractionRequeued, System(), now, EventData{Before: string(before), After: string(next), Reason: string(t.Outcome)}))
	case MoveDrop:
		i.State = before
		events = append(events, i.disconnect(next, DisconnectTransferDropped, e.Others, System(), now)...)
	}
	return t, e, append(events, status...), nil
}

// Withdraw takes the target's offer back: the agent who asked cancels it, or the
// conversation is about to end. The target is not punished.
func (t Transfer) Withdraw(asked Engagement, move TransferMove, reason string, actor Actor, now time.Time) (Transfer, Engagement, []Event, error) {
	if !t.Pending() {
		return t, asked, nil, t.NotPending(asked.Interaction, []Action{})
	}
	e := asked
	over, status, err := e.pass(OfferRescind, false, reason, actor, now)
	if err != nil {
		return t, asked, nil, err
	}
	t.Outcome = e.Participant.Offer
	ended, err := t.end(move, reason, &e.Interaction, actor, now)
	return t, e, slices.Concat([]Event{over, ended}, status), err
}

// MayCancel tells whether an agent may cancel the transfer, and if not, why.
func (t Transfer) MayCancel(agent AgentID, i Interaction) error {
	actions := i.AllowedActions(agent, nil)
	switch {
	case t.Agent != agent:
		return &Error{Kind: ErrorForbidden, Code: "transfer.not_initiator", Detail: "Only the agent who asked for a transfer can cancel it."}
	case !t.Pending():
		return t.NotPending(i, actions)
	case !t.Attended():
		return &Error{Kind: ErrorConflict, Code: "transfer.unattended", CurrentState: string(i.State), AllowedActions: actions,
			Detail: "An unattended transfer cannot be cancelled: its agent has left the conversation."}
	}
	return nil
}

// Cancel withdraws an attended transfer for the agent who asked for it: they go on
// with the customer.
func (t Transfer) Cancel(asked Engagement, actor Actor, now time.Time) (Transfer, Engagement, []Event, error) {
	next, ok := asked.Interaction.State.After(MoveKeep)
	if !ok {
		return t, asked, nil, asked.refuse("an end of the transfer")
	}
	t, e, events, err := t.Withdraw(asked, TransferCancel, "", actor, now)
	if err != nil {
		return t, asked, nil, err
	}
	e.Interaction.State = next
	e.Interaction.stir(now)
	return t, e, events, nil
}
