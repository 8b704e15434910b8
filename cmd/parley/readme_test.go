package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/config"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeSettings holds README's table to the settings that there are.
func TestReadmeSettings(t *testing.T) {
	t.Parallel()
	if !strings.Contains(readme(t), strings.TrimSpace(config.MarkdownTable())) {
		t.Errorf("README.md must hold this table:\n%s", config.MarkdownTable())
	}
}

// TestReadmeChannels holds README's table of channels to the matrix.
func TestReadmeChannels(t *testing.T) {
	t.Parallel()
	if table := channel.MarkdownTable(); !strings.Contains(readme(t), strings.TrimSpace(table)) {
		t.Errorf("README.md must hold this table:\n%s", table)
	}
}

// TestReadmeWalk pastes README's walk into a shell, twice: it must work on a
// fresh demo, and again on one that was used.
func TestReadmeWalk(t *testing.T) {
	t.Parallel()
	if !strings.Contains(readme(t), "```bash\n"+fmt.Sprintf(demoTry, "http://127.0.0.1:8080")+"\n```") {
		t.Fatal("README.md must show what parley dev prints")
	}
	p := start(t, template.SQLite(t), func(c *config.Config) {
		c.BootstrapClientID, c.BootstrapClientSecret = demoAdmin, demoSecret
	})
	if err := p.demo(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, turn := range []string{"first", "second"} {
		out := paste(t, fmt.Sprintf(demoTry, p.url))
		for _, want := range []string{`"state":"connected"`, "Where is my parcel?", `"after":"delivered"`,
			"It left our house this morning.", `"disconnect_type":"agent"`, `"state":"submitted"`, "Parcel on its way."} {
			if !strings.Contains(out, want) {
				t.Errorf("the %s time, the walk printed no %s:\n%s", turn, want, out)
			}
		}
	}
}

// TestReadmeConference pastes README's conference behind its walk, twice.
func TestReadmeConference(t *testing.T) {
	t.Parallel()
	pasted(t, "## Two agents with one customer", `"state":"requested"`, `"state":"conference"`, "Ben has joined the chat.", "Ben here, from the warehouse.",
		`"conference":{"agent_id":`, "Ben has left the chat.")
}

// TestReadmeBot pastes README's bot behind its walk, twice.
func TestReadmeBot(t *testing.T) {
	t.Parallel()
	pasted(t, "## A bot before the agents", "We are open from nine to six.", "One moment, please.", `"label":"Customer Virtual Assistant","type":"bot"`, "**** **** **** 5556")
}

// TestReadmePublic_A07_A08_A12 pastes README's comment behind its walk, twice.
func TestReadmePublic_A07_A08_A12(t *testing.T) {
	t.Parallel()
	pasted(t, "## In public, and then in private", `"origin":"post"`, `"text":"What was posted before."`, `"visibility":"public"`, "Sorry! We look into it.",
		"May we have your order number?", "It is 77.", "It comes on Monday.")
}

// TestReadmeTransfer pastes README's transfer behind its walk, twice.
func TestReadmeTransfer(t *testing.T) {
	t.Parallel()
	pasted(t, "## To another agent, or to another queue", `"mode":"attended"`, `"note":"The parcel was wet."`, `"state":"completed"`)
}

// TestReadmeEnd_C21_C37 pastes README's end of a conversation behind its walk, twice.
func TestReadmeEnd_C21_C37(t *testing.T) {
	t.Parallel()
	pasted(t, "## The end, and after it", `"code":"draft.unsent"`, `"code":"consent.required"`, `"customer_consent":true`, `"id":"WRAP_UP_TIMEOUT"`, `"state":"timed_out"`)
}

// pasted pastes a part of README behind its walk into a shell, twice, and looks for
// what must be printed.
func pasted(t *testing.T, heading string, wanted ...string) {
	t.Helper()
	_, part, _ := strings.Cut(readme(t), heading)
	_, block, _ := strings.Cut(part, "```bash\n")
	block, _, found := strings.Cut(block, "\n```")
	if !found {
		t.Fatal("README.md shows nothing of ", heading)
	}
	p := start(t, template.SQLite(t), func(c *config.Config) {
		c.BootstrapClientID, c.BootstrapClientSecret = demoAdmin, demoSecret
	})
	if err := p.demo(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, turn := range []string{"first", "second"} {
		out := paste(t, fmt.Sprintf(demoTry, p.url)+"\n"+block)
		for _, want := range wanted {
			if !strings.Contains(out, want) {
				t.Errorf("the %s time, it printed no %s:\n%s", turn, want, out)
			}
		}
	}
}

// TestReadmeContacts pastes README's erasure behind its walk, twice.
func TestReadmeContacts(t *testing.T) {
	t.Parallel()
	pasted(t, "## Who wrote, and what of them stays", `"display_name":"Kim Park (Basel)"`, "It left our house this morning.", `"state":"finished"`)
}

// TestReadmeCompose pastes README's canned response behind its walk, twice.
func TestReadmeCompose(t *testing.T) {
	t.Parallel()
	_, part, _ := strings.Cut(readme(t), "## Before it is sent")
	_, block, _ := strings.Cut(part, "```bash\n")
	block, _, found := strings.Cut(block, "\n```")
	if !found {
		t.Fatal("README.md shows no canned response")
	}
	p := start(t, template.SQLite(t), func(c *config.Config) {
		c.BootstrapClientID, c.BootstrapClientSecret = demoAdmin, demoSecret
	})
	if err := p.demo(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, turn := range []string{"first", "second"} {
		out := paste(t, fmt.Sprintf(demoTry, p.url)+"\n"+block)
		for _, want := range []string{`"name":"On its way"`, `"remaining":1974`, `"text":"Parcel 4711 is on its way."`, `"status":"queued"`, `"code":"duplicate_detected"`} {
			if !strings.Contains(out, want) {
				t.Errorf("the %s time, it printed no %s:\n%s", turn, want, out)
			}
		}
	}
}

// paste runs lines in a shell, as a reader would.
func paste(t *testing.T, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("the walk failed: %v\n%s", err, out)
	}
	return string(out)
}
