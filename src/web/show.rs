//! How values are written on pages: dates, times, numbers, names. Pure.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;

/// 12260 as `12,260`.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 person`, `2 people`.
pub fn counted(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// Bytes as `1.2 MB`.
pub fn size(bytes: i64) -> String {
    let number = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.1} GB", number / 1e9),
    }
}

/// A stored stamp as a moment.
fn moment(stamp: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(stamp).ok().map(|t| t.to_utc())
}

/// A stored stamp in the registry's time: `2026-11-23 08:02`.
pub fn time(stamp: &str, zone: Tz) -> String {
    moment(stamp).map_or_else(String::new, |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
}

/// A stored stamp in the registry's time, to the second.
pub fn time_to_second(stamp: &str, zone: Tz) -> String {
    moment(stamp).map_or_else(String::new, |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string())
}

/// A stored stamp as a list shows it: `11-23 08:02` in the last half year, else the date alone.
pub fn time_near(stamp: &str, now: DateTime<Utc>, zone: Tz) -> String {
    let Some(at) = moment(stamp) else { return String::new() };
    let local = at.with_timezone(&zone);
    match (now - at).num_days() {
        -1..=182 => local.format("%m-%d %H:%M").to_string(),
        _ => local.format("%Y-%m-%d").to_string(),
    }
}

/// A day in words: `Monday 23 November 2026`.
pub fn day_in_words(day: NaiveDate) -> String {
    format!("{} {} {}", day.format("%A"), day.day(), day.format("%B %Y"))
}

/// An item's name as it is read: `Text--DX Proc--Path` becomes `Text, DX Proc, Path`.
pub fn item_name(name: &str) -> String {
    name.replace("--", ", ")
}

/// A NAACCR date (`20260511`, `202605`, `2026`) as `2026-05-11`, `2026-05-––`, `2026-––-––`; other text as it stands.
pub fn naaccr_date(text: &str) -> String {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_string();
    }
    match (text.get(0..4), text.get(4..6), text.get(6..8), text.len()) {
        (Some(year), Some(month), Some(day), 8) => format!("{year}-{month}-{day}"),
        (Some(year), Some(month), None, 6) => format!("{year}-{month}-––"),
        (Some(year), None, None, 4) => format!("{year}-––-––"),
        _ => text.to_string(),
    }
}

/// A name as lists show it: `SURNAME, Given M.`
pub fn person(last: &str, first: &str, middle: &str) -> String {
    let mut text = match last.trim() {
        "" => "NO NAME".to_string(),
        last => last.to_uppercase(),
    };
    let given: Vec<String> = first.split_whitespace().map(capital).collect();
    if !given.is_empty() {
        text.push_str(", ");
        text.push_str(&given.join(" "));
    }
    if let Some(initial) = middle.trim().chars().next() {
        if given.is_empty() {
            text.push(',');
        }
        text.push(' ');
        text.extend(initial.to_uppercase());
        text.push('.');
    }
    text
}

/// `MARY-JO` and `mary-jo` as `Mary-Jo`; a name with both kinds of letters stays as it is.
fn capital(word: &str) -> String {
    let one_case = word.to_uppercase() == word || word.to_lowercase() == word;
    if !one_case {
        return word.to_string();
    }
    let mut text = String::with_capacity(word.len());
    let mut first = true;
    for letter in word.chars() {
        match first {
            true => text.extend(letter.to_uppercase()),
            false => text.extend(letter.to_lowercase()),
        }
        first = !letter.is_alphabetic();
    }
    text
}

/// Two letters for the round mark of a person.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let letter = |word: Option<&&str>| word.and_then(|w| w.chars().next()).map(|c| c.to_uppercase().to_string());
    let first = letter(words.first()).unwrap_or_default();
    let last = if words.len() > 1 { letter(words.last()).unwrap_or_default() } else { String::new() };
    first + &last
}

/// A table for a spreadsheet: every cell is inert, so that no program takes a text for a formula.
pub struct Csv(Vec<u8>);

impl Csv {
    /// With its heads.
    pub fn new(heads: &[&str]) -> Csv {
        let mut csv = Csv(Vec::new());
        csv.row(heads);
        csv
    }

    /// One more row.
    pub fn row(&mut self, cells: &[&str]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.0.push(b',');
            }
            let text = inert(cell);
            match text.contains([',', '"', '\n', '\r']) {
                true => self.0.extend(format!("\"{}\"", text.replace('"', "\"\"")).bytes()),
                false => self.0.extend(text.bytes()),
            }
        }
        self.0.extend(b"\r\n");
    }

    /// The whole table.
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it.
pub fn inert(cell: &str) -> String {
    match cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn thousands_have_commas() {
        let shown: Vec<String> = [0, 7, 999, 1_000, 12_260, -1_234_567].into_iter().map(thousands).collect();
        assert_eq!(shown, ["0", "7", "999", "1,000", "12,260", "-1,234,567"]);
    }

    #[test]
    fn names_are_surname_given_initial() {
        assert_eq!(person("Martinez", "ELENA", "rosa"), "MARTINEZ, Elena R.");
        assert_eq!(person("o'neil", "mary-jo", ""), "O'NEIL, Mary-Jo");
        assert_eq!(person("", "", ""), "NO NAME");
        assert_eq!(person("Lee", "", "Q"), "LEE, Q.");
    }

    #[test]
    fn unknown_parts_of_a_date_are_dashes() {
        let shown: Vec<String> = ["20260511", "202605", "2026", "99/99", ""].into_iter().map(naaccr_date).collect();
        assert_eq!(shown, ["2026-05-11", "2026-05-––", "2026-––-––", "99/99", ""]);
    }

    #[test]
    fn near_times_drop_the_year() {
        let now = Utc.with_ymd_and_hms(2026, 11, 24, 12, 0, 0).unwrap();
        let zone = chrono_tz::America::Chicago;
        assert_eq!(time_near("2026-11-23T14:02:00.000Z", now, zone), "11-23 08:02");
        assert_eq!(time_near("2025-11-23T14:02:00.000Z", now, zone), "2025-11-23");
        assert_eq!(time_near("never", now, zone), "");
    }

    #[test]
    fn no_cell_of_a_table_is_a_formula() {
        let mut table = Csv::new(&["a", "b"]);
        table.row(&["=1+1", "x,\"y\""]);
        table.row(&["@SUM", "\tcmd"]);
        assert_eq!(String::from_utf8(table.bytes()).unwrap(), "a,b\r\n'=1+1,\"x,\"\"y\"\"\"\r\n'@SUM,'\tcmd\r\n");
    }

    #[test]
    fn initials_are_of_first_and_last_word() {
        assert_eq!(initials("Dana Q Whitfield"), "DW");
        assert_eq!(initials("system"), "S");
        assert_eq!(initials(""), "");
    }
}
