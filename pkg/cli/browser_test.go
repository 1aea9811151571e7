package cli

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPageIsOpenedWhereThereIsAScreen(t *testing.T) {
	for _, test := range []struct {
		name, system string
		env          map[string]string
		program      string
	}{
		{"what the person has chosen", "linux", map[string]string{"BROWSER": "firefox", "DISPLAY": ":0"}, "firefox"},
		{"a screen", "linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, "xdg-open"},
		{"no screen", "linux", nil, ""},
		{"macOS", "darwin", nil, "open"},
		{"Windows", "windows", nil, "rundll32"},
	} {
		t.Run(test.name, func(t *testing.T) {
			program, _ := browserCommand(func(name string) string { return test.env[name] }, test.system)
			require.Equal(t, test.program, program)
		})
	}
	t.Setenv("BROWSER", "true")
	a := &app{in: &bytes.Buffer{}, err: &bytes.Buffer{}}
	require.False(t, a.openPage("http://127.0.0.1/"), "nobody sits there")
}

func TestOnlyPagesOfTheWebAreOpened(t *testing.T) {
	for page, want := range map[string]bool{
		"https://gas.example.org/login/device?code=X": true, "http://127.0.0.1:8080/login/device": true, "": false, "--help": false, "-x": false, "file:///etc/passwd": false, "javascript:alert(1)": false, "https:": false, "calc.exe": false,
	} {
		require.Equal(t, want, webPage(page), page)
	}
}
