package domain

import "time"

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
