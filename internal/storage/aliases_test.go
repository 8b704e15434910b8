package storage

import (
	"context"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// A thread is found by its own address and by its aliases, whoever else had those
// before, until its contact is erased.
func TestThreadsAreFoundByTheirAliases(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		made := w.threads(2)
		one, two := made[0], made[1]
		find := func(want map[string]domain.ThreadID) {
			t.Helper()
			commit(t, db.Store, func(ctx context.Context) error {
				found, err := db.LockThreads(ctx, w.org, w.channel.ID, []string{one.Address, two.Address, "+1", "+2", "+3"})
				for address, id := range want {
					if found[address].ID != id {
						t.Errorf("%s finds %s, not %s", address, found[address].ID, id)
					}
				}
				if len(found) != len(want) {
					t.Errorf("found %v", found)
				}
				return err
			})
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return first(db.AliasThread(ctx, one, "+1", "+2"), db.AliasThread(ctx, two, two.Address+" before"), db.AliasThread(ctx, one))
		})
		find(map[string]domain.ThreadID{one.Address: one.ID, two.Address: two.ID, "+1": one.ID, "+2": one.ID})
		commit(t, db.Store, func(ctx context.Context) error { return db.AliasThread(ctx, two, "+2", "+3") })
		find(map[string]domain.ThreadID{one.Address: one.ID, two.Address: two.ID, "+1": one.ID, "+2": two.ID, "+3": two.ID})
		aliases, err := db.AliasesOf(t.Context(), w.org, two.ID)
		if want := []string{"+2", "+3", two.Address + " before"}; err != nil || len(aliases) != 3 || !slices.Contains(aliases, want[2]) {
			t.Errorf("the aliases are %v, %v", aliases, err)
		}
		gone := domain.NewErasure(domain.Contact{ID: two.Contact, Organization: w.org}, []domain.Identity{{Thread: two.ID, Channel: two.Channel, Address: two.Address, Aliases: aliases}}, domain.System(), noon)
		commit(t, db.Store, func(ctx context.Context) error { return db.BeginErasure(ctx, gone) })
		find(map[string]domain.ThreadID{one.Address: one.ID, "+1": one.ID})
		erased, err := db.GoneAddresses(t.Context(), w.org, w.channel.ID, []string{two.Address, "+1", "+2", "+3"})
		if err != nil || len(erased) != 3 || erased["+2"].IsZero() || erased["+3"].IsZero() {
			t.Errorf("of the erased the addresses %v are known, %v", erased, err)
		}
	})
}

// A contact has the new address; one who was erased has none.
func TestContactsGetAnotherAddress(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		one := w.threads(1)[0]
		address := func() string {
			c, err := db.Contact(t.Context(), w.org, one.Contact)
			if err != nil {
				t.Fatal(err)
			}
			return c.Address
		}
		commit(t, db.Store, func(ctx context.Context) error { return db.ReaddressContact(ctx, w.org, one.Contact, "US.1") })
		if got := address(); got != "US.1" {
			t.Errorf("the address is %s", got)
		}
		moved := one
		moved.Address, moved.AddressType = "US.1", "user_id"
		commit(t, db.Store, func(ctx context.Context) error { return db.SaveThread(ctx, &moved) })
		commit(t, db.Store, func(ctx context.Context) error {
			found, err := db.LockThreads(ctx, w.org, w.channel.ID, []string{"US.1", one.Address})
			if found["US.1"].ID != one.ID || len(found) != 1 {
				t.Errorf("found %v", found)
			}
			return err
		})
	})
}
