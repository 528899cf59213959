//! `accession serve`: the server.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use clap::Args;

use super::Outcome;
use super::database::{Database, workers};
use crate::accounts::store::{Sealing, seal_second_factors, set_up_link};
use crate::followup::mail::Mailbag;
use crate::registry::store::{ServerLock, Store, jobs};
use crate::web::{AccessLog, App, Cidr, Serving, Transport, bind, serve, tls};

/// Serves a registry to browsers and programs
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    listening: Listening,
}

/// Where and how a server answers.
#[derive(Debug, Clone, Args)]
pub struct Listening {
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "ACCESSION_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Certificate chain of our own TLS, PEM
    #[arg(long, env = "ACCESSION_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate, PEM
    #[arg(long, env = "ACCESSION_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Network of the proxy that ends TLS before this server
    #[arg(
        long,
        env = "ACCESSION_BEHIND_PROXY",
        value_name = "CIDR",
        requires = "public_url",
        conflicts_with = "tls_cert"
    )]
    behind_proxy: Option<Cidr>,
    /// The address that people type, as https://registry.example.org
    #[arg(long, env = "ACCESSION_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Where the log goes: a file, or - for standard error
    #[arg(long, env = "ACCESSION_LOG", value_name = "FILE|-", default_value = "-")]
    log: String,
    /// Where mail goes: smtp://user:password@host:587, smtps://host or file:DIR
    #[arg(
        long,
        env = "ACCESSION_MAIL",
        hide_env_values = true,
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    mail: String,
    /// A file that gets the link of the first set-up, readable by its owner only
    #[arg(long, env = "ACCESSION_ONCE_LINK_FILE", value_name = "FILE")]
    once_link_file: Option<PathBuf>,
}

impl Serve {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let store = self.database.open()?;
        self.listening.serve(store)?;
        Ok(Outcome::Done)
    }
}

impl Listening {
    /// Serves a registry until the process is told to end.
    ///
    /// # Errors
    /// What stands in the way of serving, in one line.
    pub fn serve(self, store: Store) -> anyhow::Result<()> {
        let transport = self.transport()?;
        let _lock = ServerLock::take(store.url())?;
        if store.url().sqlite_path().is_some() {
            // Nobody else serves this file: what a dead server held is free at once.
            jobs::let_go_all(&store)?;
        }
        if seal_second_factors(&store)? == Sealing::Readable {
            eprintln!(
                "The secrets of second factors are readable in the database. Make a key with `accession key new FILE` and \
                 set ACCESSION_KEY_FILE=FILE."
            );
        }
        let listener = bind(self.listen)?;
        let here = listener.local_addr().context("asking for the port")?;
        let scheme = if matches!(transport, Transport::Tls) { "https" } else { "http" };
        let answers_at = format!("{scheme}://{here}");
        let own_url = self.public_url.clone().unwrap_or_else(|| answers_at.clone());
        let own_url = own_url.trim_end_matches('/').to_string();
        let certificate = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(tls(certificate, key)?),
            _ => None,
        };
        let log = match self.log.as_str() {
            "-" => AccessLog::standard_error(),
            file => AccessLog::file(file.as_ref()).with_context(|| format!("the log {file} cannot be written"))?,
        };
        let mail = Mailbag::of(&self.mail).map_err(anyhow::Error::msg)?;
        self.offer_set_up(&store, &own_url)?;
        let app = App::new(store.clone(), transport, log, own_url, mail).map_err(anyhow::Error::msg)?;
        let stop = Arc::new(AtomicBool::new(false));
        take_up_standards(store.clone(), stop.clone()).context("starting the thread for standards")?;
        let jobs = workers().start(store, stop.clone()).context("starting the thread for jobs")?;
        let served = serve(Serving::new(app, listener, certificate), || {
            // Nobody need be listening for it.
            let _ = writeln!(std::io::stdout(), "ready {answers_at}");
        });
        stop.store(true, Ordering::Relaxed);
        end_within_a_second(jobs);
        served.context("serving")
    }

    fn transport(&self) -> anyhow::Result<Transport> {
        let public_url = self.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        let has_scheme = public_url.starts_with("https://") || public_url.starts_with("http://");
        if !public_url.is_empty() && (!has_scheme || public_url.matches('/').count() != 2) {
            bail!("--public-url {public_url} is not an address as https://registry.example.org");
        }
        match (self.behind_proxy, &self.tls_cert) {
            (Some(proxy), _) => Ok(Transport::Behind { proxy, public_url: public_url.to_string() }),
            (None, Some(_)) => Ok(Transport::Tls),
            (None, None) if self.listen.ip().is_loopback() => Ok(Transport::Loopback),
            (None, None) => bail!(
                "{} is not the loopback address, and without TLS everything would go in the clear: give --tls-cert and \
                 --tls-key, or --behind-proxy and --public-url, or listen on 127.0.0.1",
                self.listen.ip()
            ),
        }
    }

    /// While nobody can sign in, a link opens the first set-up; it works once and those printed before no longer do.
    fn offer_set_up(&self, store: &Store, own_url: &str) -> anyhow::Result<()> {
        let Some(token) = set_up_link(store)? else { return Ok(()) };
        let link = format!("{own_url}/set-up/{}", token.text());
        match &self.once_link_file {
            Some(file) => write_secret(file, &link)?,
            None => eprintln!("Nobody can sign in yet. Set the registry up at {link}"),
        }
        Ok(())
    }
}

/// Takes up, every few seconds, the standards that were added or switched by whichever server or command.
fn take_up_standards(store: Store, stop: Arc<AtomicBool>) -> std::io::Result<()> {
    const EVERY: std::time::Duration = std::time::Duration::from_secs(4);
    let look = move || {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(EVERY);
            if let Err(error) = store.refresh_standards() {
                log::error!("the standards could not be looked at: {}", error.chain());
            }
        }
    };
    std::thread::Builder::new().name("standards".into()).spawn(look).map(drop)
}

fn write_secret(file: &std::path::Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut place = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("the link cannot be written to {}", file.display()))?;
    writeln!(place, "{text}").with_context(|| format!("writing {}", file.display()))
}

/// A job that does not leave off at once goes on at the next start: its lease runs out.
fn end_within_a_second(jobs: std::thread::JoinHandle<()>) {
    for _ in 0..20 {
        if jobs.is_finished() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
