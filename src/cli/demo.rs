//! `accession demo`: a synthetic registry with one user of each role, served on this machine.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::Outcome;
use super::serve::Listening;
use super::taken_in::take_in_synthetic;
use crate::accounts::TotpSecret;
use crate::accounts::store::{Founding, UserEntry, add_ready_user, found_registry};
use crate::asker::Role;
use crate::registry::clock::Clock;
use crate::registry::store::{By, DatabaseUrl, Store, facility};
use crate::synth;

/// Makes a synthetic registry in a folder, if it is not there, and serves it
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder of the demonstration
    #[arg(long, default_value = "demo-data", value_name = "FOLDER")]
    folder: PathBuf,
    /// Patients of the synthetic registry
    #[arg(long, default_value_t = 2000)]
    patients: u64,
    /// Print the six digits of a login's second factor and end
    #[arg(long, value_name = "LOGIN")]
    code: Option<String>,
    /// Make it and do not serve
    #[arg(long)]
    no_serve: bool,
    #[command(flatten)]
    listening: Listening,
}

/// How one user signs in.
#[derive(Debug, Serialize, serde::Deserialize)]
struct SignIn {
    role: String,
    login: String,
    password: String,
    totp_secret: String,
}

impl Demo {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("the folder {} cannot be made", self.folder.display()))?;
        let url = DatabaseUrl::Sqlite(self.folder.join("registry.db"));
        let list = self.folder.join("sign-ins.json");
        let store = match list.exists() {
            true => Store::open(&url, Clock::system())?,
            false => self.make(&url, &list)?,
        };
        let text = std::fs::read_to_string(&list).with_context(|| format!("{} cannot be read", list.display()))?;
        let sign_ins: Vec<SignIn> =
            serde_json::from_str(&text).with_context(|| format!("{} is not as it was written", list.display()))?;
        if let Some(login) = &self.code {
            let found =
                sign_ins.iter().find(|s| s.login == *login).with_context(|| format!("there is no login {login}"))?;
            let secret =
                TotpSecret::of_base32(&found.totp_secret).context("the list of sign-ins holds a broken secret")?;
            println!("{}", secret.code_at(Clock::system().now().timestamp()));
            return Ok(Outcome::Done);
        }
        println!("The demonstration holds synthetic patients only. Sign-ins (also in {}):", list.display());
        for s in &sign_ins {
            println!("  {:<22} {:<22} {}  second factor {}", s.role, s.login, s.password, s.totp_secret);
        }
        println!("The six digits of the second factor: accession demo --code LOGIN");
        if self.no_serve {
            return Ok(Outcome::Done);
        }
        self.listening.serve(store)?;
        Ok(Outcome::Done)
    }

    fn make(&self, url: &DatabaseUrl, list: &Path) -> anyhow::Result<Store> {
        // Without its list of sign-ins an earlier try did not come to its end: it is begun again.
        if let Some(path) = url.sqlite_path() {
            for ending in ["", "-wal", "-shm", ".audit-head"] {
                let mut name = path.as_os_str().to_owned();
                name.push(ending);
                let _ = std::fs::remove_file(name);
            }
        }
        let store = Store::create(url, Clock::system())?;
        let by = By::system("accession demo");
        eprintln!("Making {} synthetic patients …", self.patients);
        let settings = [
            ("registry.name", "Harbor General"),
            ("registry.id", "0000009999"),
            ("registry.state", "IA"),
            ("registry.reference_date", "2004-01-01"),
            ("registry.accreditation_date", "2004-01-01"),
            ("registry.naaccr_version", "260"),
            ("registry.time_zone", "America/Chicago"),
            ("registry.kind", "network"),
        ];
        let founding = Founding {
            settings: settings.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect(),
            ..Founding::default()
        };
        found_registry(&store, &by, &founding)?;
        // Up to this year, so that some abstracts are still to be completed.
        let made = synth::Settings { patients: self.patients, last_year: 2026, ..synth::Settings::default() };
        let taken = take_in_synthetic(&store, &by, &made, None)?;
        eprintln!("{} patients with {} tumors.", taken.counts.patients, taken.counts.tumors);
        self.name_facilities(&store, &by)?;
        write_secret(list, &serde_json::to_string_pretty(&self.people(&store, &by)?)?)?;
        Ok(store)
    }

    /// The generator's facilities get names, and are confirmed by that.
    fn name_facilities(&self, store: &Store, by: &By) -> anyhow::Result<()> {
        const NAMES: [&str; 4] =
            ["Harbor General Hospital", "Prairie View Medical Center", "Lakeside Clinic", "Northern Cancer Center"];
        let all = facility::facilities(&mut *store.reading()?)?;
        for (facility, name) in all.into_iter().zip(NAMES) {
            let by = by.clone();
            store.write(move |tx| {
                let entry = facility::FacilityEntry {
                    number: facility.number.clone(),
                    npi: facility.npi.clone(),
                    name: name.into(),
                    state: Some("IA".into()),
                    address: "1 Harbor Way\nCedar Rapids, IA 52401".into(),
                    telephone: "555-0100".into(),
                    retired: false,
                };
                facility::amend(tx, &by, facility.facility_id(), facility.version, &entry)
            })?;
        }
        Ok(())
    }

    fn people(&self, store: &Store, by: &By) -> anyhow::Result<Vec<SignIn>> {
        let first = facility::facilities(&mut *store.reading()?)?.first().map(facility::Facility::facility_id);
        let mut sign_ins = Vec::new();
        for role in Role::ALL.iter().copied() {
            let key = role.key().to_string();
            let login = key.replace('_', "-");
            let sees_all = matches!(
                role,
                Role::RegistryManager
                    | Role::Administrator
                    | Role::PrivacyOfficer
                    | Role::Auditor
                    | Role::Researcher
                    | Role::Consolidator
                    | Role::CentralEditor
            );
            let entry = UserEntry {
                login: login.clone(),
                name: format!("Demo {}", key.replace('_', " ")),
                mail: String::new(),
                roles: vec![role],
                facilities: if sees_all { vec![] } else { first.into_iter().collect() },
                all_facilities: sees_all,
            };
            let totp = TotpSecret::random();
            let password = password()?;
            add_ready_user(store, by, &entry, &password, Some(&totp))?;
            sign_ins.push(SignIn { role: key, login, password, totp_secret: totp.base32() });
        }
        Ok(sign_ins)
    }
}

/// A password of four groups of letters: long enough, and typed without mistakes.
fn password() -> anyhow::Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
    const LETTERS: &[u8] = b"abcdefghkmnpqrstuvwxyz23456789";
    let letters: Vec<char> =
        bytes.iter().filter_map(|b| LETTERS.get(usize::from(*b) % LETTERS.len())).map(|b| char::from(*b)).collect();
    Ok(letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

fn write_secret(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(".part");
    let mut place = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    place
        .write_all(text.as_bytes())
        .and_then(|()| place.sync_all())
        .with_context(|| format!("{} cannot be written", file.display()))?;
    std::fs::rename(&aside, file).with_context(|| format!("{} cannot be written", file.display()))
}
