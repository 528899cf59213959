//! Reliability 26 and 28: another facility's ids in paths, queries and forms are answered as ids that do not exist, with no
//! byte of the record and a line; nothing of another facility's report of a shared patient is seen.

use super::world::{Case, OTHER, Sick, World, bring};
use crate::kit::{Answer, HOME, Visitor};

/// Words that stand in the records of the other facility only.
const THEIRS: [&str; 2] = ["STRANGER", "seen at 0010000002"];

fn holds_theirs(answer: &Answer) -> bool {
    let text = answer.text().to_uppercase();
    THEIRS.iter().any(|word| text.contains(&word.to_uppercase()))
}

on_both!(an_id_of_another_facility_is_one_that_does_not_exist, |db| {
    let world = World::new(db);
    let (own, theirs) = (world.case("COLLEAGUE"), world.case("STRANGER"));
    let mut boss = world.visitor("boss");
    for case in [own, theirs] {
        let path = format!("/follow-up/{}", case.patient);
        boss.post(&format!("{path}/attempts"), &[("kind", "phone"), ("result", "pending"), ("recipient", "home")])
            .expect_status(303);
        boss.post(
            &format!("{path}/letters"),
            &[("letter", "physician-letter"), ("recipient", "R. Okafor MD"), ("address", "2 Hill Road")],
        )
        .expect_status(303);
    }
    let of = |column: &str, case: Case| {
        db.number(&format!("SELECT max({column}) FROM attempt WHERE patient_id = {}", case.patient))
    };
    let (attempt, letter) = (of("id", theirs), of("file_id", theirs));
    let tumor = db.number(&format!("SELECT max(tumor_id) FROM abstract WHERE patient_id = {}", theirs.patient));
    let facility = db.number(&format!("SELECT id FROM facility WHERE number = '{OTHER}'"));
    let version = |table: &str, id: i64| db.number(&format!("SELECT version FROM {table} WHERE id = {id}"));
    let seen = format!("{}-{}", theirs.abstract_, version("abstract", theirs.abstract_));
    let (p, c) = (own.patient, own.abstract_);
    let (pv, theirs_p, theirs_c) =
        (version("patient", p).to_string(), theirs.patient.to_string(), theirs.abstract_.to_string());
    let reason = "they are one and the same person";

    let before = db.number("SELECT count(*) FROM history");
    let mut manager = world.visitor("mgr");
    let gets = [
        format!("/patients/{p}/correct?other={theirs_p}"),
        format!("/follow-up/{p}/letters/{letter}"),
        format!("/follow-up/{theirs_p}/letters/{letter}"),
        format!("/patients/{theirs_p}/record"),
    ];
    let posts: Vec<(String, Vec<(&str, String)>)> = vec![
        (
            format!("/patients/{p}/correct"),
            vec![("what", "merge".into()), ("other", theirs_p.clone()), ("reason", reason.into())],
        ),
        (
            format!("/patients/{theirs_p}/correct"),
            vec![("what", "merge".into()), ("other", p.to_string()), ("reason", reason.into())],
        ),
        (
            format!("/patients/{p}/correct"),
            vec![
                ("what", "move".into()),
                ("other", p.to_string()),
                ("tumor", tumor.to_string()),
                ("reason", reason.into()),
            ],
        ),
        (
            format!("/follow-up/{p}/attempts"),
            vec![("attempt", attempt.to_string()), ("result", "answered-alive".into())],
        ),
        (
            "/reconcile".to_owned(),
            vec![("facility", facility.to_string()), ("year", "2022".into()), ("tumors", "5".into())],
        ),
        (
            "/submissions".to_owned(),
            vec![("facility", OTHER.into()), ("recipient", "me".into()), ("purpose", "mine".into())],
        ),
        (format!("/cases/{theirs_c}/delete"), vec![("seen", "1".into()), ("reason", reason.into())]),
    ];
    let mut wrong = Vec::new();
    let mut judge = |what: String, answer: Answer, lines: i64| {
        // Whoever may not ask at all gets 403.
        let is_record_page = what.ends_with("/record");
        if answer.status != if is_record_page { 403 } else { 404 } {
            wrong.push(format!("{what}: {}", answer.status));
        }
        if holds_theirs(&answer) {
            wrong.push(format!("{what}: tells of the other facility"));
        }
        if db.number("SELECT count(*) FROM audit WHERE action = 'refused'") != lines + 1 {
            wrong.push(format!("{what}: not one line"));
        }
    };
    let refused = || db.number("SELECT count(*) FROM audit WHERE action = 'refused'");
    for path in gets {
        let lines = refused();
        let answer = manager.get(&path);
        judge(path, answer, lines);
    }
    for (path, fields) in posts {
        let lines = refused();
        manager.get("/account");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = manager.post(&path, &fields);
        judge(format!("{path} {fields:?}"), answer, lines);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A posting of one's own patient that names the other's abstract.
    manager.get("/account");
    let own_seen: Vec<String> = db
        .values(&format!("SELECT id || '-' || version AS value FROM abstract WHERE patient_id = {p}"))
        .into_iter()
        .flatten()
        .collect();
    let mut fields = vec![("seen_patient", pv.as_str()), ("seen", &seen), ("tumor", &theirs_c), ("date", "2026-02-03")];
    fields.extend(own_seen.iter().map(|seen| ("seen", seen.as_str())));
    fields.extend([("vital_status", "1"), ("source_central", "41"), ("do", "post")]);
    let answer = manager.post(&format!("/follow-up/{p}"), &fields);
    assert!(matches!(answer.status, 404 | 409 | 422) && !holds_theirs(&answer), "{}\n{}", answer.status, answer.text());
    // Of the other's case nothing is shown beside one's own.
    for path in [format!("/cases/{c}/text?text={theirs_c}"), "/?list=accessioned&whose=team".into()] {
        assert!(!holds_theirs(&manager.get(&path)), "{path}");
    }
    let answer = manager.post("/go", &[("q", "STRANGER"), ("case", &theirs_c)]);
    assert!(!answer.text().contains("ROBIN"), "{}", answer.text());
    assert_eq!(db.number("SELECT count(*) FROM history"), before, "something was changed");
});

/// Opens what leads on from a page, two steps deep, and looks at each.
fn walk(visitor: &mut Visitor, from: &str, depth: usize, seen: &mut Vec<String>, look: &mut dyn FnMut(&str, &Answer)) {
    if depth == 0 || seen.iter().any(|path| path == from) || seen.len() > 400 {
        return;
    }
    seen.push(from.to_owned());
    let answer = visitor.get(from);
    look(from, &answer);
    let page = answer.text();
    let links = page.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next());
    let links: Vec<String> = links.map(|path| format!("/{}", path.replace("&amp;", "&"))).collect();
    for link in links {
        if !link.starts_with("/static") && !link.starts_with("/help") {
            walk(visitor, link.split('#').next().unwrap_or_default(), depth - 1, seen, look);
        }
    }
}

on_both!(of_a_shared_patient_only_the_own_report_is_seen, |db| {
    let world = World::new(db);
    bring(db, &[Sick { name: "SHARED".into(), facilities: vec![HOME, OTHER] }]);
    let shared = world.case("SHARED");
    let own = db.number(&format!(
        "SELECT min(a.id) FROM abstract a JOIN facility f ON f.id = a.facility_id WHERE a.patient_id = {} AND f.number = '{HOME}'",
        shared.patient
    ));
    for who in ["mgr", "qcr", "fuc"] {
        let mut visitor = world.visitor(who);
        let (mut seen, mut told) = (Vec::new(), Vec::new());
        let mut look = |path: &str, answer: &Answer| {
            if answer.text().contains("seen at 0010000002") || answer.text().contains("STRANGER") {
                told.push(path.to_owned());
            }
        };
        for from in [
            format!("/patients/{}", shared.patient),
            format!("/cases/{own}/source"),
            format!("/cases/{own}/text"),
            format!("/cases/{own}/items?filled=no"),
            format!("/follow-up/{}", shared.patient),
        ] {
            walk(&mut visitor, &from, 2, &mut seen, &mut look);
        }
        assert!(seen.len() > 20, "{who}: {seen:?}");
        assert!(told.is_empty(), "{who}: {told:?}");
    }
    let mut boss = world.visitor("boss");
    let whole = boss.get(&format!("/cases/{own}/source")).expect_status(200).text();
    assert!(whole.contains("seen at 0010000002"), "the walk can see it: {whole}");
    // Whole records are not moved by who sees a part of them.
    let mut manager = world.visitor("mgr");
    let colleague = world.case("COLLEAGUE").patient;
    let reason = ("reason", "they are one and the same person");
    let refused = manager.post(
        &format!("/patients/{colleague}/correct"),
        &[("what", "merge"), ("other", &shared.patient.to_string()), reason],
    );
    assert_eq!(refused.status, 422, "{}", refused.text());
    boss.get("/account");
    let done = boss.post(
        &format!("/patients/{colleague}/correct"),
        &[("what", "merge"), ("other", &shared.patient.to_string()), reason],
    );
    assert_eq!(done.status, 303, "{}", done.text());
    // The operation is not the manager's to see or undo.
    let operation = db.number("SELECT max(id) FROM operation").to_string();
    assert!(!manager.get("/deleted").text().contains("one and the same"), "a reason of another's operation is shown");
    manager.get("/account");
    manager.post("/deleted", &[("operation", &operation), ("reason", "they are two people")]).expect_status(404);
});
