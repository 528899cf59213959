//! Settings: every answer of the set-up and every number registries differ in, with its history.
//!
//! A setting is its newest row; earlier rows are its history with who, when and why.

use diesel::sql_types::Text;
use serde::Serialize;

use super::audit::By;
use super::writer::Tx;
use super::{Conn, StoreError};
use crate::binds;
use crate::registry::clock::stamp;

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Any text up to 200 characters.
    Text,
    /// A whole number between the two.
    Number(i64, i64),
    /// `yes` or `no`.
    YesNo,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A date `YYYY-MM-DD`, or nothing.
    Date,
}

/// A setting as the program knows it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Name in the database and in forms.
    pub name: &'static str,
    /// What it is, in the words of the page.
    pub label: &'static str,
    /// The subject it stands under.
    pub group: &'static str,
    /// What holds until somebody sets it.
    pub default: &'static str,
    /// What it may hold.
    pub holds: Holds,
    /// Where the default comes from.
    pub source: &'static str,
}

const fn s(
    name: &'static str,
    label: &'static str,
    group: &'static str,
    default: &'static str,
    holds: Holds,
    source: &'static str,
) -> Setting {
    Setting { name, label, group, default, holds, source }
}

/// All settings, in the order of the page.
pub const SETTINGS: &[Setting] = &[
    s(
        "registry.kind",
        "Kind of registry",
        "Registry",
        "hospital",
        Holds::OneOf(&["hospital", "network", "central"]),
        "set-up",
    ),
    s("registry.name", "Name", "Registry", "", Holds::Text, "set-up"),
    s("registry.id", "Registry id (item 40)", "Registry", "", Holds::Text, "set-up"),
    s("registry.state", "State", "Registry", "", Holds::Text, "set-up"),
    s("registry.time_zone", "Time zone", "Registry", "UTC", Holds::Text, "set-up"),
    s("registry.home_facility", "Home facility (item 540)", "Registry", "", Holds::Text, "set-up"),
    s(
        "program.source",
        "Where the source of this server is offered (AGPL-3.0, section 13)",
        "Registry",
        "",
        Holds::Text,
        "an address as https://example.org/accession; empty: people ask whoever runs the server",
    ),
    s("registry.reference_date", "Reference date", "Registry", "", Holds::Date, "set-up"),
    s(
        "registry.accreditation_date",
        "First accreditation date",
        "Registry",
        "",
        Holds::Date,
        "set-up; empty when not accredited",
    ),
    s("registry.naaccr_version", "NAACCR version in use", "Registry", "250", Holds::OneOf(&["250", "260"]), "set-up"),
    s(
        "registry.training",
        "Training registry: no real patients, students may work",
        "Registry",
        "no",
        Holds::YesNo,
        "our default",
    ),
    s(
        "network.share",
        "Facilities see that another has reported",
        "Registry",
        "no",
        Holds::YesNo,
        "our default: nothing is shared",
    ),
    s(
        "session.idle_minutes",
        "Sign-in ends after minutes without use",
        "Sign-in",
        "15",
        Holds::Number(5, 60),
        "45 CFR 164.312(a)(2)(iii); 15 is our default",
    ),
    s(
        "session.whole_hours",
        "Sign-in ends in any case after hours",
        "Sign-in",
        "12",
        Holds::Number(1, 24),
        "our default",
    ),
    s(
        "sign_in.second_factor",
        "Second factor for roles that see names",
        "Sign-in",
        "yes",
        Holds::YesNo,
        "NIST SP 800-63B-4; turning it off needs a reason",
    ),
    s("privacy.title_names", "Patient's name in the browser's title", "Privacy", "no", Holds::YesNo, "our default"),
    s("privacy.identified_extracts", "Identified extracts may be made", "Privacy", "no", Holds::YesNo, "our default"),
    s("privacy.officer_mail", "Mail address of the privacy officer", "Privacy", "", Holds::Text, "set-up"),
    s(
        "follow_up.due_months",
        "Months after last contact until due",
        "Follow-up",
        "12",
        Holds::Number(1, 36),
        "SEER training, patient follow-up",
    ),
    s(
        "follow_up.lost_months",
        "Months after last contact until lost",
        "Follow-up",
        "15",
        Holds::Number(2, 48),
        "SEER training, patient follow-up",
    ),
    s(
        "follow_up.exclusions_off",
        "Exclusions that do not hold, as F3 F6",
        "Follow-up",
        "",
        Holds::Text,
        "all hold; CoC registry report, SEER training",
    ),
    s(
        "follow_up.benign_cns_excluded",
        "Benign and borderline tumors of the central nervous system are not followed",
        "Follow-up",
        "no",
        Holds::YesNo,
        "unconfirmed for 2004 and later",
    ),
    s(
        "follow_up.completed_year",
        "Newest year of which all cases are complete; empty: the year before",
        "Follow-up",
        "",
        Holds::Text,
        "our default",
    ),
    s(
        "follow_up.measure_1_years",
        "Measure 1: years back from the newest complete year",
        "Follow-up",
        "15",
        Holds::Number(1, 60),
        "CoC standard 6.5",
    ),
    s(
        "follow_up.measure_1_target",
        "Measure 1: percent to be reached",
        "Follow-up",
        "80",
        Holds::Number(1, 100),
        "CoC standard 6.5",
    ),
    s(
        "follow_up.measure_2_years",
        "Measure 2: years back from the newest complete year",
        "Follow-up",
        "5",
        Holds::Number(1, 60),
        "CoC standard 6.5",
    ),
    s(
        "follow_up.measure_2_target",
        "Measure 2: percent to be reached",
        "Follow-up",
        "90",
        Holds::Number(1, 100),
        "CoC standard 6.5",
    ),
    s(
        "follow_up.far_year_counts",
        "The farthest year lies inside the window",
        "Follow-up",
        "yes",
        Holds::YesNo,
        "unconfirmed",
    ),
    s(
        "passive.certain_weight",
        "Weight from which a linked pair posts without a look",
        "Follow-up",
        "12",
        Holds::Number(1, 60),
        "our default: odds of 4,096 to 1",
    ),
    s(
        "abstract.due_days",
        "Days after first contact until completion is due",
        "Abstracts",
        "180",
        Holds::Number(30, 730),
        "CoC standard 5.2: six months",
    ),
    s(
        "abstract.recipients",
        "Whose required items an abstract shows: NPCR, SEER, CoC, State",
        "Abstracts",
        "NPCR, SEER, CoC, State",
        Holds::Text,
        "our default; the CoC counts once an accreditation date is set",
    ),
    s(
        "edits.set",
        "Edit set that runs at each change; empty for the usual one of the kind of registry",
        "Edits",
        "",
        Holds::Text,
        "our default: hospital, or central-consolidated",
    ),
    s("edits.seer", "The registry submits to SEER", "Edits", "no", Holds::YesNo, "read by edits"),
    s(
        "edits.borderline",
        "Borderline tumors outside the central nervous system are collected",
        "Edits",
        "no",
        Holds::YesNo,
        "read by edits",
    ),
    s(
        "edits.reports_more",
        "More is reportable here than the state's law asks",
        "Edits",
        "no",
        Holds::YesNo,
        "read by edits",
    ),
    s("files.keep_days", "Days a received or made file is kept", "Files", "30", Holds::Number(1, 3650), "our default"),
    s(
        "files.look_hours",
        "Hours a file that was only looked at is kept",
        "Files",
        "24",
        Holds::Number(1, 720),
        "our default",
    ),
    s(
        "files.most_value_kb",
        "Longest value of an item in a file, kB",
        "Files",
        "1024",
        Holds::Number(8, 65_536),
        "our default: 250 times the longest text item of version 26",
    ),
    s("files.most_patient_mb", "Largest patient in a file, MB", "Files", "16", Holds::Number(1, 512), "our default"),
    s("files.most_total_gb", "Largest file, unpacked, GB", "Files", "4096", Holds::Number(1, 65_536), "our default"),
    s(
        "files.most_depth",
        "Elements of an extension that may stand in each other",
        "Files",
        "100",
        Holds::Number(1, 1000),
        "our default",
    ),
    s("files.most_attributes", "Attributes of one element", "Files", "100", Holds::Number(10, 10_000), "our default"),
    s(
        "files.most_ratio",
        "Times a packed file may grow when unpacked",
        "Files",
        "200",
        Holds::Number(10, 10_000),
        "our default: published files grow 10 to 40 times",
    ),
    s(
        "submissions.sign_off",
        "A second person signs every batch",
        "Submissions",
        "no",
        Holds::YesNo,
        "our default; a recipient's own rules may ask for it too",
    ),
    s(
        "submissions.keep_days",
        "Days the files of a batch are kept, for sending them again",
        "Submissions",
        "400",
        Holds::Number(30, 3650),
        "our default: past the next yearly call",
    ),
    s(
        "receive.edit_set",
        "Edit set for files of facilities, where a facility has none of its own",
        "Receiving",
        "central-incoming",
        Holds::OneOf(&[
            "central-incoming",
            "central-consolidated",
            "hospital",
            "npcr",
            "seer",
            "state-example",
            "follow-up",
            "iarc",
            "all",
        ]),
        "our default",
    ),
    s(
        "receive.quarantine_percent",
        "A file with more failing abstracts, in percent, is held",
        "Receiving",
        "5",
        Holds::Number(0, 100),
        "our default; fewer than ten failing abstracts never hold a file",
    ),
    s("letters.sender", "Name under the letters", "Letters", "Cancer Registry", Holds::Text, "our default"),
    s("letters.reply_days", "Days for a reply to a letter", "Letters", "30", Holds::Number(7, 120), "our default"),
    s("letters.from", "Mail address letters come from", "Letters", "", Holds::Text, "set-up"),
];

/// A setting with its value and history, for the page.
#[derive(Debug, Clone, Serialize)]
pub struct SettingShown {
    /// Name.
    pub name: &'static str,
    /// What it is.
    pub label: &'static str,
    /// Subject.
    pub group: &'static str,
    /// Default.
    pub default: &'static str,
    /// Where the default comes from.
    pub source: &'static str,
    /// Value that holds now.
    pub value: String,
    /// Earlier values, newest first.
    pub history: Vec<SettingRow>,
}

/// One value a setting had.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct SettingRow {
    /// Value.
    #[diesel(sql_type = Text)]
    pub value: String,
    /// Why it was set.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// By whom.
    #[diesel(sql_type = Text)]
    pub set_by: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub set_at: String,
}

/// What the program knows of a setting.
fn known(name: &str) -> Result<&'static Setting, StoreError> {
    SETTINGS.iter().find(|s| s.name == name).ok_or_else(|| StoreError::Refused(format!("there is no setting {name}")))
}

/// The value that holds now.
pub fn setting(conn: &mut Conn, name: &str) -> Result<String, StoreError> {
    let known = known(name)?;
    let row = conn.row::<SettingRow>(
        "SELECT value, reason, set_by, set_at FROM setting WHERE name = ? ORDER BY id DESC LIMIT 1",
        binds![name],
    )?;
    Ok(row.map_or_else(|| known.default.to_string(), |r| r.value))
}

/// A setting that holds a number.
pub fn setting_number(conn: &mut Conn, name: &str) -> Result<i64, StoreError> {
    let text = setting(conn, name)?;
    text.parse().map_err(|_| StoreError::Damaged { what: format!("setting {name}"), why: "it is not a number".into() })
}

/// A setting that holds yes or no.
pub fn setting_is_yes(conn: &mut Conn, name: &str) -> Result<bool, StoreError> {
    Ok(setting(conn, name)? == "yes")
}

/// Every setting that was ever set, as it holds now: one query for whoever needs several.
#[derive(Debug, Clone, Default)]
pub struct InForce(Vec<NamedValue>);

#[derive(Debug, Clone, diesel::QueryableByName)]
struct NamedValue {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    value: String,
}

/// The settings in force.
pub fn in_force(conn: &mut Conn) -> Result<InForce, StoreError> {
    let newest = "SELECT name, value FROM setting WHERE id IN (SELECT max(id) FROM setting GROUP BY name)";
    Ok(InForce(conn.rows(newest, &[])?))
}

impl InForce {
    /// The value of a setting.
    pub fn text(&self, name: &str) -> Result<&str, StoreError> {
        let known = known(name)?;
        Ok(self.0.iter().find(|v| v.name == name).map_or(known.default, |v| &v.value))
    }

    /// A setting that holds a number.
    pub fn number(&self, name: &str) -> Result<i64, StoreError> {
        let damaged = |_| StoreError::Damaged { what: format!("setting {name}"), why: "it is not a number".into() };
        self.text(name)?.parse().map_err(damaged)
    }

    /// A setting that holds yes or no.
    pub fn is_yes(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.text(name)? == "yes")
    }
}

/// All settings with their histories.
pub fn settings(conn: &mut Conn) -> Result<Vec<SettingShown>, StoreError> {
    SETTINGS
        .iter()
        .map(|known| {
            let history = conn.rows::<SettingRow>(
                "SELECT value, reason, set_by, set_at FROM setting WHERE name = ? ORDER BY id DESC",
                binds![known.name],
            )?;
            Ok(SettingShown {
                name: known.name,
                label: known.label,
                group: known.group,
                default: known.default,
                source: known.source,
                value: history.first().map_or_else(|| known.default.to_string(), |r| r.value.clone()),
                history,
            })
        })
        .collect()
}

/// Sets a setting; the caller has looked whether the asker may.
///
/// # Errors
/// An unknown name, or a value it cannot hold.
pub fn set(tx: &mut Tx<'_>, by: &By, name: &str, value: &str, reason: &str) -> Result<(), StoreError> {
    let known = known(name)?;
    let value = value.trim();
    check(known, value)?;
    if name == "sign_in.second_factor" && value == "no" && reason.trim().chars().count() < 20 {
        return Err(StoreError::Refused(
            "Turning the second factor off needs a reason of at least 20 characters.".into(),
        ));
    }
    if name == "privacy.identified_extracts" && value == "yes" && reason.trim().chars().count() < 20 {
        return Err(StoreError::Refused(
            "Switching identified extracts on needs a reason of at least 20 characters.".into(),
        ));
    }
    if name == "edits.set" && !value.is_empty() && tx.standards.edits().sets().iter().all(|(set, _)| set != value) {
        return Err(StoreError::Refused(format!("There is no edit set {value}; the library of edits names all.")));
    }
    let at = stamp(tx.now);
    if super::edit_results::reads_setting(name) && setting(tx.conn, name)? != value {
        super::edit_results::ask_for_run(tx, by)?;
    }
    tx.conn.run(
        "INSERT INTO setting (name, value, reason, set_by, set_at) VALUES (?, ?, ?, ?, ?)",
        binds![name, value, reason.trim(), &by.asker.login, &at],
    )?;
    let line = by.line("setting", tx.now).note(name);
    tx.audit(line);
    Ok(())
}

fn check(known: &Setting, value: &str) -> Result<(), StoreError> {
    let label = known.label;
    let wrong = |what: String| Err(StoreError::Refused(format!("{label}: {what}.")));
    match known.holds {
        Holds::Text if value.chars().count() > 200 => wrong("at most 200 characters".into()),
        Holds::Text if value.chars().any(char::is_control) => wrong("no line ends or control characters".into()),
        Holds::Number(low, high) => match value.parse::<i64>() {
            Ok(n) if (low..=high).contains(&n) => Ok(()),
            _ => wrong(format!("a whole number from {low} to {high}")),
        },
        Holds::YesNo if value != "yes" && value != "no" => wrong("yes or no".into()),
        Holds::OneOf(words) if !words.contains(&value) => wrong(format!("one of {}", words.join(", "))),
        Holds::Date if !value.is_empty() && chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_err() => {
            wrong("a date as YYYY-MM-DD, or nothing".into())
        }
        _ if known.name == "registry.state"
            && !(value.is_empty() || (value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase()))) =>
        {
            wrong("two capital letters as IA, or nothing".into())
        }
        _ if known.name == "program.source" && !value.is_empty() && !value.starts_with("https://") => {
            wrong("an address that begins with https://, or nothing".into())
        }
        _ if known.name == "registry.time_zone" && value.parse::<chrono_tz::Tz>().is_err() => {
            wrong("a time zone as America/Chicago".into())
        }
        _ => Ok(()),
    }
}
