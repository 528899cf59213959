//! Reliability 29 and 27: nobody raises himself, and the researcher meets no name on any page.

use super::world::{SHORT, World, mine};

/// Who sends it, where to, its fields, and the status that it is answered with.
type Form<'a> = (&'a str, String, Vec<(&'a str, &'a str)>, u16);

on_both!(extra_fields_raise_nobody_and_leave_a_line, |db| {
    let world = World::new(db);
    let rights = || {
        let users = "SELECT u.login || ' ' || u.all_facilities || ' ' || coalesce((SELECT string_agg(role, ',') FROM user_role WHERE user_id = u.id), '') \
                     || ' ' || coalesce((SELECT string_agg(CAST(facility_id AS TEXT), ',') FROM user_facility WHERE user_id = u.id), '') AS value \
                     FROM user_ u ORDER BY u.login";
        db.values(users)
    };
    let before = rights();
    let extra = [("role", "administrator"), ("roles", "administrator"), ("all_facilities", "yes"), ("facility", "2")];
    let mine = world.case("MINEABS");
    let save = format!("/cases/{}/items/2520", mine.abstract_);
    let version = db.number(&format!("SELECT version FROM abstract WHERE id = {}", mine.abstract_)).to_string();
    let forms: Vec<Form<'_>> = vec![
        ("abs", "/account/look".into(), vec![("density", "compact"), ("theme", "dark")], 303),
        ("abs", "/account/sessions/end".into(), vec![("session", "others")], 303),
        ("abs", "/account/password".into(), vec![("old", "x"), ("new", "a b c d e f g h"), ("repeated", "other")], 422),
        ("abs", "/patients".into(), vec![("name", "COLLEAGUE")], 303),
        ("abs", save, vec![("seen", &version), ("seen_patient", "1"), ("value", "Mass felt")], 303),
        ("phy", "/break-glass".into(), vec![("reason", "Unconscious patient in the emergency room")], 303),
    ];
    for (who, path, fields, status) in forms {
        let mut visitor = world.visitor(who);
        let lines = "SELECT count(*) FROM audit WHERE action = 'refused' AND outcome = 'ignored' AND note LIKE '%role%all_facilities%'";
        let noted = db.number(lines);
        let answer = visitor.post(&path, &[&fields[..], &extra[..]].concat());
        assert_eq!(answer.status, status, "{path}\n{}", answer.text());
        assert_eq!(db.number(lines), noted + 1, "{path} left no line of the fields");
        visitor.get("/admin/users").expect_status(403);
    }
    assert_eq!(rights(), before);
});

on_both!(a_researcher_meets_no_name_in_any_byte, |db| {
    let world = World::new(db);
    let case = world.case("COLLEAGUE");
    let mut researcher = world.visitor("res");
    let mut told = Vec::new();
    let routes = crate::kit::accession(&["routes", "--json"]).expect_code(0).json();
    let mut names: Vec<String> = SHORT.iter().map(|(short, _)| mine(short)).collect();
    names.extend(["COLLEAGUE", "STRANGER", "ELM STREET", "19570419", "1957-04-19"].map(str::to_owned));
    let mut asked = 0;
    for route in routes.as_array().unwrap().iter().filter(|route| route["method"] == "GET") {
        let path = route["path"].as_str().unwrap().to_owned();
        for id in [case.patient, case.abstract_, 1] {
            let path = path
                .replace("{section}", "text")
                .replace("{no}", "2570")
                .replace("{part}", "table")
                .split('/')
                .map(|step| if step.starts_with('{') { id.to_string() } else { step.to_owned() })
                .collect::<Vec<_>>()
                .join("/");
            let answer = researcher.get(&path);
            asked += 1;
            let text = answer.text().to_uppercase();
            if let Some(name) = names.iter().find(|name| text.contains(name.as_str())) {
                told.push(format!("{path} ({}): {name}", answer.status));
            }
        }
    }
    let found = researcher.post("/go", &[("q", "COLLEAGUE")]);
    assert!(!found.text().contains("ROBIN") && !found.text().contains("/patients/"), "{}", found.text());
    assert!(asked > 150 && told.is_empty(), "{asked} pages\n{}", told.join("\n"));
});
