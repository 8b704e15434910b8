package archtest

import (
	"go/ast"
	"go/constant"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parley-cx/parley/internal/locale"
)

// spoken are the types whose constants people read. They are found by type, wherever
// they stand: in a call, in a table, or as what a function returns.
func spoken() list {
	return list{domain + ".Sentence", domain + ".Phrase", "internal/egress.Refusal"}
}

// checked is our code with the types of its expressions. The packages of others are
// not read, so what depends on their types has none.
type checked struct {
	files map[string][]source // by folder
	done  map[string]*types.Package
	info  types.Info
}

// typed checks the types of all that runs, once for all tests.
var typed = sync.OnceValues(func() (*checked, error) {
	all, err := sources()
	c := &checked{files: map[string][]source{}, done: map[string]*types.Package{}, info: types.Info{Types: map[ast.Expr]types.TypeAndValue{}}}
	for _, s := range all {
		if !s.test {
			c.files[s.folder] = append(c.files[s.folder], s)
		}
	}
	for folder := range c.files {
		_, _ = c.Import(module + folder)
	}
	for _, s := range all {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			c.mapped(n)
			return true
		})
	}
	return c, err
})

// Import gives a package of ours, checked from its source, and an empty one for any other.
func (c *checked) Import(name string) (*types.Package, error) {
	if p := c.done[name]; p != nil {
		return p, nil
	}
	folder, ours := strings.CutPrefix(name, module)
	files := c.files[folder]
	if !ours || len(files) == 0 {
		p := types.NewPackage(name, name[strings.LastIndex(name, "/")+1:])
		p.MarkComplete()
		return p, nil
	}
	var syntax []*ast.File
	for _, s := range files {
		syntax = append(syntax, s.syntax)
	}
	config := types.Config{Importer: c, Error: func(error) {}} // there are many, of what is not read
	p, _ := config.Check(name, files[0].fset, syntax, &c.info)
	c.done[name] = p
	return p, nil
}

// speaks tells whether people read the value of an expression, and gives it where it
// is a constant.
func (c *checked) speaks(e ast.Expr) (text string, constantly, speaks bool) {
	tv := c.info.Types[e]
	if tv.Type == nil || tv.IsType() || !isSpoken(tv.Type) {
		return "", false, false
	}
	if tv.Value == nil || tv.Value.Kind() != constant.String {
		return "", false, true
	}
	return constant.StringVal(tv.Value), true, true
}

func isSpoken(t types.Type) bool {
	return slices.Contains(spoken(), strings.TrimPrefix(t.String(), module))
}

// mapped gives types to the values of a map whose keys are names of others, where the
// checker gives up.
func (c *checked) mapped(n ast.Node) {
	literal, ok := n.(*ast.CompositeLit)
	if !ok || c.info.Types[literal].Type == nil {
		return
	}
	table, ok := c.info.Types[literal].Type.(*types.Map)
	if !ok || !isSpoken(table.Elem()) {
		return
	}
	for _, e := range literal.Elts {
		value := e.(*ast.KeyValueExpr).Value
		if words, ok := value.(*ast.BasicLit); ok {
			c.info.Types[value] = types.TypeAndValue{Type: table.Elem(), Value: constant.MakeFromLiteral(words.Value, words.Kind, 0)}
		}
	}
}

// eachSentence visits the expressions that people read the value of, as whole as they are.
func eachSentence(t *testing.T, visit func(c *checked, s source, e ast.Expr, text string, constantly bool)) {
	t.Helper()
	c, err := typed()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range tree(t, func(s source) bool { return !s.test }) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, constantly, speaks := c.speaks(e)
			if speaks && text != "" || speaks && !constantly {
				visit(c, s, e, text, constantly)
			}
			return !constantly
		})
	}
}

// sentences gives what is said, and one place where it is.
func sentences(t *testing.T) map[string]string {
	said := map[string]string{}
	eachSentence(t, func(_ *checked, s source, e ast.Expr, text string, constantly bool) {
		if constantly {
			said[text] = s.at(e.Pos())
		}
	})
	return said
}

// What is put together when the program runs has no translation: a sentence takes
// its values through fmt's verbs.
func TestEverySentenceIsAConstant(t *testing.T) {
	t.Parallel()
	// A refusal is a sentence, and a phrase is looked up like one.
	allowed := list{"internal/egress/policy.go", "internal/locale/catalogue.go"}
	eachSentence(t, func(c *checked, s source, e ast.Expr, _ string, constantly bool) {
		_, sum := e.(*ast.BinaryExpr)
		call, called := e.(*ast.CallExpr)
		converted := called && c.info.Types[call.Fun].IsType()
		if !constantly && (sum || converted) && !slices.Contains(allowed, s.path) {
			t.Errorf("%s: a sentence is a constant: write its values as verbs and give them as Args", s.at(e.Pos()))
		}
	})
	for _, s := range tree(t, func(s source) bool { return s.folder == "internal/httpapi" && !s.test }) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			name, _ := pair.Key.(*ast.Ident)
			words, literal := pair.Value.(*ast.BasicLit)
			c, _ := typed()
			if name != nil && literal && (name.Name == "Detail" || name.Name == "Title") {
				if _, _, speaks := c.speaks(words); !speaks {
					t.Errorf("%s: this has no translation: say it as a domain.Sentence", s.at(words.Pos()))
				}
			}
			return true
		})
	}
}

// TestF01EverySentenceIsInFrench compares what is said with the catalogue.
func TestF01EverySentenceIsInFrench(t *testing.T) {
	t.Parallel()
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	said, french := sentences(t), catalogue.French()
	if len(said) < 100 {
		t.Fatalf("only %d sentences were found", len(said))
	}
	for _, text := range slices.Sorted(maps.Keys(said)) {
		translated, ok := french[text]
		if !ok {
			t.Errorf("%s: internal/locale/french.txt lacks\n%s", said[text], text)
		} else if !slices.Equal(verbs(text), verbs(translated)) {
			t.Errorf("%s: the French takes other values:\n%s\n%s", said[text], text, translated)
		}
	}
	for text := range french {
		if said[text] == "" {
			t.Errorf("internal/locale/french.txt: nobody says %q any more", text)
		}
	}
}

var verb = regexp.MustCompile(`%(\[\d\])?[a-z]`)

// verbs gives a sentence's verbs in the order of their values, which French may turn
// around with %[2]s.
func verbs(sentence string) list {
	var all list
	for i, v := range verb.FindAllString(strings.ReplaceAll(sentence, "%%", ""), -1) {
		if strings.Contains(v, "[") {
			all = append(all, v)
		} else {
			all = append(all, "%["+string(rune('1'+i))+"]"+v[1:])
		}
	}
	slices.Sort(all)
	return all
}

// A thing is the subject of "%s n'existe pas.", so its French says which one.
func TestThingsCanBeSubjects(t *testing.T) {
	t.Parallel()
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := typed()
	if err != nil {
		t.Fatal(err)
	}
	french, subject := catalogue.French(), regexp.MustCompile(`^(ce|cet|cette) `)
	for _, s := range tree(t, func(s source) bool { return !s.test }) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || !slices.Contains(list{"NotFound", "InvalidTransition", "one"}, called(call.Fun)) {
				return true
			}
			for _, arg := range call.Args[:min(2, len(call.Args))] {
				text, constantly, _ := c.speaks(arg)
				if thing := called(call.Fun) != "InvalidTransition" || arg == call.Args[0]; constantly && thing && !subject.MatchString(french[text]) {
					t.Errorf("%s: %q is %q in French; it wants ce, cet or cette", s.at(arg.Pos()), text, french[text])
				}
			}
			return true
		})
	}
}

// called gives the name of a function that is called.
func called(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.IndexExpr:
		return called(f.X)
	}
	return ""
}

// TestEverySentenceGetsItsValues counts the verbs of a sentence and the values beside it.
func TestEverySentenceGetsItsValues(t *testing.T) {
	t.Parallel()
	c, err := typed()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range tree(t, func(s source) bool { return !s.test }) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			sentence, values := said(c, n)
			if sentence == nil {
				return true
			}
			if text, constantly, speaks := c.speaks(sentence); speaks && constantly && values >= 0 && len(verbs(text)) != values {
				t.Errorf("%s: %d values for %q", s.at(n.Pos()), values, text)
			}
			return true
		})
	}
}

// said gives the sentence of a call or a literal and how many values stand with it, -1
// for a list from elsewhere.
func said(c *checked, n ast.Node) (sentence ast.Expr, values int) {
	switch n := n.(type) {
	case *ast.CallExpr:
		for i, arg := range n.Args {
			signature, ok := c.info.Types[n.Fun].Type.(*types.Signature)
			if _, _, speaks := c.speaks(arg); speaks && ok && signature.Variadic() && signature.Params().Len() == i+2 && !n.Ellipsis.IsValid() {
				return arg, len(n.Args) - i - 1
			}
		}
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if !ok {
				return nil, 0
			}
			switch name, _ := pair.Key.(*ast.Ident); {
			case name == nil:
			case name.Name == "Detail":
				sentence = pair.Value
			case name.Name == "Args":
				values = -1
				if given, ok := pair.Value.(*ast.CompositeLit); ok {
					values = len(given.Elts)
				}
			}
		}
	}
	return sentence, values
}
