package dispatch

import (
	"context"
	"slices"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// Explaining is how dispatch looks at what it would do.
type Explaining interface {
	Ahead(ctx context.Context, w domain.Waiting, org domain.OrganizationID, limit int) (int, error)
}

// Explanation is why an interaction is where it is.
type Explanation struct {
	Interaction domain.Interaction
	Queue       *domain.Queue // nil where it waits in none
	Position    *int          // among what waits in the queue; nil where it does not wait, or behind very many
	Points      float64       // what makes it urgent: more is more
	Skills      []domain.SkillID
	Members     []Verdict
}

// Verdict is what speaks for and against one agent.
type Verdict struct {
	Agent  domain.Candidate
	Checks []routing.Check
}

// Eligible tells whether nothing speaks against the agent.
func (v Verdict) Eligible() bool {
	return !slices.ContainsFunc(v.Checks, func(c routing.Check) bool { return c.Against })
}

// counted is how far a place in a queue is counted.
const counted = 10_000

// Explain judges some members of an interaction's queue as a match would, and
// says what place the interaction has.
func (d *Dispatcher) Explain(ctx context.Context, i domain.Interaction, members []domain.Candidate) (Explanation, error) {
	e := Explanation{Interaction: i, Skills: []domain.SkillID{}, Members: []Verdict{}}
	if i.Queue == nil {
		return e, nil
	}
	q, err := d.queueOf(ctx, i)
	if err != nil {
		return e, err
	}
	r, w := q.Rules.Routing, i.Waiting()
	e.Queue, e.Points = &q, points(i, d)
	e.Skills = append(e.Skills, r.RequiredSkills(i.Skills, i.Ring)...)
	if i.State == domain.InteractionQueued {
		if e.Position, err = d.position(ctx, i.Organization, w); err != nil {
			return e, err
		}
	}
	work, err := d.remember(ctx, i.Organization, routing.Rules{q.ID: r}, []domain.Waiting{w})
	if err != nil {
		return e, err
	}
	for _, c := range members {
		e.Members = append(e.Members, d.verdict(work[0], c, r))
	}
	return e, nil
}

func (d *Dispatcher) verdict(w domain.Waiting, c domain.Candidate, r domain.Routing) Verdict {
	v := Verdict{Agent: c, Checks: slices.Collect(routing.Judge(w, c, r, d.Now()))}
	if routing.Returns(w, c.ID, r) {
		v.Checks = append(v.Checks, routing.Check{Reason: domain.ReasonLastAgent})
	}
	return v
}

func (d *Dispatcher) position(ctx context.Context, org domain.OrganizationID, w domain.Waiting) (*int, error) {
	n, err := d.Store.Ahead(ctx, w, org, counted)
	if err != nil || n == counted {
		return nil, err
	}
	n++
	return &n, nil
}

// points is what makes an interaction urgent, as a supervisor reads it: minutes of
// waiting and priority, or priority alone.
func points(i domain.Interaction, d *Dispatcher) float64 {
	if i.Scoring == domain.ScoringPriority {
		return float64(i.Priority)
	}
	return d.Now().Sub(i.EnqueuedAt).Minutes() + float64(i.Priority)
}
