package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/parley-cx/parley/"
)

// source is one Go file of the repository.
type source struct {
	path      string // from the root, with slashes
	folder    string
	lines     int
	test      bool // a _test.go file, or one of a package that only tests import
	generated bool
	syntax    *ast.File
	fset      *token.FileSet
}

// helps tells whether a folder holds a package that only tests import.
func helps(folder string) bool { return strings.HasSuffix(folder, "test") }

// at gives a place in the file for a message.
func (s source) at(p token.Pos) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(p).Line)
}

// imports gives the packages that the file imports: those of this repository by
// their folder, and those of others by their path. The standard library is left out.
func (s source) imports() (own, others []string) {
	for _, spec := range s.syntax.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(name, "/")
		if folder, ours := strings.CutPrefix(name, module); ours {
			own = append(own, folder)
		} else if strings.Contains(first, ".") {
			others = append(others, name)
		}
	}
	return own, others
}

// sources reads every Go file once for all tests.
var sources = sync.OnceValues(func() (all []source, err error) {
	fset := token.NewFileSet()
	err = eachFile(func(name string, content []byte) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		syntax, err := parser.ParseFile(fset, name, content, parser.ParseComments)
		all = append(all, source{path: name, folder: path.Dir(name), lines: bytes.Count(content, []byte("\n")),
			test: strings.HasSuffix(name, "_test.go") || helps(path.Dir(name)), generated: syntax != nil && ast.IsGenerated(syntax),
			syntax: syntax, fset: fset})
		return err
	})
	return all, err
})

// eachFile visits every file of the repository that somebody wrote.
func eachFile(visit func(name string, content []byte) error) error {
	left := []string{".git", "parley-data", "bin"} // as .gitignore has them
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case slices.Contains(left, d.Name()) && d.IsDir():
			return filepath.SkipDir
		case slices.Contains(left, d.Name()) || d.IsDir(): // a second working copy has a file .git
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		name, err = filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(name), content)
	})
}

// tree gives the Go files for which keep is true.
func tree(t *testing.T, keep func(source) bool) []source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go files were found")
	}
	return slices.DeleteFunc(slices.Clone(all), func(s source) bool { return !keep(s) })
}

// written keeps what people wrote and a program runs.
func written(s source) bool { return !s.test && !s.generated }
