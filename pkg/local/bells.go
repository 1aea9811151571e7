package local

import (
	"sync"

	"gas/pkg/job"
)

// bells wakes whoever waits for a topic inside this process.
type bells struct {
	mu      sync.Mutex
	byTopic map[job.Topic]chan struct{}
}

// of returns a channel that is closed at the topic's next ring.
func (b *bells) of(topic job.Topic) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byTopic == nil {
		b.byTopic = map[job.Topic]chan struct{}{}
	}
	if b.byTopic[topic] == nil {
		b.byTopic[topic] = make(chan struct{})
	}
	return b.byTopic[topic]
}

// ring wakes all that wait for the topic.
func (b *bells) ring(topic job.Topic) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if waiting := b.byTopic[topic]; waiting != nil {
		close(waiting)
		delete(b.byTopic, topic)
	}
}
