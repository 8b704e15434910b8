package secret

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func examplePlace() Place {
	return Place{OrganizationID: "org-1", Table: "channels", Column: "credentials", RowID: "row-1"}
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	for _, plaintext := range []string{"", "x", "EAAG-access-token", strings.Repeat("long ", 100_000)} {
		sealed := mustSeal(t, sealer, examplePlace(), plaintext)
		opened, err := sealer.Open(examplePlace(), sealed)
		if err != nil || string(opened) != plaintext {
			t.Errorf("%d bytes: %v", len(plaintext), err)
		}
		if len(plaintext) > 1 && bytes.Contains(sealed, []byte(plaintext)) {
			t.Errorf("%d bytes: the plaintext shows", len(plaintext))
		}
	}
}

// What was sealed under one key for all places opens, in its own place.
func TestFirstVersionOpens(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	header := append([]byte{oneKey}, sealer.keyID...)
	sealed := sealer.first.Seal(header, nil, []byte("secret"), associatedData(header, examplePlace()))
	if opened, err := sealer.Open(examplePlace(), sealed); err != nil || string(opened) != "secret" {
		t.Errorf("opened %q (%v)", opened, err)
	}
	if _, err := sealer.Open(Place{}, sealed); !errors.Is(err, ErrTampered) {
		t.Errorf("elsewhere: got %v, want ErrTampered", err)
	}
	sealed[0] = sealVersion
	if _, err := sealer.Open(examplePlace(), sealed); !errors.Is(err, ErrTampered) {
		t.Errorf("as another version: got %v, want ErrTampered", err)
	}
}

// Sealing is on the way of every message.
func BenchmarkSeal(b *testing.B) {
	sealer, text := NewSealer(newKey()), []byte(strings.Repeat("text ", 40))
	for b.Loop() {
		if _, err := sealer.Seal(examplePlace(), text); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSealNeverRepeats(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	seen := map[string]bool{}
	for range 1000 {
		sealed := string(mustSeal(t, sealer, examplePlace(), "same"))
		if seen[sealed] {
			t.Fatal("two sealings are the same")
		}
		seen[sealed] = true
	}
}

func TestOpenElsewhereFails(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	sealed := mustSeal(t, sealer, examplePlace(), "secret")
	for name, place := range map[string]Place{
		"organization": {"org-2", "channels", "credentials", "row-1"},
		"table":        {"org-1", "apps", "credentials", "row-1"},
		"column":       {"org-1", "channels", "secrets", "row-1"},
		"row":          {"org-1", "channels", "credentials", "row-2"},
		"shifted":      {"org-1", "channelscredentials", "", "row-1"},
		"swapped":      {"channels", "org-1", "credentials", "row-1"},
		"nowhere":      {},
	} {
		if _, err := sealer.Open(place, sealed); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: got %v, want ErrTampered", name, err)
		}
	}
}

func TestSwappedRowsFail(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	one, two := examplePlace(), examplePlace()
	two.RowID = "row-2"
	sealedOne, sealedTwo := mustSeal(t, sealer, one, "first"), mustSeal(t, sealer, two, "second")
	_, errOne := sealer.Open(one, sealedTwo)
	_, errTwo := sealer.Open(two, sealedOne)
	if !errors.Is(errOne, ErrTampered) || !errors.Is(errTwo, ErrTampered) {
		t.Errorf("got %v and %v, want ErrTampered", errOne, errTwo)
	}
}

func TestOpenWithAnotherKeyFails(t *testing.T) {
	t.Parallel()
	sealed := mustSeal(t, NewSealer(newKey()), examplePlace(), "secret")
	if _, err := NewSealer(newKey()).Open(examplePlace(), sealed); !errors.Is(err, ErrWrongKey) {
		t.Errorf("got %v, want ErrWrongKey", err)
	}
}

func TestKeyIDIsStable(t *testing.T) {
	t.Parallel()
	key := newKey()
	sealed := mustSeal(t, NewSealer(key), examplePlace(), "secret")
	again, err := ParseKey(key.text())
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := NewSealer(again).Open(examplePlace(), sealed); err != nil || string(opened) != "secret" {
		t.Errorf("a restart cannot open: %v", err)
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	sealed := mustSeal(t, sealer, examplePlace(), "secret")
	for position := range sealed {
		want := ErrTampered
		if position >= 1 && position < headerSize {
			want = ErrWrongKey
		}
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[position] ^= 1 << bit
			if opened, err := sealer.Open(examplePlace(), changed); !errors.Is(err, want) || opened != nil {
				t.Errorf("byte %d, bit %d: got %v, want %v", position, bit, err, want)
			}
		}
	}
}

func TestEveryOtherLengthIsNoticed(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	sealed := mustSeal(t, sealer, examplePlace(), "secret")
	for length := range sealed {
		if _, err := sealer.Open(examplePlace(), sealed[:length]); !errors.Is(err, ErrTampered) {
			t.Errorf("cut to %d bytes: got %v, want ErrTampered", length, err)
		}
	}
	if _, err := sealer.Open(examplePlace(), append(sealed, 0)); !errors.Is(err, ErrTampered) {
		t.Errorf("one byte more: got %v, want ErrTampered", err)
	}
}

func TestSealerWithoutAKeyDoesNothing(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(Key{})
	if sealed, err := sealer.Seal(examplePlace(), []byte("secret")); !errors.Is(err, ErrKey) || sealed != nil {
		t.Errorf("Seal: got %v, want ErrKey", err)
	}
	if _, err := sealer.Open(examplePlace(), make([]byte, 100)); !errors.Is(err, ErrKey) {
		t.Errorf("Open: got %v, want ErrKey", err)
	}
	if hash := sealer.Hash("client", "secret"); Equal(hash, hash) {
		t.Error("Hash: something equals the hash of no key")
	}
}

func FuzzOpen(f *testing.F) {
	sealer := NewSealer(newKey())
	authentic, err := sealer.Seal(examplePlace(), []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(nil), "row-1")
	f.Add(authentic, "row-1")
	f.Add(authentic, "row-2")
	f.Add(authentic[:headerSize+4], "row-1")
	f.Fuzz(func(t *testing.T, sealed []byte, row string) {
		place := examplePlace()
		place.RowID = row
		opened, err := sealer.Open(place, sealed)
		genuine := row == "row-1" && bytes.Equal(sealed, authentic)
		if genuine != (err == nil) || genuine != (string(opened) == "secret") {
			t.Errorf("genuine is %v, but got %q, %v", genuine, opened, err)
		}
		if err != nil && !errors.Is(err, ErrTampered) && !errors.Is(err, ErrWrongKey) {
			t.Errorf("unknown error %v", err)
		}
	})
}

func mustSeal(t *testing.T, sealer *Sealer, place Place, plaintext string) []byte {
	t.Helper()
	sealed, err := sealer.Seal(place, []byte(plaintext))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}
