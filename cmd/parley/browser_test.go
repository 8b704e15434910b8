package main

import (
	"context"
	"flag"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

var browser = flag.String("browser", "", "a Chromium in which TestBrowser reads /docs; scripts/browser finds or installs one")

// TestBrowser looks at the reference in a real browser, under its own policy: the
// search runs, and the contents fold on a phone. TestDocs reads it without scripts.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if *browser == "" {
		t.Skip("scripts/browser runs this")
	}
	p := start(t, "sqlite:"+t.TempDir()+"/browser.db")
	all := len(allOperations(t))
	found := look(t, p.url+"/docs?q=createReplies", "--window-size=1360,900")
	if shown := operationsShown(found); len(shown) != 1 || shown[0] != "createReplies" || !strings.Contains(found, ">1 entry</output>") {
		t.Errorf("a search shows %v", shown)
	}
	if strings.Contains(found, "<search hidden") || !strings.Contains(found, `<details open="">`) {
		t.Error("on a desk the search or the contents are not to be seen")
	}
	phone := look(t, p.url+"/docs", "--window-size=500,900")
	if folded := !strings.Contains(phone, `<details open="">`); !folded || len(operationsShown(phone)) != all {
		t.Errorf("on a phone the contents are folded: %t, and %d of %d operations are shown", folded, len(operationsShown(phone)), all)
	}
}

// look loads a page and gives its elements as they are then.
func look(t *testing.T, address string, flags ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	flags = append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(), "--dump-dom"}, flags...)
	out, err := exec.CommandContext(ctx, *browser, append(flags, address)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// operationsShown lists the operations that are not hidden.
func operationsShown(dom string) (shown []string) {
	for _, m := range regexp.MustCompile(`<article id="op-(\w+)"([^>]*)>`).FindAllStringSubmatch(dom, -1) {
		if !strings.Contains(m[2], " hidden=") {
			shown = append(shown, m[1])
		}
	}
	return shown
}
