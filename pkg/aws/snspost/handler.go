package snspost

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/rs/zerolog"

	"gas/pkg/job"
	"gas/pkg/port"
)

var _ port.Webhooks = (*Verifier)(nil)

// Webhook answers the posts of one topic and calls wake for each notice that SNS signed. Whatever is wrong is answered by 403 and not a word;
// 503 asks SNS to post again. wake must not block.
func (v *Verifier) Webhook(topic job.Topic, wake func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		err := v.knock(r, topic, wake)
		switch {
		case err == nil:
			w.WriteHeader(http.StatusOK)
		case errors.Is(err, port.ErrUnavailable):
			zerolog.Ctx(r.Context()).Warn().Err(err).Msg("a post could not be verified")
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			zerolog.Ctx(r.Context()).Warn().Err(err).Msg("a post is refused")
			w.WriteHeader(http.StatusForbidden)
		}
	})
}

func (v *Verifier) knock(r *http.Request, topic job.Topic, wake func()) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return err
	}
	p, of, err := v.Verify(r.Context(), body)
	if err != nil {
		return err
	}
	if of != topic {
		return port.ErrForged
	}
	switch p.Type {
	case Notification:
		wake()
	case SubscriptionConfirmation:
		return v.subscribe(r.Context(), p)
	}
	return nil // SNS tells that a subscription has ended; there is nothing to do
}

// subscribe confirms a subscription through the API: with the topic and the token of the post, never by the address that it names.
func (v *Verifier) subscribe(ctx context.Context, p Post) error {
	if v.confirm == nil {
		return port.ErrForged
	}
	if err := v.confirm(ctx, p.TopicARN, p.Token); err != nil {
		return errors.Join(port.ErrUnavailable, err)
	}
	return nil
}
