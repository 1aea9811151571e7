package role

import (
	"net/http"

	"gas/pkg/job"
)

// bell wakes the consumer of one topic. It holds one ring; more at once are one.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

func bellsOf(roles []Role) map[job.Topic]bell {
	bells := map[job.Topic]bell{}
	for _, role := range roles {
		for _, h := range role.Handles {
			bells[h.Topic] = make(bell, 1)
		}
	}
	return bells
}

// knocks routes what a bus posts. The post is verified and then only wakes the consumer: what is to be done stands in the queue, and behind it in
// the record. Where the backend's bus posts nothing there are no such routes.
func (r *runner) knocks(mux *http.ServeMux) map[string]bool {
	paths := map[string]bool{}
	if r.deps.Webhooks == nil {
		return paths
	}
	for _, role := range r.roles {
		for _, h := range role.Handles {
			if h.Knock == "" {
				continue
			}
			posts := r.deps.Webhooks.Webhook(h.Topic, r.bells[h.Topic].ring)
			log := r.deps.Log.With().Str("role", role.Name).Logger()
			mux.HandleFunc("POST "+h.Knock, func(w http.ResponseWriter, q *http.Request) {
				posts.ServeHTTP(w, q.WithContext(log.WithContext(q.Context())))
			})
			paths[h.Knock] = true
		}
	}
	return paths
}
