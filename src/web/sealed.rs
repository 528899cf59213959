//! An address that says nothing: what was searched for travels in it sealed, so that going back works and no name
//! stands in a browser's history, a log or a proxy. Only this registry opens it, and only for the same user.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{Ask, Refused};

const NONCE: usize = 24;

fn cipher(ask: &Ask) -> XChaCha20Poly1305 {
    let mut hasher = Sha256::new();
    hasher.update(ask.store().secret());
    hasher.update(b"sealed address");
    let key: [u8; 32] = hasher.finalize().into();
    XChaCha20Poly1305::new(&Key::from(key))
}

/// Seals a value for who asks.
///
/// # Errors
/// Nobody is signed in, or there are no random numbers.
pub fn seal(ask: &Ask, value: &impl Serialize) -> Result<String, Refused> {
    let fault = |why: String| Refused::Broken(format!("sealing an address: {why}"));
    let text = serde_json::to_vec(value).map_err(|e| fault(e.to_string()))?;
    let mut nonce = [0u8; NONCE];
    getrandom::fill(&mut nonce).map_err(|e| fault(e.to_string()))?;
    let user = ask.who()?.user.0.to_be_bytes();
    let payload = Payload { msg: &text, aad: &user };
    let sealed = cipher(ask).encrypt(&XNonce::from(nonce), payload).map_err(|e| fault(e.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
}

/// Opens what [`seal`] made for the same user.
///
/// # Errors
/// [`Refused::NotFound`] for anything else.
pub fn open<T: DeserializeOwned>(ask: &Ask, text: &str) -> Result<T, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refused::NotFound)?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or(Refused::NotFound)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| Refused::NotFound)?;
    let user = ask.who()?.user.0.to_be_bytes();
    let payload = Payload { msg: sealed, aad: &user };
    let text = cipher(ask).decrypt(&XNonce::from(nonce), payload).map_err(|_| Refused::NotFound)?;
    serde_json::from_slice(&text).map_err(|_| Refused::NotFound)
}
