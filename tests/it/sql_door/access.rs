//! `accession sql-access`: a role reads its views and nothing else, the audit says why; SQLite refuses and says why.

use crate::kit::{Database, Kind, Outcome, accession, init, is_sound, naaccr_file};

const REASON: &str = "The epidemiologist reads counts with R";

fn command(db: &Database, words: &[&str]) -> Outcome {
    let mut all = vec!["sql-access"];
    all.extend_from_slice(words);
    all.extend(["--database", db.url()]);
    accession(&all)
}

on_both!(a_role_reads_its_views_and_nothing_else, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "people.xml", 1, 3);
    accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--json"]).expect_code(0);
    let role = format!("analyst_{}", std::process::id());
    let grant = ["grant", &role, "--views", "deidentified", "--reason", REASON];
    if db.kind() == Kind::Sqlite {
        let run = command(db, &grant).expect_code(2);
        assert!(run.stderr.contains("SQLite file has no roles"), "{}", run.stderr);
        let run = command(db, &["revoke", &role, "--reason", REASON]).expect_code(2);
        assert!(run.stderr.contains("SQLite file has no roles"), "{}", run.stderr);
        assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'sql-access'"), 0);
        return;
    }
    let run = command(db, &grant).expect_code(2);
    assert!(run.stderr.contains("There is no role"), "{}", run.stderr);
    db.tamper(&format!("CREATE ROLE {role} LOGIN"));
    let may = |what: &str| db.try_tamper(&format!("SET ROLE {role}; SELECT count(*) FROM {what}"));
    let short = ["grant", &role, "--views", "deidentified", "--reason", "because"];
    command(db, &short).expect_code(2);
    may("tumor_deid_v").unwrap_err();
    command(db, &grant).expect_code(0);
    for view in ["patient_deid_v", "tumor_deid_v", "abstract_deid_v"] {
        may(view).unwrap_or_else(|error| panic!("{view}: {error}"));
    }
    for closed in [
        "patient_v",
        "tumor_v",
        "abstract_v",
        "patient",
        "patient_live",
        "tumor",
        "abstract",
        "audit",
        "study",
        "program",
    ] {
        let error = may(closed).unwrap_err();
        assert!(error.contains("permission denied"), "{closed}: {error}");
    }
    for change in
        ["DELETE FROM tumor_deid_v", "UPDATE patient_deid_v SET sex = '1'", "INSERT INTO study (name) VALUES ('x')"]
    {
        db.try_tamper(&format!("SET ROLE {role}; {change}")).unwrap_err();
    }
    command(db, &["grant", &role, "--views", "identified", "--reason", REASON]).expect_code(0);
    may("patient_v").unwrap();
    may("patient").unwrap_err();
    // Back to less: what was opened is closed.
    command(db, &grant).expect_code(0);
    may("patient_v").unwrap_err();
    may("patient_deid_v").unwrap();
    command(db, &["revoke", &role, "--reason", "The study has ended in November"]).expect_code(0);
    may("patient_deid_v").unwrap_err();
    let odd = command(db, &["grant", "x\"; DROP TABLE audit; --", "--views", "deidentified", "--reason", REASON])
        .expect_code(2);
    assert!(odd.stderr.contains("There is no role"), "{}", odd.stderr);
    let notes = db.values("SELECT note AS value FROM audit WHERE action = 'sql-access' ORDER BY seq");
    assert_eq!(notes.len(), 4);
    assert_eq!(notes[0].as_deref(), Some(&*format!("granted deidentified to role {role}: {REASON}")));
    db.tamper(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    is_sound(db);
});
