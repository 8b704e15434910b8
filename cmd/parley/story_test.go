package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/parley-cx/parley/internal/storage/storagetest"
)

// TestStories runs every conversation of testdata against the real binary, on
// both databases. A story is a text, one step a line:
//
//	as NAME                             who makes the requests that follow; admin is there already
//	login NAME CLIENT SECRET            a token for a client
//	with HEADER: VALUE                  a header for the next request
//	GET|POST|… PATH [BODY] -> STATUS    one request
//	  save NAME = PATH                  keep a value of the answer, to be written $NAME
//	  expect PATH == VALUE              (or !=) hold the answer to a value
//	race -> STATUS STATUS …             the indented requests that follow, "NAME METHOD PATH [BODY]", all at once
//	await TYPE [PARAMETER=VALUE …]      wait for an event after the last one awaited; it is the answer then
//	                                    (subject=ID passes over those about something else)
//	advance SECONDS                     move the business clock
//	kill / restart                      SIGKILL the program, and start it again
//
// A PATH of an answer is names and indexes with dots between; # is a length.
func TestStories(t *testing.T) {
	t.Parallel()
	stories, err := filepath.Glob("testdata/*.story")
	if err != nil || len(stories) == 0 {
		t.Fatal("there are no stories:", err)
	}
	for _, file := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".story"), func(t *testing.T) {
			t.Parallel()
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			storagetest.Each(t, func(t *testing.T, database string) {
				tell(t, database, string(script))
			})
		})
	}
}

// teller runs one story.
type teller struct {
	t       testing.TB
	program *binary
	people  map[string]*caller
	who     string
	vars    map[string]string
	headers []string
	last    answer
	cursor  string
	line    int
}

func tell(t testing.TB, database, script string) {
	s := &teller{t: t, program: startBinary(t, database), vars: map[string]string{}, who: "admin"}
	s.people = map[string]*caller{"admin": newCaller(t, s.program.URL()).login(testClient, testSecret)}
	lines := strings.Split(script, "\n")
	for s.line = 0; s.line < len(lines) && !t.Failed(); {
		line := lines[s.line]
		s.line++
		if text := strings.TrimSpace(line); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if strings.HasPrefix(line, "race") {
			var runners []string
			for s.line < len(lines) && strings.HasPrefix(lines[s.line], " ") {
				runners = append(runners, strings.TrimSpace(lines[s.line]))
				s.line++
			}
			s.race(line, runners)
			continue
		}
		s.step(strings.TrimSpace(line))
	}
}

func (s *teller) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("line %d: %s\nlast answer: %s", s.line, fmt.Sprintf(format, args...), s.last.body)
}

var variable = regexp.MustCompile(`\$(\w+)`)

// fill writes the saved values in place of their names.
func (s *teller) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		value, ok := s.vars[name[1:]]
		if !ok {
			s.fail("%s was never saved", name)
		}
		return value
	})
}

func (s *teller) step(line string) {
	word, rest, _ := strings.Cut(s.fill(line), " ")
	words := strings.Fields(rest)
	switch word {
	case "as":
		s.who = words[0]
		if s.people[s.who] == nil {
			s.fail("nobody is called %s", s.who)
		}
	case "login":
		s.people[words[0]] = s.people["admin"].login(words[1], words[2])
	case "with":
		name, value, _ := strings.Cut(rest, ": ")
		s.headers = append(s.headers, name, value)
	case "save":
		s.save(rest)
	case "expect":
		s.expect(rest)
	case "await":
		s.await(words)
	case "advance":
		seconds, err := strconv.Atoi(words[0])
		if err != nil {
			s.fail("%v", err)
		}
		s.people["admin"].do("POST", "/sandbox/clock/advance", map[string]int{"seconds": seconds}).want(200)
	case "kill":
		s.program.kill9()
	case "restart":
		s.program.restart()
	default:
		s.request(s.who, word, rest)
	}
}

// request makes one request: PATH [BODY] -> STATUS.
func (s *teller) request(who, method, rest string) {
	path, body, status := s.parse(method, rest)
	s.last = s.people[who].do(method, path, body, s.headers...)
	s.headers = nil
	if s.last.status != status {
		s.fail("%s %s answered %d, not %d", method, path, s.last.status, status)
	}
}

func (s *teller) parse(method, rest string) (path string, body any, status int) {
	if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) {
		s.fail("there is no step %q", method)
	}
	rest, wanted, found := cutLast(rest, "->")
	status = http.StatusOK
	if found {
		var err error
		if status, err = strconv.Atoi(strings.TrimSpace(wanted)); err != nil {
			s.fail("%v", err)
		}
	}
	path, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if text = strings.TrimSpace(text); text != "" {
		body = text
	}
	return path, body, status
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func (s *teller) save(rest string) {
	name, path, _ := strings.Cut(rest, " = ")
	value := s.value(path)
	if value == "" {
		s.fail("there is no %s to save", path)
	}
	s.vars[name] = value
}

// value reads a part of the last answer, or one of its headers.
func (s *teller) value(path string) string {
	if name, ok := strings.CutPrefix(path, "header."); ok {
		return s.last.header.Get(name)
	}
	return s.last.get(path)
}

func (s *teller) expect(rest string) {
	op := "=="
	path, want, found := strings.Cut(rest+" ", " == ")
	if !found {
		op = "!="
		if path, want, found = strings.Cut(rest+" ", " != "); !found {
			s.fail("expect what? %s", rest)
		}
	}
	want = strings.TrimSpace(want)
	if got := s.value(path); (got == want) != (op == "==") {
		s.fail("%s is %q, expected %s %q", path, got, op, want)
	}
}

// await waits for an event behind the last one awaited.
func (s *teller) await(words []string) {
	filter, subject := "", ""
	for _, w := range words[1:] {
		if id, ok := strings.CutPrefix(w, "subject="); ok {
			subject = id
			continue
		}
		filter += "&" + w
	}
	for {
		s.last, s.cursor = s.people[s.who].await(s.cursor, words[0], filter)
		if subject == "" || s.last.get("subject") == subject {
			return
		}
	}
}

// race makes requests at the same time; their statuses, in any order, must be these.
func (s *teller) race(line string, runners []string) {
	_, wanted, _ := cutLast(line, "->")
	want := strings.Fields(wanted)
	got := make([]string, len(runners))
	var group sync.WaitGroup
	for n, runner := range runners {
		who, rest, _ := strings.Cut(s.fill(runner), " ")
		method, rest, _ := strings.Cut(rest, " ")
		path, body, _ := s.parse(method, rest)
		group.Go(func() { got[n] = strconv.Itoa(s.people[who].do(method, path, body).status) })
	}
	group.Wait()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.fail("the race ended %v, not %v", got, want)
	}
}
