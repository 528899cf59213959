//! Printable reports and letters from plain values.
//!
//! A report is a folder under `reports/`: `report.toml` says what it is, `page.hbs` is what is printed, `mail.hbs` the same
//! as plain text. Nothing is read from a database here: whoever asks hands over a plain value, and gets texts. What a
//! page is filled with is escaped; a value that is missing is an error, not an empty place.

pub mod letter;

use std::sync::OnceLock;

use handlebars::{Handlebars, no_escape};
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/reports");

/// What a report's `report.toml` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Title on pages and lists.
    pub title: String,
    /// Version of the text; raised with every change of its words.
    pub version: u32,
    /// Who receives it: `physician` or `patient`.
    pub recipient: String,
    /// Subject of the mail. Names neither the patient nor a disease.
    pub subject: String,
    /// What for, as the disclosure says it.
    pub purpose: String,
    /// Which items leave the registry, as the disclosure says it.
    pub items_class: String,
}

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no such report.
    #[error("there is no report {0}")]
    Unknown(String),
    /// Its files do not fit together, or a value is missing: a fault of ours.
    #[error("report {0}: {1}")]
    Broken(String, String),
}

/// A report filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The page's HTML, without a frame.
    pub page: String,
    /// The same as plain text.
    pub mail: String,
}

/// A report with its templates.
pub struct Report {
    /// Name of its folder.
    pub name: String,
    /// What it is.
    pub definition: Definition,
}

struct Shelf {
    reports: Vec<Report>,
    pages: Handlebars<'static>,
    mails: Handlebars<'static>,
}

impl Shelf {
    fn read() -> Result<Shelf, ReportError> {
        let (mut pages, mut mails) = (Handlebars::new(), Handlebars::new());
        pages.set_strict_mode(true);
        mails.set_strict_mode(true);
        mails.register_escape_fn(no_escape);
        let mut reports = Vec::new();
        for folder in FILES.dirs() {
            let name = folder.path().to_string_lossy().into_owned();
            let broken = |why: String| ReportError::Broken(name.clone(), why);
            let text = |file: &str| {
                let path = folder.path().join(file);
                FILES
                    .get_file(&path)
                    .and_then(|f| f.contents_utf8())
                    .ok_or_else(|| broken(format!("{file} is missing")))
            };
            let definition = toml::from_str(text("report.toml")?).map_err(|e| broken(e.to_string()))?;
            pages.register_template_string(&name, text("page.hbs")?).map_err(|e| broken(e.to_string()))?;
            mails.register_template_string(&name, text("mail.hbs")?).map_err(|e| broken(e.to_string()))?;
            reports.push(Report { name: name.clone(), definition });
        }
        reports.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Shelf { reports, pages, mails })
    }
}

fn shelf() -> Result<&'static Shelf, ReportError> {
    static SHELF: OnceLock<Result<Shelf, String>> = OnceLock::new();
    let shelf = SHELF.get_or_init(|| Shelf::read().map_err(|e| e.to_string()));
    shelf.as_ref().map_err(|why| ReportError::Broken("reports".into(), why.clone()))
}

/// Every report, by name.
///
/// # Errors
/// A folder of `reports/` that is not complete.
pub fn reports() -> Result<&'static [Report], ReportError> {
    Ok(&shelf()?.reports)
}

/// One report.
///
/// # Errors
/// There is none of this name.
pub fn report(name: &str) -> Result<&'static Report, ReportError> {
    reports()?.iter().find(|r| r.name == name).ok_or_else(|| ReportError::Unknown(name.into()))
}

/// Fills a report in.
///
/// # Errors
/// An unknown report, or a value that its templates need and `values` lacks.
pub fn render(name: &str, values: &impl Serialize) -> Result<Rendered, ReportError> {
    report(name)?;
    let shelf = shelf()?;
    let broken = |e: handlebars::RenderError| ReportError::Broken(name.into(), e.to_string());
    Ok(Rendered {
        page: shelf.pages.render(name, values).map_err(broken)?,
        mail: shelf.mails.render(name, values).map_err(broken)?,
    })
}
