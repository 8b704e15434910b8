package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The real program as a child process, for tests that kill it.
//
//	b := startBinary(t, database)       with PARLEY_… settings behind, where the defaults do not fit
//	newCaller(t, b.URL()).login(…)      the same address for the whole test
//	b.kill9(); b.restart()              as after a power cut; the database is as the kill left it
//	b.terminate(); b.restart()          as at an update: it must end cleanly within 20 s
//	b.neverLogs("what a customer said") what the log must not hold
//
// When the test ends, the program is told to end as well, and its log is looked
// through. The log is shown where the test failed.
type binary struct {
	t       testing.TB
	command []string // the arguments: serve, unless something else was asked for
	env     []string
	url     string
	log     *logbook
	took    time.Duration // from the last start until it was ready

	mu  sync.Mutex
	run *childProcess
}

// childProcess is one life of the program.
type childProcess struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it is over and its log is complete
	killed bool          // by kill9
}

// endTime is how long the program may take to end by itself.
const endTime = 20 * time.Second

// startTime is how long it may take to be ready. It takes far less; a busy
// machine is no reason to fail.
const startTime = time.Minute

// startBinary starts "parley serve" on a database, with the sandbox, and returns
// when it is ready. env are settings, NAME=VALUE; the last one of a name counts.
func startBinary(t testing.TB, databaseURL string, env ...string) *binary {
	t.Helper()
	return startCommand(t, []string{"serve"}, append([]string{"PARLEY_DATABASE_URL=" + databaseURL}, env...)...)
}

// startCommand is startBinary with another subcommand that serves.
func startCommand(t testing.TB, command []string, env ...string) *binary {
	t.Helper()
	defaults := []string{"PARLEY_DATA_DIR=" + t.TempDir(), "PARLEY_SANDBOX=true", "PARLEY_LOG_LEVEL=debug", "PARLEY_PLATFORM_TIMEOUT=2s",
		"PARLEY_BOOTSTRAP_CLIENT_ID=" + testClient, "PARLEY_BOOTSTRAP_CLIENT_SECRET=" + testSecret}
	b := &binary{t: t, command: command, log: &logbook{}}
	b.neverLogs(testSecret, appSecret)
	t.Cleanup(b.finish)
	var err error
	for range 5 { // somebody else may take the port in between
		b.env = append(append(plainEnvironment(), append(defaults, fmt.Sprintf("PARLEY_ADDR=127.0.0.1:%d", freePort(t)))...), env...)
		if err = b.launch(); err == nil {
			return b
		}
	}
	t.Fatal(err)
	return nil
}

// plainEnvironment is the test's own without Parley's settings, and without what
// makes the tests themselves collect their garbage less often.
func plainEnvironment() []string {
	var kept []string
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "PARLEY_") && !strings.HasPrefix(setting, "GOGC=") {
			kept = append(kept, setting)
		}
	}
	return kept
}

// freePort finds a port that the program can have again after it was killed: it
// lies below those that outgoing connections take.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("there is no free port")
	return 0
}

// The program is built once for all tests of the process.
var (
	buildFolder string
	built       = sync.OnceValues(buildBinary)
)

func buildBinary() (path string, err error) {
	if buildFolder, err = os.MkdirTemp("", "parley-build-"); err != nil {
		return "", err
	}
	path = filepath.Join(buildFolder, "parley")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// TestMain takes the built program and the template away when all tests are over.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := template.Drop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if buildFolder != "" {
		_ = os.RemoveAll(buildFolder)
	}
	os.Exit(code)
}

// URL is where the program serves. A restart does not change it.
func (b *binary) URL() string { return b.url }

// PID is the process's id, another one after each restart.
func (b *binary) PID() int { return b.process().cmd.Process.Pid }

// neverLogs says what the program's log must not hold, in any of its lives.
func (b *binary) neverLogs(words ...string) { b.log.hide(words...) }

func (b *binary) process() *childProcess {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.run
}

// kill9 ends the program with SIGKILL, in whatever it is doing, and returns when
// it is gone. It may be called from any goroutine.
func (b *binary) kill9() {
	b.mu.Lock()
	run := b.run
	run.killed = true
	b.mu.Unlock()
	if err := run.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		b.t.Error("kill:", err)
	}
	<-run.exited
}

// terminate tells the program to end, with SIGTERM. It must do so cleanly, in time.
func (b *binary) terminate() {
	b.t.Helper()
	run := b.process()
	began := time.Now()
	if err := run.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		b.t.Error("terminate:", err)
	}
	select {
	case <-run.exited:
	case <-time.After(endTime):
		b.t.Errorf("the program did not end within %v of SIGTERM", endTime)
		b.kill9()
		return
	}
	if state := run.cmd.ProcessState; !state.Success() {
		b.t.Errorf("the program ended with %v, %v after SIGTERM", state, time.Since(began).Round(time.Millisecond))
	}
}

// restart starts the program again: the same address, database and settings. It
// must have been ended before.
func (b *binary) restart() {
	b.t.Helper()
	if err := b.launch(); err != nil {
		b.t.Fatal(err)
	}
}

// launch starts a process and waits until it is ready.
func (b *binary) launch() error {
	path, err := built()
	if err != nil {
		return err
	}
	run := &childProcess{cmd: exec.Command(path, b.command...), exited: make(chan struct{})}
	run.cmd.Env = b.env
	address := b.log.listen()
	run.cmd.Stdout, run.cmd.Stderr = b.log, b.log
	began := time.Now()
	if err := run.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = run.cmd.Wait() // its state is read from the process
		close(run.exited)
	}()
	b.mu.Lock()
	b.run = run
	b.mu.Unlock()
	late := time.After(startTime)
	select {
	case url := <-address:
		if b.url != url { // a restart changes nothing under those who are calling
			b.url = url
		}
	case <-run.exited:
		return fmt.Errorf("the program ended at its start with %v:\n%s", run.cmd.ProcessState, b.log.tail())
	case <-late:
		return fmt.Errorf("the program did not say where it serves:\n%s", b.log.tail())
	}
	err = b.await(late)
	b.took = time.Since(began)
	return err
}

// await asks the program whether it is ready until it says so. Its door is open
// by now, so the first answer is the one.
func (b *binary) await(late <-chan time.Time) error {
	for {
		answer, err := http.Get(b.url + "/readyz")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-late:
			return fmt.Errorf("the program was not ready in time: %v\n%s", err, b.log.tail())
		case <-b.process().exited:
			return fmt.Errorf("the program ended before it was ready:\n%s", b.log.tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// finish ends what runs and looks the log through.
func (b *binary) finish() {
	b.t.Helper()
	if run := b.process(); run != nil && !run.killed {
		b.terminate()
	}
	for _, found := range b.log.leaks() {
		b.t.Errorf("the program's log holds what it must never hold: %s", found)
	}
	if b.t.Failed() {
		b.t.Logf("the end of the program's log:\n%s", b.log.tail())
	}
}

// logbook is everything that the program printed, in all its lives.
type logbook struct {
	mu      sync.Mutex
	text    []byte
	seen    int // where the present life began
	address chan string
	hidden  []string
}

// serves is the line that the program prints when its door is open.
var serves = regexp.MustCompile(`serves (http://\S+)`)

// Write takes a piece of the log.
func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if l.address == nil {
		return len(p), nil
	}
	if m := serves.FindSubmatch(l.text[l.seen:]); m != nil {
		l.address <- string(m[1])
		l.address = nil
	}
	return len(p), nil
}

// listen gives the address that the next life of the program tells.
func (l *logbook) listen() <-chan string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen, l.address = len(l.text), make(chan string, 1)
	return l.address
}

func (l *logbook) hide(words ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hidden = append(l.hidden, words...)
}

// leaks gives, for each hidden word that was logged, the first line with it.
func (l *logbook) leaks() (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, word := range l.hidden {
		if i := bytes.Index(l.text, []byte(word)); i >= 0 {
			line := l.text[bytes.LastIndexByte(l.text[:i], '\n')+1:]
			line, _, _ = bytes.Cut(line, []byte("\n"))
			found = append(found, fmt.Sprintf("%q in %s", word, line))
		}
	}
	return found
}

// tail gives the last lines.
func (l *logbook) tail() string {
	const most = 8 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text[max(0, len(l.text)-most):])
}

// TestBinary holds the program to what an operator relies on: it keeps what it
// acknowledged through a kill, ends cleanly when it is told to, whoever is
// listening, and logs nothing of what people say.
func TestBinary(t *testing.T) {
	t.Parallel()
	b := startBinary(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	b.neverLogs("A customer's words", "An agent's words", "7000000000000001")
	d := newDesk(newCaller(t, b.URL()).login(testClient, testSecret), 1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.writes("7000000000000001", "A customer's words")
	id, cursor := ana.accepted("")
	ana.do("POST", "/v1/interactions/"+id+"/replies", map[string]any{"text": "An agent's words"}).want(202)
	ana.await(cursor, "reply.delivered", "&interaction_id="+id)

	address, pid := b.URL(), b.PID()
	b.kill9()
	b.restart()
	if b.URL() != address || b.PID() == pid {
		t.Errorf("it serves %s as process %d, after %s as process %d", b.URL(), b.PID(), address, pid)
	}
	if n := ana.do("GET", "/v1/interactions/"+id+"/messages", nil).want(200).get("items.#"); n != "2" {
		t.Errorf("there are %s messages after the kill, not 2", n)
	}
	listening := listen(ana)
	stranger := newCaller(t, b.URL())
	stranger.token = ana.token + "x"
	refused := stranger.do("GET", "/v1/queues", nil).code(401, "token.invalid").header.Get("Request-Id")
	b.terminate()
	if err := <-listening; err != nil {
		t.Error("a listener was cut off:", err)
	}
	if said := b.log.tail(); !strings.Contains(said, `msg="access refused" request_id=`+refused) || !strings.Contains(said, "(malformed)") {
		t.Errorf("the log does not say why a token was refused:\n%s", said)
	}
	b.restart()
}

// listen waits for events, and returns when the program knows of it.
func listen(c *caller) <-chan error {
	c.t.Helper()
	after := c.do("GET", "/v1/events?limit=200", nil).want(200).get("next_cursor")
	asked, over := make(chan struct{}), make(chan error, 1)
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(asked) }}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), http.MethodGet, c.url+"/v1/events?wait=30&cursor="+after, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	go func() {
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			err = answer.Body.Close()
		}
		over <- err
	}()
	<-asked
	for range 5 { // whoever is served now came later
		c.do("GET", "/v1/agents/me", nil).want(200)
	}
	return over
}
