package simulator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/simulator"
)

func TestSend(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	seen := map[string]bool{}
	for range 3 {
		answer := post(t, s, text("On its way."))
		if answer.status != 200 || answer.header.Get("Content-Type") != "application/json; charset=UTF-8" {
			t.Errorf("answered %d %v", answer.status, answer.header)
		}
		if keys := keysOf(answer.body); !slices.Equal(keys, []string{"message_id", "recipient_id"}) || answer.body["recipient_id"] != customer {
			t.Errorf("answered %s", answer.raw)
		}
		id, _ := answer.body["message_id"].(string)
		if !regexp.MustCompile(`^m_[A-Za-z0-9_-]{86}$`).MatchString(id) || seen[id] {
			t.Errorf("the id is %q", id)
		}
		seen[id] = true
	}
}

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	body := func(recipient, kind, message string) string {
		return `{"recipient":` + recipient + `,"messaging_type":"` + kind + `",` + message + `}`
	}
	to := `{"id":"` + customer + `"}`
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"no JSON":            {`recipient=1`, 400, "Invalid parameter"},
		"another shape":      {body(`"1"`, "RESPONSE", `"message":{"text":"x"}`), 400, "Invalid parameter"},
		"no recipient":       {`{"messaging_type":"RESPONSE","message":{"text":"x"}}`, 400, "recipient is required"},
		"nobody":             {body(`{"id":""}`, "RESPONSE", `"message":{"text":"x"}`), 400, "valid ID string"},
		"no type":            {`{"recipient":` + to + `,"message":{"text":"x"}}`, 400, "messaging_type must be one of"},
		"another type":       {body(to, "HELLO", `"message":{"text":"x"}`), 400, "messaging_type must be one of"},
		"no tag":             {body(to, "MESSAGE_TAG", `"message":{"text":"x"}`), 400, "tag must be one of"},
		"a tag that ended":   {body(to, "MESSAGE_TAG", `"tag":"ACCOUNT_UPDATE","message":{"text":"x"}`), 400, "tag must be one of"},
		"no message":         {body(to, "RESPONSE", `"x":1`), 400, "Message cannot be empty"},
		"an empty text":      {body(to, "RESPONSE", `"message":{"text":""}`), 400, "Message cannot be empty"},
		"2,001 characters":   {text(strings.Repeat("é", 2001)), 400, "less than or equal to 2000"},
		"much metadata":      {body(to, "RESPONSE", `"message":{"text":"x","metadata":"`+strings.Repeat("x", 1001)+`"}`), 400, "message[metadata]"},
		"too large":          {text(strings.Repeat("x", 300_000)), 413, "Invalid parameter"},
		"the human agent":    {body(to, "MESSAGE_TAG", `"tag":"HUMAN_AGENT","message":{"text":"x"}`), 200, ""},
		"an update":          {body(to, "UPDATE", `"message":{"text":"x"},"unknown":true`), 200, ""},
		"2,000 characters":   {text(strings.Repeat("🍟", 2000)), 200, ""},
		"a quoted message":   {body(to, "RESPONSE", `"message":{"text":"x"},"reply_to":{"mid":"m_1"}`), 200, ""},
		"a single character": {text("x"), 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := post(t, s, c.body)
			if answer.status != c.status {
				t.Fatalf("answered %d %s", answer.status, answer.raw)
			}
			if c.says != "" {
				checkFault(t, answer, "OAuthException", 100, 0, c.says)
			}
		})
	}
}

// checkFault checks Graph's error object: exactly the documented keys with their types.
func checkFault(t *testing.T, answer said, kind string, code, subcode int, says string) {
	t.Helper()
	var body struct {
		Error struct {
			Message string
			Type    string
			Code    int
			Subcode int    `json:"error_subcode"`
			TraceID string `json:"fbtrace_id"`
		}
	}
	if err := json.Unmarshal([]byte(answer.raw), &body); err != nil {
		t.Fatalf("%v: %s", err, answer.raw)
	}
	e := body.Error
	if e.Type != kind || e.Code != code || e.Subcode != subcode || !strings.Contains(e.Message, says) || len(e.TraceID) != 23 {
		t.Errorf("answered %s", answer.raw)
	}
	want := []string{"code", "fbtrace_id", "message", "type"}
	if subcode != 0 {
		want = []string{"code", "error_subcode", "fbtrace_id", "message", "type"}
	}
	inner, _ := answer.body["error"].(map[string]any)
	if !slices.Equal(keysOf(inner), want) || len(answer.body) != 1 {
		t.Errorf("the keys are those of %s", answer.raw)
	}
	if answer.header.Get("Content-Type") != "application/json; charset=UTF-8" {
		t.Errorf("answered as %s", answer.header.Get("Content-Type"))
	}
}

func keysOf(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }

func TestToken(t *testing.T) {
	t.Parallel()
	s, known := play(t, nil)
	known.change("open", simulator.Account{})
	for name, c := range map[string]struct {
		page, query, bearer string
		status              int
	}{
		"bearer":                    {page, "", token, 200},
		"parameter":                 {page, "?access_token=" + token, "", 200},
		"none":                      {page, "", "", 401},
		"an empty parameter":        {page, "?access_token=", "", 401},
		"another":                   {page, "", "stolen", 401},
		"another parameter":         {page, "?access_token=stolen", "", 401},
		"any, for an unknown page":  {"999", "", "any", 200},
		"none, for an unknown page": {"999", "", "", 401},
		"any, where none is set":    {"open", "", "any", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := call(t, plain(t), http.MethodPost, s.URL()+"/v25.0/"+c.page+"/messages"+c.query, c.bearer, text("x"))
			if err != nil || answer.status != c.status {
				t.Fatalf("answered %d %s, %v", answer.status, answer.raw, err)
			}
			if c.status == 401 {
				checkFault(t, answer, "OAuthException", 190, 0, "Invalid OAuth access token")
				if !strings.Contains(answer.header.Get("WWW-Authenticate"), "invalid_token") {
					t.Errorf("answered with %v", answer.header)
				}
			}
		})
	}
}

func TestAccountsAreAskedEachTime(t *testing.T) {
	t.Parallel()
	s, known := play(t, nil)
	sent(t, s, "x")
	known.change(page, simulator.Account{AccessToken: "rotated"})
	checkFault(t, post(t, s, text("x")), "OAuthException", 190, 0, "")
	known.fail(errAway)
	answer := post(t, s, text("x"))
	if checkFault(t, answer, "OAuthException", 1, 0, ""); answer.status != 500 {
		t.Errorf("answered %d", answer.status)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	for path, code := range map[string]int{
		"POST /": 2500, "POST /v25.0": 2500, "POST /25.0/1/messages": 2500, "POST /v25/1/messages": 2500, "POST /v.0/1/messages": 2500,
		"POST /v25.0/1/messages/": 2500, "POST /v25.0//messages": 2500, "POST /v25.0/1/feed": 2500, "POST /v25.0/1": 2500,
		"GET /v25.0/1/messages": 100, "DELETE /v25.0/1/messages": 100, "GET /v25.0/1": 100,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			method, rest, _ := strings.Cut(path, " ")
			answer, err := call(t, plain(t), method, s.URL()+rest, token, text("x"))
			if err != nil {
				t.Fatal(err)
			}
			if code == 2500 {
				checkFault(t, answer, "OAuthException", 2500, 0, "Unknown path components: "+rest)
			} else {
				checkFault(t, answer, "GraphMethodException", 100, 33, "Unsupported "+strings.ToLower(method)+" request")
			}
			if want := map[int]int{2500: 404, 100: 400}[code]; answer.status != want {
				t.Errorf("answered %d, want %d", answer.status, want)
			}
		})
	}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	s, _ := play(t, newProduct(t, nil))
	from := simulator.Person{ID: customer, Name: "Kim Jae Park"}
	if _, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: from, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":                   `{"first_name":"Kim Jae","id":"` + customer + `","last_name":"Park"}`,
		"?fields=name":       `{"id":"` + customer + `","name":"Kim Jae Park"}`,
		"?fields=last_name,": `{"id":"` + customer + `","last_name":"Park"}`,
	} {
		answer, err := call(t, plain(t), http.MethodGet, s.URL()+"/v25.0/"+customer+query, token, "")
		if err != nil || answer.status != 200 || answer.raw != want {
			t.Errorf("%s: answered %d %s, %v", query, answer.status, answer.raw, err)
		}
	}
	answer, err := call(t, plain(t), http.MethodGet, s.URL()+"/v25.0/"+customer, "stolen", "")
	if err != nil || answer.status != 401 {
		t.Errorf("answered %d %s, %v", answer.status, answer.raw, err)
	}
}
