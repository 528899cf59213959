//! A run of the program with what it cost.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::Outcome;
use super::program::command;

/// How a run ended and what it took.
#[derive(Debug)]
pub struct Measured {
    /// How it ended.
    pub outcome: Outcome,
    /// User and system time, as last seen within 5 ms of the end.
    pub cpu: Duration,
    /// The most memory it held, in KiB, as last seen within 5 ms of the end.
    pub peak_kib: u64,
}

/// Runs the program with an input written by `feed`, and looks every few milliseconds at what it takes.
pub fn measured<A: AsRef<OsStr>>(arguments: &[A], feed: impl FnOnce(&mut dyn Write) + Send + 'static) -> Measured {
    let mut child =
        command().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || feed(&mut input));
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(Box::new(child.stdout.take().unwrap()));
    let stderr = read(Box::new(child.stderr.take().unwrap()));

    let (mut cpu, mut peak_kib) = (Duration::ZERO, 0);
    let until = Instant::now() + Duration::from_secs(300);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if let Some(now) = peak_of(child.id()) {
            peak_kib = peak_kib.max(now);
        }
        if let Some(now) = cpu_of(child.id()) {
            cpu = cpu.max(now);
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("the program did not end within five minutes");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    feeding.join().unwrap();
    let outcome = Outcome { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() };
    Measured { outcome, cpu, peak_kib }
}

/// The most memory that a process has held, in KiB.
pub fn peak_of(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The user and system time of a process.
pub fn cpu_of(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    // Linux counts in hundredths of a second here whatever its own clock.
    Some(Duration::from_millis(ticks * 10))
}
