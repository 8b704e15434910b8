package auth

// recent is a map of bounded size that drops what was not asked for lately. It keeps two generations: what is used moves
// to the younger, and when that is full, the older goes as a whole. So nothing ever has to search for what to drop.
// It is not safe for concurrent use.
type recent[K comparable, V any] struct {
	half       int
	young, old map[K]V
}

// newRecent makes a map of at most limit entries.
func newRecent[K comparable, V any](limit int) *recent[K, V] {
	return &recent[K, V]{half: limit / 2, young: map[K]V{}}
}

func (r *recent[K, V]) get(key K) (V, bool) {
	if value, ok := r.young[key]; ok {
		return value, true
	}
	value, ok := r.old[key]
	if ok {
		r.put(key, value)
	}
	return value, ok
}

func (r *recent[K, V]) put(key K, value V) {
	if _, ok := r.young[key]; !ok && len(r.young) >= r.half {
		r.old, r.young = r.young, make(map[K]V, r.half)
	}
	r.young[key] = value
}

func (r *recent[K, V]) drop(key K) {
	delete(r.young, key)
	delete(r.old, key)
}
