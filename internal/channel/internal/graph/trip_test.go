package graph

import (
	"io"
	"testing"
)

func TestSealedBodyIsNotRead(t *testing.T) {
	t.Parallel()
	trip := newTrip([]byte("hello"))
	if !trip.seal() {
		t.Error("a body that nobody read could not be sealed")
	}
	if n, err := trip.Read(make([]byte, 5)); n != 0 || err != errSealed {
		t.Errorf("read %d bytes and %v of a sealed body", n, err)
	}
}

func TestReadBodyIsNotSealed(t *testing.T) {
	t.Parallel()
	trip := newTrip([]byte("hello"))
	if body, err := io.ReadAll(trip); string(body) != "hello" || err != nil {
		t.Errorf("read %q and %v", body, err)
	}
	if trip.seal() {
		t.Error("a body was sealed that had been read")
	}
}
