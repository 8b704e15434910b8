package auth

import "testing"

func TestRecentIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	const limit = 100
	r := newRecent[int, int](limit)
	r.put(-1, 1)
	for i := range 10 * limit {
		r.put(i, i)
		if v, ok := r.get(-1); !ok || v != 1 {
			t.Fatalf("what is used was dropped after %d", i)
		}
		if size := len(r.young) + len(r.old); size > limit {
			t.Fatalf("%d entries", size)
		}
	}
	if _, ok := r.get(0); ok {
		t.Error("what was not used for long is still there")
	}
}

func TestRecentGivesTheLatest(t *testing.T) {
	t.Parallel()
	r := newRecent[string, int](2)
	r.put("a", 1)
	r.put("b", 1)
	r.put("a", 2)
	if v, _ := r.get("a"); v != 2 {
		t.Errorf("got %d", v)
	}
	r.drop("a")
	if _, ok := r.get("a"); ok {
		t.Error("dropped, but still there")
	}
}
