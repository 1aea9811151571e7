package aws

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gas/pkg/fault"
	"gas/pkg/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// alone makes a test independent of the settings of AWS on this machine.
func alone(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testsecret", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "credentials"),
	} {
		t.Setenv(name, value)
	}
}

// open opens a session that ends with the test.
func open(t *testing.T, region string) *Session {
	t.Helper()
	s, err := OpenSession(t.Context(), region)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestASessionNeedsARegion(t *testing.T) {
	alone(t)
	_, err := OpenSession(t.Context(), "")
	require.True(t, fault.Is(err, fault.Usage))
	require.Equal(t, "eu-west-1", open(t, "eu-west-1").Config.Region)
	t.Setenv("AWS_REGION", "eu-north-1")
	require.Equal(t, "eu-north-1", open(t, "").Config.Region)
	require.Equal(t, "eu-west-1", open(t, "eu-west-1").Config.Region, "the setting comes before the environment")
}

func TestAnEndpointOfOnesOwnHasTheBucketInThePath(t *testing.T) {
	alone(t)
	require.False(t, open(t, "us-east-1").s3Client().Options().UsePathStyle)
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
	client := open(t, "us-east-1").s3Client()
	require.True(t, client.Options().UsePathStyle)
	require.Equal(t, "http://127.0.0.1:1", *client.Options().BaseEndpoint)
}

func TestCertificatesOfTheEnvironmentAreTrusted(t *testing.T) {
	alone(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	bucket := "b"
	head := func() error {
		_, err := open(t, "us-east-1").s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket})
		return err
	}
	require.ErrorContains(t, head(), "certificate")
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	require.NoError(t, head())
}

func TestAServiceThatIsDownIsUnavailable(t *testing.T) {
	alone(t)
	status := http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	bucket := "b"
	head := func() error {
		_, err := open(t, "us-east-1").s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket})
		return unreachable(err)
	}
	require.ErrorIs(t, head(), port.ErrUnavailable)
	status = http.StatusForbidden
	require.NotErrorIs(t, head(), port.ErrUnavailable, "being refused is no outage")
	server.Close()
	require.ErrorIs(t, head(), port.ErrUnavailable)
}
