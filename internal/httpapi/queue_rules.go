package httpapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// toRules shows the rules of a queue among its other fields.
func toRules(a api.Queue, q domain.Queue) api.Queue {
	r := q.Rules
	a.AutoAnswer, a.SubTypeSettings = r.AutoAnswer.Always, map[string]api.QueueSubType{}
	for kind, answer := range r.AutoAnswer.Kinds {
		a.SubTypeSettings[string(kind)] = api.QueueSubType{AutoAnswer: answer}
	}
	a.Routing, a.Priority = toRouting(r.Routing), r.Priority
	a.ServiceLevel = api.ServiceLevel{Percentage: r.ServiceLevel.Percentage, Seconds: r.ServiceLevel.Seconds}
	a.BusinessHours, a.OverflowQueueID = toHours(r.Hours), ref(q.Overflow)
	a.Inactivity, a.ConferenceEnd = toInactivity(r.Inactivity), api.ConferenceEnd(cmp.Or(r.ConferenceEnd, domain.ConferenceDisconnects))
	a.TransferPolicy = api.TransferPolicy{AgentNoAnswer: api.AgentNoAnswer(cmp.Or(r.NoAnswer, domain.NoAnswerDrop))}
	a.RequireEndConsent = r.RequireEndConsent
	a.CannedResponseLibraries = toLibraries(r.Libraries)
	a.CardData = api.CardData(cmp.Or(r.CardData, domain.CardMask))
	a.MaxWaiting, a.DefaultReplyLanguage = r.MaxWaiting, r.ReplyLanguage
	return a
}

func toRouting(r domain.Routing) api.QueueRouting {
	return api.QueueRouting{Method: api.ScoringMethod(r.Method), SkillEvaluation: api.SkillEvaluation(r.Evaluation), Skills: words(r.Skills),
		Rings: each(r.Rings, func(r domain.Ring) api.QueueRing {
			return api.QueueRing{ExpansionTimeoutSeconds: r.ExpansionTimeoutSeconds, SkillsToRemove: words(r.SkillsToRemove)}
		}),
		Affinity:                api.QueueAffinity{Enabled: r.Affinity.Enabled, WindowMinutes: r.Affinity.WindowMinutes},
		ExcludeDeclinersSeconds: r.ExcludeDeclinersSeconds, MaxRequeues: r.MaxRequeues}
}

func toHours(h *domain.BusinessHours) *api.BusinessHours {
	if h == nil {
		return nil
	}
	return &api.BusinessHours{TimeZone: h.TimeZone, Holidays: words(h.Holidays), ClosedAction: api.ClosedAction(h.Action), ClosedMessage: h.Text,
		Open: each(h.Open, func(o domain.OpenHours) api.OpenHours {
			return api.OpenHours{Day: api.Weekday(o.Day), From: o.From, To: o.To}
		})}
}

// fromRules takes over the rules that a client may set.
func fromRules(q domain.Queue, a api.Queue) domain.Queue {
	q.Rules = domain.Rules{AutoAnswer: domain.AutoAnswer{Always: a.AutoAnswer, Kinds: map[domain.ChannelKind]bool{}},
		Routing: fromRouting(a.Routing), Priority: a.Priority, Hours: fromHours(a.BusinessHours), MaxWaiting: a.MaxWaiting, ReplyLanguage: a.DefaultReplyLanguage,
		ServiceLevel: domain.ServiceLevel{Percentage: a.ServiceLevel.Percentage, Seconds: a.ServiceLevel.Seconds}}
	for kind, s := range a.SubTypeSettings {
		q.Rules.AutoAnswer.Kinds[domain.ChannelKind(kind)] = s.AutoAnswer
	}
	q.Rules.Inactivity, q.Rules.ConferenceEnd = fromInactivity(a.Inactivity), domain.ConferenceOutcome(a.ConferenceEnd)
	q.Rules.CardData = domain.CardData(a.CardData)
	q.Rules.NoAnswer = domain.NoAnswer(a.TransferPolicy.AgentNoAnswer)
	q.Rules.RequireEndConsent = a.RequireEndConsent
	q.Rules.Libraries = fromLibraries(a.CannedResponseLibraries)
	q.Overflow = unref[domain.QueueID](a.OverflowQueueID)
	return q
}

func fromRouting(a api.QueueRouting) domain.Routing {
	return domain.Routing{Method: domain.ScoringMethod(a.Method), Evaluation: domain.SkillEvaluation(a.SkillEvaluation), Skills: skillsOf(a.Skills),
		Rings: each(a.Rings, func(r api.QueueRing) domain.Ring {
			return domain.Ring{ExpansionTimeoutSeconds: r.ExpansionTimeoutSeconds, SkillsToRemove: skillsOf(r.SkillsToRemove)}
		}),
		Affinity:                domain.Affinity{Enabled: a.Affinity.Enabled, WindowMinutes: a.Affinity.WindowMinutes},
		ExcludeDeclinersSeconds: a.ExcludeDeclinersSeconds, MaxRequeues: a.MaxRequeues}
}

// skillsOf reads a list of skills, each once, in order.
func skillsOf(ids []string) []domain.SkillID {
	skills := []domain.SkillID{}
	for _, id := range ids {
		if skill := domain.SkillID(id); !slices.Contains(skills, skill) {
			skills = append(skills, skill)
		}
	}
	return skills
}

func fromHours(a *api.BusinessHours) *domain.BusinessHours {
	if a == nil {
		return nil
	}
	h := &domain.BusinessHours{TimeZone: a.TimeZone, Holidays: append([]string{}, a.Holidays...), Action: domain.ClosedAction(a.ClosedAction), Text: a.ClosedMessage,
		Open: each(a.Open, func(o api.OpenHours) domain.OpenHours {
			return domain.OpenHours{Day: domain.Weekday(o.Day), From: o.From, To: o.To}
		})}
	if h.Action == "" {
		h.Action = domain.ClosedQueue
	}
	return h
}

// checkRules refuses rules that name what does not exist, or that cannot be kept.
func (s *Server) checkRules(ctx context.Context, q domain.Queue) error {
	for _, kind := range slices.Sorted(maps.Keys(q.Rules.AutoAnswer.Kinds)) {
		if _, known := s.Capabilities[kind]; !known {
			return domain.Invalid("/sub_type_settings/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(string(kind)), "channel.kind_unknown", "There is no such kind of channel.")
		}
	}
	if err := checkInactivity(q.Rules.Inactivity); err != nil {
		return err
	}
	if err := checkHours(q.Rules.Hours); err != nil {
		return err
	}
	if err := s.checkSkills(ctx, q); err != nil {
		return err
	}
	if err := s.checkLibraries(ctx, q); err != nil {
		return err
	}
	return s.checkOverflow(ctx, q)
}

// checkHours refuses a zone, a day or a stretch that no calendar has.
func checkHours(h *domain.BusinessHours) error {
	if h == nil {
		return nil
	}
	if _, err := time.LoadLocation(h.TimeZone); err != nil || h.TimeZone == "Local" {
		return domain.Invalid("/business_hours/time_zone", "business_hours.time_zone_unknown", "There is no such time zone; an IANA name such as Europe/Paris is wanted.")
	}
	for n, o := range h.Open {
		if o.From >= o.To {
			return domain.Invalid("/business_hours/open/"+strconv.Itoa(n)+"/to", "business_hours.stretch_empty", "A stretch ends after it begins; one over midnight is two.")
		}
	}
	for n, day := range h.Holidays {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return domain.Invalid("/business_hours/holidays/"+strconv.Itoa(n), "business_hours.day_unknown", "There is no such day.")
		}
	}
	if h.Action == domain.ClosedMessage && h.Text == nil || h.Text != nil && strings.TrimSpace(*h.Text) == "" {
		return domain.Invalid("/business_hours/closed_message", "business_hours.message_missing", "closed_message needs a text that is not blank.")
	}
	return nil
}

// checkSkills refuses skills that do not exist, where they are named first.
func (s *Server) checkSkills(ctx context.Context, q domain.Queue) error {
	named := map[domain.SkillID]string{}
	note := func(skills []domain.SkillID, pointer string) {
		for n, skill := range skills {
			if _, before := named[skill]; !before {
				named[skill] = pointer + strconv.Itoa(n)
			}
		}
	}
	note(q.Rules.Routing.Skills, "/routing/skills/")
	for n, r := range q.Rules.Routing.Rings {
		note(r.SkillsToRemove, "/routing/rings/"+strconv.Itoa(n)+"/skills_to_remove/")
	}
	skills := slices.Sorted(maps.Keys(named))
	living, err := s.Store.LivingSkills(ctx, q.Organization, skills)
	if err != nil {
		return err
	}
	for _, skill := range skills {
		if !living[skill] {
			return domain.Invalid(named[skill], "skill.unknown", "There is no such skill.")
		}
	}
	return nil
}

// checkOverflow refuses an overflow that leads nowhere or in a circle.
func (s *Server) checkOverflow(ctx context.Context, q domain.Queue) error {
	if q.Overflow == nil {
		return needsOverflow(q.Rules)
	}
	seen := map[domain.QueueID]bool{q.ID: true}
	for next := q.Overflow; next != nil; {
		if seen[*next] {
			return domain.Invalid("/overflow_queue_id", "queue.overflow_cycle", "The queues would overflow in a circle.")
		}
		seen[*next] = true
		other, err := s.Store.Queue(ctx, q.Organization, *next)
		if domain.IsKind(err, domain.ErrorNotFound) {
			return domain.Invalid("/overflow_queue_id", "queue.unknown", "There is no such queue.")
		}
		if err != nil {
			return err
		}
		next = other.Overflow
	}
	return nil
}

// needsOverflow refuses rules that need an overflow queue where there is none.
func needsOverflow(r domain.Rules) error {
	if r.MaxWaiting != nil || r.Routing.MaxRequeues != nil || r.Hours != nil && r.Hours.Action == domain.ClosedOverflow {
		return domain.Invalid("/overflow_queue_id", "queue.overflow_missing", "max_waiting, max_requeues and the closed action overflow need an overflow queue.")
	}
	return nil
}
