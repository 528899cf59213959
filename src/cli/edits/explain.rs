//! `accession edits explain`: an edit in words.

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use super::whole_library;
use crate::cli::Outcome;
use crate::edits::{Edit, EditSet, rule_in_words};

/// Tells an edit in words: rule, items, sets, over-rides, source, tests.
#[derive(Debug, Args)]
pub struct Explain {
    /// Ids of edits.
    #[arg(required = true)]
    ids: Vec<String>,
    /// A line of JSON an edit.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let (library, _) = whole_library(&[]);
        for id in &self.ids {
            let edit =
                library.edit(id).ok_or_else(|| anyhow!("there is no edit {id}; accession edits list names all"))?;
            let sets: Vec<&str> = library
                .sets()
                .filter(|set: &&EditSet| library.runs_in(edit, set))
                .map(|set| set.name.as_str())
                .collect();
            if self.json {
                say!("{}", as_json(edit, &sets));
            } else {
                tell(edit, &sets)?;
            }
        }
        Ok(Outcome::Done)
    }
}

fn as_json(edit: &Edit, sets: &[&str]) -> serde_json::Value {
    let ids = |slots: &[crate::edits::Slot]| slots.iter().map(|slot| slot.id()).collect::<Vec<_>>();
    json!({
        "id": edit.id, "name": edit.name, "family": edit.family, "kind": edit.kind, "agency": edit.agency,
        "standard": edit.standard.as_ref().map(|(name, _)| name),
        "standard_name": edit.standard.as_ref().map(|(_, documented)| if *documented { "documented" } else { "unverified" }),
        "severity": edit.severity(), "confidence": edit.confidence, "years": edit.years.to_string(),
        "record_types": edit.record_types.to_string(), "sets": sets, "items": ids(&edit.items), "reads": ids(edit.reads()),
        "override": edit.overrides.iter().map(|over| over.flag.id()).collect::<Vec<_>>(),
        "when": edit.written.0, "fail": edit.written.1, "rule": rule_in_words(edit),
        "message": edit.message, "help": edit.help, "source": edit.source, "tests": edit.trials.len(),
        "file": edit.file, "line": edit.line,
    })
}

fn tell(edit: &Edit, sets: &[&str]) -> anyhow::Result<Outcome> {
    say!("{}  {}", edit.id, edit.name);
    say!("  {}", rule_in_words(edit));
    say!("  message    {}", edit.message);
    if !edit.help.is_empty() {
        say!("  help       {}", edit.help);
    }
    let items: Vec<String> = edit.items.iter().map(|slot| format!("{} ({})", slot.label(), slot.id())).collect();
    say!("  items      {}", items.join(", "));
    say!(
        "  severity   {:?}, confidence {:?}, agency {}, family {}",
        edit.severity(),
        edit.confidence,
        edit.agency,
        edit.family
    );
    say!("  for        diagnoses of {}, record types {}", edit.years, edit.record_types);
    if let Some((name, documented)) = &edit.standard {
        say!("  standard   {name} ({})", if *documented { "documented" } else { "unverified" });
    }
    for over in &edit.overrides {
        let values = over.values.as_ref().map_or("any value".to_owned(), |values| values.parts().join(", "));
        say!("  over-ride  {} ({values})", over.flag.id());
    }
    say!("  sets       {}", sets.join(", "));
    say!("  source     {}", edit.source);
    say!("  written    when {}; fail {}", edit.written.0, edit.written.1);
    say!("  tests      {}; {}:{}", edit.trials.len(), edit.file, edit.line);
    Ok(Outcome::Done)
}
