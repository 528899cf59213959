//! Break-glass grants: asked for, ended, judged.

use chrono::Duration;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::OneText;
use super::session::SignedIn;
use super::user::must;
use crate::accounts::AccountError;
use crate::accounts::break_glass::{BREAK_GLASS_MINUTES, BreakGlassReason};
use crate::accounts::mail::{self, Mail};
use crate::asker::{May, Role};
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::settings::setting;
use crate::registry::store::{By, Conn, Store, StoreError, Tx};

/// A grant as the privacy officer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Grant {
    /// Its number, on every audit line of its hour.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Who.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// His name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// From.
    #[diesel(sql_type = Text)]
    pub begun_at: String,
    /// Until.
    #[diesel(sql_type = Text)]
    pub works_until: String,
    /// Ended earlier.
    #[diesel(sql_type = Nullable<Text>)]
    pub ended_at: Option<String>,
    /// `right` or `wrong`, once judged.
    #[diesel(sql_type = Nullable<Text>)]
    pub verdict: Option<String>,
    /// Note of the privacy officer.
    #[diesel(sql_type = Nullable<Text>)]
    pub verdict_note: Option<String>,
    /// Who judged.
    #[diesel(sql_type = Nullable<Text>)]
    pub verdict_by: Option<String>,
    /// When.
    #[diesel(sql_type = Nullable<Text>)]
    pub verdict_at: Option<String>,
    /// Different patients opened under it.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
}

/// Opens every patient of the registry for reading, for an hour. Answers the number and the mails that must go out: to
/// the address in the settings and to every privacy officer.
///
/// # Errors
/// The roles do not allow it, the reason is too short, or a grant is open already.
pub fn break_glass(store: &Store, by: &By, who: &SignedIn, reason: &str) -> Result<(i64, Vec<Mail>), AccountError> {
    must(by, May::BreakGlass)?;
    let reason = BreakGlassReason::of(reason)?;
    let (by, who) = (by.clone(), who.clone());
    store.write(move |tx| {
        let until = tx.now + Duration::minutes(BREAK_GLASS_MINUTES);
        let open = tx.conn.number(
            "SELECT id AS n FROM break_glass WHERE user_id = ? AND ended_at IS NULL AND works_until > ?",
            binds![who.user.0, &stamp(tx.now)],
        )?;
        if open.is_some() {
            return Err(AccountError::Said("Break-glass is open already.".into()));
        }
        let grant = tx
            .conn
            .number(
                "INSERT INTO break_glass (user_id, reason, begun_at, works_until) VALUES (?, ?, ?, ?) RETURNING id AS n",
                binds![who.user.0, reason.text(), &stamp(tx.now), &stamp(until)],
            )?
            .ok_or(StoreError::NotFound)?;
        let mut marked = by;
        marked.asker.break_glass = Some(grant);
        tx.audit(marked.line("break-glass", tx.now).note(format!("grant {grant} opened")));
        let mails = officers(tx)?.iter().map(|to| mail::broken_glass(to, &who.login, reason.text(), until, grant)).collect();
        Ok((grant, mails))
    })
}

/// Mail addresses of those who must know.
fn officers(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let people = tx.conn.rows::<OneText>(
        "SELECT u.mail AS t FROM user_ u JOIN user_role r ON r.user_id = u.id \
         WHERE r.role = ? AND u.disabled_at IS NULL AND u.mail <> '' ORDER BY u.id",
        binds![Role::PrivacyOfficer.key()],
    )?;
    let mut addresses: Vec<String> = vec![setting(tx.conn, "privacy.officer_mail")?];
    addresses.extend(people.into_iter().map(|p| p.t));
    addresses.retain(|a| !a.is_empty());
    addresses.dedup();
    Ok(addresses)
}

/// Ends one's own grant before its hour is over.
///
/// # Errors
/// None is open.
pub fn end_break_glass(store: &Store, by: &By, who: &SignedIn) -> Result<(), AccountError> {
    let (by, who) = (by.clone(), who.clone());
    store.write(move |tx| {
        let now = stamp(tx.now);
        let ended = tx.conn.run(
            "UPDATE break_glass SET ended_at = ? WHERE user_id = ? AND ended_at IS NULL AND works_until > ?",
            binds![&now, who.user.0, &now],
        )?;
        if ended == 0 {
            return Err(AccountError::Said("Break-glass is not open.".into()));
        }
        tx.audit(by.line("break-glass", tx.now).note("ended"));
        Ok(())
    })
}

/// All grants, newest first, those without a verdict before the others.
pub fn grants(conn: &mut Conn, by: &By) -> Result<Vec<Grant>, AccountError> {
    must(by, May::ReviewBreakGlass)?;
    Ok(conn.rows::<Grant>(
        "SELECT g.id, u.login, u.name, g.reason, g.begun_at, g.works_until, g.ended_at, g.verdict, g.verdict_note, \
         g.verdict_by, g.verdict_at, (SELECT count(DISTINCT a.patient_id) FROM audit a WHERE a.user_id = g.user_id \
         AND a.break_glass = g.id) AS patients FROM break_glass g JOIN user_ u ON u.id = g.user_id \
         ORDER BY CASE WHEN g.verdict IS NULL THEN 0 ELSE 1 END, g.id DESC",
        &[],
    )?)
}

/// Notes whether breaking the glass was right. Nobody judges his own.
///
/// # Errors
/// The roles do not allow it, there is no such grant, it is judged already, or it is one's own.
pub fn judge_grant(store: &Store, by: &By, grant: i64, was_right: bool, note: &str) -> Result<(), AccountError> {
    must(by, May::ReviewBreakGlass)?;
    let note = note.trim().to_string();
    if note.is_empty() || note.chars().count() > 1_000 {
        return Err(AccountError::Said("Say in a sentence why, in at most 1,000 characters.".into()));
    }
    let by = by.clone();
    store.write(move |tx| {
        let owner = tx.conn.number("SELECT user_id AS n FROM break_glass WHERE id = ?", binds![grant])?;
        let owner = owner.ok_or(StoreError::NotFound)?;
        if by.asker.user.map(|u| u.0) == Some(owner) {
            return Err(AccountError::Said("Nobody judges his own use of break-glass.".into()));
        }
        let verdict = if was_right { "right" } else { "wrong" };
        let rows = tx.conn.run(
            "UPDATE break_glass SET verdict = ?, verdict_note = ?, verdict_by = ?, verdict_at = ? WHERE id = ? AND verdict IS NULL",
            binds![verdict, &note, &by.asker.login, &stamp(tx.now), grant],
        )?;
        if rows == 0 {
            return Err(AccountError::Said("This use of break-glass has its verdict already.".into()));
        }
        tx.audit(by.line("break-glass", tx.now).note(format!("grant {grant} judged {verdict}")));
        Ok(())
    })
}
