//! Folding and sounding of names. Ours, in Rust, and never the database's, so that both databases find the same.

use unicode_normalization::UnicodeNormalization;

/// A name for comparison: letters only, without accents, upper case; words separated by one blank.
pub fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for c in name.nfkd() {
        match c {
            'ß' => folded.push_str("SS"),
            'Æ' | 'æ' => folded.push_str("AE"),
            'Ø' | 'ø' => folded.push('O'),
            'Ł' | 'ł' => folded.push('L'),
            c if c.is_alphabetic() => folded.extend(c.to_uppercase()),
            '\'' | '’' | '`' | '.' => {}
            c if c.is_whitespace() || c.is_ascii_punctuation() => {
                if !folded.ends_with(' ') && !folded.is_empty() {
                    folded.push(' ');
                }
            }
            _ => {}
        }
    }
    while folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// First phonetic key of a folded name: its first letter and the classes of its consonants.
pub fn sound(folded: &str) -> String {
    let mut key = String::with_capacity(6);
    let mut last = 0u8;
    for c in folded.chars().filter(char::is_ascii_uppercase) {
        let class = consonant_class(c);
        if key.is_empty() {
            key.push(c);
        } else if class != 0 && class != last {
            key.push(char::from(b'0' + class));
        }
        if c != 'H' && c != 'W' {
            last = class;
        }
        if key.len() == 6 {
            break;
        }
    }
    key
}

/// Second phonetic key: all consonant classes, the first letter's included, so that a wrong first letter is found.
pub fn sound_2(folded: &str) -> String {
    let mut key = String::with_capacity(8);
    let mut last = 0u8;
    for c in folded.chars().filter(char::is_ascii_uppercase) {
        let class = consonant_class(c);
        if class != 0 && class != last {
            key.push(char::from(b'0' + class));
        }
        if c != 'H' && c != 'W' {
            last = class;
        }
        if key.len() == 8 {
            break;
        }
    }
    if key.is_empty() { folded.chars().take(2).collect() } else { key }
}

fn consonant_class(c: char) -> u8 {
    match c {
        'B' | 'F' | 'P' | 'V' => 1,
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => 2,
        'D' | 'T' => 3,
        'L' => 4,
        'M' | 'N' => 5,
        'R' => 6,
        _ => 0,
    }
}
