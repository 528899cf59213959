//! The server comes up, says so, refuses a second place at the same table, and goes when asked.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::kit::{Kind, Server, Visitor, accession, init, is_sound, naaccr_file};

on_both!(a_server_says_ready_answers_health_and_ends_when_asked, |db| {
    init(db);
    let server = Server::start(db.url());
    let mut visitor = Visitor::at(&server);
    for path in ["/health/live", "/health/ready"] {
        let answer = visitor.get(path).expect_status(200);
        assert!(answer.bytes.len() < 100, "health tells too much: {}", answer.text());
        assert_eq!(answer.header("set-cookie"), None);
    }
    let health = accession(&["health", "--url", server.url()]);
    assert_eq!(health.code, Some(0), "{}{}", health.stdout, health.stderr);
    let (code, took) = server.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
});

on_both!(health_of_no_server_is_told_by_the_exit_code, |db| {
    init(db);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let health = accession(&["health", "--url", &format!("http://{free}")]);
    assert_ne!(health.code, Some(0));
    assert_eq!(health.stderr.trim_end().lines().count() + health.stdout.trim_end().lines().count(), 1);
});

on_both!(a_taken_port_is_refused_in_one_line, |db| {
    init(db);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let run = accession(&["serve", "--database", db.url(), "--listen", &taken]).expect_code(2);
    let port = other.local_addr().unwrap().port().to_string();
    assert!(run.stderr.contains(&port) && run.stderr.contains("--listen"), "{}", run.stderr);
    assert_eq!(run.stderr.trim_end().lines().count(), 1, "{}", run.stderr);
});

on_both!(one_file_has_one_server_and_one_cluster_has_several, |db| {
    init(db);
    let mut first = Server::start(db.url());
    match db.kind() {
        Kind::Sqlite => {
            let second = accession(&["serve", "--database", db.url(), "--listen", "127.0.0.1:0"]).expect_code(2);
            assert!(second.stderr.contains(&first.pid().to_string()), "{}", second.stderr);
            assert_eq!(second.stderr.trim_end().lines().count(), 1, "{}", second.stderr);
            // The first one was not disturbed, and after it the place is free, also when it was killed.
            Visitor::at(&first).get("/health/ready").expect_status(200);
            first.kill();
            Server::start(db.url());
        }
        Kind::Postgres => {
            let second = Server::start(db.url());
            Visitor::at(&second).get("/health/ready").expect_status(200);
            Visitor::at(&first).get("/health/ready").expect_status(200);
        }
    }
});

on_both!(plain_http_stays_on_loopback_addresses, |db| {
    init(db);
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let run = accession(&["serve", "--database", db.url(), "--listen", address]).expect_code(2);
        assert!(run.stderr.contains("TLS") || run.stderr.contains("--tls-cert"), "{address}: {}", run.stderr);
        assert_eq!(run.stderr.trim_end().lines().count(), 1, "{}", run.stderr);
    }
});

on_both!(a_server_starts_within_a_second, |db| {
    init(db);
    // Five times the promised second: the tests share two cores.
    let began = std::time::Instant::now();
    let server = Server::start(db.url());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(server);
});

on_both!(files_past_their_date_are_taken_out_by_the_server_and_the_audit_says_which, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "few.xml", 1, 2).display().to_string();
    accession(&["import", &file, "--database", db.url()]).expect_code(0);
    assert_eq!(db.number("SELECT count(*) FROM file"), 1);
    db.tamper("UPDATE file SET keep_until = '2000-01-01T00:00:00.000Z'");
    let server = Server::start(db.url());
    let until = Instant::now() + Duration::from_secs(20);
    while db.number("SELECT count(*) FROM file") > 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(server);
    assert_eq!(db.number("SELECT count(*) FROM file"), 0);
    assert_eq!(db.number("SELECT count(*) FROM file_chunk"), 0);
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'remove-files'"), 1);
    // What was received is kept with its records.
    assert_eq!(db.number("SELECT count(*) FROM source_record"), 2);
    is_sound(db);
});
