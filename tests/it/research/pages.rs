//! The researcher at the pages: no planted word and no real number on any page he can reach, nor in any file.

use std::time::{Duration, Instant};

use accession::asker::Role;
use accession::research::levels::{Level, offered};

use super::planted::{plant, tells_nothing};
use crate::kit::{Answer, HOME, Person, Server, Visitor, accession};

/// Signed in and with the token of a form.
fn at(person: &Person, server: &Server) -> Visitor {
    let mut visitor = person.at(server);
    visitor.get("/account").expect_status(200);
    visitor
}

/// Makes an extract with every item the level has, and waits for it; answers its path.
fn make(visitor: &mut Visitor, level: Level) -> String {
    let items: Vec<&str> = offered(level).map(|item| &*item.id).collect();
    let items = items.join(",");
    let fields = [
        ("study", "Planted"),
        ("recipient", "State University"),
        ("purpose", "To see what leaves"),
        ("level", level.key()),
        ("more_items", &items),
    ];
    let looked = visitor.post("/research/extract", &fields).expect_status(200);
    assert!(looked.text().contains("<b data-tumors>2</b>"), "{}", looked.text());
    tells_nothing(level, "the builder", &looked.text());
    let made = visitor.post("/research/extracts", &fields).expect_status(303);
    let path = made.location().to_owned();
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let page = visitor.get(&path).expect_status(200).text();
        tells_nothing(level, "the extract's page", &page);
        if page.contains("Keep the table") {
            return path;
        }
        assert!(Instant::now() < until, "{page}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

on_both!(a_researcher_sees_no_name_on_any_page_and_in_any_file, |db| {
    plant(db);
    let researcher = Person::add(db, "research", &[Role::Researcher], &[]);
    let colleague = Person::add(db, "colleague", &[Role::Researcher], &[HOME]);
    let server = Server::start(db.url());
    let mut visitor = at(&researcher, &server);
    for level in [Level::Deidentified, Level::Limited] {
        let path = make(&mut visitor, level);
        for part in ["table", "codebook", "read-me"] {
            let file = visitor.get(&format!("{path}/{part}")).expect_status(200);
            assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
            tells_nothing(level, part, &file.text());
            if part == "table" {
                assert_eq!(file.text().lines().count(), 3);
            }
        }
        visitor.get(&format!("{path}/nothing")).expect_status(404);
        // The file's other way out is for those who may export.
        let number = path.rsplit('/').next().unwrap().to_owned();
        assert_ne!(visitor.get(&format!("/jobs/{number}/file")).status, 200);
        // A colleague of the same role has his own extracts only.
        let mut other = at(&colleague, &server);
        other.get(&path).expect_status(404);
        other.get(&format!("{path}/table")).expect_status(404);
        other.get(&format!("/research/extract?from={number}")).expect_status(404);
    }
    let mut reached = 0;
    let routes = accession(&["routes", "--json"]).expect_code(0).json();
    for route in routes.as_array().unwrap() {
        let path = route["path"].as_str().unwrap();
        if path.contains("/static/") || path.contains("sign-out") {
            continue;
        }
        for id in ["1", "2", "3"] {
            let filled: String = path
                .split('/')
                .map(|part| match part {
                    "{section}" => "identification",
                    "{part}" => "table",
                    "{no}" => "400",
                    part if part.starts_with('{') => id,
                    part => part,
                })
                .collect::<Vec<_>>()
                .join("/");
            let answer = match route["method"].as_str().unwrap() {
                "GET" => visitor.get(&filled),
                _ if filled.starts_with("/go") || filled.starts_with("/patients") => {
                    visitor.post(&filled, &[("q", "Plantedqz"), ("words", "Plantedqz")])
                }
                _ => continue,
            };
            // What one typed stands in the box again; nothing else may.
            let text = answer.text().replace("value=\"Plantedqz\"", "");
            tells_nothing(Level::Limited, &format!("{} {filled}", route["method"]), &text);
            reached += usize::from(answer.status == 200);
        }
    }
    assert!(reached > 12, "{reached} pages were reached");
    tells_nothing(Level::Deidentified, "the server's log", &server.printed());
});

fn identified(visitor: &mut Visitor, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("study", "By name"),
        ("recipient", "State University"),
        ("purpose", "Approved study 14"),
        ("level", "identified"),
        ("more_items", "nameLast"),
    ];
    fields.extend_from_slice(more);
    visitor.post("/research/extracts", &fields)
}

on_both!(an_identified_extract_asks_for_setting_role_and_password, |db| {
    plant(db);
    let researcher = Person::add(db, "research", &[Role::Researcher], &[]);
    let manager = Person::add(db, "manager", &[Role::RegistryManager], &[]);
    let administrator = Person::add(db, "administrator", &[Role::Administrator], &[]);
    let server = Server::start(db.url());
    let (mut research, mut manage) = (at(&researcher, &server), at(&manager, &server));
    assert_eq!(identified(&mut manage, &[]).status, 422, "it is switched off");
    let mut admin = at(&administrator, &server);
    let set = |admin: &mut Visitor, reason: &str| {
        admin.post("/admin/settings", &[("privacy.identified_extracts", "yes"), ("reason", reason)])
    };
    set(&mut admin, "short");
    assert_eq!(identified(&mut manage, &[]).status, 422, "a short reason switches nothing on");
    set(&mut admin, "Study 14 is approved by name by the board");
    assert_eq!(identified(&mut research, &[]).status, 403);
    let path = identified(&mut manage, &[]).expect_status(303).location().to_owned();
    let until = Instant::now() + Duration::from_secs(60);
    while !manage.get(&path).text().contains("Keep the table") {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(manage.get(&format!("{path}/table")).expect_status(200).text().contains("PlantedqznameLast"));
    research.get(&format!("{path}/table")).expect_status(404);
    let listed = db.values("SELECT items_class AS value FROM disclosure");
    assert_eq!(listed, [Some("identified".to_string())]);
});

on_both!(the_builder_says_what_is_wrong_and_keeps_what_was_typed, |db| {
    plant(db);
    let researcher = Person::add(db, "research", &[Role::Researcher], &[]);
    let server = Server::start(db.url());
    let mut visitor = at(&researcher, &server);
    for (field, value, says) in [
        ("site", "breast", "is no primary site"),
        ("more_items", "nameLast", "has no place"),
        ("more_filters", "socialSecurityNumber=912345678", "would tell"),
        ("county", "103", "limited data set"),
        ("age", "93-95", "90 and over"),
    ] {
        let answer = visitor.post("/research/extract", &[("study", "x"), (field, value), ("item", "primarySite")]);
        assert_eq!(answer.status, 422, "{field}");
        let text = answer.text();
        assert!(text.contains(says) && text.contains("Error: "), "{field}: {text}");
        assert!(field == "county" || text.contains(value), "{field} is not kept");
    }
    let answer = visitor.post("/research/extracts", &[("item", "primarySite")]).expect_status(422);
    assert!(answer.text().contains("Name the study"));
    assert_eq!(db.number("SELECT count(*) FROM job WHERE kind = 'extract'"), 0);
});
