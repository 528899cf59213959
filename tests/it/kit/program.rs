//! The program, run to its end.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a run of the program ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; none when it was ended by a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// The outcome, when the exit code is the expected one.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Outcome {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// Standard output as JSON lines.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }
}

/// The program as a command, with none of the `ACCESSION_…` settings of whoever runs the tests. `ACCESSION_TEST_PROGRAM`
/// names another build of it.
pub fn command() -> Command {
    let built = env!("CARGO_BIN_EXE_accession").into();
    let mut command = Command::new(std::env::var_os("ACCESSION_TEST_PROGRAM").unwrap_or(built));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ACCESSION_")) {
        command.env_remove(name);
    }
    command.env_remove("DATABASE_URL");
    command
}

/// Runs `accession ARGUMENTS…` with nothing on standard input.
pub fn accession<A: AsRef<OsStr>>(arguments: &[A]) -> Outcome {
    accession_with(arguments, b"", &[])
}

/// Runs `accession ARGUMENTS…` with this input and these variables; a run over five minutes is ended and fails.
pub fn accession_with<A: AsRef<OsStr>>(arguments: &[A], input: &[u8], variables: &[(&str, &str)]) -> Outcome {
    let mut child = command()
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = read_aside(child.stdout.take().unwrap());
    let stderr = read_aside(child.stderr.take().unwrap());
    // A program that does not read its input to the end closes the pipe: no fault of the test.
    stdin.write_all(input).ok();
    drop(stdin);
    let until = Instant::now() + Duration::from_secs(300);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("the program did not end within five minutes");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Outcome { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn read_aside(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
