//! A connection without manners: bytes in, bytes out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::Server;

/// What came back for some bytes.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status, if an answer came at all.
    pub status: Option<u16>,
    /// Everything, as text.
    pub text: String,
}

/// Sends bytes and reads until the server closes or is silent for two seconds.
pub fn raw(server: &Server, bytes: &[u8]) -> RawAnswer {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    // The server may refuse and close before all is sent.
    stream.write_all(bytes).ok();
    let mut all = Vec::new();
    let mut piece = [0u8; 16 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        all.extend_from_slice(&piece[..read]);
    }
    let text = String::from_utf8_lossy(&all).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    RawAnswer { status, text }
}
