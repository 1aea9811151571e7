// Package config is every setting: its name, its default, where its value came from, and whether it makes sense.
//
// One name everywhere: flag --free-window, environment GAS_FREE_WINDOW, file key free_window; flag > environment > file > default.
package config

import "time"

// Config is every setting. Sizes are in bytes. The tag koanf names the key, the tag help is what a person reads of it.
type Config struct {
	Backend  string   `koanf:"backend" help:"where jobs, files and queues live: local or aws"`
	Data     string   `koanf:"data" help:"the data folder of the local backend"`
	Addr     string   `koanf:"addr" help:"HOST:PORT to listen on; port 0 takes a free one; empty = 127.0.0.1:8080, without web among the roles 127.0.0.1:0"`
	BaseURL  string   `koanf:"base_url" help:"the address that people use, for links in mails; empty = where it listens"`
	Role     []string `koanf:"role" help:"the roles to run, separated by commas; empty = all"`
	LogLevel string   `koanf:"log_level" help:"the least important line that is logged: debug, info, warn, error"`

	FreeWindow         time.Duration `koanf:"free_window" help:"how long a free user's result can be read; 0 = for ever"`
	FreeUploadLimit    int64         `koanf:"free_upload_limit" help:"the largest upload of a free user"`
	PremiumUploadLimit int64         `koanf:"premium_upload_limit" help:"the largest upload of a premium user"`
	RetrievalExpedited time.Duration `koanf:"retrieval_expedited" help:"how long the local vault takes for an expedited retrieval"`
	RetrievalStandard  time.Duration `koanf:"retrieval_standard" help:"how long the local vault takes for a standard retrieval"`
	Reference          string        `koanf:"reference" help:"the reference of jobs that name none: auto, or a name"`
	References         string        `koanf:"references" help:"the folder of installed references; empty = references in the data folder"`
	Databases          string        `koanf:"databases" help:"the folder of installed databases; empty = databases in the data folder"`
	JobLimitRunning    PerPlan       `koanf:"job_limit_running" help:"jobs of one user that run at once: one number, or FREE,PREMIUM"`
	JobLimitQueued     PerPlan       `koanf:"job_limit_queued" help:"jobs of one user that wait at once: one number, or FREE,PREMIUM"`
	LimitLogin         int           `koanf:"limit_login" help:"sign-ins a minute from one address; 0 = no limit"`
	LimitUpload        int           `koanf:"limit_upload" help:"uploads a minute of one user; 0 = no limit"`
	LimitAPI           int           `koanf:"limit_api" help:"requests a minute of one user; 0 = no limit"`
	QueueVisibility    time.Duration `koanf:"queue_visibility" help:"how long a message is hidden while it is worked on; the lease of every role"`
	SweepEvery         time.Duration `koanf:"sweep_every" help:"how often jobs that wait for something are looked at"`
	Drain              time.Duration `koanf:"drain" help:"how long work may go on after the signal to stop"`

	LocalSignin      string     `koanf:"local_signin" help:"sign-in by one-time links: on, off, or auto (on where base_url is this machine)"`
	SessionSecret    Secret     `koanf:"session_secret" help:"signs sessions; made in the data folder where it is empty; required on AWS"`
	OIDCIssuer       string     `koanf:"oidc_issuer" help:"the issuer of the OpenID provider called oidc"`
	OIDCClientID     string     `koanf:"oidc_client_id" help:"our client id at that provider"`
	OIDCClientSecret Secret     `koanf:"oidc_client_secret" help:"our client secret at that provider"`
	Providers        []Provider `koanf:"providers" help:"more OpenID providers, in the file only: name, kind, issuer, client_id, client_secret, trust_email"`
	Admins           []string   `koanf:"admins" help:"the user ids of operators, separated by commas"`

	StripeSecretKey     Secret `koanf:"stripe_secret_key" help:"the secret key of Stripe; empty = the local checkout"`
	StripeWebhookSecret Secret `koanf:"stripe_webhook_secret" help:"signs Stripe's webhooks; two, separated by a comma, while it is rotated"`
	StripePriceID       string `koanf:"stripe_price_id" help:"the price of the premium plan at Stripe; others after a comma still count for those who subscribed at them"`
	MailFrom            string `koanf:"mail_from" help:"the sender of mails"`
	SMTPURL             Secret `koanf:"smtp_url" help:"smtp://USER:PASSWORD@HOST:PORT; empty = mails are kept in the inbox"`

	TLSCert        string   `koanf:"tls_cert" help:"a certificate in PEM, to serve https"`
	TLSKey         string   `koanf:"tls_key" help:"the key of the certificate"`
	TrustedProxies []string `koanf:"trusted_proxies" help:"networks whose X-Forwarded-For is believed, separated by commas"`
	MetricsAddr    string   `koanf:"metrics_addr" help:"HOST:PORT of the metrics, on this machine only; empty = none"`

	AWS AWS `koanf:",squash"`

	Test        bool          `koanf:"-"` // GAS_TEST=1
	Failpoint   string        `koanf:"-"` // GAS_FAILPOINT, only under Test
	ClockOffset time.Duration `koanf:"-"` // GAS_CLOCK_OFFSET, only under Test
	AWSCalls    string        `koanf:"-"` // GAS_AWS_CALLS, only under Test: a file to which a line for each call to AWS is added
	StripeURL   string        `koanf:"-"` // GAS_STRIPE_URL, only under Test: a payment server on this machine in the place of Stripe
}

// AWS is the settings of the AWS backend. An empty name is made of the prefix and what the thing is.
type AWS struct {
	Region              string `koanf:"aws_region" help:"the region; empty = as the AWS SDK finds it"`
	Prefix              string `koanf:"aws_prefix" help:"stands before every name"`
	BucketInputs        string `koanf:"bucket_inputs" help:"the bucket of uploads"`
	BucketResults       string `koanf:"bucket_results" help:"the bucket of results"`
	BucketArchive       string `koanf:"bucket_archive" help:"the bucket of cold results"`
	TableJobs           string `koanf:"table_jobs" help:"the table of jobs"`
	TableUsers          string `koanf:"table_users" help:"the table of users"`
	TableRecords        string `koanf:"table_records" help:"the table of messages to be sent, time lines, notices and small values"`
	TopicJobRequests    string `koanf:"topic_job_requests" help:"the topic of new jobs"`
	TopicJobResults     string `koanf:"topic_job_results" help:"the topic of ended jobs"`
	TopicArchive        string `koanf:"topic_results_archive" help:"the topic of results whose window is over"`
	TopicThaw           string `koanf:"topic_results_thaw" help:"the topic of upgrades"`
	TopicRestore        string `koanf:"topic_results_restore" help:"the topic of results that are warm again"`
	QueueJobRequests    string `koanf:"queue_job_requests" help:"the queue of new jobs"`
	QueueJobResults     string `koanf:"queue_job_results" help:"the queue of ended jobs"`
	QueueArchive        string `koanf:"queue_results_archive" help:"the queue of results whose window is over"`
	QueueThaw           string `koanf:"queue_results_thaw" help:"the queue of upgrades"`
	QueueRestore        string `koanf:"queue_results_restore" help:"the queue of results that are warm again"`
	StateMachineArchive string `koanf:"state_machine_archive" help:"the state machine that waits for the free window"`
	Vault               string `koanf:"vault" help:"cold storage: s3 or glacier:NAME"`
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

// PerPlan is a number for each plan: one number for all, or FREE,PREMIUM.
type PerPlan struct {
	Free    int
	Premium int
}

// Default returns the settings where nothing else is said.
func Default() Config {
	return Config{
		Backend:  "local",
		Data:     DataFolder(),
		LogLevel: "info",

		FreeWindow:         5 * time.Minute,
		FreeUploadLimit:    150 << 10,
		PremiumUploadLimit: 5 << 30,
		RetrievalExpedited: 5 * time.Second,
		RetrievalStandard:  30 * time.Second,
		Reference:          "auto",
		JobLimitRunning:    PerPlan{Free: 1, Premium: 4},
		JobLimitQueued:     PerPlan{Free: 10, Premium: 1000},
		LimitLogin:         10,
		LimitUpload:        30,
		LimitAPI:           300,
		QueueVisibility:    30 * time.Second,
		SweepEvery:         30 * time.Second,
		Drain:              25 * time.Second,

		LocalSignin: "auto",
		MailFrom:    "gas@localhost",

		AWS: AWS{Prefix: "gas", Vault: "s3"},
	}
}
