//! No name from outside leads out of our folders, and no line break forges a header or a line of the log.

use accession::asker::Role;

use super::routes;
use crate::kit::{Person, Server, Visitor, init, raw};

/// Sixty ways to write "the folder above", after a place that serves files.
fn ways_up() -> Vec<String> {
    let up = [
        "..",
        "%2e%2e",
        "%2E%2E",
        ".%2e",
        "%2e.",
        "..%00",
        "%252e%252e",
        "..;",
        "....",
        "..%c0%af",
        "%c0%ae%c0%ae",
        "..%5c",
        "..\\",
        "%2e%2e%5c",
        "..%2f",
    ];
    let mut ways = Vec::new();
    for step in up {
        for times in [2, 8] {
            for target in ["etc/passwd", "Cargo.toml"] {
                ways.push(format!("/static/{}/{target}", vec![step; times].join("/")));
            }
        }
    }
    assert_eq!(ways.len(), 60);
    ways.extend(
        ["/static//etc/passwd", "/static/%2fetc%2fpasswd", "//etc/passwd", "/..", "/static/"].map(str::to_owned),
    );
    ways
}

on_both!(no_path_leads_out_of_our_folders, |db| {
    init(db);
    let person = Person::add(db, "manager", &[Role::RegistryManager, Role::Administrator], &[]);
    let server = Server::start(db.url());
    let visitor = person.at(&server);
    let cookies: Vec<String> = visitor.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut places = ways_up();
    for route in routes().into_iter().filter(|route| route.method == "GET" && route.path.contains('{')) {
        for name in [
            "..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
            "..%5c..%5cetc%5cpasswd",
            "%00",
            "-1",
            "99999999999999999999",
            "%27%20OR%201=1--",
        ] {
            let mut path = String::new();
            let mut rest = route.path.as_str();
            while let Some((before, after)) = rest.split_once('{') {
                path.push_str(before);
                path.push_str(name);
                rest = after.split_once('}').map_or("", |(_, rest)| rest);
            }
            places.push(path + rest);
        }
    }
    for path in places {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nConnection: close\r\n\r\n",
            server.address(),
            cookies.join("; ")
        );
        let answer = raw(&server, request.as_bytes());
        assert!(!answer.text.contains("root:x:0") && !answer.text.contains("[package]"), "{path}\n{}", answer.text);
        assert!(matches!(answer.status, Some(300..=499)), "{path}: {:?}\n{}", answer.status, answer.text);
    }
});

on_both!(no_line_break_forges_a_header_or_a_line_of_the_log, |db| {
    init(db);
    let server = Server::start(db.url());
    let mut visitor = Visitor::at(&server);
    let forged = "x\r\nSet-Cookie: forged=1\r\n\r\nINFO forged line \u{1b}[31mred\u{1b}[0m\u{2028}forged";
    visitor.get("/sign-in");
    let answers = vec![
        visitor.post("/sign-in", &[("login", forged), ("password", forged), ("code", forged), ("next", forged)]),
        visitor.get(&format!("/sign-in?next={}", crate::kit::encode(forged))),
        visitor.get(&format!("/{}", crate::kit::encode(forged))),
    ];
    for name in ["X-Forwarded-For", "User-Agent", "Referer", "Accept-Language", "Host"] {
        let request =
            format!("GET /no-such-page HTTP/1.1\r\nHost: x\r\n{name}: 192.0.2.1\t\u{1b}[31mINFO forged line\r\n\r\n");
        raw(&server, request.as_bytes());
    }
    for answer in answers {
        assert!(answer.headers.iter().all(|(_, value)| !value.contains("forged=1")), "{:?}", answer.headers);
    }
    let printed = server.printed();
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
    assert!(printed.lines().all(|line| !line.trim_start().starts_with("INFO forged")), "{printed}");
    // The audit takes the tried login as hash or not at all: never with a line break.
    let lines = db.values("SELECT login || address || route || note AS value FROM audit");
    assert!(lines.iter().flatten().all(|line| !line.contains(['\n', '\r', '\u{1b}'])), "{lines:?}");
});
