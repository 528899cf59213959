//! One-time codes by time, RFC 6238: SHA-1, six digits, steps of 30 seconds.
//!
//! A code of the step before and of the step after is taken as well, for clocks that differ. Each step's code is
//! taken once: the caller keeps the last step used, and no step up to it is taken again.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Seconds a code lasts.
const STEP: i64 = 30;
/// Steps before and after now that are taken as well.
const SLACK: i64 = 1;
/// Wrong codes after which the password is asked again.
pub const CODE_TRIES: i64 = 5;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret that the person's device and the registry share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Vec<u8>);

impl TotpSecret {
    /// A new secret of 160 bits, as RFC 4226 recommends.
    pub fn random() -> TotpSecret {
        let mut bytes = vec![0u8; 20];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        TotpSecret(bytes)
    }

    /// The secret of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> TotpSecret {
        TotpSecret(bytes.to_vec())
    }

    /// Reads base32; blanks, hyphens, case and padding do not matter.
    pub fn of_base32(text: &str) -> Option<TotpSecret> {
        let (mut bytes, mut bits, mut held) = (vec![], 0u32, 0u32);
        for c in text.bytes().filter(|c| !b" -=".contains(c)) {
            let digit = BASE32.iter().position(|b| *b == c.to_ascii_uppercase())?;
            held = (held << 5) | u32::try_from(digit).ok()?;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
                held &= (1 << bits) - 1;
            }
        }
        (bytes.len() >= 10).then_some(TotpSecret(bytes))
    }

    /// The secret as a person types it into a device.
    pub fn base32(&self) -> String {
        base32(&self.0)
    }

    /// The code of the step that holds this second since 1970.
    pub fn code_at(&self, seconds: i64) -> String {
        self.code_of_step(seconds.div_euclid(STEP), 6)
    }

    fn code_of_step(&self, step: i64, digits: u32) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("a key of any length is taken");
        mac.update(&step.to_be_bytes());
        let hash: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(hash[19] & 0x0f);
        let word = hash.iter().skip(at).take(4).fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte)) & 0x7fff_ffff;
        format!("{:0width$}", word % 10u32.pow(digits), width = digits as usize)
    }

    /// The step this code belongs to, if it is right now and later than the last step used.
    pub fn step_of(&self, typed: &str, seconds: i64, last_used: Option<i64>) -> Option<i64> {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let now = seconds.div_euclid(STEP);
        let right = (now - SLACK..=now + SLACK)
            .filter(|step| bool::from(self.code_of_step(*step, 6).as_bytes().ct_eq(typed.as_bytes())))
            .collect::<Vec<_>>();
        right.into_iter().find(|step| last_used.is_none_or(|last| *step > last))
    }

    /// The address that a device reads from the picture.
    pub fn uri(&self, registry: &str, login: &str) -> String {
        let issuer = percent(registry);
        format!(
            "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            percent(login),
            self.base32()
        )
    }

    /// The picture of [`TotpSecret::uri`] as SVG to put into a page (no XML declaration).
    pub fn picture(&self, registry: &str, login: &str) -> String {
        let name: String = registry.chars().take(60).collect();
        let svg = qrcode::QrCode::new(self.uri(&name, login)).map(|code| {
            code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build()
        });
        let svg = svg.unwrap_or_default();
        svg.split_once("?>").map(|(_, picture)| picture.to_string()).unwrap_or(svg)
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

pub(super) fn base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0u32, 0u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[((held >> bits) & 31) as usize]));
            held &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[((held << (5 - bits)) & 31) as usize]));
    }
    text
}

fn percent(text: &str) -> String {
    let kept = |b: u8| b.is_ascii_alphanumeric() || b"-._~@".contains(&b);
    text.bytes().map(|b| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::of_bytes(b"12345678901234567890")
    }

    #[test]
    fn codes_of_rfc_6238_appendix_b_come_out() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(secret().code_of_step(seconds / STEP, 8), code);
            assert_eq!(secret().code_at(seconds), code[2..]);
        }
    }

    #[test]
    fn codes_one_step_early_and_late_are_taken_and_two_are_not() {
        let code = secret().code_at(59);
        for (seconds, taken) in [(-1, false), (0, true), (30, true), (59, true), (60, true), (89, true), (90, false)] {
            assert_eq!(secret().step_of(&code, seconds, None).is_some(), taken, "{seconds}");
        }
    }

    #[test]
    fn each_code_is_taken_once_only() {
        let code = secret().code_at(59);
        let step = secret().step_of(&code, 59, None).unwrap();
        assert_eq!(secret().step_of(&code, 59, Some(step)), None);
        assert_eq!(secret().step_of(&code, 61, Some(step)), None);
        let next = secret().code_at(61);
        assert_eq!(secret().step_of(&next, 61, Some(step)), Some(2));
        assert_eq!(secret().step_of(&code, 61, Some(2)), None);
    }

    #[test]
    fn blanks_in_a_code_do_not_matter_and_other_texts_are_wrong() {
        let code = secret().code_at(59);
        assert!(secret().step_of(&format!(" {} {}", &code[..3], &code[3..]), 59, None).is_some());
        for typed in ["", "0", "287O82", "٢٨٧٠٨٢", "2870822"] {
            assert!(secret().step_of(typed, 59, None).is_none(), "{typed}");
        }
    }

    #[test]
    fn base32_goes_there_and_back() {
        assert_eq!(secret().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(TotpSecret::of_base32("gezd gnbv-gy3tqojqgezdgnbvgy3tqojq"), Some(secret()));
        assert_eq!(TotpSecret::of_base32("0189"), None);
        let random = TotpSecret::random();
        assert_eq!(TotpSecret::of_base32(&random.base32()), Some(random));
    }

    #[test]
    fn address_and_picture_name_registry_and_login() {
        let uri = secret().uri("Harbor & Sons", "ann");
        assert!(uri.starts_with("otpauth://totp/Harbor%20%26%20Sons:ann?secret=GEZD"), "{uri}");
        let picture = secret().picture("Harbor", "ann");
        assert!(picture.starts_with("<svg"), "{}", &picture[..40]);
        assert!(secret().picture(&"ä".repeat(200), &"x".repeat(60)).starts_with("<svg"));
    }
}
