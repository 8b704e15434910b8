package domain

import (
	"slices"
	"time"
)

// Skill is something that agents can be good at, and that work can ask for.
type Skill struct {
	ID           SkillID
	Organization OrganizationID
	Name         string
	ExternalID   *string
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// NewSkill gives a skill that has no name yet.
func NewSkill(org OrganizationID, now time.Time) Skill {
	return Skill{ID: NewID[SkillID](), Organization: org, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// MaxProficiency is the best that anybody can be at a skill; zero is the least.
const MaxProficiency = 5

// AgentSkill is a skill that an agent has, and how good they are at it: 0 to 5.
type AgentSkill struct {
	Skill       SkillID `json:"skill"`
	Proficiency int     `json:"proficiency"`
}

// Proficiency tells how good the agent is at a skill; ok is false where the
// agent does not have it.
func (a Agent) Proficiency(skill SkillID) (proficiency int, ok bool) {
	for _, s := range a.Skills {
		if s.Skill == skill {
			return s.Proficiency, true
		}
	}
	return 0, false
}

// Skilled gives the agent a skill with a proficiency, or takes it away where that
// is nil, and counts what it was. The agent's other skills stay as they are.
func (a Agent) Skilled(skill SkillID, proficiency *int, counted *Changes) (after Agent, changed bool) {
	before := a.Skills
	had := slices.IndexFunc(before, func(s AgentSkill) bool { return s.Skill == skill })
	a.Skills = slices.Clone(before)
	switch {
	case proficiency == nil && had < 0, proficiency != nil && had >= 0 && before[had].Proficiency == *proficiency:
		counted.Unchanged++
		return a, false
	case proficiency == nil:
		counted.Removed++
		a.Skills = slices.Delete(a.Skills, had, had+1)
	case had < 0:
		counted.Added++
		a.Skills = append(a.Skills, AgentSkill{Skill: skill, Proficiency: *proficiency})
	default:
		counted.Changed++
		a.Skills[had].Proficiency = *proficiency
	}
	return a, true
}
