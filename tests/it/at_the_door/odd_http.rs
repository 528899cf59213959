//! Requests that two readers could understand differently are refused and the connection closed.

use crate::kit::{Server, Visitor, init, raw};

on_both!(malformed_requests_are_refused_and_the_server_goes_on, |db| {
    init(db);
    let server = Server::start(db.url());
    let host = server.address();
    let many_headers: String = (0..5_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = "a".repeat(200_000);
    let odd: Vec<(&str, Vec<u8>)> = vec![
        ("two lengths", format!("POST /sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef").into()),
        ("length and chunks", format!("POST /sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n").into()),
        ("a length with a sign", format!("POST /sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Length: +5\r\n\r\nabcde").into()),
        ("an unknown coding", format!("POST /sign-in HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n").into()),
        ("a bad chunk", format!("POST /sign-in HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n").into()),
        ("many headers", format!("GET / HTTP/1.1\r\nHost: {host}\r\n{many_headers}\r\n").into()),
        ("a long line", format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\n\r\n").into()),
        ("a long header", format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-Long: {long}\r\n\r\n").into()),
        ("bad bytes in the path", [b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n".as_slice()].concat()),
        ("a blank before the colon", format!("GET / HTTP/1.1\r\nHost : {host}\r\n\r\n").into()),
        ("no version", b"GET /\r\n\r\n".to_vec()),
        ("noise", (0..2_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect()),
    ];
    for (what, bytes) in odd {
        let answer = raw(&server, &bytes);
        assert!(matches!(answer.status, Some(300..=499) | None), "{what}: {:?}\n{}", answer.status, answer.text);
        assert!(answer.text.matches("HTTP/1.1 ").count() <= 1, "{what} was answered twice:\n{}", answer.text);
    }
    Visitor::at(&server).get("/health/ready").expect_status(200);
});
