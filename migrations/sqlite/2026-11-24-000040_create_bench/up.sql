-- Abstracts that cannot go on yet: why, when to look again, when the treatment is expected to end. A row stays while the
-- abstract waits.
CREATE TABLE waiting (
    abstract_id INTEGER PRIMARY KEY REFERENCES abstract (id),
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    recheck INTEGER NOT NULL,
    treatment_end INTEGER,
    login TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX waiting_recheck ON waiting (recheck, abstract_id);

-- Who has an abstract open, last seen when (seconds since 1970), and for how long each has worked in it.
CREATE TABLE open_time (
    abstract_id INTEGER NOT NULL REFERENCES abstract (id),
    user_id INTEGER NOT NULL,
    login TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (abstract_id, user_id)
) STRICT;
CREATE INDEX open_time_user ON open_time (user_id, abstract_id);
