package attach

import (
	"context"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	// batch is how many files one run looks after, all at once, so that a few that come
	// slowly do not hold up the others; more are done in the next run.
	batch = 32
	// fetchTime bounds the fetching of one file, machine time.
	fetchTime = 30 * time.Second
	// leaseMargin is how long a lease outlives the work, so that what came of it
	// can be written down.
	leaseMargin = 15 * time.Second
)

// Keeper is the loop that does what is due: it fetches, ends and removes files.
type Keeper struct{ *Files }

// Name names the loop.
func (k Keeper) Name() string { return "attachments" }

// RunDue leases what is due and does it, several files at once. What fails is
// due again.
func (k Keeper) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	var due []domain.File
	err = k.Store.InTx(ctx, func(ctx context.Context) (err error) {
		due, err = k.claim(ctx, now)
		return err
	})
	if err != nil {
		return 0, next, err
	}
	var group sync.WaitGroup
	failures := make([]error, len(due))
	for n, f := range due {
		group.Go(func() { failures[n] = k.look(ctx, f, now) })
	}
	group.Wait()
	for _, failure := range failures {
		if failure != nil {
			return len(due), next, failure
		}
	}
	next, err = k.Store.NextFile(ctx, now)
	return len(due), next, err
}

// claim takes files for this node. Should the node end, the lease does too.
func (k Keeper) claim(ctx context.Context, now time.Time) ([]domain.File, error) {
	machine := k.Machine()
	due, err := k.Store.ClaimFiles(ctx, now, machine, batch)
	if err != nil {
		return nil, err
	}
	for n := range due {
		due[n].LeaseUntil = machine.Add(fetchTime + leaseMargin)
		if err := k.Store.SaveFile(ctx, &due[n]); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// look does what one file is due for.
func (k Keeper) look(ctx context.Context, f domain.File, now time.Time) error {
	switch {
	case f.Erased || f.State == domain.FileExpired:
		return k.remove(ctx, f)
	case f.Expired(now):
		return k.expire(ctx, f, now)
	case f.State == domain.FilePending && f.Origin == domain.FileReceived:
		return k.fetch(ctx, f, now)
	}
	return k.change(ctx, f, func(f domain.File) domain.File { return f.Retry(now.Add(time.Hour)) }) // not known to happen
}

// expire ends a file for its readers first, and removes its bytes then.
func (k Keeper) expire(ctx context.Context, f domain.File, now time.Time) error {
	f, err := k.tell(ctx, f, now, func(f domain.File) domain.File { return f.Expire(now) })
	if err != nil || f.State != domain.FileExpired {
		return err
	}
	return k.remove(ctx, f)
}

// remove removes bytes, and then writes down that they are gone.
func (k Keeper) remove(ctx context.Context, f domain.File) error {
	if f.Key != "" {
		if err := k.Blobs.Delete(ctx, f.Key); err != nil {
			return away(err)
		}
	}
	if f.Erased {
		return k.Store.InTx(ctx, func(ctx context.Context) error { return k.Store.DeleteFile(ctx, f) })
	}
	return k.change(ctx, f, domain.File.Removed)
}

// change moves a file that this node has leased; one that was changed meanwhile
// is looked at again when it is due.
func (k Keeper) change(ctx context.Context, f domain.File, move func(domain.File) domain.File) error {
	return k.Store.InTx(ctx, func(ctx context.Context) error {
		current, found, err := k.current(ctx, f)
		if err != nil || !found {
			return err
		}
		after := move(current)
		return k.Store.SaveFile(ctx, &after)
	})
}

// current reads a leased file again; found is false where somebody else changed it.
func (k Keeper) current(ctx context.Context, f domain.File) (now domain.File, found bool, err error) {
	now, err = k.Store.File(ctx, f.Organization, f.ID)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return now, false, nil
	}
	return now, err == nil && now.Version == f.Version, err
}

// tell moves a file and appends the event of it, in its interaction's order where
// it has one. It gives the file as it is then.
func (k Keeper) tell(ctx context.Context, f domain.File, now time.Time, move func(domain.File) domain.File) (after domain.File, err error) {
	err = k.Store.InTx(ctx, func(ctx context.Context) error {
		after = f
		var i domain.Interaction
		if f.Interaction != nil {
			if i, err = k.Store.LockInteraction(ctx, f.Organization, *f.Interaction); err != nil {
				return err
			}
		}
		current, found, err := k.current(ctx, f)
		if err != nil || !found {
			return err
		}
		after = move(current)
		if err := k.Store.SaveFile(ctx, &after); err != nil {
			return err
		}
		if f.Interaction == nil {
			return k.Store.Append(ctx, after.Event(current.State, domain.System(), now))
		}
		i, event := i.Attached(after, current.State, now)
		if err := k.Store.SaveInteraction(ctx, &i); err != nil {
			return err
		}
		return k.Store.Append(ctx, event)
	})
	return after, err
}
