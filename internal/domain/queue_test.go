package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func TestBusinessHours(t *testing.T) {
	t.Parallel()
	paris := &domain.BusinessHours{TimeZone: "Europe/Paris", Holidays: []string{"2026-12-25"}, Open: []domain.OpenHours{
		{Day: domain.Friday, From: "09:00", To: "12:00"}, {Day: domain.Friday, From: "14:00", To: "24:00"}, {Day: domain.Sunday, From: "00:00", To: "24:00"}}}
	for when, want := range map[string]bool{
		"2026-12-04T07:59:59Z": false, "2026-12-04T08:00:00Z": true, "2026-12-04T10:59:59Z": true, "2026-12-04T11:00:00Z": false,
		"2026-12-04T22:59:59Z": true, "2026-12-04T23:00:00Z": false, // midnight in Paris
		"2026-07-03T07:00:00Z": true, // in summer an hour earlier
		"2026-12-25T10:00:00Z": false, "2026-12-24T23:30:00Z": false, "2026-12-05T10:00:00Z": false, "2026-12-06T10:00:00Z": true,
	} {
		at, err := time.Parse(time.RFC3339, when)
		if got := paris.OpenAt(at); err != nil || got != want {
			t.Errorf("%s: open is %v (%v)", when, got, err)
		}
	}
	var always *domain.BusinessHours
	if !always.OpenAt(time.Unix(0, 0)) {
		t.Error("a queue without hours is closed")
	}
}

func TestRequiredSkills(t *testing.T) {
	t.Parallel()
	r := domain.Routing{Evaluation: domain.EvaluationAll, Skills: []domain.SkillID{"b", "a"}, Rings: []domain.Ring{
		{ExpansionTimeoutSeconds: 15.1, SkillsToRemove: []domain.SkillID{"a"}}, {SkillsToRemove: []domain.SkillID{"c"}}}}
	for ring, want := range [][]domain.SkillID{{"a", "b", "c"}, {"a", "b", "c"}, {"b", "c"}, {"b"}, {"b"}} {
		if got := r.RequiredSkills([]domain.SkillID{"c", "a"}, ring); !slices.Equal(got, want) {
			t.Errorf("ring %d asks for %v, want %v", ring, got, want)
		}
	}
	if got := r.Rings[0].Expansion(); got != 15100*time.Millisecond {
		t.Errorf("15.1 s are %v", got)
	}
	r.Evaluation = domain.EvaluationNone
	if got := r.RequiredSkills([]domain.SkillID{"c"}, 1); len(got) != 0 {
		t.Errorf("skills are not looked at, and %v are asked for", got)
	}
}

// B06: the kind of channel wins over the queue.
func TestB06AutoAnswerOfAKindWins(t *testing.T) {
	t.Parallel()
	a := domain.AutoAnswer{Always: true, Kinds: map[domain.ChannelKind]bool{"sms": false}}
	if a.For("sms") || !a.For("messenger") || (domain.AutoAnswer{}).For("sms") || !(domain.AutoAnswer{Kinds: map[domain.ChannelKind]bool{"sms": true}}).For("sms") {
		t.Error("the kind does not win")
	}
}
