// Package threats is the table of what could be done to GAS and to the people who trust it: what the program must do about each, and the tests that
// show it. docs/security.md is made of it. make test looks at how these tests ended: a row without a test that ran fails.
package threats

// Row is one threat.
type Row struct {
	Number   int
	Threat   string
	Required string
	Shown    []Test
}

// Test is a test function, by its package without the module's name, and its name.
type Test struct{ Package, Name string }

// in lists tests of one package.
func in(pkg string, names ...string) []Test {
	tests := make([]Test, 0, len(names))
	for _, name := range names {
		tests = append(tests, Test{pkg, name})
	}
	return tests
}

// all joins lists of tests.
func all(lists ...[]Test) (tests []Test) {
	for _, list := range lists {
		tests = append(tests, list...)
	}
	return tests
}
