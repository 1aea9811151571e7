package local

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"gas/pkg/job"
)

// longestSocket is how long the path of a unix socket may be.
const longestSocket = 100

// peers wakes the other processes on the folder: each listens on a datagram socket in run/ for names of topics. A wake-up may get lost;
// receivers poll behind it. Where the folder's path is too long for a socket, polling is all there is.
type peers struct {
	folder string
	own    string
	conn   *net.UnixConn
	done   sync.WaitGroup
}

// startPeers opens this instance's socket and rings the bells for what arrives.
func startPeers(folder, name string, b *bells) *peers {
	p := &peers{folder: folder, own: name + ".sock"}
	path := filepath.Join(folder, p.own)
	if len(path) > longestSocket {
		return p
	}
	os.Remove(path) // of an instance of this name that ended badly; our lock says that none runs
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return p
	}
	p.conn = conn
	p.done.Go(func() { p.listen(b) })
	return p
}

// listen rings for each datagram until the socket is closed.
func (p *peers) listen(b *bells) {
	buffer := make([]byte, 64)
	for {
		n, _, err := p.conn.ReadFromUnix(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			b.ring(job.Topic(buffer[:n]))
		}
	}
}

// ring sends a topic to every other socket in the folder and removes those behind which nobody listens.
func (p *peers) ring(topic job.Topic) {
	if p.conn == nil {
		return
	}
	entries, err := os.ReadDir(p.folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if entry.Name() == p.own || !strings.HasSuffix(entry.Name(), ".sock") {
			continue
		}
		to := &net.UnixAddr{Name: filepath.Join(p.folder, entry.Name()), Net: "unixgram"}
		if _, err := p.conn.WriteToUnix([]byte(topic), to); errors.Is(err, syscall.ECONNREFUSED) {
			os.Remove(to.Name)
		}
	}
}

// close ends the listener and removes the socket.
func (p *peers) close() error {
	if p.conn == nil {
		return nil
	}
	err := p.conn.Close()
	p.done.Wait()
	os.Remove(filepath.Join(p.folder, p.own))
	return err
}
