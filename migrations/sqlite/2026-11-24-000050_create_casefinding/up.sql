-- A suspicion of a tumor in a person, until somebody decides what it is: one row for a person and a suspicion.
CREATE TABLE suspense (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    facility_id INTEGER NOT NULL REFERENCES facility (id),
    patient_id INTEGER REFERENCES patient (id),
    abstract_id INTEGER REFERENCES abstract (id),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    site TEXT NOT NULL,
    histology TEXT NOT NULL,
    behavior TEXT NOT NULL,
    reportable TEXT NOT NULL,
    because TEXT NOT NULL,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    born TEXT NOT NULL,
    record_number TEXT NOT NULL,
    name_key TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    due TEXT NOT NULL,
    assignee INTEGER,
    deferred_until TEXT,
    made_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    items TEXT NOT NULL CHECK (json_valid(items))
) STRICT;
CREATE INDEX suspense_state ON suspense (state, first_seen, id);
CREATE INDEX suspense_name ON suspense (facility_id, name_key);
CREATE INDEX suspense_record ON suspense (facility_id, record_number);
CREATE INDEX suspense_patient ON suspense (patient_id);
CREATE INDEX suspense_abstract ON suspense (abstract_id);
-- What raised it, as received, with what screening found.
CREATE TABLE suspense_source (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    suspense_id INTEGER NOT NULL REFERENCES suspense (id),
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    number TEXT NOT NULL,
    day TEXT NOT NULL,
    status TEXT NOT NULL,
    replaced INTEGER NOT NULL,
    digest BLOB NOT NULL,
    screening TEXT NOT NULL CHECK (json_valid(screening)),
    text BLOB NOT NULL,
    received BLOB NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX suspense_source_of ON suspense_source (suspense_id, id);
CREATE INDEX suspense_source_digest ON suspense_source (digest);
CREATE TABLE suspense_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    suspense_id INTEGER NOT NULL REFERENCES suspense (id),
    at TEXT NOT NULL,
    login TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE INDEX suspense_event_of ON suspense_event (suspense_id, id);
