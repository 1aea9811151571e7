// Package config is every setting: its name, its default, where its value came from, and whether it makes sense.
//
// One name everywhere: flag --free-window, environment GAS_FREE_WINDOW, file key free_window; flag > environment > file > default.
package config

import "time"

// Secret is a value that never appears in output: it prints as "***", or as "" when it is empty.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// MarshalText hides the value in JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// Reveal gives the value, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// PerPlan is a number for each plan: one number for all, or FREE,PREMIUM.
type PerPlan struct {
	Free    int
	Premium int
}

// Provider is one OpenID provider.
type Provider struct {
	Name         string `koanf:"name"`
	Kind         string `koanf:"kind"` // oidc, globus, google, orcid
	Issuer       string `koanf:"issuer"`
	ClientID     string `koanf:"client_id"`
	ClientSecret Secret `koanf:"client_secret"`
	TrustEmail   bool   `koanf:"trust_email"`
}

// Config is every setting. Sizes are in bytes.
type Config struct {
	Backend  string   `koanf:"backend"` // local or aws
	Data     string   `koanf:"data"`    // the data folder
	Addr     string   `koanf:"addr"`    // HOST:PORT
	BaseURL  string   `koanf:"base_url"`
	Role     []string `koanf:"role"` // empty = all
	LogLevel string   `koanf:"log_level"`

	FreeWindow          time.Duration `koanf:"free_window"` // 0 = never
	FreeUploadLimit     int64         `koanf:"free_upload_limit"`
	PremiumUploadLimit  int64         `koanf:"premium_upload_limit"`
	RetrievalExpedited  time.Duration `koanf:"retrieval_expedited"`
	RetrievalStandard   time.Duration `koanf:"retrieval_standard"`
	Reference           string        `koanf:"reference"`
	JobLimitRunning     PerPlan       `koanf:"job_limit_running"`
	JobLimitQueued      PerPlan       `koanf:"job_limit_queued"`
	LimitLogin          int           `koanf:"limit_login"` // a minute; 0 = off
	LimitUpload         int           `koanf:"limit_upload"`
	LimitAPI            int           `koanf:"limit_api"`
	QueueVisibility     time.Duration `koanf:"queue_visibility"`
	SweepEvery          time.Duration `koanf:"sweep_every"`
	Drain               time.Duration `koanf:"drain"`
	LocalSignin         string        `koanf:"local_signin"` // auto, on, off
	SessionSecret       Secret        `koanf:"session_secret"`
	OIDCIssuer          string        `koanf:"oidc_issuer"`
	OIDCClientID        string        `koanf:"oidc_client_id"`
	OIDCClientSecret    Secret        `koanf:"oidc_client_secret"`
	Providers           []Provider    `koanf:"providers"`
	Admins              []string      `koanf:"admins"` // user ids
	StripeSecretKey     Secret        `koanf:"stripe_secret_key"`
	StripeWebhookSecret Secret        `koanf:"stripe_webhook_secret"`
	StripePriceID       string        `koanf:"stripe_price_id"`
	MailFrom            string        `koanf:"mail_from"`
	SMTPURL             Secret        `koanf:"smtp_url"`
	TLSCert             string        `koanf:"tls_cert"`
	TLSKey              string        `koanf:"tls_key"`
	TrustedProxies      []string      `koanf:"trusted_proxies"`
	MetricsAddr         string        `koanf:"metrics_addr"`

	AWS AWS `koanf:",squash"`

	Test        bool          `koanf:"-"` // GAS_TEST=1
	Failpoint   string        `koanf:"-"` // GAS_FAILPOINT, only under Test
	ClockOffset time.Duration `koanf:"-"` // GAS_CLOCK_OFFSET, only under Test
}

// AWS is the settings of the AWS backend.
type AWS struct {
	Region              string `koanf:"aws_region"`
	Prefix              string `koanf:"aws_prefix"` // before every name
	BucketInputs        string `koanf:"bucket_inputs"`
	BucketResults       string `koanf:"bucket_results"`
	BucketArchive       string `koanf:"bucket_archive"`
	TableJobs           string `koanf:"table_jobs"`
	TableUsers          string `koanf:"table_users"`
	TopicJobRequests    string `koanf:"topic_job_requests"`
	TopicJobResults     string `koanf:"topic_job_results"`
	TopicArchive        string `koanf:"topic_results_archive"`
	TopicThaw           string `koanf:"topic_results_thaw"`
	TopicRestore        string `koanf:"topic_results_restore"`
	QueueJobRequests    string `koanf:"queue_job_requests"`
	QueueJobResults     string `koanf:"queue_job_results"`
	QueueArchive        string `koanf:"queue_results_archive"`
	QueueThaw           string `koanf:"queue_results_thaw"`
	QueueRestore        string `koanf:"queue_results_restore"`
	StateMachineArchive string `koanf:"state_machine_archive"`
	Vault               string `koanf:"vault"` // s3 or glacier:NAME
}
