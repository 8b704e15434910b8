package domain

// RoutingReason is what speaks for or against offering a piece of work to an agent.
type RoutingReason string

const (
	ReasonJoined              RoutingReason = "joined"
	ReasonNotJoined           RoutingReason = "not_joined"
	ReasonRingReached         RoutingReason = "ring_reached"
	ReasonRingNotReached      RoutingReason = "ring_not_reached"
	ReasonPermissionHeld      RoutingReason = "permission_held"
	ReasonPermissionMissing   RoutingReason = "permission_missing"
	ReasonChannelInProfile    RoutingReason = "channel_in_profile"
	ReasonChannelNotInProfile RoutingReason = "channel_not_in_profile"
	ReasonOnQueue             RoutingReason = "on_queue"
	ReasonNotOnQueue          RoutingReason = "not_on_queue"
	ReasonResponding          RoutingReason = "responding"
	ReasonNotResponding       RoutingReason = "not_responding"
	ReasonCapacityFree        RoutingReason = "capacity_free"
	ReasonNoCapacity          RoutingReason = "no_capacity"
	ReasonInterruptible       RoutingReason = "interruptible"
	ReasonNotInterruptible    RoutingReason = "not_interruptible"
	ReasonSkillHeld           RoutingReason = "skill_held"
	ReasonSkillMissing        RoutingReason = "skill_missing"
	ReasonExcludedDecliner    RoutingReason = "excluded_decliner"
	ReasonLastAgent           RoutingReason = "last_agent"
	ReasonLongestIdle         RoutingReason = "longest_idle"
	ReasonBestSkills          RoutingReason = "best_skills"
)
