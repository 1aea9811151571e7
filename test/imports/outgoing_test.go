package imports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// callers are the files that make connections or clients, and to whom. A new one is a decision about T24: an address that a user or a remote
// document names belongs to the client of pkg/signin, which refuses those inside a network.
var callers = map[string]string{
	"pkg/signin/client.go":           "the one client for addresses that a remote document names",
	"pkg/aws/snspost/certificate.go": "SNS's host, computed from the topic's region; no redirects",
	"pkg/aws/snspost/verify.go":      "the same",
	"pkg/billing/billing.go":         "Stripe's own address, or the endpoint of the settings",
	"pkg/genome/install/install.go":  "what an operator asks for on his command line",
	"pkg/cli/health.go":              "the process that the data folder names, on this machine",
	"pkg/client/client.go":           "the server that a person names on his command line",
}

// reaching are the ways of the standard library to reach out. A method of the same name on another type is no way.
var reaching = map[string][]string{
	"net/http":   {"Get", "Post", "Head", "PostForm", "Client", "Transport", "DefaultClient", "DefaultTransport"},
	"net":        {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "Dialer"},
	"crypto/tls": {"Dial", "DialWithDialer", "Dialer"},
	"net/smtp":   {"Dial", "SendMail", "NewClient"},
	"net/rpc":    {"Dial", "DialHTTP"},
}

// sources calls do for each file of the program, tests left out, with its path from the root.
func sources(t *testing.T, do func(path string, file *ast.File)) {
	t.Helper()
	root := filepath.Join("..", "..")
	files := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		name = filepath.ToSlash(name)
		if entry.IsDir() && (name == "test" || strings.HasPrefix(entry.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "porttest") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files++
		do(name, file)
		return nil
	}))
	require.Greater(t, files, 300)
}

// imported is the name by which a file uses a package; empty when it does not.
func imported(file *ast.File, path string) string {
	for _, i := range file.Imports {
		if strings.Trim(i.Path.Value, `"`) != path {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}

func TestT24NothingReachesOutButWhatIsListed(t *testing.T) {
	found := map[string]bool{}
	sources(t, func(path string, file *ast.File) {
		for pkg, names := range reaching {
			local := imported(file, pkg)
			if local == "" {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := s.X.(*ast.Ident); ok && x.Name == local && slices.Contains(names, s.Sel.Name) {
					found[path] = true
					if callers[path] == "" && !typeOnly(file, s) {
						t.Errorf("%s uses %s.%s: say in the table to whom, or use the client of pkg/signin", path, pkg, s.Sel.Name)
					}
				}
				return true
			})
		}
	})
	for path := range callers {
		require.True(t, found[path], "%s reaches out no more", path)
	}
}

// typeOnly tells whether a selector only names the type of a pointer, as in a parameter *http.Client that somebody else makes.
func typeOnly(file *ast.File, s *ast.SelectorExpr) (only bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if star, ok := n.(*ast.StarExpr); ok && star.X == s {
			only = true
		}
		return !only
	})
	return only
}

// T23: no other program is run with a file, a name or an order of a user: there is no external annotator. Only the command line starts one, the
// browser of the person who sits there.
func TestT23NoOtherProgramIsStartedButABrowserByTheCommandLine(t *testing.T) {
	sources(t, func(path string, file *ast.File) {
		if imported(file, "os/exec") != "" && path != "pkg/cli/browser.go" {
			t.Errorf("%s starts programs", path)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok {
				call := x.Name + "." + s.Sel.Name
				require.NotRegexp(t, regexp.MustCompile(`^(syscall|unix)\.(Exec|ForkExec|StartProcess)$|^os\.StartProcess$|^plugin\.Open$`), call, path)
			}
			return true
		})
	})
}
