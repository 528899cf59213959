//! Are two accounts of a person of one person? The quick look that every import takes; person matching proper weighs
//! more.

use crate::dates::PartialDate;
use crate::matching::names::fold;
use crate::matching::sounds::sound_key;

/// What a person is known by.
pub trait Known {
    /// The value of an item, empty when not filled.
    fn item(&self, id: &str) -> &str;
}

/// Which of birth date, Social Security number, last name and sex are known on both sides and disagree.
pub fn disagreements(a: &impl Known, b: &impl Known) -> Vec<&'static str> {
    let mut found = Vec::new();
    if let (Ok(one), Ok(other)) = (PartialDate::parse(a.item("dateOfBirth")), PartialDate::parse(b.item("dateOfBirth")))
        && (one.certainly_before(other) || one.certainly_after(other))
    {
        found.push("dateOfBirth");
    }
    if let (Some(one), Some(other)) = (social_security(a), social_security(b))
        && one != other
    {
        found.push("socialSecurityNumber");
    }
    if surnames_disagree(a, b) {
        found.push("nameLast");
    }
    if let (Some(one), Some(other)) = (sex(a), sex(b))
        && one != other
    {
        found.push("sex");
    }
    found
}

fn social_security(person: &impl Known) -> Option<&str> {
    let number = person.item("socialSecurityNumber");
    (number.len() == 9 && number.bytes().all(|b| b.is_ascii_digit()) && number != "999999999" && number != "000000000")
        .then_some(number)
}

fn sex(person: &impl Known) -> Option<&str> {
    ["sexAssignedAtBirth", "sex"].into_iter().map(|id| person.item(id)).find(|v| matches!(*v, "1" | "2"))
}

fn surnames_disagree(a: &impl Known, b: &impl Known) -> bool {
    let of = |p: &dyn Fn(&str) -> String| -> Vec<String> {
        ["nameLast", "nameBirthSurname", "nameMaiden"].iter().map(|id| p(id)).filter(|n| !n.is_empty()).collect()
    };
    let (one, other) = (of(&|id| fold(a.item(id))), of(&|id| fold(b.item(id))));
    !one.is_empty()
        && !other.is_empty()
        && !one.iter().any(|x| other.iter().any(|y| x == y || sound_key(x) == sound_key(y)))
}
