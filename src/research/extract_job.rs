//! An extract as a job: table, codebook and read-me are written into the store and appear when they are complete.

use std::io::Write;

use anyhow::Context;

use super::codebook::{About, write_codebook, write_read_me};
use super::definition::Definition;
use super::extract::{NotMade, as_of, extract};
use crate::asker::{FacilityId, Scope, UserId};
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::settings::setting;
use crate::registry::store::{By, StoreError, jobs};
use crate::registry::work::{Ended, Held};

/// What an extract job was asked, and within which scope.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Asked {
    /// The extract.
    pub definition: Definition,
    /// Facilities of who asked; none for the whole registry.
    pub scope: Option<Vec<i64>>,
    /// Address of who asked.
    pub address: String,
}

impl Asked {
    /// What the asker asked.
    pub fn new(by: &By, definition: Definition) -> Asked {
        let scope = match &by.asker.scope {
            Scope::Registry => None,
            Scope::Facilities(ids) => Some(ids.iter().map(|f| f.0).collect()),
        };
        Asked { definition, scope, address: by.address.clone() }
    }

    fn by(&self, held: &Held<'_>) -> By {
        let mut by = By::system("job extract");
        by.asker.user = held.job.user_id.map(UserId);
        by.asker.login.clone_from(&held.job.login);
        by.address.clone_from(&self.address);
        if let Some(ids) = &self.scope {
            by.asker.scope = Scope::Facilities(ids.iter().map(|id| FacilityId(*id)).collect());
        }
        by
    }
}

/// What came of it: the ids of the three files and the counts.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    /// The table.
    pub file: i64,
    /// The codebook.
    pub codebook: i64,
    /// The read-me.
    pub read_me: i64,
    /// Level's word.
    pub level: String,
    /// Patients.
    pub patients: u64,
    /// Tumors.
    pub tumors: u64,
    /// Length of the table.
    pub bytes: i64,
    /// SHA-256 of the table.
    pub sha256: String,
    /// Values left out for their form.
    pub withheld: u64,
}

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let by = asked.by(held);
    let plan = match asked.definition.plan() {
        Ok(plan) => plan,
        Err(why) => return Ok(Ended::Failed(why, None)),
    };
    let name = format!("extract_{}_{}", held.job.id, plan.definition.level.key());
    let begin = |ending: &str| {
        let (job, facility) = (Some(held.job.id), held.job.facility_id);
        FileWriter::begin(held.store, &by, &NewFile { kind: "extract", name: format!("{name}{ending}"), job, facility })
    };
    let (store, job, owner) = (held.store.clone(), held.job.id, held.owner.to_string());
    let progress = |done, total| {
        let owner = owner.clone();
        store.write(move |tx| jobs::progress(tx, job, &owner, "write", done, total))?;
        Ok::<bool, StoreError>(!held.should_stop())
    };
    let (made, table) = match extract(held.store, &by, &plan, Some(job), begin(".csv")?, progress) {
        Ok(done) => done,
        Err(NotMade::LeftOff) => return Ok(Ended::LeftOff),
        Err(NotMade::Refused(why)) => return Ok(Ended::Failed(why, None)),
        Err(other) => return Err(other.into()),
    };
    let (file, bytes, sha256) = table.finish()?;
    let registry = setting(&mut *held.store.reading()?, "registry.name")?;
    let as_of = as_of(held.store, &plan).to_string();
    let about =
        About { registry: &registry, as_of: &as_of, made: &made, file: &format!("{name}.csv"), bytes, sha256: &sha256 };
    let codebook = written(begin("_codebook.csv")?, |out| write_codebook(&plan, out))?;
    let read_me = written(begin("_read-me.txt")?, |out| write_read_me(&plan, &about, out))?;
    let result = Outcome {
        file,
        codebook,
        read_me,
        level: plan.definition.level.key().into(),
        patients: made.patients,
        tumors: made.tumors,
        bytes,
        sha256,
        withheld: made.withheld.values().sum(),
    };
    Ok(Ended::Done(serde_json::to_string(&result)?))
}

/// A small file, whole.
fn written(mut file: FileWriter, fill: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> anyhow::Result<i64> {
    let mut text = Vec::new();
    fill(&mut text)?;
    file.write_all(&text)?;
    Ok(file.finish()?.0)
}
