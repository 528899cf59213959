-- Who may come in. Tokens, links, recovery codes and logins that were tried are kept as SHA-256 only.

-- A user is never deleted and an id never given again: audit and history name him.
CREATE TABLE user_ (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    mail TEXT NOT NULL,
    all_facilities INTEGER NOT NULL,
    password TEXT,
    totp TEXT,
    totp_new TEXT,
    totp_step INTEGER,
    disabled_at TEXT,
    disabled_why TEXT,
    created_at TEXT NOT NULL,
    last_sign_in TEXT,
    reviewed_at TEXT,
    reviewed_by TEXT
) STRICT;
CREATE UNIQUE INDEX user_login ON user_ (login);

CREATE TABLE user_role (
    user_id INTEGER NOT NULL REFERENCES user_ (id),
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
) STRICT;

CREATE TABLE user_facility (
    user_id INTEGER NOT NULL REFERENCES user_ (id),
    facility_id INTEGER NOT NULL REFERENCES facility (id),
    PRIMARY KEY (user_id, facility_id)
) STRICT;

CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token BLOB NOT NULL,
    user_id INTEGER NOT NULL REFERENCES user_ (id),
    stage TEXT NOT NULL,
    address TEXT NOT NULL,
    begun_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    fresh_at TEXT NOT NULL,
    code_tries INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX session_token ON session (token);
CREATE INDEX session_of_user ON session (user_id);

-- Wrong tries in a row by the login that was typed, whether there is such a user or not.
CREATE TABLE sign_in_failure (
    login BLOB PRIMARY KEY,
    user_id INTEGER,
    in_a_row INTEGER NOT NULL,
    last_at TEXT NOT NULL
) STRICT;
CREATE INDEX sign_in_failure_user ON sign_in_failure (user_id);

CREATE TABLE recovery_code (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user_ (id),
    code BLOB NOT NULL,
    used_at TEXT
) STRICT;
CREATE INDEX recovery_code_user ON recovery_code (user_id);

-- Links to a first or new password, and the one that opens the set-up (it has no user).
CREATE TABLE one_time_link (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token BLOB NOT NULL,
    kind TEXT NOT NULL,
    user_id INTEGER REFERENCES user_ (id),
    made_at TEXT NOT NULL,
    works_until TEXT NOT NULL,
    used_at TEXT,
    code_tries INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_time_link_token ON one_time_link (token);
CREATE INDEX one_time_link_user ON one_time_link (user_id);

CREATE TABLE break_glass (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user_ (id),
    reason TEXT NOT NULL,
    begun_at TEXT NOT NULL,
    works_until TEXT NOT NULL,
    ended_at TEXT,
    verdict TEXT,
    verdict_note TEXT,
    verdict_by TEXT,
    verdict_at TEXT
) STRICT;
CREATE INDEX break_glass_user ON break_glass (user_id, id);
