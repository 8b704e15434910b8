package domain_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// edge is one move of a noun between two of its states; from is empty where the
// move makes the noun.
type edge struct{ from, move, to string }

// edges are a noun's moves, by the name of the noun.
type edges map[string]map[edge]bool

func (all edges) add(noun string, e edge) {
	if all[noun] == nil {
		all[noun] = map[edge]bool{}
	}
	if e.to != "" && (e.from != e.to || noun == "interaction") {
		all[noun][e] = true
	}
}

// moves are everything that can be done with an engagement, by what a reader calls it.
func moves() map[string]attempt {
	q := newQueue()
	submit := func(codes []domain.WrapUpCodeID) attempt {
		return func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, _, err := e.Submit(q, codes, nil, byAgent(e.Agent), at)
			return after, events, err
		}
	}
	requeue := attempts()[domain.MoveRequeue]
	return map[string]attempt{
		"accept": attempts()[domain.MoveAccept][0], "decline": requeue[0], "time out": requeue[1],
		"rescind": requeue[2], "hold": attempts()[domain.MoveHold][0], "resume": attempts()[domain.MoveResume][0],
		"release": attempts()[domain.MoveRelease][0], "lose": attempts()[domain.MoveRelease][1], "cancel": attempts()[domain.MoveCancel][0], "end": attempts()[domain.MoveEnd][0], "end (nothing asked)": attempts()[domain.MoveEnd][1],
		"end (timed)": endAs(domain.ACWMandatoryTimeout), "end (forced)": endAs(domain.ACWForcedTimeout), "run out": runOut, "submit": submit(q.WrapUpCodes[:1]), "skip": submit(nil),
	}
}

// endAs ends a conversation under a queue's mode of after-contact work.
func endAs(mode domain.ACWMode) attempt {
	return func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
		return e.End(domain.ACW{Mode: mode, TimeoutSeconds: 60, GraceSeconds: 30}, byAgent(e.Agent), at)
	}
}

// runOut ends after-contact work at the end of its time.
func runOut(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
	return e.RunOut(at.Add(time.Minute))
}

// place names where an engagement stands, and how its wrap-up was asked for.
func place(e domain.Engagement) string {
	if w := e.Participant.WrapUp; w != nil {
		return fmt.Sprint(states(e), w.Prompt)
	}
	return fmt.Sprint(states(e))
}

// observe walks every way that an engagement can go, by the real methods, and
// notes what each move did to each noun.
func observe(t *testing.T) edges {
	t.Helper()
	i, _ := newQueued()
	first, _, err := domain.Offer(i, newAgent("Ada"), timeout, at)
	must(t, err)
	seen := edges{}
	seen.add("interaction", edge{"", "first message", string(i.State)})
	note(seen, "offer", domain.Engagement{Interaction: i}, first)
	visited := map[string]bool{}
	for todo := []domain.Engagement{first}; len(todo) > 0; todo = todo[1:] {
		e := todo[0]
		key := place(e)
		if visited[key] {
			continue
		}
		visited[key] = true
		for name, try := range moves() {
			if after, _, err := try(e); err == nil && place(after) != key {
				note(seen, name, e, after)
				todo = append(todo, after)
			}
		}
	}
	return seen
}

func note(seen edges, move string, before, after domain.Engagement) {
	move, _, _ = strings.Cut(move, " (")
	from, to := states(before), states(after)
	for noun := range to {
		if noun != "interaction" || from[noun] != to[noun] {
			seen.add(noun, edge{from[noun], move, to[noun]})
		}
	}
}

// states names the state of every noun in an engagement.
func states(e domain.Engagement) map[string]string {
	s := map[string]string{"interaction": string(e.Interaction.State), "offer": string(e.Participant.Offer), "participant": string(e.Participant.State)}
	if e.Participant.WrapUp != nil {
		s["wrap-up"] = string(e.Participant.WrapUp.State)
	}
	return s
}

// tables gives the moves that the state tables hold.
func tables() edges {
	all := edges{}
	for _, from := range domain.InteractionStates() {
		for _, move := range domain.InteractionMoves() {
			if to, ok := from.After(move); ok {
				all.add("interaction", edge{string(from), string(move), string(to)})
			}
		}
	}
	all.add("conference", edge{"", "request", string(domain.ConferenceRequested)})
	for _, from := range domain.ConferenceStates() {
		for _, move := range domain.ConferenceMoves() {
			if to, ok := from.After(move); ok {
				all.add("conference", edge{string(from), string(move), string(to)})
			}
		}
	}
	all.add("transfer", edge{"", "request", string(domain.TransferRequested)})
	for _, from := range domain.TransferStates() {
		for _, move := range domain.TransferMoves() {
			to, _ := from.After(move)
			all.add("transfer", edge{string(from), string(move), string(to)})
		}
	}
	all.add("reply", edge{"", "", string(domain.ReplyQueued)})
	for _, from := range domain.ReplyStatuses() {
		for _, to := range domain.ReplyStatuses() {
			if from.CanBecome(to) {
				all.add("reply", edge{string(from), "", string(to)})
			}
		}
	}
	return all
}

// TestStates compares STATES.md with the tables and with what the moves do.
func TestStates(t *testing.T) {
	t.Parallel()
	seen, table := observe(t), tables()
	for e := range seen["interaction"] {
		requeue := e.move == "decline" || e.move == "time out" || e.move == "rescind"
		e.move = strings.Replace(e.move, "lose", string(domain.MoveRelease), 1)
		if known := table["interaction"]; e.from != "" && !known[e] && (!requeue || !known[edge{e.from, string(domain.MoveRequeue), e.to}]) {
			t.Errorf("the interaction's table does not hold %v", e)
		}
	}
	table.add("interaction", edge{"", "first message", string(domain.InteractionQueued)})
	var page strings.Builder
	page.WriteString("# States\n\nWritten by a test from the state tables and from what the moves do; do not edit.\n" +
		"After a change: `go test ./internal/domain -run TestStates -update`\n")
	section(&page, "Interaction", table["interaction"], domain.InteractionStates())
	section(&page, "Conference", table["conference"], domain.ConferenceStates())
	section(&page, "Offer", seen["offer"], domain.OfferStates())
	section(&page, "Participant", seen["participant"], domain.ParticipantStates())
	section(&page, "Transfer", table["transfer"], domain.TransferStates())
	section(&page, "Wrap-up", seen["wrap-up"], domain.WrapUpStates())
	section(&page, "Routing status", routing(t), domain.RoutingStatuses())
	section(&page, "Reply", table["reply"], domain.ReplyStatuses())
	compare(t, page.String())
}

func compare(t *testing.T, page string) {
	t.Helper()
	if *update {
		must(t, os.WriteFile("STATES.md", []byte(page), 0o644))
	}
	written, err := os.ReadFile("STATES.md")
	must(t, err)
	if string(written) != page {
		t.Errorf("STATES.md is stale: run go test ./internal/domain -run TestStates -update. It would be\n%s", page)
	}
}

// section writes a noun's diagram and its table: a row for each state, and in it
// every state that it may become.
func section[S ~string](page *strings.Builder, noun string, all map[edge]bool, states []S) {
	order := []S{""}
	order = append(order, states...)
	sorted := slices.SortedFunc(maps.Keys(all), func(a, b edge) int {
		if a.from != b.from {
			return slices.Index(order, S(a.from)) - slices.Index(order, S(b.from))
		}
		if a.to != b.to {
			return slices.Index(order, S(a.to)) - slices.Index(order, S(b.to))
		}
		return strings.Compare(a.move, b.move)
	})
	fmt.Fprintf(page, "\n## %s\n\n```mermaid\nstateDiagram-v2\n", noun)
	next, reached := map[string][]string{}, map[string]bool{}
	for _, e := range sorted {
		label, cell := "", e.to
		if e.move != "" {
			label, cell = ": "+e.move, e.move+" → "+e.to
		}
		fmt.Fprintf(page, "    %s --> %s%s\n", pseudo(e.from), e.to, label)
		next[e.from], reached[e.to] = append(next[e.from], cell), true
	}
	for _, s := range states {
		if len(next[string(s)]) == 0 && reached[string(s)] {
			fmt.Fprintf(page, "    %s --> [*]\n", s)
		}
	}
	page.WriteString("```\n\n| from | may go |\n|---|---|\n")
	for _, s := range states {
		cell := strings.Join(next[string(s)], ", ")
		if cell == "" {
			cell = "nowhere"
		}
		if !reached[string(s)] {
			cell = "no move leads here yet"
		}
		fmt.Fprintf(page, "| %s | %s |\n", s, cell)
	}
}

// pseudo is a state's name in a diagram; the empty one is the beginning.
func pseudo(state string) string {
	if state == "" {
		return "[*]"
	}
	return state
}
