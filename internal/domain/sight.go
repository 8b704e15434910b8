package domain

// Sight is how far a caller may see into an organization's interactions and
// events. It is decided here, once, for lists, reads and the event log alike:
//
//   - an integration, which acts for no agent, sees what its scopes open;
//   - an agent sees what is or was offered to them or held by them, and, while they
//     have a customer, all interactions of that contact's, on the one channel;
//   - a supervisor, an agent with the scope conversation:message:monitor, sees the
//     interactions of every queue of which they are a member, joined or not, too.
//
// Who let an offer pass can still look what became of it: their desk has shown it
// already, and asks. What a caller may not see does not exist for them.
type Sight struct {
	Agent      AgentID // empty for an integration: it sees everything
	Supervises bool
}

// Sight tells how far the principal may see.
func (p Principal) Sight() Sight {
	return Sight{Agent: p.Agent, Supervises: p.Agent != "" && p.Has(ScopeMonitor)}
}

// Everything tells whether nothing is hidden.
func (s Sight) Everything() bool { return s.Agent == "" }

// MayClose tells whether the principal may end what no agent has.
func (p Principal) MayClose() bool { return p.Agent == "" || p.Has(ScopeMonitor) }
