//! The ways a line typed into a search box can be read as a name.

use super::names::{fold, is_suffix, joined, surname_parts, surname_words};

/// One reading of a typed name. Both parts are folded and joined; a part that was not typed is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameReading {
    /// Last name.
    pub last: String,
    /// Words of the last name that may stand alone.
    pub parts: Vec<String>,
    /// First name or its beginning.
    pub first: String,
    /// Words after the first name: middle names or initials.
    pub middle: String,
}

impl NameReading {
    /// A reading of a last and a first name typed apart.
    pub fn of_parts(last: &str, first: &str) -> Option<NameReading> {
        let (last, first) = (fold(last), fold(first));
        NameReading::of_words(&surname_words(&last), &first.split(' ').collect::<Vec<_>>())
    }

    /// Whether both readings mean the same last and first name.
    pub fn same_name(&self, other: &NameReading) -> bool {
        self.last == other.last && self.first == other.first
    }

    /// None when there is no letter in either part.
    fn of_words(last: &[&str], first: &[&str]) -> Option<NameReading> {
        let first: Vec<&str> = first.iter().copied().filter(|w| !w.is_empty() && !is_suffix(w)).collect();
        let reading = NameReading {
            last: joined(last),
            parts: surname_parts(last).into_iter().map(str::to_string).collect(),
            first: first.first().copied().unwrap_or_default().to_string(),
            middle: joined(first.get(1..).unwrap_or_default()),
        };
        (!reading.last.is_empty() || !reading.first.is_empty()).then_some(reading)
    }
}

/// The readings of a line, the likeliest first, at most six. `SMITH, JOHN Q` has one; `john smith` has two, since either
/// may be the last name; a word alone may be either; a line of more words can be cut at each place.
pub fn read_name(line: &str) -> Vec<NameReading> {
    if let Some((last, first)) = line.split_once(',') {
        // "Smith, Jr" and "Smith," are last names; titles and generations are no first names.
        return NameReading::of_parts(last, &first.replace(',', " ")).into_iter().collect();
    }
    let folded = fold(line);
    let words = surname_words(&folded);
    let mut readings = Vec::new();
    let mut add = |last: &[&str], first: &[&str]| {
        if let Some(reading) = NameReading::of_words(last, first)
            && !readings.contains(&reading)
        {
            readings.push(reading);
        }
    };
    match words.as_slice() {
        [] => {}
        [one] => {
            add(&[one], &[]);
            add(&[], &[one]);
        }
        several => {
            let count = several.len();
            let single_last = several.last().is_some_and(|w| w.chars().count() == 1);
            if single_last {
                // "smith j", "smith john q"
                add(&several[..1], &several[1..]);
            }
            // "john q smith": the last word, then more and more words, are the last name.
            for cut in (1..count).rev().take(3) {
                add(&several[cut..], &several[..cut]);
            }
            // "smith john": the first word or two are the last name.
            for cut in (1..count).take(2) {
                add(&several[..cut], &several[cut..]);
            }
            // All of it is a last name: "de la cruz", "garcia lopez".
            add(several, &[]);
        }
    }
    readings.truncate(6);
    readings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(line: &str) -> Vec<(String, String)> {
        read_name(line).into_iter().map(|r| (r.last, r.first)).collect()
    }

    fn pair(last: &str, first: &str) -> (String, String) {
        (last.into(), first.into())
    }

    #[test]
    fn a_comma_says_which_is_the_last_name() {
        assert_eq!(names("Smith, J"), [pair("SMITH", "J")]);
        assert_eq!(names("smith,"), [pair("SMITH", "")]);
        assert_eq!(names("SMITH, JOHN, JR"), [pair("SMITH", "JOHN")]);
        assert_eq!(names("SMITH, JR"), [pair("SMITH", "")]);
        assert_eq!(names("De la Cruz, María José"), [pair("DELACRUZ", "MARIA")]);
        assert_eq!(names(", john"), [pair("", "JOHN")]);
    }

    #[test]
    fn without_a_comma_both_orders_are_tried() {
        assert_eq!(names("j smith"), [pair("SMITH", "J"), pair("J", "SMITH"), pair("JSMITH", "")]);
        assert_eq!(names("smith j")[0], pair("SMITH", "J"));
        assert!(names("John Q. Smith Jr").contains(&pair("SMITH", "JOHN")));
        assert!(names("juan carlos garcia lopez").contains(&pair("GARCIALOPEZ", "JUAN")));
    }

    #[test]
    fn a_word_alone_is_a_last_name_and_perhaps_a_first() {
        assert_eq!(names("Basil"), [pair("BASIL", ""), pair("", "BASIL")]);
    }

    #[test]
    fn a_line_without_letters_has_no_reading() {
        assert!(read_name(" -, ' ").is_empty());
        assert!(read_name("").is_empty());
    }
}
