//! The headers that every answer carries, errors too.

use super::Transport;

/// What pages may load and do: their own scripts, styles and pictures, nothing inline, nothing from elsewhere.
pub const CONTENT_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// The headers of every answer by this way of being reached.
pub fn always(transport: &Transport) -> Vec<(&'static str, &'static str)> {
    let mut headers = vec![
        ("content-security-policy", CONTENT_POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ];
    if transport.is_secure() {
        headers.push(("strict-transport-security", "max-age=31536000; includeSubDomains"));
    }
    headers
}

/// Of everything but static files: no browser or proxy keeps it.
pub const NO_STORE: &str = "no-store";

/// Of static files: their address changes with their content.
pub const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
