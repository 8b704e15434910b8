package archtest

import (
	"flag"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var updateRules = flag.Bool("update", false, "write docs/rules.md anew")

// families are how many rules of behaviour there are under each letter.
func families() map[string]int { return map[string]int{"A": 29, "B": 23, "C": 41, "D": 14, "F": 7} }

// openRules are those whose feature is still to come.
func openRules() map[string]string {
	const sms = "comes with SMS"
	return map[string]string{
		"C02": sms, "C06": sms,
	}
}

var (
	ruleID  = regexp.MustCompile(`[A-DF][0-9]{2}`)
	partIDs = regexp.MustCompile(`^(?:[A-DF][0-9]{2} ?)+`)
)

// TestEveryRuleIsProved fails where a rule of behaviour has no test that bears its
// id, and writes which test proves which rule.
func TestEveryRuleIsProved(t *testing.T) {
	t.Parallel()
	proofs, open := proofsOf(t), openRules()
	var page strings.Builder
	page.WriteString("# Which test proves which rule\n\nWritten by `go test ./internal/archtest -run TestEveryRuleIsProved -update`. " +
		"`go test ./... -run A22` runs what bears an id in its\nname; a part of a test is named with the file that has it.\n\n| rule | proved by |\n|---|---|\n")
	for _, letter := range slices.Sorted(maps.Keys(families())) {
		for n := range families()[letter] {
			id := fmt.Sprintf("%s%02d", letter, n+1)
			proof := strings.Join(proofs[id], "<br>")
			switch {
			case proof == "" && open[id] == "":
				t.Errorf("no test bears %s in its name", id)
			case proof != "" && open[id] != "":
				t.Errorf("%s is proved by now: it is open no longer", id)
			case proof == "":
				proof = "open: " + open[id]
			}
			fmt.Fprintf(&page, "| %s | %s |\n", id, proof)
		}
	}
	file := filepath.Join(root, "docs", "rules.md")
	if *updateRules {
		if err := os.WriteFile(file, []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(file); err != nil || string(kept) != page.String() {
		t.Errorf("docs/rules.md is not what the tests prove: run with -update (%v)", err)
	}
}

// proofsOf gives the tests, and the parts of tests, that bear each rule's id.
func proofsOf(t *testing.T) map[string][]string {
	t.Helper()
	proofs := map[string][]string{}
	add := func(ids, proof string) {
		for _, id := range ruleID.FindAllString(ids, -1) {
			if !slices.Contains(proofs[id], proof) {
				proofs[id] = append(proofs[id], proof)
			}
		}
	}
	for _, s := range tree(t, func(s source) bool { return s.test }) {
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				if strings.HasPrefix(f.Name.Name, "Test") {
					add(f.Name.Name, "`"+f.Name.Name+"`")
				}
			}
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if name := partName(n); name != "" {
				add(partIDs.FindString(name), "“"+name+"” in `"+s.path+"`")
			}
			return true
		})
	}
	for _, list := range proofs {
		slices.Sort(list)
	}
	return proofs
}

// partName gives the name of a part of a test: what t.Run is called with, or what
// stands first in a part of a program's test.
func partName(n ast.Node) string {
	var first ast.Expr
	switch v := n.(type) {
	case *ast.CallExpr:
		if f, ok := v.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Run" && len(v.Args) == 2 {
			first = v.Args[0]
		}
	case *ast.CompositeLit:
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == "part" && len(v.Elts) > 0 {
			first = v.Elts[0]
		}
	}
	if literal, ok := first.(*ast.BasicLit); ok {
		name, _ := strconv.Unquote(literal.Value)
		return name
	}
	return ""
}
