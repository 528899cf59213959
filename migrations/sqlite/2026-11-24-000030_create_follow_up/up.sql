-- What was noted of tracing a patient: a bad address, do not contact, who works on it. Ended, never removed.
CREATE TABLE follow_mark (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    facility_id INTEGER,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    login TEXT NOT NULL,
    at TEXT NOT NULL,
    ended_by TEXT,
    ended_at TEXT
) STRICT;
CREATE INDEX follow_mark_patient ON follow_mark (patient_id, id);
CREATE INDEX follow_mark_open ON follow_mark (kind, value, patient_id) WHERE ended_at IS NULL;

-- The measures as they stood at the end of a month; facility 0 is the whole registry.
CREATE TABLE measure_snapshot (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    month TEXT NOT NULL,
    facility_id INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    counts TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX measure_snapshot_month ON measure_snapshot (facility_id, month);

-- A file of another source that was linked with the registry.
CREATE TABLE passive_batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    source_central TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    form TEXT NOT NULL,
    heads TEXT NOT NULL,
    columns TEXT NOT NULL,
    vintage TEXT NOT NULL,
    cut_off TEXT NOT NULL,
    state TEXT NOT NULL,
    counts TEXT NOT NULL,
    facility_id INTEGER,
    login TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE passive_row (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    person_key TEXT NOT NULL,
    fields TEXT NOT NULL,
    patient_id INTEGER REFERENCES patient (id),
    weight INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    said TEXT NOT NULL,
    contact_id INTEGER,
    clearance TEXT NOT NULL,
    login TEXT,
    at TEXT
) STRICT;
CREATE INDEX passive_row_batch ON passive_row (batch_id, verdict, id);
CREATE INDEX passive_row_person ON passive_row (person_key, patient_id);
CREATE INDEX passive_row_patient ON passive_row (patient_id);
CREATE INDEX passive_row_clearance ON passive_row (clearance, id);
