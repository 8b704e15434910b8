package docs

import (
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

//go:embed problems.txt
var problemText string

// problem is a code that a refused request is answered with.
type problem struct {
	Code, Status string
	Details      []template.HTML
	Words        string
}

// problems reads problems.txt, which is written from the code by a test.
func problems() (all []problem) {
	for line := range strings.Lines(problemText) {
		parts := strings.SplitN(strings.TrimSpace(line), " | ", 3)
		if len(parts) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		status, _ := strconv.Atoi(parts[1])
		p := problem{Code: parts[0], Status: parts[1] + " " + http.StatusText(status)}
		if n := len(all); n == 0 || all[n-1].Code != p.Code {
			all = append(all, p)
		}
		last := &all[len(all)-1]
		last.Details = append(last.Details, inline(strings.NewReplacer("%s", "…", "%d", "…").Replace(parts[2])))
		last.Words = strings.ToLower(last.Words + " " + line)
	}
	return all
}
