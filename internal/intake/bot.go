package intake

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// consult lets the channel's bot answer what came into a conversation that it has.
func (g *gathering) consult(i *held[domain.Interaction], e channel.Event) {
	switch {
	case i.value.State != domain.InteractionBot || e.Standby:
	case g.channel.Bot == nil:
		g.handOver(i, "", domain.HandoverWithdrawn)
	default:
		if say, handover := g.channel.Bot.Turn(channel.Composed(e.Text)); handover != "" {
			g.handOver(i, say, handover)
		} else {
			g.answer(i, say)
		}
	}
}

// answer says something as the bot, as long as the conversation is the bot's.
func (g *gathering) answer(i *held[domain.Interaction], text string) {
	text, _ = channel.Plain(g.channel.Settings, text)
	after, m, events, err := i.value.AnswerAs(*g.channel.Bot, domain.MaskCards(text), g.now)
	if err != nil || domain.Blank(text) {
		return
	}
	i.value = after
	g.messages = append(g.messages, &held[domain.Message]{value: m, fresh: true, changed: true})
	g.events = append(g.events, events...)
	g.deliveries = append(g.deliveries, domain.NewDelivery(m, g.now))
}

// handOver puts a bot's conversation into the channel's queue, after a last word.
func (g *gathering) handOver(i *held[domain.Interaction], say, reason string) {
	if g.channel.Bot != nil {
		g.answer(i, say)
	}
	if i.value.Queue == nil {
		i.value.Queue = g.channel.Queue
	}
	after, events, err := i.value.HandOver(reason, g.now)
	if err != nil {
		return
	}
	i.value, i.waits = after, true
	g.events = append(g.events, events...)
}

// BotOver hands over a conversation in which nobody has written to its bot for long.
// It looks again under locks: somebody may have written a moment ago.
func (a *Applier) BotOver(ctx context.Context, due domain.DueBot, now time.Time) (acted bool, err error) {
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		g, i, err := a.having(ctx, due, now)
		if err != nil {
			return err
		}
		if acted = i != nil && i.value.BotOver(now); !acted {
			return nil
		}
		say := ""
		if b := g.channel.Bot; b != nil && b.HandoverText != nil {
			say = *b.HandoverText
		}
		g.handOver(g.touch(i), say, domain.HandoverTimeout)
		if err := a.admit(ctx, g); err != nil {
			return err
		}
		return a.write(ctx, g)
	})
	return acted && err == nil, err
}

// having reads, and locks, one conversation that a bot has.
func (a *Applier) having(ctx context.Context, due domain.DueBot, now time.Time) (*gathering, *held[domain.Interaction], error) {
	ch, err := a.Store.Channel(ctx, due.Organization, due.Channel)
	if err != nil {
		return nil, nil, err
	}
	threads, err := a.Store.LockThreadsByID(ctx, due.Organization, []domain.ThreadID{due.Thread})
	if err != nil {
		return nil, nil, err
	}
	t := threads[due.Thread]
	g := &gathering{now: now, received: now, channel: ch, threads: map[string]*held[domain.Thread]{t.Address: {value: t}}, order: []string{t.Address},
		interactions: map[domain.InteractionID]*held[domain.Interaction]{}, queues: map[domain.QueueID]*domain.Queue{}, admitted: map[domain.QueueID]int{}}
	err = a.lock(ctx, g, map[domain.InteractionID]bool{due.Interaction: true})
	return g, g.interactions[due.Interaction], err
}
