package docs

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write problems.txt anew from the code")

// TestEveryProblemIsDocumented compares problems.txt with every problem that the code
// can answer: a code with the sentence beside it.
func TestEveryProblemIsDocumented(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".gen.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, line := range problemsOf(n) {
				found[line] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text := problemsHead + strings.Join(slices.Sorted(maps.Keys(found)), "\n") + "\n"
	if *update {
		if err := os.WriteFile("problems.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if written, err := os.ReadFile("problems.txt"); err != nil || string(written) != text {
		t.Errorf("problems.txt is not what the code answers: go test ./internal/docs -run TestEveryProblemIsDocumented -update (%v)", err)
	}
	for line := range found {
		if strings.Contains(line, " | 0 | ") {
			t.Errorf("tell statusOf what kind of error this is: %s", line)
		}
	}
	if len(found) < 80 {
		t.Errorf("only %d problems were found", len(found))
	}
}

const problemsHead = `# Every problem that Parley answers: its code, its status, its detail in English, with %s and %d for values.
# Written from the code by: go test ./internal/docs -run TestEveryProblemIsDocumented -update
`

var (
	codeForm     = regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)
	sentenceForm = regexp.MustCompile(`^[A-Za-z%_]+[ ,'].*\.$`)
)

// problemsOf gives the problems of one call or literal.
func problemsOf(n ast.Node) (lines []string) {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := nameOf(n.Fun)
		if name == "NotFound" || name == "one" {
			// Nobody is ever told of these two.
			if noun := literal(n.Args[len(n.Args)-1]); noun != "" && noun != "setup" && noun != "idempotency key" {
				code := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(noun)) + ".not_found"
				lines = append(lines, problemLine(code, http.StatusNotFound, "There is no such "+noun+"."))
			}
			return lines
		}
		statuses := map[string]int{"Conflict": 409, "replyConflict": 409, "bodyFault": 400}
		return pairs(n.Args, cmp.Or(statuses[name], http.StatusUnprocessableEntity))
	case *ast.CompositeLit:
		return problemsOfLiteral(n)
	}
	return nil
}

func problemsOfLiteral(n *ast.CompositeLit) (lines []string) {
	code, detail, status := "", "", http.StatusConflict
	for _, e := range n.Elts {
		if s, ok := e.(*ast.SelectorExpr); ok {
			status = statusOf(s.Sel.Name)
		}
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch nameOf(pair.Key) {
		case "Kind":
			status = statusOf(nameOf(pair.Value))
		case "Code":
			code = literal(pair.Value)
		case "Detail":
			detail = literal(pair.Value)
		}
	}
	if codeForm.MatchString(code) && detail != "" {
		return []string{problemLine(code, status, detail)}
	}
	return pairs(n.Elts, status)
}

// pairs finds a code with its sentence behind it.
func pairs(elements []ast.Expr, status int) (lines []string) {
	for i := range len(elements) - 1 {
		code, sentence := literal(elements[i]), literal(elements[i+1])
		if codeForm.MatchString(code) && sentenceForm.MatchString(sentence) {
			lines = append(lines, problemLine(code, status, sentence))
		}
	}
	return lines
}

// statusOf reads http.StatusX and domain.ErrorX.
func statusOf(name string) int {
	kinds := map[string]int{"ErrorInvalid": 422, "ErrorMalformed": 400, "ErrorUnauthorized": 401, "ErrorForbidden": 403, "ErrorNotFound": 404,
		"ErrorConflict": 409, "ErrorGone": 410, "ErrorTooLarge": 413, "ErrorStale": 412, "ErrorPrecondition": 428, "ErrorUnavailable": 503}
	if status := kinds[name]; status > 0 {
		return status
	}
	for status := 400; status < 600; status++ {
		if text := strings.NewReplacer(" ", "", "-", "").Replace(http.StatusText(status)); text != "" && name == "Status"+text {
			return status
		}
	}
	return 0
}

func problemLine(code string, status int, sentence string) string {
	return fmt.Sprintf("%s | %d | %s", code, status, sentence)
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(l.Value)
	return text
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.IndexExpr:
		return nameOf(e.X)
	}
	return ""
}
