//! Sending mail: through SMTP or into a folder, by the address in `ACCESSION_MAIL`.
//!
//! `smtp://user:password@host:587`, `smtps://host`, or `file:DIR`, where each mail becomes one file. Without an address
//! nothing is sent and the caller is told, so that a page can say so.

use std::path::{Path, PathBuf};

use lettre::message::{Mailbox, header::ContentType};
use lettre::{FileTransport, Message, SmtpTransport, Transport};

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Mailbag {
    /// Nowhere: no address was given.
    None,
    /// Through a mail server.
    Smtp(Box<SmtpTransport>),
    /// Into a folder.
    Folder(PathBuf),
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// No way is set.
    #[error("mail is not set up: give ACCESSION_MAIL as smtp://host or file:DIR")]
    NoWay,
    /// An address that is none.
    #[error("{0} is not a mail address")]
    WrongAddress(String),
    /// The mail could not be made.
    #[error("the mail could not be written: {0}")]
    NotWritten(#[from] lettre::error::Error),
    /// The server or folder did not take it.
    #[error("the mail was not taken: {0}")]
    NotTaken(String),
}

impl Mailbag {
    /// Reads the address; empty is none.
    ///
    /// # Errors
    /// One that is neither SMTP nor a folder.
    pub fn of(address: &str) -> Result<Mailbag, String> {
        let address = address.trim();
        if address.is_empty() {
            return Ok(Mailbag::None);
        }
        if let Some(folder) = address.strip_prefix("file:") {
            let folder = PathBuf::from(folder);
            return match folder.is_dir() {
                true => Ok(Mailbag::Folder(folder)),
                false => Err(format!("ACCESSION_MAIL: there is no folder {}", folder.display())),
            };
        }
        if address.starts_with("smtp://") || address.starts_with("smtps://") {
            let way = SmtpTransport::from_url(address).map_err(|e| format!("ACCESSION_MAIL: {e}"))?;
            return Ok(Mailbag::Smtp(Box::new(way.timeout(Some(std::time::Duration::from_secs(20))).build())));
        }
        Err("ACCESSION_MAIL is neither smtp://host nor file:DIR".into())
    }

    /// Sends a plain text. Header lines never hold a line end: lettre encodes them.
    ///
    /// # Errors
    /// Why it was not sent.
    pub fn send(&self, from: &str, to: &str, subject: &str, text: &str) -> Result<(), NotSent> {
        let address = |text: &str| text.parse::<Mailbox>().map_err(|_| NotSent::WrongAddress(text.to_string()));
        let message = Message::builder()
            .from(address(from)?)
            .to(address(to)?)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_string())?;
        let taken = |error: &dyn std::fmt::Display| NotSent::NotTaken(error.to_string());
        match self {
            Mailbag::None => Err(NotSent::NoWay),
            Mailbag::Smtp(server) => server.send(&message).map(|_| ()).map_err(|e| taken(&e)),
            Mailbag::Folder(folder) => put(folder, &message).map_err(|e| taken(&e)),
        }
    }
}

fn put(folder: &Path, message: &Message) -> Result<(), lettre::transport::file::Error> {
    FileTransport::new(folder).send(message).map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_mail_becomes_one_file_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let bag = Mailbag::of(&format!("file:{}", folder.path().display())).unwrap();
        bag.send("registry@example.org", "ann@example.org", "A subject", "Text.\n").unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
    }

    #[test]
    fn a_line_end_in_an_address_is_refused() {
        let bag = Mailbag::of("").unwrap();
        assert!(matches!(
            bag.send("registry@example.org", "ann@example.org\r\nBcc: eve@example.org", "s", "t"),
            Err(NotSent::WrongAddress(_))
        ));
        assert!(matches!(bag.send("registry@example.org", "ann@example.org", "s", "t"), Err(NotSent::NoWay)));
    }

    #[test]
    fn an_address_of_another_kind_is_refused() {
        assert!(Mailbag::of("sendmail:").is_err() && Mailbag::of("file:/no/such/folder").is_err());
    }
}
