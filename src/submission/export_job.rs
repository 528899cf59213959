//! An export as a job: the file is written into the store and appears when it is complete.

use anyhow::Context;

use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::{By, StoreError, jobs};
use crate::registry::work::{Ended, Held};
use crate::submission::export::{Definition, NotExported, export};

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let by = asked.by(held);
    let name = format!(
        "export_{}{}_{}.xml.gz",
        asked.definition.record_type,
        asked.definition.version,
        held.store.clock().now().format("%Y%m%d_%H%M%S")
    );
    let new = NewFile { kind: "export", name, job: Some(held.job.id), facility: held.job.facility_id };
    let file = FileWriter::begin(held.store, &by, &new)?;
    let (store, job, owner) = (held.store.clone(), held.job.id, held.owner.to_string());
    let progress = |done, total| {
        let owner = owner.clone();
        store.write(move |tx| jobs::progress(tx, job, &owner, "write", done, total))?;
        Ok::<bool, StoreError>(!held.should_stop())
    };
    match export(held.store, &by, &asked.definition, Some(job), file, progress) {
        Ok((written, lost, file)) => {
            let (id, bytes, sha256) = file.finish()?;
            let result = serde_json::json!({"file": id, "patients": written.patients, "tumors": written.tumors, "bytes": bytes,
                "sha256": sha256, "lost": lost});
            Ok(Ended::Done(result.to_string()))
        }
        Err(NotExported::LeftOff) => Ok(Ended::LeftOff),
        Err(NotExported::Definition(why)) => Ok(Ended::Failed(why, None)),
        Err(other) => Err(other.into()),
    }
}

/// What an export job was asked, and within which scope.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Asked {
    /// The export.
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
            crate::asker::Scope::Registry => None,
            crate::asker::Scope::Facilities(ids) => Some(ids.iter().map(|f| f.0).collect()),
        };
        Asked { definition, scope, address: by.address.clone() }
    }

    fn by(&self, held: &Held<'_>) -> By {
        let mut by = By::system("job export");
        by.asker.user = held.job.user_id.map(crate::asker::UserId);
        by.asker.login.clone_from(&held.job.login);
        by.address.clone_from(&self.address);
        if let Some(ids) = &self.scope {
            by.asker.scope =
                crate::asker::Scope::Facilities(ids.iter().map(|id| crate::asker::FacilityId(*id)).collect());
        }
        by
    }
}
