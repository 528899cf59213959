//! The program, serving.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::program::command;

/// A server that said it is ready; ended when dropped.
pub struct Server {
    child: Child,
    url: String,
    printed: Arc<Mutex<String>>,
}

impl Server {
    /// Serves the database on a free port of the loopback address.
    #[track_caller]
    pub fn start(database: &str) -> Server {
        Server::start_with(database, &[], &[])
    }

    /// The same with more options and environment variables.
    #[track_caller]
    pub fn start_with(database: &str, options: &[&str], variables: &[(&str, &str)]) -> Server {
        Server::try_start(database, options, variables).unwrap_or_else(|printed| panic!("no server: {printed}"))
    }

    /// The same; the error holds all that the program printed before it ended or was given up after 60 seconds.
    pub fn try_start(database: &str, options: &[&str], variables: &[(&str, &str)]) -> Result<Server, String> {
        let mut serve = command();
        serve.args(["serve", "--database", database, "--listen", "127.0.0.1:0"]).args(options);
        Server::from_command(serve.envs(variables.iter().copied()))
    }

    /// Any command that prints `ready http…` once it serves.
    pub fn from_command(serve: &mut Command) -> Result<Server, String> {
        let mut child = serve
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let printed = Arc::new(Mutex::new(String::new()));
        let (tell, told) = channel();
        follow(child.stdout.take(), printed.clone(), Some(tell));
        follow(child.stderr.take(), printed.clone(), None);
        match ready_line(&told) {
            Some(url) => Ok(Server { child, url, printed }),
            None => {
                child.kill().ok();
                child.wait().ok();
                let printed = printed.lock().unwrap().clone();
                Err(printed)
            }
        }
    }

    /// Where it serves, as it said: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.url.split("://").nth(1).unwrap().trim_end_matches('/')
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All it printed up to now.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// Ends it as a machine that loses its power would: SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end (SIGTERM); gives the exit code and how long it took, and fails after 15 seconds.
    pub fn stop(mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success(), "the server had already ended: {}", self.printed());
        while began.elapsed() < Duration::from_secs(15) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), began.elapsed());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("still there 15 s after SIGTERM: {}", self.printed());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("the server printed:\n{}", self.printed());
        }
    }
}

fn ready_line(told: &Receiver<String>) -> Option<String> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                if let Some(url) = line.strip_prefix("ready ") {
                    return Some(url.trim().trim_end_matches('/').to_owned());
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        }
    }
}

fn follow(
    pipe: Option<impl Read + Send + 'static>,
    printed: Arc<Mutex<String>>,
    tell: Option<std::sync::mpsc::Sender<String>>,
) {
    let Some(pipe) = pipe else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            printed.lock().unwrap().push_str(&format!("{line}\n"));
            if let Some(tell) = &tell {
                // Nobody listens any more once the server is ready.
                tell.send(line).ok();
            }
        }
    });
}
