//! The class-of-case helper (item 610): four questions propose the code.

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// At the reporting facility.
    Here,
    /// In the office of a physician of its staff.
    StaffOffice,
    /// Elsewhere.
    Elsewhere,
    /// Not known.
    Unknown,
}

/// Where the first course was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstCourse {
    /// All of it here.
    AllHere,
    /// Part of it here.
    PartHere,
    /// Some or all here, not further known.
    SomeHere,
    /// None here, or the choice of none made elsewhere.
    NoneHere,
    /// Not known.
    Unknown,
}

/// The four answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// Where the tumor was diagnosed.
    pub diagnosed: Where,
    /// Where the first course was given.
    pub first_course: FirstCourse,
    /// The patient came to the facility in person.
    pub came: bool,
    /// The diagnosis is of the reference date or later.
    pub after_reference: bool,
}

/// A proposed class with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed {
    /// The code.
    pub class: &'static str,
    /// Why.
    pub because: &'static str,
}

/// The class the answers propose.
pub fn class_of_case(answers: Answers) -> Proposed {
    use FirstCourse::{AllHere, NoneHere, PartHere, SomeHere};
    use Where::{Elsewhere, Here, StaffOffice};
    let of = |class, because| Proposed { class, because };
    let treated_here = matches!(answers.first_course, AllHere | PartHere | SomeHere);
    if !answers.came {
        return match (answers.diagnosed, answers.first_course) {
            (StaffOffice, NoneHere) => of("40", "diagnosed and treated in the office of one staff physician"),
            (Here, _) => of("43", "only a specimen came"),
            _ => of("99", "how the facility and the patient are related is not known"),
        };
    }
    if !answers.after_reference {
        return match (answers.diagnosed, treated_here) {
            (Here | StaffOffice, true) => of("35", "diagnosed and treated here before the reference date"),
            (Elsewhere | Where::Unknown, true) => {
                of("37", "diagnosed elsewhere, treated here, before the reference date")
            }
            (_, false) => of("33", "the tumor is of the time before the reference date and was not treated here"),
        };
    }
    match (answers.diagnosed, answers.first_course) {
        (Here, AllHere) => of("14", "diagnosed here, all of the first course here"),
        (Here, PartHere) => of("13", "diagnosed here, part of the first course here"),
        (Here, NoneHere) => of("00", "diagnosed here, the first course or the choice of none elsewhere"),
        (StaffOffice, AllHere) => of("12", "diagnosed in a staff physician's office, all of the first course here"),
        (StaffOffice, PartHere) => of("11", "diagnosed in a staff physician's office, part of the first course here"),
        (Here | StaffOffice, SomeHere) => {
            of("10", "diagnosed here or in a staff physician's office, some or all treatment here")
        }
        (StaffOffice, NoneHere) => of("40", "diagnosed and treated in the office of one staff physician"),
        (Here | StaffOffice, FirstCourse::Unknown) => of("10", "diagnosed here, the treatment is not further known"),
        (Elsewhere, AllHere) => of("22", "diagnosed elsewhere, all of the first course here"),
        (Elsewhere, PartHere) => of("21", "diagnosed elsewhere, part of the first course here"),
        (Elsewhere, SomeHere) => of("20", "diagnosed elsewhere, some or all of the first course here"),
        (Elsewhere, NoneHere) => of("30", "diagnosed and treated elsewhere, work-up or consultation here"),
        (Elsewhere | Where::Unknown, _) => of("99", "not enough is known of diagnosis and treatment"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_answers_propose_the_class() {
        use FirstCourse::{AllHere, NoneHere, PartHere, SomeHere};
        use Where::{Elsewhere, Here, StaffOffice};
        for (diagnosed, first_course, came, after_reference, class) in [
            (Here, AllHere, true, true, "14"),
            (Here, PartHere, true, true, "13"),
            (Here, NoneHere, true, true, "00"),
            (Here, SomeHere, true, true, "10"),
            (StaffOffice, AllHere, true, true, "12"),
            (StaffOffice, PartHere, true, true, "11"),
            (StaffOffice, NoneHere, false, true, "40"),
            (Elsewhere, AllHere, true, true, "22"),
            (Elsewhere, PartHere, true, true, "21"),
            (Elsewhere, SomeHere, true, true, "20"),
            (Elsewhere, NoneHere, true, true, "30"),
            (Here, AllHere, true, false, "35"),
            (Elsewhere, PartHere, true, false, "37"),
            (Elsewhere, NoneHere, true, false, "33"),
            (Here, NoneHere, false, true, "43"),
            (Where::Unknown, FirstCourse::Unknown, true, true, "99"),
        ] {
            let answers = Answers { diagnosed, first_course, came, after_reference };
            assert_eq!(class_of_case(answers).class, class, "{answers:?}");
        }
    }
}
