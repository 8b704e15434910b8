package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestExamples runs the scripts of scripts/examples against the real program, each
// twice: the second time changes nothing, in no list.
func TestExamples(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		b := startBinary(t, database)
		admin := newCaller(t, b.URL()).login(testClient, testSecret)
		first := example(t, b.URL(), 0, "setup")
		if !strings.Contains(first, "12 made, 4 changed, 0 are as in the files") {
			t.Errorf("the first run said\n%s", first)
		}
		before := configuration(admin)
		if silent := strings.TrimSpace(exampleWith(t, b.URL(), "", 0, "setup")); silent != "nothing changed: 16 are as in the files" {
			t.Errorf("without a token for the channel it said\n%s", silent)
		}
		if again := strings.TrimSpace(example(t, b.URL(), 0, "setup")); again != "nothing changed: 16 are as in the files" {
			t.Errorf("the second run said\n%s", again)
		}
		if after := configuration(admin); after != before {
			t.Errorf("the second run changed\n%s\nto\n%s", before, after)
		}
		audit := example(t, b.URL(), 0, "audit")
		if want := "queue Customer care\n  Ana Alvarez, ring 1\n  Cho Minh, ring 2\nqueue Parcels\n  Ana Alvarez, ring 2, not joined\n  Ben Okafor, ring 1\nnothing found\n"; !sameLines(audit, want) {
			t.Errorf("the audit said\n%s\nnot\n%s", audit, want)
		}
		if again := example(t, b.URL(), 0, "audit"); again != audit || configuration(admin) != before {
			t.Errorf("the second audit said\n%s", again)
		}
		examplesDrift(t, b.URL(), admin)
	})
}

// examplesDrift lets somebody change things by hand: the audit finds it, and the
// files win.
func examplesDrift(t *testing.T, url string, admin *caller) {
	queue := text(lookup(admin.list("/v1/queues?external_id=parcels")[0], "id"))
	admin.do("POST", "/v1/queues/"+queue+"/members/batch", map[string]any{"replace": true}).want(200)
	admin.do("PATCH", "/v1/queues/"+queue, map[string]any{"name": "Renamed \"Parcels\""}).want(200)
	lonely := admin.do("POST", "/v1/agents", map[string]any{"name": "Lonely"}).want(201).get("id")
	found := example(t, url, 1, "audit")
	for _, want := range []string{"FOUND agent Ben Okafor has no queue", "FOUND agent Lonely has no queue", "has no members", "3 found"} {
		if !strings.Contains(found, want) {
			t.Errorf("the audit found no %q:\n%s", want, found)
		}
	}
	mended := example(t, url, 0, "setup")
	for _, want := range []string{"changed queues parcels", "added 2 members of queue parcels", "0 made, 3 changed, 13 are as in the files"} {
		if !strings.Contains(mended, want) {
			t.Errorf("setup said no %q:\n%s", want, mended)
		}
	}
	admin.do("DELETE", "/v1/agents/"+lonely, nil).want(204)
	example(t, url, 0, "audit")
	// Files of one's own, with whatever ids another system has.
	data := t.TempDir()
	if err := os.CopyFS(data, os.DirFS("../../scripts/examples")); err != nil {
		t.Fatal(err)
	}
	odd := "external_id,name\r\n# a comment\r\n\r\nfrench,Français \"courant\"\r\nbüro/1 50%,Büro \\ 1\r\nparcels,Parcels\r\n"
	if err := os.WriteFile(filepath.Join(data, "skills.csv"), []byte(odd), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := example(t, url, 0, "setup", data); !strings.Contains(said, "made    skills büro/1 50%") || !strings.Contains(said, "1 made, 1 changed, 15 are as in the files") {
		t.Errorf("setup said\n%s", said)
	}
	if said := example(t, url, 0, "setup", data); !strings.Contains(said, "nothing changed: 17") {
		t.Errorf("setup said\n%s", said)
	}
	if got := admin.list("/v1/skills?q=b%C3%BCro"); len(got) != 1 || text(lookup(got[0], "external_id")) != "büro/1 50%" || text(lookup(got[0], "name")) != `Büro \ 1` {
		t.Errorf("the skill is %s", text(got))
	}
}

// example runs a script of scripts/examples, and holds it to its exit status.
func example(t *testing.T, url string, status int, name string, args ...string) string {
	t.Helper()
	return exampleWith(t, url, "page-token", status, name, args...)
}

// exampleWith runs a script with a token for the channel, or with none.
func exampleWith(t *testing.T, url, token string, status int, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "bash", append([]string{"../../scripts/examples/" + name}, args...)...)
	run.Env = append(os.Environ(), "PARLEY_URL="+url, "PARLEY_CLIENT_ID="+testClient, "PARLEY_CLIENT_SECRET="+testSecret,
		"PARLEY_APP_SECRET=app secret", "PARLEY_CHANNEL_TOKEN="+token)
	out, err := run.CombinedOutput()
	if run.ProcessState == nil || run.ProcessState.ExitCode() != status {
		t.Fatalf("%s ended with %v, not %d:\n%s", name, err, status, out)
	}
	return string(out)
}

// configuration is everything that the scripts set up, as lists show it.
func configuration(admin *caller) string {
	admin.t.Helper()
	var all strings.Builder
	for _, path := range []string{"skills", "wrap-up-codes", "queues", "agents", "platform-apps", "channels", "multimedia-profiles"} {
		for _, item := range admin.list("/v1/" + path + "?limit=200") {
			all.WriteString(text(item) + "\n")
			if path == "queues" {
				all.WriteString(text(admin.list("/v1/queues/"+text(lookup(item, "id"))+"/members?limit=200")) + "\n")
			}
		}
	}
	return all.String()
}

// sameLines compares texts line by line, whatever the order of the queues in them.
func sameLines(got, want string) bool {
	lines := func(s string) map[string]int {
		count := map[string]int{}
		for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
			count[line]++
		}
		return count
	}
	g, w := lines(got), lines(want)
	if len(g) != len(w) {
		return false
	}
	for line, n := range w {
		if g[line] != n {
			return false
		}
	}
	return true
}
