-- +goose Up

-- Times are Unix nanoseconds, UTC. data is the record as JSON; the columns beside it are what queries ask for.

CREATE TABLE installation (
    id    TEXT    NOT NULL,
    epoch INTEGER NOT NULL
);

CREATE TABLE users (
    id     TEXT NOT NULL PRIMARY KEY,
    due    INTEGER,                      -- of an unfinished fan-out
    data   BLOB NOT NULL
);
CREATE INDEX users_waiting ON users (due, id) WHERE due IS NOT NULL;

CREATE TABLE jobs (
    id        TEXT    NOT NULL PRIMARY KEY,
    user_id   TEXT    NOT NULL,
    status    TEXT    NOT NULL,
    label     TEXT    NOT NULL,          -- the name in lower case, for searching and sorting
    size      INTEGER NOT NULL,          -- of the input, bytes
    submitted INTEGER NOT NULL,          -- or created, for an intent
    due       INTEGER,                   -- when the sweeper looks at it
    upload_id TEXT,
    data      BLOB    NOT NULL
);
-- Answers every list, filter, search and sort of a user's jobs without touching the table.
CREATE INDEX jobs_by_user ON jobs (user_id, submitted DESC, id DESC, status, label, size) WHERE status <> 'DELETED';
CREATE INDEX jobs_waiting ON jobs (due, id) WHERE due IS NOT NULL;
CREATE INDEX jobs_pending ON jobs (submitted, id) WHERE status = 'PENDING';
CREATE UNIQUE INDEX jobs_by_upload ON jobs (user_id, upload_id) WHERE upload_id IS NOT NULL;

-- How many jobs of each status a user has: the exact total of a page without counting 100,000 rows.
CREATE TABLE job_counts (
    user_id TEXT    NOT NULL,
    status  TEXT    NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (user_id, status)
) WITHOUT ROWID;
-- +goose StatementBegin
CREATE TRIGGER jobs_counted AFTER INSERT ON jobs BEGIN
    INSERT INTO job_counts VALUES (new.user_id, new.status, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER jobs_recounted AFTER UPDATE OF status ON jobs WHEN old.status <> new.status BEGIN
    UPDATE job_counts SET n = n - 1 WHERE user_id = old.user_id AND status = old.status;
    INSERT INTO job_counts VALUES (new.user_id, new.status, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

CREATE TABLE events (
    job_id TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    data   BLOB    NOT NULL,
    PRIMARY KEY (job_id, seq)
) WITHOUT ROWID;

CREATE TABLE events_seen (
    id TEXT    NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE notices (
    job_id  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    due     INTEGER,                     -- NULL once it is sent or given up
    data    BLOB    NOT NULL,
    PRIMARY KEY (job_id, kind, attempt)
) WITHOUT ROWID;
CREATE INDEX notices_waiting ON notices (due) WHERE due IS NOT NULL;

CREATE TABLE progress (
    job_id  TEXT    NOT NULL PRIMARY KEY,
    attempt INTEGER NOT NULL,
    data    BLOB    NOT NULL
);

CREATE TABLE records (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    owner   TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,                     -- NULL = never
    version INTEGER NOT NULL,
    value   BLOB,
    PRIMARY KEY (kind, id)
);
CREATE INDEX records_newest ON records (kind, created DESC, id);
CREATE INDEX records_owned ON records (kind, owner, created DESC, id);
CREATE INDEX records_expiring ON records (expires) WHERE expires IS NOT NULL;

CREATE TABLE queue (
    seq       INTEGER NOT NULL PRIMARY KEY,
    topic     TEXT    NOT NULL,
    id        TEXT    NOT NULL,          -- of the message
    user_id   TEXT    NOT NULL,          -- whose turn it uses
    due       INTEGER NOT NULL,          -- when it is visible (again)
    sent      INTEGER NOT NULL,
    receipt   TEXT    NOT NULL,          -- of the last receive; empty when it was never received or was released
    receives  INTEGER NOT NULL,
    timer_key TEXT,
    data      BLOB    NOT NULL
);
CREATE UNIQUE INDEX queue_once ON queue (topic, id);
CREATE UNIQUE INDEX queue_timers ON queue (timer_key) WHERE timer_key IS NOT NULL;
CREATE INDEX queue_due ON queue (topic, due);
CREATE INDEX queue_turns ON queue (topic, user_id, due);
CREATE INDEX queue_out ON queue (topic, user_id, due) WHERE receipt <> '';

CREATE TABLE dead_letters (
    seq      INTEGER NOT NULL PRIMARY KEY,
    topic    TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    receives INTEGER NOT NULL,
    data     BLOB    NOT NULL
);
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (topic, id);

CREATE TABLE thaws (
    ref        TEXT    NOT NULL PRIMARY KEY,
    id         TEXT    NOT NULL,
    tier       TEXT    NOT NULL,
    asked      INTEGER NOT NULL,
    warm       INTEGER NOT NULL,         -- when it is warm
    cold_again INTEGER NOT NULL,         -- when the warmed copy expires
    failed     INTEGER NOT NULL          -- 1 = ends in a notice of failure at the time of warm
);
