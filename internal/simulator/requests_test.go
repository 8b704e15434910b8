package simulator_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/simulator"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	real := start().Add(-time.Hour)
	s, _ := play(t, nil, func(c *simulator.Config) { c.Machine = func() time.Time { return real } })
	body := "{ \"recipient\" :\t{\"id\":\"7\"}, \"message\":{\"text\":\"\\u00e9é\"}}\n"
	address := s.URL() + "/v25.0/a%2Fb/messages?access_token=a%20b&x"
	if _, err := call(t, plain(t), http.MethodPost, address, token, body); err != nil {
		t.Fatal(err)
	}
	sent(t, s, "second")
	got := s.Requests(10)
	if len(got) != 2 || got[0].ID != "2" || got[0].Status != 200 || got[1].ID != "1" || got[1].Status != 400 {
		t.Fatalf("remembered %+v", got)
	}
	first := got[1]
	if first.Method != "POST" || first.Path != "/v25.0/a%2Fb/messages" || first.Query != "access_token=a%20b&x" || string(first.Body) != body {
		t.Errorf("remembered %+v", first)
	}
	if !first.ReceivedAt.Equal(real) || first.Header.Get("Authorization") != "Bearer "+token || first.Header.Get("Host") != s.URL()[len("http://"):] {
		t.Errorf("remembered %v at %v", first.Header, first.ReceivedAt)
	}
	if len(s.Requests(1)) != 1 || s.Requests(1)[0].ID != "2" || len(s.Requests(0)) != 0 || len(s.Requests(-1)) != 0 {
		t.Error("the limit is not kept")
	}
}

func TestRequestsAreARing(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	client := plain(t)
	for range 1003 {
		if _, err := call(t, client, http.MethodPost, messages(s), token, text("x")); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Requests(2000)
	if len(got) != 1000 {
		t.Fatalf("remembered %d", len(got))
	}
	for i, request := range got {
		if request.ID != strconv.Itoa(1003-i) || request.Status != 200 {
			t.Fatalf("at %d is %s with %d", i, request.ID, request.Status)
		}
	}
}
