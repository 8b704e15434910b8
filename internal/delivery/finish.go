package delivery

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Finisher is the loop that writes down what calls gave.
type Finisher struct{ *Delivery }

// Name names the loop.
func (f Finisher) Name() string { return "results" }

// waitForResult is how long the loop waits for a call that is under way.
const waitForResult = 50 * time.Millisecond

// RunDue writes all results that have come in, in one transaction. While calls
// are under way it reports work, so that nobody takes the product for idle.
func (f Finisher) RunDue(ctx context.Context, now time.Time) (int, time.Time, error) {
	if f.flying.Load() == 0 {
		return 0, time.Time{}, nil
	}
	timer := time.NewTimer(waitForResult)
	defer timer.Stop()
	select {
	case first := <-f.results:
		set := f.gather(first)
		return len(set), time.Time{}, f.write(ctx, set, now)
	case <-timer.C:
		return 1, time.Time{}, nil
	case <-ctx.Done():
		return 0, time.Time{}, ctx.Err()
	}
}

func (f Finisher) gather(first result) []result {
	set := []result{first}
	for {
		select {
		case r := <-f.results:
			set = append(set, r)
		default:
			return set
		}
	}
}

// write records results; when the database is away they wait for the next turn.
func (f Finisher) write(ctx context.Context, set []result, now time.Time) error {
	byOrg := map[domain.OrganizationID][]result{}
	for _, r := range set {
		byOrg[r.delivery.Organization] = append(byOrg[r.delivery.Organization], r)
	}
	var failed error
	for org, mine := range byOrg {
		err := f.Store.InTx(ctx, func(ctx context.Context) error { return f.settle(ctx, org, mine, now) })
		if err != nil {
			failed = err
			for _, r := range mine {
				f.results <- r
			}
			continue
		}
		f.flying.Add(-int64(len(mine)))
		f.Wake()
	}
	return failed
}

// settle moves the messages of one organization's results on.
func (f Finisher) settle(ctx context.Context, org domain.OrganizationID, set []result, now time.Time) error {
	due := make([]domain.Delivery, len(set))
	for n, r := range set {
		due[n] = r.delivery
	}
	b, err := f.open(ctx, org, due)
	if err != nil {
		return err
	}
	if err := f.learnIDs(ctx, b, set); err != nil {
		return err
	}
	for _, r := range set {
		if err := f.record(ctx, r); err != nil {
			return err
		}
		if err := f.outcome(ctx, b, r, now); err != nil {
			return err
		}
	}
	return b.save(ctx)
}

// learnIDs gives accepted messages the platform's ids. An echo that came before
// the answer, and could not be known as ours, is taken out of the transcript; an
// id that another reply of ours has already is not taken.
func (f Finisher) learnIDs(ctx context.Context, b *book, set []result) error {
	byChannel := map[domain.ChannelID][]string{}
	for _, r := range set {
		if r.Outcome == channel.OutcomeAccepted {
			byChannel[r.delivery.Channel] = append(byChannel[r.delivery.Channel], r.MessageID)
		}
	}
	taken := map[string]bool{}
	for ch, wanted := range byChannel {
		known, err := f.Store.MessagesByPlatformID(ctx, b.org, ch, wanted)
		if err != nil {
			return err
		}
		for id, m := range known {
			if m.Direction == domain.Outbound && m.Status == "" {
				if err := f.Store.DropEcho(ctx, m); err != nil {
					return err
				}
				continue
			}
			taken[string(ch)+id] = true
		}
	}
	for _, r := range set {
		m, ok := b.messages[r.delivery.Message]
		key := string(r.delivery.Channel) + r.MessageID
		if ok && r.Outcome == channel.OutcomeAccepted && m.PlatformMessageID == nil && !taken[key] {
			id := r.MessageID
			m.PlatformMessageID, taken[key] = &id, true
			b.put(m)
		}
	}
	return nil
}

// record writes what is known of the call.
func (f Finisher) record(ctx context.Context, r result) error {
	a, finished := r.attempt, f.Machine()
	a.PlatformStatus, a.PlatformCode, a.FinishedAt = r.Status, r.Code, &finished
	switch r.Outcome {
	case channel.OutcomeAccepted:
		a.State, a.PlatformMessageID = domain.AttemptAccepted, &r.MessageID
	case channel.OutcomeRejected:
		a.State = domain.AttemptRejected
	case channel.OutcomeUnknown:
		a.State = domain.AttemptUnknown
	default:
		a.State = domain.AttemptNotSent
	}
	return f.Store.SaveAttempt(ctx, a)
}

// outcome moves one message on by what its call gave.
func (f Finisher) outcome(ctx context.Context, b *book, r result, now time.Time) error {
	d := r.delivery
	switch r.Outcome {
	case channel.OutcomeAccepted:
		// One that failed while it was called did by a receipt: the platform knows more than its door.
		if b.messages[d.Message].Status != domain.ReplyFailed {
			b.move(d.Message, domain.ReplySent, now)
		}
		b.catchUp(d.Message, now)
		if err := f.tie(ctx, b, r, now); err != nil {
			return err
		}
		if err := f.believed(ctx, b, r, now); err != nil {
			return err
		}
		return f.Store.DeleteDelivery(ctx, d)
	case channel.OutcomeRejected:
		b.fail(d.Message, r.Failure, now)
		b.lose(d.Message, now)
		return f.Store.DeleteDelivery(ctx, d)
	case channel.OutcomeUnauthorized:
		return f.unauthorized(ctx, b, d, now)
	case channel.OutcomeUnknown:
		if b.messages[d.Message].Proven() {
			return f.Store.DeleteDelivery(ctx, d)
		}
		if !r.retry.Repeats {
			return f.unknown(ctx, b, d, now)
		}
	}
	return f.again(ctx, b, r, now)
}

// unknown leaves a message unconfirmed; the thread waits for proof for a while.
func (d *Delivery) unknown(ctx context.Context, b *book, job domain.Delivery, now time.Time) error {
	b.move(job.Message, domain.ReplyUnconfirmed, now)
	job.Stage, job.RunAt, job.LeaseUntil = domain.StageProof, now.Add(d.Limits.Reconcile), time.UnixMilli(0)
	return d.Store.SaveDelivery(ctx, job)
}

// again puts back a message that certainly was not taken, or may be given twice,
// until its time is over.
func (f Finisher) again(ctx context.Context, b *book, r result, now time.Time) error {
	d := r.delivery
	patience, reason := f.Limits.Give, domain.FailureNetworkUnreachable
	switch {
	case r.Outcome == channel.OutcomeThrottled:
		patience, reason = f.Limits.Throttle, domain.FailureMessageLimit
	case r.Once:
		reason = r.Failure
	case r.Status != 0:
		reason = domain.FailurePlatformRejected
	case r.Timeout:
		reason = domain.FailureSendTimeout
	}
	if d.GiveUpAt == nil {
		until := now.Add(patience)
		d.GiveUpAt = &until
	}
	d.Tries++
	d.RunAt = now.Add(max(f.pause(r.retry, d.Tries), r.RetryAfter))
	if r.Once && d.Tries > 1 || over(r.retry, d) {
		return f.giveUp(ctx, b, d, r, reason, now)
	}
	b.move(d.Message, domain.ReplyQueued, now)
	d.LeaseUntil = time.UnixMilli(0)
	return f.Store.SaveDelivery(ctx, d)
}

// over tells whether a call is not made again: it was often enough, or delivery's
// patience is at its end.
func over(retry channel.Retry, d domain.Delivery) bool {
	if retry.Times > 0 {
		return d.Tries > retry.Times
	}
	return d.RunAt.After(*d.GiveUpAt)
}

// giveUp fails a message that was not taken. One that some call may have handed
// over all the same is unconfirmed: nobody knows.
func (f Finisher) giveUp(ctx context.Context, b *book, d domain.Delivery, r result, reason domain.FailureCode, now time.Time) error {
	if r.retry.Repeats {
		doubt, err := f.Store.LeftUnknown(ctx, d.Organization, d.Message)
		if err != nil {
			return err
		}
		if doubt {
			return f.unknown(ctx, b, d, now)
		}
	}
	b.fail(d.Message, reason, now)
	return f.Store.DeleteDelivery(ctx, d)
}

// pause is how long to wait before a retry: as the channel's platform has it.
func (f Finisher) pause(retry channel.Retry, tries int) time.Duration {
	if retry.Every > 0 {
		return retry.Every
	}
	return backoff(tries, f.Random())
}

// backoff is how long to wait before a retry: doubling from half a second to
// eight, the second half of it by chance.
func backoff(tries int, chance float64) time.Duration {
	step := min(500*time.Millisecond<<min(tries-1, 10), 8*time.Second)
	return step/2 + time.Duration(chance*float64(step)/2)
}

// recheck is how long a channel without valid credentials is left alone, unless
// they are renewed before.
const recheck = time.Hour

// unauthorized keeps the message in its place and asks for new credentials.
func (f Finisher) unauthorized(ctx context.Context, b *book, d domain.Delivery, now time.Time) error {
	b.move(d.Message, domain.ReplyQueued, now)
	d.RunAt, d.LeaseUntil = now.Add(recheck), time.UnixMilli(0)
	if err := f.Store.SaveDelivery(ctx, d); err != nil {
		return err
	}
	return f.refused(ctx, b.org, d.Channel, now)
}

// refused notes, and tells once, that a channel's credentials no longer work.
func (d *Delivery) refused(ctx context.Context, org domain.OrganizationID, id domain.ChannelID, now time.Time) error {
	ch, err := d.Store.LockChannel(ctx, org, id)
	if err != nil {
		return err
	}
	after, event, told := ch.Refused(now)
	if !told {
		return nil
	}
	if err := d.Store.SaveChannel(ctx, &after); err != nil {
		return err
	}
	return d.Store.Append(ctx, event)
}

// believed notes that the platform takes a channel's credentials again, because what was
// wrong was mended there, and lets what waits for it go out.
func (f Finisher) believed(ctx context.Context, b *book, r result, now time.Time) error {
	if !r.doubted {
		return nil
	}
	ch, err := f.Store.LockChannel(ctx, b.org, r.delivery.Channel)
	if err != nil || ch.Status != domain.ChannelNeedsReauthorization {
		return err
	}
	ch.Status = domain.ChannelActive
	if err := f.Store.SaveChannel(ctx, &ch); err != nil {
		return err
	}
	return f.Store.ReleaseDeliveries(ctx, b.org, ch.ID, now)
}

// catchUp applies receipts that came before the platform's answer.
func (b *book) catchUp(id domain.MessageID, now time.Time) {
	m := b.messages[id]
	t, known := b.threads[m.Thread]
	if !known {
		return
	}
	if m.PlatformMessageID != nil {
		if status, early := t.Recall(*m.PlatformMessageID); early {
			b.move(id, status, now)
			b.stirred[t.ID] = true
		}
	}
	if m.Before(t.DeliveredUpTo) {
		b.move(id, domain.ReplyDelivered, now)
	}
	if m.Before(t.ReadUpTo) {
		b.move(id, domain.ReplyRead, now)
	}
}

// Drain stops new calls and waits until those under way are written down, or
// ctx ends; a call that is left then counts as unknown at the next start.
func (d *Delivery) Drain(ctx context.Context) {
	d.stopped.Store(true)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for d.flying.Load() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
