-- The registry: patients, tumors, abstracts, what arrived, what changed, who looked.
-- The JSON text in `items` is the truth; the columns beside it are derived from it by one function
-- (registry::promoted) and can be rebuilt with `accession reindex`.

CREATE TABLE program (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version TEXT NOT NULL,
    created_at TEXT NOT NULL,
    secret BLOB NOT NULL
) STRICT;

CREATE TABLE setting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
) STRICT;
CREATE INDEX setting_name ON setting (name, id);

CREATE TABLE facility (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    number TEXT NOT NULL,
    npi TEXT,
    name TEXT NOT NULL,
    state TEXT,
    confirmed INTEGER NOT NULL,
    retired INTEGER NOT NULL,
    address TEXT NOT NULL DEFAULT '',
    telephone TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX facility_number ON facility (number);

CREATE TABLE accession_counter (
    facility_id INTEGER NOT NULL REFERENCES facility (id),
    year INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (facility_id, year)
) STRICT;

CREATE TABLE import (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER,
    file_id INTEGER,
    file_name TEXT NOT NULL,
    sender TEXT NOT NULL,
    facility_id INTEGER REFERENCES facility (id),
    user_id INTEGER,
    login TEXT NOT NULL,
    state TEXT NOT NULL,
    options TEXT NOT NULL,
    root TEXT NOT NULL,
    counts TEXT NOT NULL,
    problem_counts TEXT NOT NULL,
    message TEXT,
    created_at TEXT NOT NULL,
    published_at TEXT
) STRICT;
-- A row while what an import made is not to be seen yet.
CREATE TABLE hidden_import (
    import_id INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE patient (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    import_id INTEGER NOT NULL,
    merged_into INTEGER,
    last_name TEXT,
    first_name TEXT,
    birth_low INTEGER,
    birth_high INTEGER,
    sex TEXT,
    vital_status TEXT,
    contact_low INTEGER,
    contact_high INTEGER,
    residence_state TEXT,
    zip TEXT,
    country TEXT,
    hash BLOB NOT NULL,
    changed_at TEXT NOT NULL,
    items TEXT NOT NULL CHECK (json_valid(items))
) STRICT;
CREATE INDEX patient_import ON patient (import_id);
CREATE INDEX patient_contact ON patient (vital_status, contact_low, id, import_id) WHERE state = 'live';
CREATE INDEX patient_birth ON patient (birth_low, id);
CREATE INDEX patient_vital ON patient (id, vital_status, contact_high);

CREATE TABLE tumor (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    import_id INTEGER NOT NULL,
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    site TEXT,
    histology TEXT,
    behavior TEXT,
    laterality TEXT,
    dx_low INTEGER,
    dx_high INTEGER,
    sequence_central TEXT,
    schema TEXT,
    dx_state TEXT,
    dx_county TEXT,
    hash BLOB NOT NULL,
    changed_at TEXT NOT NULL,
    items TEXT CHECK (items IS NULL OR json_valid(items)),
    origins TEXT
) STRICT;
CREATE INDEX tumor_patient ON tumor (patient_id);
CREATE INDEX tumor_import ON tumor (import_id);
CREATE INDEX tumor_site ON tumor (site, dx_low);
CREATE INDEX tumor_dx ON tumor (dx_low);

CREATE TABLE abstract (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    import_id INTEGER NOT NULL,
    tumor_id INTEGER NOT NULL REFERENCES tumor (id),
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    facility_id INTEGER NOT NULL REFERENCES facility (id),
    source_id INTEGER,
    accession TEXT,
    sequence TEXT,
    class TEXT,
    first_contact INTEGER,
    -- What tracing asks besides: 1800, summary stage, 500, 2440, 2470, parted by |.
    tracing TEXT,
    status TEXT NOT NULL,
    abstractor INTEGER,
    due INTEGER,
    completed INTEGER,
    edit_state TEXT NOT NULL DEFAULT 'not-run',
    edit_errors INTEGER NOT NULL DEFAULT 0,
    edit_warnings INTEGER NOT NULL DEFAULT 0,
    naaccr_version INTEGER NOT NULL,
    record_type TEXT NOT NULL,
    hash BLOB NOT NULL,
    changed_at TEXT NOT NULL,
    items TEXT NOT NULL CHECK (json_valid(items)),
    reported_patient TEXT CHECK (reported_patient IS NULL OR json_valid(reported_patient)),
    -- What the staging rules wrote: by algorithm its edition, schema, hash of its inputs and the items (registry::derive).
    derived TEXT CHECK (derived IS NULL OR json_valid(derived))
) STRICT;
CREATE INDEX abstract_patient ON abstract (patient_id, facility_id, state, import_id, class, first_contact);
CREATE INDEX abstract_tumor ON abstract (tumor_id);
CREATE INDEX abstract_import ON abstract (import_id);
CREATE INDEX abstract_accession ON abstract (facility_id, accession, sequence);
CREATE INDEX abstract_open ON abstract (status, due, id, facility_id, abstractor, import_id) WHERE state = 'live';
CREATE INDEX abstract_completed ON abstract (completed, facility_id, abstractor, import_id) WHERE state = 'live';

-- What arrived: one <Patient> as received, never changed.
CREATE TABLE source_record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    import_id INTEGER NOT NULL REFERENCES import (id),
    ordinal INTEGER NOT NULL,
    line_from INTEGER NOT NULL,
    line_to INTEGER NOT NULL,
    digest BLOB NOT NULL,
    patient_id INTEGER,
    received BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX source_record_import ON source_record (import_id, ordinal);

-- Each tumor of a source record: the verdict of the read step and what came of it. Ordinal 0 is a patient without a tumor.
CREATE TABLE source_tumor (
    source_id INTEGER NOT NULL REFERENCES source_record (id),
    ordinal INTEGER NOT NULL,
    import_id INTEGER NOT NULL,
    sender TEXT NOT NULL,
    digest BLOB NOT NULL,
    facility_id INTEGER,
    verdict TEXT NOT NULL,
    abstract_id INTEGER,
    settled INTEGER NOT NULL,
    PRIMARY KEY (source_id, ordinal)
) STRICT;
CREATE INDEX source_tumor_digest ON source_tumor (digest, sender);
CREATE INDEX source_tumor_abstract ON source_tumor (abstract_id);
CREATE INDEX source_tumor_import ON source_tumor (import_id, verdict);

CREATE TABLE import_problem (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    import_id INTEGER NOT NULL REFERENCES import (id),
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    line INTEGER,
    col INTEGER,
    patient INTEGER,
    tumor INTEGER,
    item TEXT,
    number INTEGER,
    value TEXT,
    message TEXT NOT NULL,
    settled TEXT
) STRICT;
CREATE INDEX import_problem_import ON import_problem (import_id, kind, id);

-- A record that differs from a known abstract and waits for a person, item by item.
CREATE TABLE review (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    import_id INTEGER NOT NULL REFERENCES import (id),
    source_id INTEGER NOT NULL REFERENCES source_record (id),
    ordinal INTEGER NOT NULL,
    abstract_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    settled_by TEXT,
    settled_at TEXT
) STRICT;
CREATE INDEX review_open ON review (state, id);
CREATE INDEX review_abstract ON review (abstract_id);

CREATE TABLE patient_name (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    kind TEXT NOT NULL,
    last_folded TEXT NOT NULL,
    first_folded TEXT NOT NULL,
    last_sound TEXT NOT NULL,
    last_sound_2 TEXT NOT NULL
) STRICT;
CREATE INDEX patient_name_patient ON patient_name (patient_id);
CREATE INDEX patient_name_last ON patient_name (last_folded, first_folded, patient_id);
CREATE INDEX patient_name_sound ON patient_name (last_sound, first_folded, patient_id);
CREATE INDEX patient_name_sound_2 ON patient_name (last_sound_2, first_folded, patient_id);

CREATE TABLE patient_identifier (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    kind TEXT NOT NULL,
    facility_id INTEGER NOT NULL,
    value TEXT NOT NULL
) STRICT;
CREATE INDEX patient_identifier_value ON patient_identifier (kind, value, patient_id);
CREATE INDEX patient_identifier_patient ON patient_identifier (patient_id);

CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    change_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at TEXT NOT NULL,
    user_id INTEGER,
    login TEXT NOT NULL,
    why TEXT NOT NULL,
    source_kind TEXT NOT NULL,
    source_id INTEGER,
    record_hash BLOB NOT NULL,
    changes BLOB
) STRICT;
CREATE INDEX history_record ON history (kind, record_id, version);

-- What is left of the history of a patient removed by order: what the chain was sealed over, no value.
CREATE TABLE purged_history (
    id INTEGER PRIMARY KEY,
    change_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record_hash BLOB NOT NULL
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    user_id INTEGER,
    login TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    route TEXT NOT NULL,
    outcome TEXT NOT NULL,
    patient_id INTEGER,
    tumor_id INTEGER,
    abstract_id INTEGER,
    facility_id INTEGER,
    break_glass INTEGER,
    note TEXT NOT NULL,
    change_no INTEGER,
    changes_hash BLOB,
    detail_hash BLOB,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_patient ON audit (patient_id, seq);
CREATE INDEX audit_user ON audit (user_id, seq);
CREATE INDEX audit_action ON audit (action, seq);
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
-- May be deleted; its hash stays in the chain.
CREATE TABLE audit_detail (
    seq INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit lines are never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit lines are never removed'); END;
-- INSERT OR REPLACE removes the old line without asking the triggers for removal.
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'audit lines are never changed'); END;
CREATE TRIGGER history_no_replace BEFORE INSERT ON history WHEN EXISTS (SELECT 1 FROM history WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;
CREATE TRIGGER history_no_update BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;
-- History goes only with a patient who is removed for good: the removal writes his id here, and takes it out again, in its
-- own transaction.
CREATE TABLE purging (
    patient_id INTEGER PRIMARY KEY
) STRICT;
CREATE TRIGGER history_no_delete BEFORE DELETE ON history WHEN NOT EXISTS (SELECT 1 FROM purging) BEGIN SELECT RAISE(ABORT, 'history is never removed'); END;
CREATE TRIGGER source_no_update BEFORE UPDATE OF received, digest, ordinal, import_id ON source_record BEGIN SELECT RAISE(ABORT, 'received records are never changed'); END;

CREATE TABLE disclosure (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    purpose TEXT NOT NULL,
    items_class TEXT NOT NULL,
    at TEXT NOT NULL,
    login TEXT NOT NULL,
    job_id INTEGER,
    patients INTEGER NOT NULL
) STRICT;
CREATE TABLE disclosure_patient (
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    disclosure_id INTEGER NOT NULL REFERENCES disclosure (id),
    PRIMARY KEY (patient_id, disclosure_id)
) STRICT, WITHOUT ROWID;

-- A study that extracts are made for; its secret makes the numbers of patients that only this study has.
CREATE TABLE study (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    secret BLOB NOT NULL,
    login TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX study_name ON study (name);

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    params TEXT NOT NULL,
    step TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    result TEXT,
    message TEXT,
    user_id INTEGER,
    login TEXT NOT NULL,
    facility_id INTEGER,
    attempts INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
) STRICT;
CREATE INDEX job_open ON job (state, id);

CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    complete INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    login TEXT NOT NULL,
    job_id INTEGER,
    facility_id INTEGER,
    created_at TEXT NOT NULL,
    keep_until TEXT NOT NULL
) STRICT;
CREATE TABLE file_chunk (
    file_id INTEGER NOT NULL REFERENCES file (id),
    ordinal INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (file_id, ordinal)
) STRICT;

-- What the edits say of an abstract: one row an abstract, only what fails. `edition` names set and rules, `inputs` is the
-- digest of the values; a run looks again only where one of them moved, or where a failure waits for a day (`timely`).
-- A failure is " severity:edit:item", severity e, w, i, or o when an over-ride lets it pass.
CREATE TABLE edit_result (
    abstract_id INTEGER PRIMARY KEY REFERENCES abstract (id),
    patient_id INTEGER NOT NULL,
    edition TEXT NOT NULL,
    inputs BLOB NOT NULL,
    day INTEGER NOT NULL,
    timely INTEGER NOT NULL,
    failures TEXT NOT NULL
) STRICT;
CREATE INDEX edit_result_patient ON edit_result (patient_id);

-- An edit that a person let pass: the flag it took, the reason, the values looked at. It falls when one of them changes.
CREATE TABLE edit_override (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    abstract_id INTEGER NOT NULL REFERENCES abstract (id),
    patient_id INTEGER NOT NULL,
    edit TEXT NOT NULL,
    flag TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    reviewed TEXT NOT NULL,
    state TEXT NOT NULL,
    needed INTEGER NOT NULL,
    user_id INTEGER,
    login TEXT NOT NULL,
    at TEXT NOT NULL,
    ended_by TEXT,
    ended_at TEXT,
    ended_why TEXT
) STRICT;
CREATE INDEX edit_override_patient ON edit_override (patient_id, state);
CREATE INDEX edit_override_abstract ON edit_override (abstract_id, id);

-- What a registry loaded itself: editions of algorithms, dictionaries and other standards, checked whole before they stand here.
CREATE TABLE standard (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    edition TEXT NOT NULL,
    origin TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    content BLOB NOT NULL,
    loaded_by TEXT NOT NULL,
    loaded_at TEXT NOT NULL,
    switched_on INTEGER NOT NULL,
    switched_by TEXT,
    switched_at TEXT
) STRICT;
CREATE UNIQUE INDEX standard_edition ON standard (kind, name, edition);

CREATE TABLE contact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    facility_id INTEGER,
    contact_date TEXT NOT NULL,
    vital_status TEXT NOT NULL,
    source TEXT NOT NULL,
    source_central TEXT NOT NULL,
    outcome TEXT NOT NULL,
    message TEXT NOT NULL,
    note TEXT NOT NULL,
    posted TEXT NOT NULL,
    login TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX contact_patient ON contact (patient_id, id);
CREATE INDEX contact_open ON contact (outcome, patient_id);

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    facility_id INTEGER,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    template TEXT NOT NULL,
    file_id INTEGER,
    result TEXT NOT NULL,
    note TEXT NOT NULL,
    contact_id INTEGER,
    login TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX attempt_patient ON attempt (patient_id, id);
CREATE INDEX attempt_result ON attempt (result, patient_id, facility_id);
CREATE INDEX attempt_file ON attempt (file_id);

-- Merge, split, move, delete and restore, with what undoing needs.
CREATE TABLE operation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    login TEXT NOT NULL,
    at TEXT NOT NULL,
    undone_by TEXT,
    undone_at TEXT
) STRICT;

-- Numbers typed in from the old program's reports.
CREATE TABLE reconciliation (
    facility_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    measure TEXT NOT NULL,
    expected INTEGER NOT NULL,
    login TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (facility_id, year, measure)
) STRICT;

-- What was sent to whom: a batch is one sending to a recipient, its lines the cases in it as they were then.
CREATE TABLE submission_batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    title TEXT NOT NULL,
    profile TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    facility_id INTEGER,
    as_of TEXT NOT NULL,
    file_time TEXT NOT NULL,
    naaccr_version INTEGER NOT NULL,
    edit_set TEXT NOT NULL,
    edit_library TEXT NOT NULL,
    corrects INTEGER,
    scan_after INTEGER NOT NULL,
    tally TEXT NOT NULL,
    message TEXT,
    job_id INTEGER,
    user_id INTEGER,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    signed_by TEXT,
    signed_at TEXT,
    sent_at TEXT,
    channel TEXT,
    answered_by TEXT,
    answered_at TEXT
) STRICT;
CREATE INDEX submission_batch_recipient ON submission_batch (recipient, id);
CREATE TABLE submission_file (
    batch_id INTEGER NOT NULL REFERENCES submission_batch (id),
    ordinal INTEGER NOT NULL,
    record_type TEXT NOT NULL,
    file_id INTEGER,
    name TEXT NOT NULL,
    patients INTEGER NOT NULL,
    tumors INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    lost TEXT NOT NULL,
    PRIMARY KEY (batch_id, ordinal)
) STRICT;
-- A case in a batch, or one that had to stay behind with the reason (`blocked`). The hashes are over the recipient's items,
-- with and without those of follow-up.
CREATE TABLE submission_line (
    batch_id INTEGER NOT NULL REFERENCES submission_batch (id),
    tumor_id INTEGER NOT NULL,
    abstract_id INTEGER NOT NULL,
    patient_id INTEGER NOT NULL,
    facility_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    record_type TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    core_hash BLOB NOT NULL,
    seen_version INTEGER NOT NULL,
    seen_patient INTEGER NOT NULL,
    marks TEXT NOT NULL,
    blocked TEXT,
    found TEXT NOT NULL,
    entered INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (batch_id, tumor_id, abstract_id)
) STRICT;
CREATE INDEX submission_line_patient ON submission_line (patient_id);
CREATE INDEX submission_line_order ON submission_line (batch_id, patient_id, tumor_id, abstract_id);
-- Where each case stands with each recipient. `abstract_id` is 0 where a recipient gets consolidated tumors. `waiting` is what
-- a look at the versions seen found: nothing, changed, follow-up-only.
CREATE TABLE submission_ledger (
    recipient TEXT NOT NULL,
    tumor_id INTEGER NOT NULL,
    abstract_id INTEGER NOT NULL,
    patient_id INTEGER NOT NULL,
    facility_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    waiting TEXT NOT NULL,
    first_sent TEXT NOT NULL,
    first_batch INTEGER NOT NULL,
    last_sent TEXT NOT NULL,
    last_batch INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    core_hash BLOB NOT NULL,
    accepted INTEGER NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    seen_version INTEGER NOT NULL,
    seen_patient INTEGER NOT NULL,
    PRIMARY KEY (recipient, tumor_id, abstract_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_ledger_patient ON submission_ledger (patient_id);
CREATE INDEX submission_ledger_batch ON submission_ledger (last_batch);

-- What a facility sent to a central registry: the file, what its head and sum said, and the verdict on each abstract.
CREATE TABLE receipt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    facility_id INTEGER NOT NULL REFERENCES facility (id),
    file_id INTEGER,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    claimed_sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    record_type TEXT NOT NULL,
    naaccr_version INTEGER NOT NULL,
    edit_set TEXT NOT NULL,
    patients INTEGER NOT NULL,
    tumors INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    import_id INTEGER,
    job_id INTEGER,
    user_id INTEGER,
    login TEXT NOT NULL,
    at TEXT NOT NULL,
    message TEXT NOT NULL,
    released_by TEXT,
    released_at TEXT,
    release_reason TEXT
) STRICT;
CREATE INDEX receipt_facility ON receipt (facility_id, id);
CREATE TABLE receipt_line (
    receipt_id INTEGER NOT NULL REFERENCES receipt (id),
    ordinal INTEGER NOT NULL,
    patient_ordinal INTEGER NOT NULL,
    line INTEGER NOT NULL,
    facility TEXT NOT NULL,
    accession TEXT NOT NULL,
    sequence TEXT NOT NULL,
    patient_number TEXT NOT NULL,
    tumor_number TEXT NOT NULL,
    first_contact INTEGER,
    site TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reasons TEXT NOT NULL,
    PRIMARY KEY (receipt_id, ordinal)
) STRICT;
-- How a facility reports: by which edits, how many cases a year are expected, whom to write to.
CREATE TABLE facility_reporting (
    facility_id INTEGER PRIMARY KEY REFERENCES facility (id),
    edit_set TEXT NOT NULL,
    expected_year INTEGER NOT NULL,
    contact_name TEXT NOT NULL,
    contact_mail TEXT NOT NULL,
    contact_telephone TEXT NOT NULL,
    login TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- The records that lists, searches and scopes may see: live, and of a published import.
CREATE VIEW patient_live AS SELECT * FROM patient WHERE state = 'live' AND import_id NOT IN (SELECT import_id FROM hidden_import);
CREATE VIEW tumor_live AS SELECT * FROM tumor WHERE state = 'live' AND import_id NOT IN (SELECT import_id FROM hidden_import);
CREATE VIEW abstract_live AS SELECT * FROM abstract WHERE state = 'live' AND import_id NOT IN (SELECT import_id FROM hidden_import);
