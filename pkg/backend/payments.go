package backend

import (
	"gas/config"
	"gas/pkg/billing"
	"gas/pkg/port"
)

// paymentsOf is Stripe where the settings have a key of it, and else the backend's own checkout, nil where it has none.
func paymentsOf(c config.Config, install port.Installation, own port.Payments) (port.Payments, error) {
	if c.StripeSecretKey == "" {
		return own, nil
	}
	return billing.New(billing.Options{
		Key: c.StripeSecretKey.Reveal(), Secrets: c.StripeSecrets(), Prices: c.StripePrices(), Installation: install.ID, Now: clock(c), URL: c.StripeURL,
	})
}
