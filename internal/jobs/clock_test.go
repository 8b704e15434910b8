package jobs

import (
	"sync"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	paris := time.FixedZone("Paris", 3600)
	machine := time.Date(2026, time.March, 2, 13, 0, 0, 123_987_654, paris)
	clock := NewClock(fixed(machine))
	clock.SetOffset(time.Hour)
	if got, want := clock.Now(), time.Date(2026, time.March, 2, 13, 0, 0, 123_000_000, time.UTC); got != want {
		t.Errorf("business time is %v, want %v", got, want)
	}
	if got := clock.Machine(); got != machine.UTC() {
		t.Errorf("machine time is %v", got)
	}
}

func TestStoppedClock(t *testing.T) {
	t.Parallel()
	machine := noon()
	clock := NewClock(func() time.Time { return machine })
	clock.Stop()
	machine = machine.Add(time.Hour)
	if got := clock.Now(); got != noon() {
		t.Errorf("it was stopped at %v and shows %v", noon(), got)
	}
	if got := clock.Machine(); got != machine {
		t.Errorf("machine time is %v", got)
	}
	clock.SetOffset(time.Minute)
	if got := clock.Now(); got != noon().Add(time.Minute) {
		t.Errorf("a minute later it shows %v", got)
	}
}

func TestClockMovesForwardOnly(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	for _, c := range []struct{ set, want time.Duration }{
		{-time.Second, 0}, {time.Minute, time.Minute}, {time.Second, time.Minute}, {time.Minute, time.Minute}, {0, time.Minute},
	} {
		clock.SetOffset(c.set)
		if got := clock.Offset(); got != c.want {
			t.Errorf("after setting %v the offset is %v, want %v", c.set, got, c.want)
		}
	}
}

func TestClockIsMovedByMany(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	var movers sync.WaitGroup
	for i := range 100 {
		movers.Go(func() {
			before := clock.Now()
			clock.SetOffset(time.Duration(i) * time.Second)
			if clock.Now().Before(before) {
				t.Error("time ran backwards")
			}
		})
	}
	movers.Wait()
	if clock.Offset() != 99*time.Second {
		t.Errorf("the offset is %v", clock.Offset())
	}
}
