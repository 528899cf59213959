//! Two keys of a name that usual misspellings leave alone. They fail at different things, so one of them holds.
//!
//! [`sound_key`] follows the ear: the consonants in their order as they are spoken, each by its class. Vowels, double
//! letters, silent letters and the many spellings of one sound do not change it: SCHMIDT, SHMIT and SMITH are `SMT`,
//! MACDONALD and MCDONALD `MKTNLT`, PHILIPS and FILLIPS `FLPS`. A consonant left out or two that changed places do.
//!
//! [`letter_key`] follows the hand: which consonants occur, in alphabetical order, so that letters changed places or
//! doubled are the same: BRADLEY and BRALDEY are `BDLR`. A name with fewer than three consonants has all its letters
//! in the key, or half the short names would be one.
//!
//! Both take a folded and joined name. Letters outside A to Z stand for themselves.

const LONGEST_SOUND: usize = 6;

/// The key of what is heard.
pub fn sound_key(name: &str) -> String {
    let letters: Vec<char> = name.chars().filter(|c| c.is_alphabetic()).collect();
    let mut key = String::with_capacity(LONGEST_SOUND);
    let mut last = None;
    let (mut at, mut count) = (0, 0);
    while let Some(rest) = letters.get(at..).filter(|rest| !rest.is_empty() && count < LONGEST_SOUND) {
        let after_vowel = at > 0 && letters.get(at - 1).is_some_and(|c| is_vowel(*c));
        let (heard, length) = hear(rest, at == 0, after_vowel);
        at += length;
        match heard {
            Heard::Nothing => {}
            Heard::Vowel => {
                if key.is_empty() {
                    key.push('A');
                    count += 1;
                }
                last = None;
            }
            Heard::Class(class) => {
                if last != Some(class) {
                    key.push(class);
                    count += 1;
                }
                last = Some(class);
            }
            Heard::Two(one, other) => {
                key.extend([one, other].iter().filter(|c| last != Some(**c)));
                count += 2;
                last = Some(other);
            }
        }
    }
    key
}

enum Heard {
    /// A silent letter.
    Nothing,
    /// A vowel, which parts two equal consonants and is kept only at the beginning.
    Vowel,
    /// A consonant's class.
    Class(char),
    /// One letter that is two consonants.
    Two(char, char),
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'A' | 'E' | 'I' | 'O' | 'U' | 'Y')
}

/// What is heard at the beginning of `rest`, and of how many letters.
fn hear(rest: &[char], begins: bool, after_vowel: bool) -> (Heard, usize) {
    let letter = |at: usize| rest.get(at).copied().unwrap_or(' ');
    let (one, two, three) = (letter(0), letter(1), letter(2));
    let soft = |c: char| matches!(c, 'E' | 'I' | 'Y');
    if begins {
        match (one, two) {
            ('K' | 'G' | 'P' | 'M', 'N') => return (Heard::Class('N'), 2),
            ('W', 'R') | ('R', 'H') => return (Heard::Class('R'), 2),
            ('P' | 'T' | 'H', 'S') if three != 'C' => return (Heard::Class('S'), 2),
            ('T', 'Z') => return (Heard::Class('S'), 2),
            ('P', 'F') => return (Heard::Class('F'), 2),
            ('W', 'H') => return (Heard::Class('W'), 2),
            ('G', 'H') => return (Heard::Class('K'), 2),
            ('X', _) => return (Heard::Class('S'), 1),
            ('Y', 'A' | 'E' | 'I' | 'O' | 'U') => return (Heard::Class('Y'), 1),
            ('H' | 'W', _) => return (Heard::Class(one), 1),
            _ => {}
        }
    }
    match (one, two, three) {
        ('S', 'C', 'H') => (Heard::Class('S'), 3),
        ('T', 'C', 'H') => (Heard::Class('K'), 3),
        ('S', 'C', c) if soft(c) => (Heard::Class('S'), 2),
        ('D', 'G', c) if soft(c) => (Heard::Class('J'), 2),
        ('P', 'S' | 'T', _) if !begins && !after_vowel => (Heard::Nothing, 1),
        ('S', 'H', _) => (Heard::Class('S'), 2),
        ('P', 'H', _) => (Heard::Class('F'), 2),
        ('C', 'K' | 'H' | 'Q' | 'Z', _) | ('Z', 'H', _) | ('Q', 'U' | 'V', _) => (Heard::Class('K'), 2),
        ('T', 'H', _) | ('D', 'T', _) => (Heard::Class('T'), 2),
        ('T' | 'D', 'Z', _) | ('T', 'S', _) => (Heard::Class('S'), 2),
        ('G', 'H', _) if after_vowel => (Heard::Nothing, 2),
        ('M', 'B', ' ') => (Heard::Class('M'), 2),
        ('G', 'N', ' ') => (Heard::Class('N'), 2),
        ('C', c, _) => (Heard::Class(if soft(c) { 'S' } else { 'K' }), 1),
        ('G', c, _) => (Heard::Class(if soft(c) { 'J' } else { 'K' }), 1),
        ('X', _, _) => (Heard::Two('K', 'S'), 1),
        ('K' | 'Q', _, _) => (Heard::Class('K'), 1),
        ('B' | 'P', _, _) => (Heard::Class('P'), 1),
        ('F' | 'V', _, _) => (Heard::Class('F'), 1),
        ('D' | 'T', _, _) => (Heard::Class('T'), 1),
        ('S' | 'Z', _, _) => (Heard::Class('S'), 1),
        ('H', _, _) => (Heard::Nothing, 1),
        ('W', _, _) => (Heard::Vowel, 1),
        (c, _, _) if is_vowel(c) => (Heard::Vowel, 1),
        (c, _, _) => (Heard::Class(c), 1),
    }
}

/// The key of which letters are there.
pub fn letter_key(name: &str) -> String {
    let plain = name.replace("PH", "F");
    let mut letters: Vec<char> = plain.chars().filter(|c| c.is_alphabetic()).map(same_letter).collect();
    letters.sort_unstable();
    letters.dedup();
    let consonants: String = letters.iter().filter(|c| !is_vowel(**c) && !matches!(c, 'H' | 'W')).take(8).collect();
    match consonants.chars().count() {
        0..=2 => letters.into_iter().take(8).collect(),
        _ => consonants,
    }
}

/// Letters that people write for one another.
fn same_letter(c: char) -> char {
    match c {
        'C' | 'Q' => 'K',
        'Z' => 'S',
        'V' => 'F',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_alike_have_one_sound_key() {
        for group in [
            &["SMITH", "SMYTH", "SMYTHE", "SCHMIDT", "SCHMITT", "SHMIT", "SMIT"][..],
            &["MACDONALD", "MCDONALD", "MCDONNALD"],
            &["ANDERSON", "ANDERSEN", "ANDERSSON"],
            &["PHILIPS", "PHILLIPS", "FILLIPS"],
            &["PETERSON", "PETERSEN", "PETTERSON"],
            &["KNIGHT", "NITE", "NIGHT"],
            &["WRIGHT", "RITE", "WRITE", "REIT"],
            &["THOMPSON", "THOMSON", "TOMSEN"],
            &["GONZALEZ", "GONZALES", "GONSALES"],
            &["HUGHES", "HUES", "HUGHS"],
            &["SCHULTZ", "SHULTZ", "SCHULZ", "SHULTS"],
            &["BROWN", "BRAUN", "BROWNE"],
            &["LEWANDOWSKI", "LEWANDOWSKY"][..],
            &["NGUYEN", "NGUYN"],
            &["ZHANG", "CHANG"],
            &["LEE", "LI", "LEIGH"],
            &["CLARK", "CLARKE", "KLARK"],
            &["JEFFREYS", "GEOFFREYS", "JEFFRIES"],
            &["SCHUMACHER", "SHUMAKER", "SCHUHMACHER"],
            &["MARCELO", "MARSELLO"],
            &["RODRIGUEZ", "RODRIGUES"],
            &["XIAO", "SHAO"],
            &["LINDQUIST", "LUNDQVIST"],
            &["KOWALCZYK", "KOWALCHIK"],
        ] {
            let keys: Vec<String> = group.iter().map(|n| sound_key(n)).collect();
            assert!(keys.iter().all(|k| k == &keys[0]), "{group:?} {keys:?}");
        }
    }

    #[test]
    fn letters_that_changed_places_or_doubled_have_one_letter_key() {
        for (one, other) in [
            ("BRADLEY", "BRALDEY"),
            ("JOHNSTON", "JONHSTON"),
            ("SMITH", "SMTIH"),
            ("RODRIGUEZ", "RODRIGEUS"),
            ("ANDERSON", "ADERSON"),
            ("KOWALSKI", "COWALKSI"),
            ("PHELAN", "FELAN"),
            ("WILLIAMS", "WILIAMS"),
            ("LI", "IL"),
        ] {
            assert_eq!(letter_key(one), letter_key(other), "{one} {other}");
        }
        assert_ne!(letter_key("LI"), letter_key("LO"));
    }

    #[test]
    fn names_that_differ_have_keys_that_differ() {
        for (one, other) in [("SMITH", "SMITHSON"), ("MILLER", "MILLS"), ("GARCIA", "GARNER"), ("LEE", "KING")] {
            assert_ne!(sound_key(one), sound_key(other), "{one} {other}");
        }
    }

    #[test]
    fn any_text_has_keys_and_no_text_is_too_long() {
        for text in ["", " ", "Y", "HH", "X", "王小明", "ИВАНОВ", &"SCHWARZ".repeat(50), "PPH", "GH"] {
            assert!(sound_key(text).chars().count() <= LONGEST_SOUND + 1);
            assert!(letter_key(text).chars().count() <= 8);
        }
        assert_eq!(sound_key("王小明"), "王小明");
    }
}
