//! A CSV table that no spreadsheet takes for formulas.
//!
//! UTF-8, comma, lines end CR LF, a cell with a comma, quote or line end stands in quotes (RFC 4180). A cell that
//! begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe before it; the codebook says so, and
//! taking one apostrophe off such a cell gives the value back.

use std::borrow::Cow;
use std::io::{self, Write};

/// A cell that no spreadsheet takes for a formula.
pub fn inert(cell: &str) -> Cow<'_, str> {
    match cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

/// Writes one row.
///
/// # Errors
/// What the output says.
pub fn write_row<'a>(out: &mut impl Write, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        let text = inert(cell);
        match text.contains([',', '"', '\n', '\r']) {
            true => write!(out, "\"{}\"", text.replace('"', "\"\""))?,
            false => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn written(cells: &[&str]) -> String {
        let mut out = Vec::new();
        write_row(&mut out, cells.iter().copied()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        assert_eq!(written(&["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"]), "'=1+1,'+1,'-1,'@A1,'\t=1,\"'\r=1\"\r\n");
    }

    #[test]
    fn commas_quotes_and_line_ends_stand_in_quotes() {
        assert_eq!(
            written(&["a,b", "say \"x\"", "two\nlines", "90+"]),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",90+\r\n"
        );
    }
}
