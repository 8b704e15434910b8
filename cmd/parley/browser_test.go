package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestBrowser looks at the reference in a real browser, under its own policy: the
// search runs, and the contents fold on a phone. TestDocs reads it without scripts.
func TestBrowser(t *testing.T) {
	t.Parallel()
	p, tab := start(t, template.SQLite(t)), openTab(t)
	all := len(allOperations(t))
	found := tab.look(p.url+"/docs?q=createReplies", 1360)
	if shown := operationsShown(found); len(shown) != 1 || shown[0] != "createReplies" || !strings.Contains(found, ">1 entry</output>") {
		t.Errorf("a search shows %v", shown)
	}
	if strings.Contains(found, "<search hidden") || !strings.Contains(found, `<details open="">`) {
		t.Error("on a desk the search or the contents are not to be seen")
	}
	phone := tab.look(p.url+"/docs", 500)
	if folded := !strings.Contains(phone, `<details open="">`); !folded || len(operationsShown(phone)) != all {
		t.Errorf("on a phone the contents are folded: %t, and %d of %d operations are shown", folded, len(operationsShown(phone)), all)
	}
}

// tab is a page of a Chromium that runs until the test ends. It is told what to do
// over a pipe, by the Chrome DevTools Protocol: one JSON object after the other,
// each with a zero byte behind it.
type tab struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	asked   int
	loaded  bool
}

// openTab starts a Chromium that reaches for no network of its own, also as root.
func openTab(t *testing.T) *tab {
	t.Helper()
	place, err := os.MkdirTemp("", "parley-browser-") // not TempDir: a part of Chromium may write a moment longer
	if err != nil {
		t.Fatal(err)
	}
	itsFrom, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, itsTo, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	browser := exec.Command(findBrowser(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+place, "--remote-debugging-pipe")
	browser.ExtraFiles = []*os.File{itsFrom, itsTo} // 3 and 4, where it looks for them
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(2*time.Minute, func() { _ = browser.Process.Kill() })
	t.Cleanup(func() {
		_ = to.Close() // it ends without its pipe
		_ = browser.Wait()
		late.Stop()
		_ = from.Close()
		_ = os.RemoveAll(place)
	})
	_, _ = itsFrom.Close(), itsTo.Close()
	b := &tab{t: t, to: to, from: bufio.NewReader(from)}
	target := b.ask("Target.createTarget", map[string]any{"url": "about:blank"})
	b.session = text(lookup(b.ask("Target.attachToTarget", map[string]any{"targetId": lookup(target, "targetId"), "flatten": true}), "sessionId"))
	b.ask("Page.enable", nil)
	return b
}

// findBrowser gives a Chromium by one of its names.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no Chromium: scripts/need browser installs one")
	return ""
}

// ask has one thing done, and gives what came of it.
func (b *tab) ask(method string, params map[string]any) any {
	b.t.Helper()
	b.asked++
	command := map[string]any{"id": b.asked, "method": method, "params": params}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	raw, err := json.Marshal(command)
	if err == nil {
		_, err = b.to.Write(append(raw, 0))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	for {
		said := b.hear()
		if lookup(said, "id") != float64(b.asked) {
			continue
		}
		if fault := lookup(said, "error"); fault != nil {
			b.t.Fatalf("%s: %s", method, text(fault))
		}
		return lookup(said, "result")
	}
}

// hear gives what the browser says next.
func (b *tab) hear() (said any) {
	b.t.Helper()
	raw, err := b.from.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(raw[:len(raw)-1], &said)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.loaded = b.loaded || lookup(said, "method") == "Page.loadEventFired"
	return said
}

// look loads a page in a window of this width, and gives its elements as they are then.
func (b *tab) look(address string, width int) string {
	b.t.Helper()
	b.ask("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false})
	b.loaded = false
	for b.ask("Page.navigate", map[string]any{"url": address}); !b.loaded; {
		b.hear()
	}
	return text(lookup(b.ask("Runtime.evaluate", map[string]any{"expression": "document.documentElement.outerHTML"}), "result.value"))
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
