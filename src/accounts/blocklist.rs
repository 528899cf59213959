//! The passwords that are guessed first.
//!
//! 100,000 lines, compressed into the program (`reference/passwords`). A new password is refused when it is a line of
//! the list, or what a guessing program makes of one at once: letters swapped for digits, a year or marks put before
//! or behind it, the same thing twice. The registry's name and the person's login count as lines.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

static COMPRESSED: &[u8] = include_bytes!("../../reference/passwords/blocklist.txt.zst");

static LIST: LazyLock<Blocklist> = LazyLock::new(|| {
    let bytes = zstd::decode_all(COMPRESSED).expect("the list is compressed when the program is built");
    Blocklist::of(String::from_utf8(bytes).expect("the list is UTF-8"))
});

/// At most this many characters before and behind a word of the list count as trimmings of it.
const TRIMMINGS: usize = 8;

/// A sorted list of passwords, one a line.
pub struct Blocklist {
    text: String,
    starts: Vec<u32>,
}

impl Blocklist {
    /// The list of this program.
    pub fn compiled_in() -> &'static Blocklist {
        &LIST
    }

    /// The list of these lines, which must be sorted by their bytes.
    pub fn of(text: String) -> Blocklist {
        let mut starts = vec![];
        let mut at = 0u32;
        for line in text.split_inclusive('\n') {
            starts.push(at);
            at += u32::try_from(line.len()).unwrap_or(0);
        }
        Blocklist { text, starts }
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Holds no line.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Has exactly this line.
    pub fn has(&self, line: &str) -> bool {
        let line_at = |start: u32| self.text.get(start as usize..).and_then(|t| t.lines().next()).unwrap_or_default();
        self.starts.binary_search_by(|start| line_at(*start).cmp(line)).is_ok()
    }

    /// Is a line, a word of `known`, or made of one in a way that is tried at once.
    pub fn refuses(&self, password: &str, known: &[String]) -> bool {
        let known: Vec<String> = known.iter().flat_map(|k| parts(k)).collect();
        let guessed = |word: &str| word.chars().count() >= 4 && (self.has(word) || known.iter().any(|k| k == word));
        let folded: String = password.nfkc().flat_map(char::to_lowercase).collect();
        let plain: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        [folded.clone(), plain]
            .iter()
            .flat_map(|form| [form.clone(), unleet(form)])
            .flat_map(|form| {
                [once(&form).to_string(), trimmed(&form).to_string(), once(trimmed(&form)).to_string(), form]
            })
            .any(|form| guessed(&form) || is_run(&form) || is_short_and_repeated(&form))
    }
}

/// A name as it may be typed into a password: whole without blanks, and its words of four letters or more.
fn parts(name: &str) -> Vec<String> {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    let mut parts: Vec<String> = words.clone().map(str::to_string).collect();
    parts.push(words.collect());
    parts.push(folded.clone());
    parts.retain(|p| p.chars().count() >= 4);
    parts
}

/// Digits and marks that stand for letters turned back.
fn unleet(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        })
        .collect()
}

/// The text without digits and marks at its ends, if those are few.
fn trimmed(text: &str) -> &str {
    let core = text.trim_matches(|c: char| !c.is_alphabetic());
    match text.chars().count() - core.chars().count() <= TRIMMINGS {
        true => core,
        false => text,
    }
}

/// The piece of which the text is two or more copies, or the text itself.
fn once(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    for end in ends.take_while(|end| end * 2 <= text.len()) {
        let piece = &text[..end];
        if text.len().is_multiple_of(end) && text.as_bytes().chunks(end).all(|c| c == piece.as_bytes()) {
            return piece;
        }
    }
    text
}

/// A few characters over and over.
fn is_short_and_repeated(text: &str) -> bool {
    let piece = once(text);
    piece.len() < text.len() && piece.chars().count() < 6
}

/// One character over and over, or up or down by one: `aaaa…`, `123456…`, `zyxw…`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let mut steps = codes.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?));
    match steps.next() {
        None => true,
        Some(first) => first.abs() <= 1 && steps.all(|step| step == first),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(password: &str) -> bool {
        Blocklist::compiled_in().refuses(password, &["Harbor State Cancer Registry".into(), "mweber".into()])
    }

    #[test]
    fn list_has_100_000_sorted_lines() {
        let list = Blocklist::compiled_in();
        assert_eq!(list.len(), 100_000);
        let lines: Vec<&str> = list.text.lines().collect();
        assert!(lines.windows(2).all(|w| w[0] < w[1]));
        assert!(list.has(lines[0]) && list.has(lines[50_000]) && list.has(lines[99_999]));
        assert!(!list.has("") && !list.has("plum-ferry-tangent-orbit"));
        assert!(lines.iter().filter(|l| l.chars().count() >= 12).count() > 10_000);
    }

    #[test]
    fn common_passwords_are_refused_however_they_are_dressed() {
        for password in [
            "password",
            "Password2024!",
            "P@ssw0rd1234",
            "passwordpassword",
            "qwertyuiop12",
            "1234567890123456",
            "aaaaaaaaaaaaaaa",
            "iloveyouiloveyou",
            "cancerregistry",
            "Cancer Registry 1",
            "abcdefghijklmno",
            "sunshine123456",
            "letmein letmein",
            "xq7xq7xq7xq7xq7",
        ] {
            assert!(refused(password), "{password}");
        }
    }

    #[test]
    fn registry_name_and_login_are_refused() {
        for password in ["HarborStateCancerRegistry", "harbor state cancer registry 26", "mweber123456", "mwebermweber"]
        {
            assert!(refused(password), "{password}");
        }
        assert!(!Blocklist::compiled_in().refuses("mwebermwxeber", &[]));
    }

    #[test]
    fn phrases_and_random_passwords_are_taken() {
        for password in [
            "plum ferry tangent orbit",
            "kT9vq2Lm8Zxw",
            "ünser Teich hat keine Ente",
            "73829104857265a",
            "三つの青い傘と古い地図帳",
        ] {
            assert!(!refused(password), "{password}");
        }
    }

    #[test]
    fn odd_texts_never_panic() {
        for password in ["", "é", "\u{1F600}\u{1F600}", "!!!!!!!!!!!!", "  ", "\u{0}"] {
            let _ = refused(password);
        }
        assert!(refused("\u{1F600}".repeat(15).as_str()));
    }
}
