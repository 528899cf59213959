-- Abstracts that cannot go on yet: why, when to look again, when the treatment is expected to end. A row stays while the
-- abstract waits.
CREATE TABLE waiting (
    abstract_id BIGINT PRIMARY KEY REFERENCES abstract (id),
    reason TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    recheck BIGINT NOT NULL,
    treatment_end BIGINT,
    login TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX waiting_recheck ON waiting (recheck, abstract_id);

-- Who has an abstract open, last seen when (seconds since 1970), and for how long each has worked in it.
CREATE TABLE open_time (
    abstract_id BIGINT NOT NULL REFERENCES abstract (id),
    user_id BIGINT NOT NULL,
    login TEXT COLLATE "C" NOT NULL,
    seen_at BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    PRIMARY KEY (abstract_id, user_id)
);
CREATE INDEX open_time_user ON open_time (user_id, abstract_id);
