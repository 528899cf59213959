//! Words that several lists use: a status as a chip, an accession number, a primary in short.

use crate::web::templates::Chip;

/// The status of an abstract.
pub fn status(status: &str, edit_errors: i64) -> Chip {
    if edit_errors > 0 {
        return Chip::new(
            "bad",
            "bad",
            if edit_errors == 1 { "1 edit".into() } else { format!("{edit_errors} edits") },
        );
    }
    match status {
        "complete" | "accepted" => Chip::new("good", "ok", "Complete"),
        "submitted" => Chip::new("good", "ok", "Submitted"),
        "in-progress" => Chip::new("now", "pen", "In progress"),
        "waiting" => Chip::new("warn", "wait", "Waiting"),
        "returned" => Chip::new("warn", "back", "Returned"),
        "reopened" => Chip::new("warn", "pen", "Reopened"),
        _ => Chip::new("", "dot", "Accessioned"),
    }
}

/// An accession number with its year apart: `2026 00318`.
pub fn accession(number: &str) -> String {
    match (number.get(..4), number.get(4..)) {
        (Some(year), Some(rest)) if !rest.is_empty() => format!("{year} {rest}"),
        _ => number.to_string(),
    }
}

/// A primary in short: site in words, side, code.
pub fn primary(site: &str, laterality: &str) -> String {
    let name = crate::codes::site(site).map_or_else(String::new, |s| s.name.to_string());
    let side = match laterality {
        "1" => ", right",
        "2" => ", left",
        _ => "",
    };
    match (name.as_str(), site) {
        ("", "") => "not known".to_string(),
        ("", site) => format!("{site}{side}"),
        (name, site) => format!("{name}{side}, {site}"),
    }
}

/// The state of a job or an import.
pub fn job_state(state: &str) -> Chip {
    match state {
        "done" => Chip::new("good", "ok", "Done"),
        "failed" => Chip::new("bad", "bad", "Failed"),
        "refused" => Chip::new("bad", "bad", "Refused"),
        "withdrawn" => Chip::new("", "none", "Withdrawn"),
        "waiting" => Chip::new("", "wait", "Waiting"),
        "running" => Chip::new("now", "clock", "Running"),
        "read" => Chip::new("now", "clock", "Reading"),
        "withdrawing" => Chip::new("now", "clock", "Being taken back"),
        "restoring" => Chip::new("now", "clock", "Being brought back"),
        "apply" | "edits" | "publish" | "change" => Chip::new("now", "clock", "Applying"),
        other => Chip::new("", "dot", other.to_string()),
    }
}
