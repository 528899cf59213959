//! Folding of names: what is left when case, accents, marks and Unicode form no longer count.

use unicode_normalization::UnicodeNormalization;

/// A name for comparison: letters only, without accents, upper case; words separated by one blank.
///
/// Both Unicode forms of an accented letter fold to the same. Apostrophes join (`O'Brien` is `OBRIEN`), every kind of
/// dash and other punctuation separates. Letters that no normal form takes apart are spelt out.
pub fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    if name.is_ascii() {
        name.chars().for_each(|c| push(&mut folded, c));
    } else {
        name.nfkd().for_each(|c| push(&mut folded, c));
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

fn push(folded: &mut String, c: char) {
    match c {
        'A'..='Z' => folded.push(c),
        'a'..='z' => folded.push(c.to_ascii_uppercase()),
        '\'' | '`' | '.' | '’' | '‘' | 'ʼ' | 'ʻ' | '′' | '´' => {}
        'ß' | 'ẞ' => folded.push_str("SS"),
        'Æ' | 'æ' => folded.push_str("AE"),
        'Œ' | 'œ' => folded.push_str("OE"),
        'Þ' | 'þ' => folded.push_str("TH"),
        'Ø' | 'ø' => folded.push('O'),
        'Ł' | 'ł' => folded.push('L'),
        'Đ' | 'đ' | 'Ð' | 'ð' => folded.push('D'),
        'Ħ' | 'ħ' => folded.push('H'),
        'ı' => folded.push('I'),
        c if c.is_alphabetic() => folded.extend(c.to_uppercase()),
        c if is_gap(c) && !folded.ends_with(' ') && !folded.is_empty() => folded.push(' '),
        _ => {}
    }
}

fn is_gap(c: char) -> bool {
    let dash = matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '·');
    dash || c.is_whitespace() || c.is_ascii_punctuation()
}

/// Folded words joined: `DE LA CRUZ`, `De-la-Cruz` and `delacruz` are one name.
pub fn joined(words: &[&str]) -> String {
    words.concat()
}

/// Words after a name that are not part of it: generation and titles.
pub fn is_suffix(word: &str) -> bool {
    matches!(word, "JR" | "SR" | "II" | "III" | "IV" | "MD" | "PHD" | "DDS" | "ESQ" | "RN" | "DR" | "MR" | "MRS" | "MS")
}

/// Small words before a surname, which people leave out or write together with it.
pub fn is_particle(word: &str) -> bool {
    matches!(
        word,
        "A" | "ABU"
            | "AL"
            | "BEN"
            | "BIN"
            | "D"
            | "DA"
            | "DAL"
            | "DE"
            | "DEL"
            | "DELLA"
            | "DEN"
            | "DER"
            | "DI"
            | "DO"
            | "DOS"
            | "DU"
            | "E"
            | "EL"
            | "I"
            | "IBN"
            | "L"
            | "LA"
            | "LAS"
            | "LE"
            | "LOS"
            | "MAC"
            | "MC"
            | "O"
            | "SAINT"
            | "SAN"
            | "SANTA"
            | "ST"
            | "TEN"
            | "TER"
            | "VAN"
            | "VON"
            | "Y"
            | "ZU"
    )
}

/// The words of a folded surname without generation and titles; all of them when nothing else would be left.
pub fn surname_words(folded: &str) -> Vec<&str> {
    let words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).collect();
    let kept: Vec<&str> = words.iter().copied().filter(|w| !is_suffix(w)).collect();
    if kept.is_empty() { words } else { kept }
}

/// The words of a surname of several that can stand for it alone: `GARCIA` and `LOPEZ` of Garcia-Lopez, `CRUZ` of de
/// la Cruz. None for a surname of one word.
pub fn surname_parts<'a>(words: &[&'a str]) -> Vec<&'a str> {
    if words.len() < 2 {
        return Vec::new();
    }
    words.iter().copied().filter(|w| w.chars().count() >= 2 && !is_particle(w)).take(4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_unicode_forms_fold_to_the_same() {
        for (written, folded) in [
            ("Muñoz", "MUNOZ"),
            ("Mun\u{303}oz", "MUNOZ"),
            ("José", "JOSE"),
            ("Jose\u{301}", "JOSE"),
            ("Øverås", "OVERAS"),
            ("Strauß", "STRAUSS"),
            ("Łukasz", "LUKASZ"),
            ("Đặng", "DANG"),
        ] {
            assert_eq!(fold(written), folded);
        }
    }

    #[test]
    fn apostrophes_join_and_dashes_separate() {
        assert_eq!(fold("O'Brien"), "OBRIEN");
        assert_eq!(fold("O’Brien"), "OBRIEN");
        assert_eq!(fold(" Smith – Jones "), "SMITH JONES");
        assert_eq!(fold("St. John"), "ST JOHN");
        assert_eq!(fold("(none) 12"), "NONE");
        assert_eq!(fold("王小明"), "王小明");
        assert_eq!(fold(""), "");
    }

    #[test]
    fn a_surname_is_also_its_main_words() {
        assert_eq!(surname_parts(&surname_words("DE LA CRUZ")), ["CRUZ"]);
        assert_eq!(surname_parts(&surname_words("GARCIA LOPEZ JR")), ["GARCIA", "LOPEZ"]);
        assert!(surname_parts(&surname_words("SMITH III")).is_empty());
        assert_eq!(surname_words("JR"), ["JR"]);
    }
}
