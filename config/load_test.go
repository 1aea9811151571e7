package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
)

var update = flag.Bool("update", false, "write the golden files")

func load(t *testing.T, file string, environ []string, args ...string) (Loaded, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	Flags(flags)
	require.NoError(t, flags.Parse(args))
	return Load(Source{File: path, Flags: flags, Environ: func() []string { return environ }})
}

func TestAFlagWinsOverTheEnvironmentOverTheFileOverTheDefault(t *testing.T) {
	file := "free_window: 1m\nlimit_api: 1\nsweep_every: 1s\n"
	environ := []string{"GAS_FREE_WINDOW=2m", "GAS_LIMIT_API=2"}
	loaded, err := load(t, file, environ, "--free-window=3m")
	require.NoError(t, err)
	require.Equal(t, 3*time.Minute, loaded.FreeWindow)
	require.Equal(t, 2, loaded.LimitAPI)
	require.Equal(t, time.Second, loaded.SweepEvery)
	require.Equal(t, 25*time.Second, loaded.Drain)

	origins := map[string]string{}
	for _, s := range loaded.Settings() {
		origins[s.Key] = s.Origin
	}
	require.Equal(t, "flag --free-window", origins["free_window"])
	require.Equal(t, "environment GAS_LIMIT_API", origins["limit_api"])
	require.Contains(t, origins["sweep_every"], "file ")
	require.Equal(t, "default", origins["drain"])
}

func TestEveryKindOfValueIsRead(t *testing.T) {
	loaded, err := load(t, `
free_upload_limit: 1MiB
premium_upload_limit: 2048
free_window: 0
job_limit_running: 2
job_limit_queued: 5,50
role: [web, annotator]
admins: u_a, u_b
providers:
  - {name: globus, kind: globus, client_id: c, client_secret: s, trust_email: true}
`, []string{"GAS_AWS_REGION=eu-west-1", "GAS_RETRIEVAL_STANDARD=2d"})
	require.NoError(t, err)
	require.EqualValues(t, 1<<20, loaded.FreeUploadLimit)
	require.EqualValues(t, 2048, loaded.PremiumUploadLimit)
	require.Zero(t, loaded.FreeWindow)
	require.Equal(t, PerPlan{2, 2}, loaded.JobLimitRunning)
	require.Equal(t, PerPlan{5, 50}, loaded.JobLimitQueued)
	require.Equal(t, []string{"web", "annotator"}, loaded.Role)
	require.Equal(t, []string{"u_a", "u_b"}, loaded.Admins)
	require.Equal(t, []Provider{{Name: "globus", Kind: "globus", ClientID: "c", ClientSecret: "s", TrustEmail: true}}, loaded.Providers)
	require.Equal(t, "eu-west-1", loaded.AWS.Region)
	require.Equal(t, 48*time.Hour, loaded.RetrievalStandard)
}

func TestWhatCannotBeReadIsAUsageErrorThatNamesItsPlace(t *testing.T) {
	tests := []struct{ name, file, variable, flag, says string }{
		{"a key that is no setting", "free_windw: 5m", "", "", "free_windw"},
		{"a duration without a unit", "free_window: 5", "", "", "free_window"},
		{"a size that is none", "", "GAS_FREE_UPLOAD_LIMIT=much", "", "GAS_FREE_UPLOAD_LIMIT"},
		{"a limit with three parts", "", "", "--job-limit-queued=1,2,3", "--job-limit-queued"},
		{"a negative number", "", "", "--limit-api=-1", "--limit-api"},
		{"a file that is not YAML", "a: [", "", "", "config.yaml"},
		{"a secret's file that is missing", "", "GAS_SMTP_URL_FILE=/nowhere", "", "GAS_SMTP_URL_FILE"},
		{"a payment server outside tests", "", "GAS_STRIPE_URL=http://127.0.0.1:1", "", "GAS_TEST"},
		{"a failpoint outside tests", "", "GAS_FAILPOINT=x:crash@1", "", "GAS_TEST"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var environ, args []string
			if test.variable != "" {
				environ = []string{test.variable}
			}
			if test.flag != "" {
				args = []string{test.flag}
			}
			_, err := load(t, test.file, environ, args...)
			require.True(t, fault.Is(err, fault.Usage), "%v", err)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestASecretIsReadFromAFileAndNeverPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte("canary-in-a-file\n"), 0o600))
	loaded, err := load(t, "session_secret: canary-in-the-config\nproviders: [{name: x, client_id: y, client_secret: canary-of-x}]",
		[]string{"GAS_STRIPE_SECRET_KEY_FILE=" + path})
	require.NoError(t, err)
	require.Equal(t, "canary-in-a-file", loaded.StripeSecretKey.Reveal())
	asJSON, err := json.Marshal(loaded.Config)
	require.NoError(t, err)
	for _, text := range []string{string(asJSON), fmt.Sprintf("%v %+v %#v", loaded.Config, loaded.Config, loaded.Config), fmt.Sprint(loaded.Settings())} {
		require.NotContains(t, text, "canary")
	}
}

func TestAVariableThatIsNoSettingWarns(t *testing.T) {
	loaded, err := load(t, "", []string{"GAS_FREE_WINDWO=1m", "GAS_TOKEN=x", "PATH=/bin"})
	require.NoError(t, err)
	require.Equal(t, []string{"the environment variable GAS_FREE_WINDWO is no setting"}, loaded.Warnings)
}

func TestTheExampleFileHoldsEveryDefault(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile("gas.example.yaml", []byte(Example()), 0o644))
	}
	golden, err := os.ReadFile("gas.example.yaml")
	require.NoError(t, err)
	require.Equal(t, Example(), string(golden), "run go test ./config -update")

	loaded, err := load(t, string(golden), nil)
	require.NoError(t, err)
	for i, s := range Default().Settings() {
		require.Equal(t, s.Value, loaded.Settings()[i].Value, s.Key)
		if s.Key != "data" {
			require.Contains(t, loaded.Settings()[i].Origin, "file", s.Key)
		}
	}
}

func TestCheckTellsErrorsAndWarningsApart(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*Config)
		err      string // empty = none
		warnings int
	}{
		{"the defaults are fine", func(*Config) {}, "", 0},
		{"an unknown backend", func(c *Config) { c.Backend = "gcp" }, "neither local nor aws", 0},
		{"metrics on every interface", func(c *Config) { c.MetricsAddr = "0.0.0.0:9090" }, "not on this machine alone", 0},
		{"plain http on every interface", func(c *Config) { c.Addr = "0.0.0.0:80" }, "", 1},
		{"a base URL with a path", func(c *Config) { c.BaseURL = "http://x/gas" }, "base_url", 0},
		{"half of TLS", func(c *Config) { c.TLSCert = "a.pem" }, "belong together", 0},
		{"no way to sign in", func(c *Config) { c.LocalSignin = "off" }, "", 1},
		{"no running job allowed", func(c *Config) { c.JobLimitRunning = PerPlan{} }, "at least 1", 0},
		{"a failpoint on the local backend", func(c *Config) { c.Failpoint = "x:crash@1" }, "", 1},
		{"a payment server of a test", func(c *Config) { c.StripeURL = "http://127.0.0.1:1" }, "", 1},
		{"a key that is none of Stripe's", func(c *Config) {
			c.StripeSecretKey, c.StripeWebhookSecret, c.StripePriceID = "pk_live_x", "whsec_a", "price_a"
		}, "sk_live_", 0},
		{"a test key for everybody", func(c *Config) {
			c.StripeSecretKey, c.StripeWebhookSecret, c.StripePriceID, c.BaseURL = "rk_test_x", "whsec_a, whsec_b", "price_a,price_b", "https://gas.example.org"
		}, "", 1},
		{"three secrets of a webhook", func(c *Config) {
			c.StripeSecretKey, c.StripeWebhookSecret, c.StripePriceID = "sk_live_x", "a,b,c", "price_a"
		}, "stripe_webhook_secret holds 3", 0},
		{"half of Stripe", func(c *Config) { c.StripeSecretKey = "sk_live_x" }, "stripe_webhook_secret", 0},
		{"no time to sweep", func(c *Config) { c.SweepEvery = 0 }, "sweep_every", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Default()
			test.change(&c)
			errs, warnings := c.Check()
			if test.err == "" {
				require.Empty(t, errs)
			} else {
				require.Len(t, errs, 1)
				require.ErrorContains(t, errs[0], test.err)
			}
			require.Len(t, warnings, test.warnings)
		})
	}
}

func TestTestSettingsAreRefusedUnlessEveryEndpointIsThisMachine(t *testing.T) {
	require.NoError(t, loopbackEndpoints([]string{"AWS_ENDPOINT_URL=http://127.0.0.1:4566", "AWS_ENDPOINT_URL_S3=http://localhost:9000"}))
	require.Error(t, loopbackEndpoints(nil))
	require.Error(t, loopbackEndpoints([]string{"AWS_ENDPOINT_URL_S3=http://localhost:9000"}))
	require.Error(t, loopbackEndpoints([]string{"AWS_ENDPOINT_URL=http://127.0.0.1:4566", "AWS_ENDPOINT_URL_SQS=https://sqs.example"}))
}

func TestValuesAreWrittenAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"150KiB", "5GiB", "1", "1000"} {
		size, err := ParseSize(text)
		require.NoError(t, err)
		require.Equal(t, text, FormatSize(size))
	}
	for _, text := range []string{"5m", "1h", "1h30m", "30s", "250ms", "0"} {
		d, err := ParseDuration(text)
		require.NoError(t, err)
		require.Equal(t, text, FormatDuration(d))
	}
	for _, text := range []string{"4", "1,4"} {
		p, err := ParsePerPlan(text)
		require.NoError(t, err)
		require.Equal(t, text, p.String())
	}
}

func TestOnAWSPagesAndMailsNeedTheirSettings(t *testing.T) {
	for _, c := range []struct {
		roles []string
		want  int
	}{{nil, 2}, {[]string{"web"}, 2}, {[]string{"notify"}, 1}, {[]string{"restore", "thaw"}, 0}} {
		require.Len(t, Config{Backend: "aws", Role: c.roles}.CheckServing(), c.want, "%v", c.roles)
		require.Empty(t, Config{Backend: "aws", Role: c.roles, BaseURL: "https://gas.example", SessionSecret: "x"}.CheckServing())
	}
	require.Empty(t, Config{Backend: "local"}.CheckServing())
}
