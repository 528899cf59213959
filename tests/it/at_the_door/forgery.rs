//! No change without the token of our own form and from our own pages, found by walking the routes; and no link of
//! ours leads away.

use accession::asker::Role;

use super::routes;
use crate::kit::{Database, Person, Server, Visitor, init};

/// What a forged request must not move: settings, users, records, jobs.
fn state(db: &Database) -> Vec<i64> {
    [
        "setting",
        "user_",
        "user_role",
        "facility",
        "patient",
        "abstract",
        "history",
        "job",
        "contact",
        "attempt",
        "file",
        "one_time_link",
    ]
    .iter()
    .map(|table| db.number(&format!("SELECT count(*) FROM {table}")))
    .collect()
}

on_both!(no_change_without_the_token_of_our_own_form, |db| {
    init(db);
    let roles = [Role::RegistryManager, Role::Administrator, Role::PrivacyOfficer];
    let one = Person::add(db, "one", &roles, &[]);
    let other = Person::add(db, "other", &roles, &[]);
    let server = Server::start(db.url());
    let mut before_sign_in = Visitor::at(&server);
    before_sign_in.get("/sign-in");
    let old_token = before_sign_in.csrf().to_owned();
    let mut others = other.at(&server);
    others.open("/account");
    let others_token = others.csrf().to_owned();
    let mut visitor = one.at(&server);
    visitor.open("/account");
    let token = visitor.csrf().to_owned();
    assert!(!token.is_empty() && token != others_token && token != old_token);

    let before = state(db);
    let origin = server.url().to_owned();
    let kind = "application/x-www-form-urlencoded";
    let mut let_through = Vec::new();
    let mut tried = 0;
    for route in routes().into_iter().filter(|route| !matches!(route.method.as_str(), "GET" | "HEAD")) {
        let path = route.filled();
        let own = format!("csrf={token}");
        let forged = [
            ("no token", String::new(), origin.as_str()),
            ("an empty token", "csrf=".to_owned(), origin.as_str()),
            ("another session's token", format!("csrf={others_token}"), origin.as_str()),
            ("the token from before signing in", format!("csrf={old_token}"), origin.as_str()),
            ("a foreign origin", own.clone(), "https://evil.example"),
            ("the origin null", own.clone(), "null"),
            ("another port as origin", own, "http://127.0.0.1:1"),
        ];
        for (how, body, from) in forged {
            tried += 1;
            let answer =
                visitor.send(&route.method, &path, &[("content-type", kind), ("origin", from)], body.as_bytes());
            // A page that takes files reads nothing but a form with parts; then it is asked with one.
            let answer = if answer.status == 400 {
                visitor.send(&route.method, &path, &parts(from), &in_parts(&body))
            } else {
                answer
            };
            if answer.status != 403 {
                let_through.push(format!("{} {path} with {how}: {}", route.method, answer.status));
            }
        }
    }
    assert!(tried > 20, "only {tried} tries");
    assert!(let_through.is_empty(), "{}", let_through.join("\n"));
    assert_eq!(state(db), before, "a forged request changed something");
    // The session that was attacked still works.
    visitor.open("/account").expect_status(200);
});

/// The headers of a form with parts.
fn parts(origin: &str) -> [(&str, &str); 2] {
    [("content-type", "multipart/form-data; boundary=part"), ("origin", origin)]
}

/// A form of one field and one file, in parts.
fn in_parts(body: &str) -> Vec<u8> {
    let token = body.strip_prefix("csrf=").map_or(String::new(), |token| {
        format!("--part\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n")
    });
    format!(
        "{token}--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xml\"\r\n\r\n<NaaccrData/>\r\n--part--\r\n"
    )
    .into_bytes()
}

/// Nothing, or a path that every browser takes as one of this server.
fn is_ours(link: &str) -> bool {
    let Some(rest) = link.strip_prefix('/') else { return link.is_empty() };
    !rest.starts_with(['/', '\\']) && !link.contains(['\t', '\r', '\n', '\0'])
}

on_both!(signing_in_leads_to_a_page_of_ours_only, |db| {
    init(db);
    let server = Server::start(db.url());
    let wanted = [
        "https://evil.example/",
        "http:evil.example",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/%09/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/%2f/evil.example",
        "/%5cevil.example",
        "https:/evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example/%2f..",
        "/\r\nLocation: https://evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "//google.com@evil.example",
        "@evil.example",
        "https://127.0.0.1@evil.example",
        "//127.0.0.1:80@evil.example",
        "evil.example",
        "?next=//evil.example",
        "#//evil.example",
        "/..//evil.example",
        "/.//evil.example",
        "/./\\evil.example",
        "\u{2028}//evil.example",
        "\u{3000}//evil.example",
        "/\u{0}/evil.example",
        "ftp://evil.example",
        "//evil%E3%80%82example",
        "/sign-in?next=https://evil.example",
        "",
    ];
    let people: Vec<Person> =
        (0..8).map(|n| Person::add(db, &format!("person-{n}"), &[Role::RegistryManager], &[])).collect();
    let mut led = Vec::new();
    for (at, next) in wanted.iter().enumerate() {
        let mut visitor = Visitor::at(&server);
        let page = visitor.get(&format!("/sign-in?next={}", crate::kit::encode(next)));
        let answer = if at < people.len() {
            let person = &people[at];
            let given = page.input("next").unwrap_or_else(|| (*next).to_owned());
            let code = person.secret.code_at(chrono::Utc::now().timestamp());
            let fields =
                [("login", person.login.as_str()), ("password", &person.password), ("code", &code), ("next", &given)];
            visitor.post("/sign-in", &fields)
        } else {
            page
        };
        let location = answer.location().to_owned();
        // What the form hands on is taken again at the next sign-in: it must be ours as well.
        let handed_on = answer.input("next").unwrap_or_default();
        if !is_ours(&location) || !is_ours(&handed_on) {
            led.push(format!("{next:?}: {location:?}"));
        }
    }
    assert!(led.is_empty(), "{}", led.join("\n"));
});
