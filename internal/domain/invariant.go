package domain

// Invariant is something that always holds, whatever happens. Number is its place
// in the documentation.
type Invariant struct {
	Number int
	Text   string
}

// Invariants lists what holds at any moment for the data of an organization.
func Invariants() []Invariant {
	return []Invariant{
		{1, "Each open interaction is in exactly one place: it waits, has exactly one pending offer, or is held by its agent, who may have asked in one more."},
		{2, "What agents are counted to have is what they have, and no queue offered them more than their limits allowed."},
		{3, "No pending offer was made to an agent who was not responding or off queue."},
		{4, "Only an explicit choice of an agent's or a supervisor's ended not responding."},
		{5, "The segments of a participant neither overlap nor leave holes, and end when the part does; of an open interaction one always goes on."},
		{6, "The status of a reply never moved down, but from failed to what late proof says."},
		{7, "Replies of a thread went to the platform in their order, each at most once per attempt."},
		{8, "After the disconnect no message was appended to an interaction."},
		{9, "The events of an interaction are counted without a gap, and the last of them tells its state."},
		{10, "No event holds a link or a number that could be a card's, and no file of limited life outlives it."},
		{11, "Every used idempotency key has its one answer, which can be given again."},
		{12, "An interaction has one agent, a conference at most two."},
	}
}
