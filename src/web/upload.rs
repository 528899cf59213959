//! A file that comes with a form, streamed into the registry's file store piece by piece, so that its size costs disk
//! and not memory. Nobody sees the file before it is whole; one that breaks off is taken away again.

use actix_multipart::{Field, Multipart};
use actix_web::http::header::HeaderMap;
use actix_web::{rt, web};
use futures_util::StreamExt;
use std::time::Duration;

use super::{Ask, Fields, Refused};
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::{By, Store};

/// Most bytes of an uploaded file.
pub const LARGEST_FILE: usize = 2 << 30;
/// Most bytes of all other fields of such a form.
const LARGEST_REST: usize = 64 << 10;
/// Seconds without a byte after which an upload is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes handed to the store at once.
const PIECE: usize = 256 << 10;

/// A file that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// Row id in the file store.
    pub file: i64,
    /// Name as the browser gave it, without folders.
    pub name: String,
    /// Bytes.
    pub bytes: i64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// Reads the form of a request that was let in. The form token comes before the file: without it nothing is stored.
///
/// # Errors
/// A form that is broken, too large, too slow, or without the token of this session.
pub async fn receive(ask: &mut Ask, headers: &HeaderMap, body: web::Payload) -> Result<(), Refused> {
    let by = ask.by()?.clone();
    let mut parts = Multipart::new(headers, body);
    let mut rest = 0;
    while let Some(part) = next(&mut parts).await? {
        let mut part = match part {
            Ok(part) => part,
            // A form that is broken and comes from elsewhere is refused as one from elsewhere.
            Err(e) => {
                return ask.check_token().and(Err(Refused::NotUnderstood(format!("the form with the file: {e}"))));
            }
        };
        let field = part.name().unwrap_or_default().to_string();
        let named = part.content_disposition().and_then(|d| d.get_filename()).map(base_name);
        match named {
            None => {
                let value = text(&mut part, LARGEST_REST - rest).await?;
                rest += value.len();
                ask.form.push(field, value);
            }
            Some(name) if ask.uploaded.is_none() => {
                ask.check_token()?;
                let uploaded = store_file(ask.store().clone(), by.clone(), name, &mut part).await?;
                ask.uploaded = uploaded;
            }
            Some(_) => return Err(Refused::Because("Send one file at a time.".into())),
        }
    }
    ask.check_token()
}

async fn next<S: futures_util::Stream + Unpin>(stream: &mut S) -> Result<Option<S::Item>, Refused> {
    rt::time::timeout(PATIENCE, stream.next()).await.map_err(|_| Refused::TooSlow)
}

async fn text(part: &mut Field, most: usize) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    while let Some(piece) = next(part).await? {
        let piece = piece.map_err(|e| Refused::NotUnderstood(format!("a field of the form: {e}")))?;
        if bytes.len() + piece.len() > most {
            return Err(Refused::TooBig("64 kB besides the file".into()));
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| Refused::NotUnderstood("a field of the form is not UTF-8".into()))
}

/// Streams one file into the store; `None` when no file was chosen.
async fn store_file(store: Store, by: By, name: String, part: &mut Field) -> Result<Option<Uploaded>, Refused> {
    let new = NewFile { kind: "received", name: name.clone(), job: None, facility: None };
    let mut writer = blocking(move || Ok(FileWriter::begin(&store, &by, &new)?)).await?;
    let mut held: Vec<u8> = Vec::with_capacity(PIECE);
    let mut all = 0usize;
    let outcome = loop {
        let piece = match next(part).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => break Ok(()),
            Ok(Some(Err(e))) => break Err(Refused::NotUnderstood(format!("the file broke off: {e}"))),
            Err(slow) => break Err(slow),
        };
        all += piece.len();
        if all > LARGEST_FILE {
            break Err(Refused::TooBig("2 GB in one file".into()));
        }
        held.extend_from_slice(&piece);
        if held.len() >= PIECE {
            let full = std::mem::replace(&mut held, Vec::with_capacity(PIECE));
            match blocking(move || Ok((writer.add(&full).map_err(Refused::from), writer))).await? {
                (Ok(()), same) => writer = same,
                (Err(refused), same) => {
                    writer = same;
                    break Err(refused);
                }
            }
        }
    };
    if outcome.is_err() || all == 0 {
        blocking(move || Ok(writer.abandon()?)).await?;
        return outcome.map(|()| None);
    }
    blocking(move || {
        if let Err(error) = writer.add(&held) {
            writer.abandon()?;
            return Err(error.into());
        }
        let (file, bytes, sha256) = writer.finish()?;
        Ok(Some(Uploaded { file, name, bytes, sha256 }))
    })
    .await
}

/// Work of the store on a thread that may wait.
pub(super) async fn blocking<T, F>(work: F) -> Result<T, Refused>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Refused> + Send + 'static,
{
    match web::block(work).await {
        Ok(done) => done,
        Err(_) => Err(Refused::Broken("a worker thread ended in the middle of its work".into())),
    }
}

/// A file's name without folders, of at most 120 characters, none of them a control character.
fn base_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(120).collect()
}

impl Ask {
    fn check_token(&self) -> Result<(), Refused> {
        match self.token.csrf_matches(self.form.get("csrf")) {
            true => Ok(()),
            false => Err(Refused::NotFromOurPage),
        }
    }

    /// The file that came with the form.
    ///
    /// # Errors
    /// None was chosen.
    pub fn file(&self) -> Result<&Uploaded, Refused> {
        self.uploaded.as_ref().ok_or_else(|| Refused::Because("Choose a file first.".into()))
    }

    /// The fields of the form, for showing it again.
    pub fn sent(&self) -> &Fields {
        &self.form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lose_their_folders() {
        assert_eq!(base_name("../../etc/passwd"), "passwd");
        assert_eq!(base_name("C:\\data\\a\r\n.xml"), "a.xml");
    }
}
