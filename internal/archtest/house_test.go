package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// readOnly are package-level variables that are tables, patterns or embedded
// files: made once and never written. TestNothingWritesAPackageVariable holds that.
func readOnly() list {
	return list{
		"api.SpecYAML", "migrations.Files",
		"cmd/parley.version", // set by the linker
		"internal/channel.address", "internal/channel.words", "internal/channel.free",
		"internal/channel/internal/graph.rules", "internal/channel/internal/graph.verdicts", "internal/channel/internal/graph.shapes", "internal/channel/internal/graph.fates",
		"internal/channel/open.statuses", "internal/channel/open.failures", "internal/channel/open.layouts",
		"internal/domain.interactionMoves", "internal/domain.offerMoves", "internal/domain.conferenceMoves", "internal/domain.participantMoves", "internal/domain.wrapUpMoves", "internal/domain.replyMoves", "internal/domain.transferMoves", "internal/domain.failures", "internal/domain.issuers",
		"internal/locale.frenchText", "internal/locale.labelText", "internal/locale.hump",
		"internal/docs.problemText", "internal/docs.pageHTML", "internal/docs.pageCSS", "internal/docs.pageJS", "internal/docs.code", "internal/docs.bold",
		"internal/httpapi.statuses", "internal/httpapi.openCodes", "internal/httpapi.titles", "internal/httpapi.pathParameter", "internal/httpapi.formats", "internal/storage.lowerAllLetters", "internal/storage.leak", "internal/simulator.named",
	}
}

// variables gives the names of a file's package-level variables.
func variables(s source) map[string]*ast.ValueSpec {
	all := map[string]*ast.ValueSpec{}
	for _, d := range s.syntax.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.VAR {
			continue
		}
		for _, spec := range block.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if name.Name != "_" {
					all[name.Name] = spec.(*ast.ValueSpec)
				}
			}
		}
	}
	return all
}

// Errors that are compared with may stand at package level; nothing else but tables.
func TestNothingIsGlobal(t *testing.T) {
	t.Parallel()
	for _, s := range tree(t, written) {
		for name, spec := range variables(s) {
			sentinel := strings.HasPrefix(strings.ToLower(name), "err") && len(spec.Values) > 0
			if !sentinel && !slices.Contains(readOnly(), s.folder+"."+name) {
				t.Errorf("%s: the variable %s: give it to a struct, or list it in readOnly()", s.at(spec.Pos()), name)
			}
		}
	}
}

func TestNothingWritesAPackageVariable(t *testing.T) {
	t.Parallel()
	global := map[string]*ast.ValueSpec{} // by folder and name
	files := tree(t, written)
	for _, s := range files {
		for name, spec := range variables(s) {
			global[s.folder+"."+name] = spec
		}
	}
	for _, s := range files {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			for _, target := range targets(n) {
				name := base(target)
				if name == nil || global[s.folder+"."+name.Name] == nil {
					continue
				}
				// What the parser resolved to something else in this file is a local name.
				if spec := global[s.folder+"."+name.Name]; name.Obj == nil || name.Obj.Decl == spec {
					t.Errorf("%s: %s is written", s.at(n.Pos()), name.Name)
				}
			}
			return true
		})
	}
}

// targets gives what a statement or call writes to, or takes the address of.
func targets(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") {
			return n.Args[:1]
		}
	}
	return nil
}

// base gives the variable at the bottom of x.y[z].
func base(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return base(e.X)
	case *ast.IndexExpr:
		return base(e.X)
	case *ast.StarExpr:
		return base(e.X)
	}
	return nil
}

// Time comes in as an argument or as a field; only the program looks at a clock.
func TestNoClockNoInitNoPanic(t *testing.T) {
	t.Parallel()
	clock := list{"Now", "Sleep", "Since", "Until"}
	for _, s := range tree(t, written) {
		inProgram := strings.HasPrefix(s.folder, "cmd/")
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: func init", s.at(n.Pos()))
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "panic" && !inProgram {
					t.Errorf("%s: panic", s.at(n.Pos()))
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) && !inProgram {
					t.Errorf("%s: time.%s", s.at(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestNoFileIsLong(t *testing.T) {
	t.Parallel()
	for _, s := range tree(t, func(s source) bool { return !s.generated }) {
		if s.lines > 500 {
			t.Errorf("%s has %d lines", s.path, s.lines)
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	comments := map[string]list{}
	for _, s := range tree(t, func(s source) bool { return !strings.HasSuffix(s.path, "_test.go") }) {
		comments[s.folder] = append(comments[s.folder], "")
		if s.syntax.Doc != nil && !s.generated {
			comments[s.folder] = append(comments[s.folder], s.path)
		}
	}
	for folder, files := range comments {
		if said := slices.DeleteFunc(files, func(f string) bool { return f == "" }); len(said) != 1 {
			t.Errorf("%s wants one package comment, has them in %v", folder, said)
		}
	}
}

// TestEveryExportedNameHasAComment asks for a sentence at each exported name. The
// values of an enum share their type's.
func TestEveryExportedNameHasAComment(t *testing.T) {
	t.Parallel()
	for _, s := range tree(t, func(s source) bool { return !s.generated && !strings.HasSuffix(s.path, "_test.go") }) {
		for _, d := range s.syntax.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) {
					t.Errorf("%s: %s has no comment", s.at(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if name := uncommented(spec); name != "" && d.Doc == nil {
						t.Errorf("%s: %s has no comment", s.at(spec.Pos()), name)
					}
				}
			}
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	kind := f.Recv.List[0].Type
	if index, ok := kind.(*ast.IndexExpr); ok {
		kind = index.X
	}
	if name := base(kind); name != nil {
		return name.Name
	}
	return ""
}

// uncommented gives the exported name of a declaration that says nothing of it.
func uncommented(spec ast.Spec) string {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && spec.Doc == nil && spec.Comment == nil {
			return spec.Name.Name
		}
	case *ast.ValueSpec:
		kind, typed := spec.Type.(*ast.Ident)
		value := typed && ast.IsExported(kind.Name)
		if spec.Names[0].IsExported() && spec.Doc == nil && spec.Comment == nil && !value {
			return spec.Names[0].Name
		}
	}
	return ""
}

func TestNoFolderIsADrawer(t *testing.T) {
	t.Parallel()
	drawers := list{"models", "model", "common", "util", "utils", "manager", "managers", "helpers", "shared", "misc", "lib"}
	for _, s := range tree(t, func(source) bool { return true }) {
		for word := range strings.SplitSeq(s.folder, "/") {
			if slices.Contains(drawers, word) {
				t.Errorf("%s: %q says nothing of what is in it", s.path, word)
			}
		}
	}
}

// Nothing in the repository may depend on, or tell of, the machine that it was written on.
func TestNothingNamesAMachine(t *testing.T) {
	t.Parallel()
	machine := "/wo" + "rk/"
	err := eachFile(func(name string, content []byte) error {
		if strings.Contains(string(content), machine) && path.Ext(name) != ".sum" {
			t.Errorf("%s contains %q", name, machine)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
