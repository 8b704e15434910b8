package domain

import "slices"

// Member is an agent's place in a queue. Only joined members get offers.
type Member struct {
	Queue     QueueID
	Agent     AgentID
	AgentName string
	Ring      int
	Joined    bool
}

// AgentQueue is the same place, as seen from the agent.
type AgentQueue struct {
	Queue     QueueID
	QueueName string
	Ring      int
	Joined    bool
}

// Changes counts what a batch does.
type Changes struct {
	Added     int
	Changed   int
	Removed   int
	Unchanged int
}

// MemberPlan is what a batch comes to: whose memberships are written, and whose end.
type MemberPlan struct {
	Put     []Member
	Remove  []AgentID
	Changes Changes
}

// PlanMembers compares the members of a queue with what is asked for: those of
// put, none of remove, and with replace nobody else. What is as asked for already
// is left alone, so that the same batch again changes nothing.
func PlanMembers(before, put []Member, remove []AgentID, replace bool) MemberPlan {
	var plan MemberPlan
	for _, m := range put {
		at := slices.IndexFunc(before, func(b Member) bool { return b.Agent == m.Agent })
		switch {
		case at < 0:
			plan.Changes.Added++
		case before[at].Ring != m.Ring || before[at].Joined != m.Joined:
			plan.Changes.Changed++
		default:
			plan.Changes.Unchanged++
			continue
		}
		plan.Put = append(plan.Put, m)
	}
	plan.Remove = leavers(before, put, remove, replace)
	plan.Changes.Removed = len(plan.Remove)
	if !replace {
		plan.Changes.Unchanged += len(remove) - len(plan.Remove)
	}
	return plan
}

// leavers lists the members who are to be none.
func leavers(before, put []Member, remove []AgentID, replace bool) []AgentID {
	stays := map[AgentID]bool{}
	for _, m := range put {
		stays[m.Agent] = true
	}
	var leave []AgentID
	for _, m := range before {
		if !stays[m.Agent] && (replace || slices.Contains(remove, m.Agent)) {
			leave = append(leave, m.Agent)
		}
	}
	return leave
}

// Newcomers gives those of another queue's members who are not among a queue's
// own yet, as members of it.
func Newcomers(queue QueueID, own, others []Member) []Member {
	var newcomers []Member
	for _, m := range others {
		if !slices.ContainsFunc(own, func(o Member) bool { return o.Agent == m.Agent }) {
			m.Queue = queue
			newcomers = append(newcomers, m)
		}
	}
	return newcomers
}
