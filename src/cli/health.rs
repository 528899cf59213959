//! `accession health`: whether a server answers and can work, for timers and monitors.

use std::time::Duration;

use clap::Args;
use ureq::Agent;

use super::Outcome;

/// Asks a server whether it can work: exit code 0 if so, 2 if not
#[derive(Debug, Args)]
pub struct Health {
    /// Address of the server
    #[arg(long, env = "ACCESSION_PUBLIC_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Seconds to wait for its answer
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    timeout: u64,
}

impl Health {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let url = self.url.trim_end_matches('/');
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(self.timeout)))
            .build()
            .into();
        match agent.get(format!("{url}/health/ready")).call() {
            Ok(answer) if answer.status().as_u16() == 200 => {
                println!("{url} is ready");
                Ok(Outcome::Done)
            }
            Ok(answer) if answer.status().as_u16() == 503 => {
                anyhow::bail!("{url} answers, but cannot work with its database: look into its log")
            }
            Ok(answer) => {
                anyhow::bail!("what answers at {url} is no Accession server (status {})", answer.status().as_u16())
            }
            Err(error) => anyhow::bail!("{url} does not answer: {error}"),
        }
    }
}
