package signin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheOutgoingClientRefusesAddressesInsideANetwork(t *testing.T) {
	for address, ok := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1::1]:443": true,
		"127.0.0.1:80": false, "127.8.8.8:80": false, "[::1]:80": false, "0.0.0.0:80": false, "0.1.2.3:80": false, "[::]:80": false,
		"10.0.0.1:80": false, "172.16.0.1:80": false, "172.31.255.255:80": false, "192.168.1.1:80": false, "169.254.169.254:80": false, "100.64.0.1:80": false,
		"[::ffff:127.0.0.1]:80": false, "[::ffff:10.0.0.1]:80": false, "[fe80::1%eth0]:80": false, "[fd00:ec2::254]:80": false, "224.0.0.1:80": false, "[ff02::1]:80": false,
		"255.255.255.255:80": false, "192.0.2.1:80": false, "198.18.0.1:80": false, "[64:ff9b::7f00:1]:80": false, "[2002:7f00:1::]:80": false, "240.0.0.1:80": false, "nonsense": false,
	} {
		require.Equal(t, ok, public(address) == nil, address)
	}
}

func TestTheOutgoingClientReachesWhatTheSettingsNameAndNothingBesideIt(t *testing.T) {
	asked := 0
	named := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/", http.StatusFound)
		}
		_, _ = w.Write(make([]byte, maxAnswer+10))
	}))
	defer named.Close()
	hidden := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the client came here") }))
	defer hidden.Close()
	client := newClient([]string{named.URL})
	response, err := client.Get(named.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Len(t, raw, maxAnswer, "an answer without an end is cut")
	_, err = client.Get(hidden.URL)
	require.ErrorContains(t, err, "inside a network")
	_, err = client.Get(strings.Replace(hidden.URL, "127.0.0.1", "localhost", 1))
	require.ErrorContains(t, err, "inside a network")
	_, err = client.Get(named.URL + "/away")
	require.ErrorContains(t, err, "must not redirect")
	require.Equal(t, 2, asked)
}
