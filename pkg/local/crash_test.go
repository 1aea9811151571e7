package local

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/user"
)

// crashFolder names the folder on which this test binary, started again, works until it is killed.
const crashFolder = "GAS_LOCAL_CRASH_FOLDER"

// TestHelperWorksUntilKilled is the process that TestWhatReturnedSurvivesAKill kills. It prints each id when its write has returned.
func TestHelperWorksUntilKilled(t *testing.T) {
	data := os.Getenv(crashFolder)
	if data == "" {
		t.Skip("only as a child of TestWhatReturnedSurvivesAKill")
	}
	l, err := Open(context.Background(), Options{Data: data})
	require.NoError(t, err)
	fmt.Println("instance", l.Instance)
	var out sync.Mutex
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", l.Instance, worker, i)
				if _, err := l.Inputs.Put(context.Background(), "in/"+id, strings.NewReader(id), port.Put{Size: -1}); err != nil {
					panic(err)
				}
				if err := l.Store.CreateUser(context.Background(), user.User{ID: id}); err != nil {
					panic(err)
				}
				out.Lock()
				fmt.Println("done", id)
				out.Unlock()
			}
		}()
	}
	select {}
}

func TestWhatReturnedSurvivesAKill(t *testing.T) {
	data := t.TempDir()
	var done []string
	for range 3 {
		done = append(done, killedAfter(t, data, 40)...)
	}
	l := open(t, Options{Data: data})
	for _, line := range done {
		word, id, _ := strings.Cut(line, " ")
		if word == "instance" {
			require.True(t, l.OwnerGone(id), "the lock of a killed process is free")
			continue
		}
		_, err := l.Store.User(t.Context(), id)
		require.NoError(t, err)
		info, err := l.Inputs.Stat(t.Context(), "in/"+id)
		require.NoError(t, err)
		require.EqualValues(t, len(id), info.Size)
	}
	entries, err := l.objects[0].entries(tempFolder)
	require.NoError(t, err)
	require.Empty(t, entries, "what was half written is swept at the start")
}

// killedAfter starts a child, kills it after so many lines, and returns them.
func killedAfter(t *testing.T, data string, lines int) (read []string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestHelperWorksUntilKilled$", "-test.v")
	child.Env = append(os.Environ(), crashFolder+"="+data)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		line := scanner.Text()
		if strings.HasPrefix(line, "done ") || strings.HasPrefix(line, "instance ") {
			read = append(read, line)
		}
		if len(read) == lines {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.Error(t, child.Wait(), "it was killed")
	require.GreaterOrEqual(t, len(read), lines)
	return read
}
