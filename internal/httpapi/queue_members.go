package httpapi

import (
	"context"
	"strconv"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toMember(m domain.Member) api.QueueMember {
	return api.QueueMember{AgentID: string(m.Agent), AgentName: m.AgentName, Ring: m.Ring, Joined: m.Joined}
}

// ListQueueMembers serves GET /v1/queues/{id}/members.
func (s *Server) ListQueueMembers(ctx context.Context, r api.ListQueueMembersRequestObject) (api.ListQueueMembersResponseObject, error) {
	q, err := s.Store.Queue(ctx, principal(ctx).Organization, domain.QueueID(r.ID))
	if err != nil {
		return nil, err
	}
	members, next, err := s.Store.Members(ctx, q.Organization, q.ID, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListQueueMembers200JSONResponse(api.QueueMemberList{Items: each(members, toMember), NextCursor: next}), nil
}

// PutQueueMember serves PUT /v1/queues/{id}/members/{agent_id}.
func (s *Server) PutQueueMember(ctx context.Context, r api.PutQueueMemberRequestObject) (api.PutQueueMemberResponseObject, error) {
	org, queue, agent := principal(ctx).Organization, domain.QueueID(r.ID), domain.AgentID(r.AgentID)
	input, err := overlay(api.QueueMember{Ring: 1, Joined: true}, r.Body)
	if err != nil {
		return nil, err
	}
	m := domain.Member{Queue: queue, Agent: agent, Ring: input.Ring, Joined: input.Joined}
	err = s.write(ctx, func(ctx context.Context) error {
		if _, err := s.Store.Queue(ctx, org, queue); err != nil {
			return err
		}
		a, err := s.Store.Agent(ctx, org, agent)
		if err != nil {
			return err
		}
		m.AgentName = a.Name
		s.Store.After(ctx, func() { s.Freed(org, agent) })
		return s.Store.PutMember(ctx, org, m)
	})
	if err != nil {
		return nil, err
	}
	return api.PutQueueMember200JSONResponse(toMember(m)), nil
}

// DeleteQueueMember serves DELETE /v1/queues/{id}/members/{agent_id}.
func (s *Server) DeleteQueueMember(ctx context.Context, r api.DeleteQueueMemberRequestObject) (api.DeleteQueueMemberResponseObject, error) {
	org := principal(ctx).Organization
	err := s.write(ctx, func(ctx context.Context) error {
		if _, err := s.Store.Queue(ctx, org, domain.QueueID(r.ID)); err != nil {
			return err
		}
		return s.Store.DeleteMember(ctx, org, domain.QueueID(r.ID), domain.AgentID(r.AgentID))
	})
	return api.DeleteQueueMember204Response{}, err
}

// UpdateQueueMember serves PATCH /v1/queues/{id}/members/{agent_id}.
func (s *Server) UpdateQueueMember(ctx context.Context, r api.UpdateQueueMemberRequestObject) (api.UpdateQueueMemberResponseObject, error) {
	org, queue := principal(ctx).Organization, domain.QueueID(r.ID)
	var m domain.Member
	err := s.write(ctx, func(ctx context.Context) error {
		if _, err := s.Store.Queue(ctx, org, queue); err != nil {
			return err
		}
		a, err := s.Store.Agent(ctx, org, domain.AgentID(r.AgentID))
		if err != nil {
			return err
		}
		if m, err = s.Store.Member(ctx, org, queue, a.ID); err != nil {
			return err
		}
		m.AgentName = a.Name
		input, err := overlay(toMember(m), r.Body)
		if err != nil {
			return err
		}
		m.Ring, m.Joined = input.Ring, input.Joined
		s.Store.After(ctx, func() { s.Freed(org, a.ID) })
		return s.Store.PutMember(ctx, org, m)
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateQueueMember200JSONResponse(toMember(m)), nil
}

func toChanges(c domain.Changes) api.MembershipChanges {
	return api.MembershipChanges{Added: c.Added, Changed: c.Changed, Removed: c.Removed, Unchanged: c.Unchanged}
}

// ChangeQueueMembers serves POST /v1/queues/{id}/members/batch.
func (s *Server) ChangeQueueMembers(ctx context.Context, r api.ChangeQueueMembersRequestObject) (api.ChangeQueueMembersResponseObject, error) {
	queue := domain.QueueID(r.ID)
	put, remove := each(r.Body.Members, fromMembersItem(queue)), each(r.Body.Remove, func(id string) domain.AgentID { return domain.AgentID(id) })
	replace := r.Body.Replace != nil && *r.Body.Replace
	changes, err := s.changeMembers(ctx, queue, func(ctx context.Context, before []domain.Member) (domain.MemberPlan, error) {
		asked := each(put, func(m domain.Member) domain.AgentID { return m.Agent })
		err := s.checkBatch(ctx, "/members/", asked, remove)
		return domain.PlanMembers(before, put, remove, replace), err
	})
	if err != nil {
		return nil, err
	}
	return api.ChangeQueueMembers200JSONResponse(toChanges(changes)), nil
}

// fromMembersItem reads one member of a batch; what is absent takes its default.
func fromMembersItem(queue domain.QueueID) func(api.QueueMembersItem) domain.Member {
	return func(in api.QueueMembersItem) domain.Member {
		m := domain.Member{Queue: queue, Agent: domain.AgentID(in.AgentID), Ring: 1, Joined: true}
		if in.Ring != nil {
			m.Ring = *in.Ring
		}
		if in.Joined != nil {
			m.Joined = *in.Joined
		}
		return m
	}
}

// CopyQueueMembers serves POST /v1/queues/{id}/members/copy.
func (s *Server) CopyQueueMembers(ctx context.Context, r api.CopyQueueMembersRequestObject) (api.CopyQueueMembersResponseObject, error) {
	queue, from := domain.QueueID(r.ID), domain.QueueID(r.Body.QueueID)
	changes, err := s.changeMembers(ctx, queue, func(ctx context.Context, before []domain.Member) (domain.MemberPlan, error) {
		org := principal(ctx).Organization
		if _, err := s.Store.Queue(ctx, org, from); err != nil {
			return domain.MemberPlan{}, unknownQueue(err)
		}
		others, err := s.Store.AllMembers(ctx, org, from)
		return domain.PlanMembers(before, domain.Newcomers(queue, before, others), nil, false), err
	})
	if err != nil {
		return nil, err
	}
	return api.CopyQueueMembers200JSONResponse(toChanges(changes)), nil
}

// unknownQueue is about a queue that a body names.
func unknownQueue(err error) error {
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Invalid("/queue_id", "queue.unknown", "There is no queue with this id.")
	}
	return err
}

// changeMembers carries out a plan for a queue's members, one at a time for each
// queue. Who came, or takes another part, is offered what waits.
func (s *Server) changeMembers(ctx context.Context, queue domain.QueueID, planned func(context.Context, []domain.Member) (domain.MemberPlan, error)) (changes domain.Changes, err error) {
	org := principal(ctx).Organization
	err = s.write(ctx, func(ctx context.Context) error {
		if _, err := s.Store.Queue(ctx, org, queue); err != nil {
			return err
		}
		if err := s.Store.LockName(ctx, org, "queue_members", string(queue)); err != nil {
			return err
		}
		before, err := s.Store.AllMembers(ctx, org, queue)
		if err != nil {
			return err
		}
		plan, err := planned(ctx, before)
		if err != nil {
			return err
		}
		changes = plan.Changes
		s.freedAfter(ctx, each(plan.Put, func(m domain.Member) domain.AgentID { return m.Agent }))
		if err := s.Store.DeleteMembers(ctx, org, queue, plan.Remove); err != nil {
			return err
		}
		return s.Store.PutMember(ctx, org, plan.Put...)
	})
	return changes, err
}

// freedAfter has dispatch look at agents once the transaction is on disk.
func (s *Server) freedAfter(ctx context.Context, agents []domain.AgentID) {
	org := principal(ctx).Organization
	s.Store.After(ctx, func() {
		for _, agent := range agents {
			s.Freed(org, agent)
		}
	})
}

// checkBatch refuses a batch that names agents who do not exist, or one of them
// twice; the problem points at each such item.
func (s *Server) checkBatch(ctx context.Context, list string, put, remove []domain.AgentID) error {
	agents := append(append([]domain.AgentID{}, put...), remove...)
	living, err := s.Store.LivingAgents(ctx, principal(ctx).Organization, agents)
	if err != nil {
		return err
	}
	var faults []domain.FieldError
	seen := map[domain.AgentID]bool{}
	for n, agent := range agents {
		pointer := list + strconv.Itoa(n) + "/agent_id"
		if n >= len(put) {
			pointer = "/remove/" + strconv.Itoa(n-len(put))
		}
		if !living[agent] {
			faults = append(faults, domain.FieldError{Pointer: pointer, Code: "agent.unknown", Detail: "There is no agent with this id."})
		} else if seen[agent] {
			faults = append(faults, domain.FieldError{Pointer: pointer, Code: "agent.given_twice", Detail: "The agent is given more than once."})
		}
		seen[agent] = true
	}
	if len(faults) == 0 {
		return nil
	}
	return &domain.Error{Kind: domain.ErrorInvalid, Code: "batch.invalid", Fields: faults,
		Detail: "Nothing was changed, because some items cannot be carried out. errors names each of them."}
}

func toAgentQueue(m domain.AgentQueue) api.AgentQueue {
	return api.AgentQueue{QueueID: string(m.Queue), QueueName: m.QueueName, Ring: m.Ring, Joined: m.Joined}
}

// ListAgentQueues serves GET /v1/agents/{id}/queues.
func (s *Server) ListAgentQueues(ctx context.Context, r api.ListAgentQueuesRequestObject) (api.ListAgentQueuesResponseObject, error) {
	a, err := s.Store.Agent(ctx, principal(ctx).Organization, domain.AgentID(r.ID))
	if err != nil {
		return nil, err
	}
	queues, next, err := s.Store.AgentQueues(ctx, a.Organization, a.ID, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListAgentQueues200JSONResponse(api.AgentQueueList{Items: each(queues, toAgentQueue), NextCursor: next}), nil
}

// DeleteAgentQueues serves DELETE /v1/agents/{id}/queues.
func (s *Server) DeleteAgentQueues(ctx context.Context, r api.DeleteAgentQueuesRequestObject) (api.DeleteAgentQueuesResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		a, err := s.Store.Agent(ctx, principal(ctx).Organization, domain.AgentID(r.ID))
		if err != nil {
			return err
		}
		return s.Store.DeleteMemberships(ctx, a.Organization, a.ID)
	})
	return api.DeleteAgentQueues204Response{}, err
}
