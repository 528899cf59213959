//! What a screen answers when it is not refused.

use serde::Serialize;

use super::Refused;
use super::cookie::SetCookie;
use crate::registry::store::Line;

/// Pieces of a download, read one after the other.
pub type Pieces = Box<dyn Iterator<Item = Result<Vec<u8>, Refused>> + Send>;

/// The body.
pub enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// Piece by piece, for files of any size.
    Pieces(Pieces),
}

/// What the audit line of a view or search says besides who, when and where.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The patient.
    pub patient: Option<i64>,
    /// The tumor.
    pub tumor: Option<i64>,
    /// The abstract.
    pub abstract_: Option<i64>,
    /// Ids and counts.
    pub note: String,
    /// Terms of a search, kept beside the chain.
    pub detail: Option<String>,
    /// The whole line, where the store wrote it.
    pub line: Option<Line>,
}

/// An answer.
pub struct Reply {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Body,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) cookies: Vec<SetCookie>,
    pub(super) subject: Subject,
}

impl Reply {
    fn whole(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            kind,
            body: Body::Whole(body.into()),
            headers: vec![],
            cookies: vec![],
            subject: Subject::default(),
        }
    }

    /// A page.
    pub fn html(page: String) -> Reply {
        Reply::whole(200, "text/html; charset=utf-8", page)
    }

    /// A value for a script or program.
    ///
    /// # Errors
    /// A value that JSON cannot hold: a fault of ours.
    pub fn json(value: &impl Serialize) -> Result<Reply, Refused> {
        let text = serde_json::to_vec(value).map_err(|e| Refused::Broken(format!("an answer as JSON: {e}")))?;
        Ok(Reply::whole(200, "application/json", text))
    }

    /// A static file.
    pub(super) fn static_file(kind: &'static str, bytes: Vec<u8>) -> Reply {
        Reply::whole(200, kind, bytes)
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Reply {
        Reply::whole(200, "text/plain; charset=utf-8", text.into())
    }

    /// To another page of ours, after a change.
    pub fn see(path: impl Into<String>) -> Reply {
        let mut reply = Reply::whole(303, "text/plain; charset=utf-8", "");
        reply.headers.push(("location", path.into()));
        reply
    }

    /// A file to keep, all of it at hand. The name is of letters, digits, dots and hyphens.
    pub fn download(name: &str, kind: &'static str, bytes: impl Into<Vec<u8>>) -> Reply {
        Reply::whole(200, kind, bytes).named(name)
    }

    /// A file to keep, piece by piece.
    pub fn download_pieces(name: &str, kind: &'static str, length: Option<i64>, pieces: Pieces) -> Reply {
        let mut reply = Reply::whole(200, kind, "").named(name);
        if let Some(length) = length {
            reply.headers.push(("content-length", length.to_string()));
        }
        reply.body = Body::Pieces(pieces);
        reply
    }

    fn named(mut self, name: &str) -> Reply {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
        let name: String = name.chars().map(plain).collect();
        self.headers.push(("content-disposition", format!("attachment; filename=\"{name}\"")));
        self
    }

    /// With another status: a form that is shown again with what is wrong is a 422.
    pub fn with_status(mut self, status: u16) -> Reply {
        self.status = status;
        self
    }

    /// With a cookie.
    pub fn with_cookie(mut self, cookie: SetCookie) -> Reply {
        self.cookies.push(cookie);
        self
    }

    /// With a header.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// The patient that was looked at, for the audit line of a view.
    pub fn about_patient(mut self, id: i64) -> Reply {
        self.subject.patient = Some(id);
        self
    }

    /// The tumor that was looked at.
    pub fn about_tumor(mut self, id: i64) -> Reply {
        self.subject.tumor = Some(id);
        self
    }

    /// The abstract that was looked at.
    pub fn about_abstract(mut self, id: i64) -> Reply {
        self.subject.abstract_ = Some(id);
        self
    }

    /// Ids and counts for the audit line; never a name or value.
    pub fn noting(mut self, note: impl Into<String>) -> Reply {
        self.subject.note = note.into();
        self
    }

    /// With the line that the store made for it.
    pub fn with_line(mut self, line: Line) -> Reply {
        self.subject.line = Some(line);
        self
    }

    /// The terms of a search, kept beside the chain.
    pub fn searched(mut self, terms: impl Into<String>) -> Reply {
        self.subject.detail = Some(terms.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_downloads_hold_nothing_that_ends_a_header() {
        let reply = Reply::download("a\"\r\nset-cookie: x.csv", "text/csv", "");
        let header = reply.headers.iter().find(|(name, _)| *name == "content-disposition").map(|(_, v)| v.as_str());
        assert_eq!(header, Some("attachment; filename=\"a---set-cookie--x.csv\""));
    }
}
