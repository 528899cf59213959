//! Every answer carries the protecting headers: pages, refusals, errors, files, to strangers and to people signed in.

use accession::asker::Role;

use super::routes;
use crate::kit::{Answer, Person, Server, Visitor, init};

fn faults(answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    let header = |name: &str| answer.header(name).unwrap_or_default().to_ascii_lowercase();
    let policy = header("content-security-policy");
    if policy.is_empty() || policy.contains("unsafe-") || policy.contains('*') {
        faults.push(format!("content policy: {policy:?}"));
    }
    for needed in ["default-src", "frame-ancestors 'none'", "form-action", "base-uri", "object-src"] {
        let covered = policy.contains(needed) || (needed == "object-src" && policy.contains("default-src 'none'"));
        if !covered {
            faults.push(format!("content policy without {needed}"));
        }
    }
    for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
        if header(name) != value {
            faults.push(format!("{name}: {:?}", header(name)));
        }
    }
    let is_static =
        answer.header("content-type").is_some_and(|kind| kind.starts_with("text/css") || kind.contains("javascript"));
    if !is_static && !header("cache-control").contains("no-store") {
        faults.push(format!("cache-control: {:?}", header("cache-control")));
    }
    for forbidden in ["server", "x-powered-by"] {
        if answer.header(forbidden).is_some() {
            faults.push(format!("{forbidden} tells what runs here"));
        }
    }
    for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
        let cookie = cookie.to_ascii_lowercase();
        if !(cookie.contains("httponly") && cookie.contains("samesite=strict") && cookie.contains("path=/"))
            || cookie.contains("domain")
        {
            faults.push(format!("cookie: {cookie}"));
        }
    }
    faults
}

on_both!(every_answer_carries_the_protecting_headers, |db| {
    init(db);
    let person = Person::add(db, "manager", &[Role::RegistryManager, Role::Administrator, Role::PrivacyOfficer], &[]);
    let server = Server::start(db.url());
    let mut stranger = Visitor::at(&server);
    let mut known = person.at(&server);
    let mut found = Vec::new();
    let mut look = |who: &str, method: &str, path: &str, answer: Answer| {
        assert_ne!(answer.status, 500, "{who} {method} {path}\n{}", answer.text());
        found.extend(
            faults(&answer).into_iter().map(|fault| format!("{who} {method} {path} ({}): {fault}", answer.status)),
        );
    };
    for route in routes() {
        let path = route.filled();
        if path.starts_with("/sign-out") {
            continue;
        }
        let origin = server.url().to_owned();
        let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        let headers: &[(&str, &str)] = if route.method == "GET" { &[] } else { &form };
        look("a stranger", &route.method, &path, stranger.send(&route.method, &path, headers, b""));
        look("a manager", &route.method, &path, known.send(&route.method, &path, headers, b""));
    }
    for path in
        ["/no/such/page", "/static/no-such-file.css", "/health/live", "/%00", "/patients/999999999", "/patients/x"]
    {
        look("a stranger", "GET", path, stranger.get(path));
        look("a manager", "GET", path, known.get(path));
    }
    look("a stranger", "DELETE", "/", stranger.send("DELETE", "/", &[], b""));
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
});
