//! What may be done, by which role, how far: one table.
//!
//! Pages, the command line and the store all ask this table and nothing else. Each row is one thing a person can do,
//! each column a role, each cell a [`Reach`]. Where a person has several roles the widest reach counts. The roles
//! are those a cancer registry works with; what each is for stands in `docs/roles.md`, which is printed from here.

use super::{Asker, Own, Role, Scope};

/// How far a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Not at all.
    No,
    /// Own and assigned records only.
    Own,
    /// The records of the facilities granted to the person.
    Facility,
    /// The whole registry.
    Registry,
}

use Reach::{Facility as F, No as N, Own as O, Registry as R};

macro_rules! mays {
    ($($(#[doc = $doc:literal])+ $name:ident $key:literal $text:literal [$($reach:ident)+];)+) => {
        /// One thing a person can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum May { $($(#[doc = $doc])+ $name,)+ }

        impl May {
            /// Every one, in the order of the table.
            pub const ALL: &'static [May] = &[$(May::$name),+];

            /// Its name in data files and audit lines.
            pub fn key(self) -> &'static str {
                match self { $(May::$name => $key),+ }
            }

            /// Its name on pages.
            pub fn text(self) -> &'static str {
                match self { $(May::$name => $text),+ }
            }

            /// The row of the table, in the order of [`Role::ALL`].
            fn row(self) -> &'static [Reach; Role::ALL.len()] {
                match self { $(May::$name => &[$($reach),+]),+ }
            }
        }
    };
}

mays! {
    /// Search, open and list named patients, their abstracts, histories and sources.
    SeePatients "see_patients" "Find and open patients by name"
    //  Abs Cas FuC QCr Mgr Sub Res Phy Adm Aud CEd Con Rep Stu Prv
        [F   N   F   F   F   F   N   N   N   N   R   N   O   F   N];
    /// One patient's printable summary.
    SeeSummary "see_summary" "See a patient's summary"
        [F   N   F   F   F   F   N   O   N   N   R   N   O   F   N];
    /// Counts on the home page and printed reports without names.
    SeeReports "see_reports" "See counts and reports"
        [F   N   F   F   F   F   F   N   N   N   R   F   O   F   N];
    /// The suspense list: accept, set aside, not reportable.
    WorkSuspense "work_suspense" "Work the suspense list"
        [F   F   N   N   F   N   N   N   N   N   R   N   N   F   N];
    /// Begin a new patient, tumor or abstract.
    Accession "accession" "Accession a new case"
        [F   N   N   N   F   N   N   N   N   N   R   N   O   F   N];
    /// Items of tumor and abstract.
    EditTumorItems "edit_tumor_items" "Edit tumor items"
        [O   N   N   N   F   N   N   N   N   N   R   N   O   O   N];
    /// Names, birth date, sex, SSN, race and the other items that say who a patient is.
    EditPatientItems "edit_patient_items" "Edit a patient's identity"
        [O   N   N   N   F   N   N   N   N   N   R   N   O   O   N];
    /// Current address, telephone, contacts.
    EditContactItems "edit_contact_items" "Edit addresses and contacts"
        [F   N   F   N   F   N   N   N   N   N   R   N   O   F   N];
    /// Mark an abstract complete.
    Complete "complete" "Complete an abstract"
        [O   N   N   N   F   N   N   N   N   N   R   N   O   O   N];
    /// Set an over-ride that lets an edit pass.
    Override "override" "Over-ride an edit"
        [N   N   N   N   F   N   N   N   N   N   R   N   N   N   N];
    /// Give a verdict item by item and return an abstract.
    Review "review" "Review and return abstracts"
        [N   N   N   F   F   N   N   N   N   N   R   N   N   N   N];
    /// Answer what a reviewer asked.
    AnswerReview "answer_review" "Answer a reviewer"
        [O   N   N   N   F   N   N   N   N   N   R   N   O   O   N];
    /// Give work to a person.
    Assign "assign" "Assign work"
        [N   N   N   N   F   N   N   N   N   N   R   N   N   N   N];
    /// Change an accession or sequence number, open a completed abstract again.
    Renumber "renumber" "Renumber and unlock"
        [N   N   N   N   F   N   N   N   N   N   R   N   N   N   N];
    /// Delete and restore an abstract.
    Delete "delete" "Delete and restore abstracts"
        [N   N   N   N   F   N   N   N   N   N   R   N   N   N   N];
    /// Merge two patients, split one, move a tumor.
    CorrectIdentity "correct_identity" "Merge, split and move patients"
        [N   N   N   N   F   N   N   N   N   N   R   R   N   N   N];
    /// Judge pairs of records of different facilities.
    Consolidate "consolidate" "Judge pairs across facilities"
        [N   N   N   N   N   N   N   N   N   N   R   R   N   N   N];
    /// Post a contact or a death.
    PostFollowUp "post_follow_up" "Post follow-up"
        [F   N   F   N   F   N   N   O   N   N   R   N   O   F   N];
    /// Print or mail a letter.
    SendLetters "send_letters" "Print and send letters"
        [N   N   F   N   F   N   N   N   N   N   R   N   N   N   N];
    /// Bring a file in.
    Import "import" "Import files"
        [N   N   N   N   F   N   N   N   N   N   R   N   O   N   N];
    /// Compare the registry with the figures of the program it came from.
    Reconcile "reconcile" "Reconcile with old reports"
        [N   N   N   N   F   N   N   N   N   N   R   N   N   N   N];
    /// Make a NAACCR file of identified records.
    ExportIdentified "export_identified" "Export identified records"
        [N   N   N   N   F   F   N   N   N   N   R   N   N   N   N];
    /// Build, send and acknowledge batches.
    Submit "submit" "Build and send submissions"
        [N   N   N   N   F   F   N   N   N   N   R   N   N   N   N];
    /// A de-identified extract.
    ExtractDeidentified "extract_deidentified" "Make de-identified extracts"
        [N   N   N   N   F   N   F   N   N   N   R   N   N   N   N];
    /// A limited data set: dates and county, no direct identifier.
    ExtractLimited "extract_limited" "Make limited extracts"
        [N   N   N   N   F   N   F   N   N   N   R   N   N   N   N];
    /// An extract with names, where an administrator has switched that on.
    ExtractIdentified "extract_identified" "Make identified extracts"
        [N   N   N   N   F   N   N   N   N   N   R   N   N   N   N];
    /// Watch and stop jobs.
    SeeJobs "see_jobs" "See jobs"
        [N   N   N   N   F   O   O   N   R   N   R   N   O   N   N];
    /// Settings of a facility.
    ChangeFacilitySettings "change_facility_settings" "Change a facility's settings"
        [N   N   N   N   F   N   N   N   R   N   N   N   N   N   N];
    /// Settings of the registry.
    ChangeSettings "change_settings" "Change the registry's settings"
        [N   N   N   N   N   N   N   N   R   N   N   N   N   N   N];
    /// Add, rename, retire facilities.
    AdministerFacilities "administer_facilities" "Administer facilities"
        [N   N   N   N   N   N   N   N   R   N   N   N   N   N   N];
    /// Add, disable, reset people and give them roles.
    AdministerUsers "administer_users" "Administer people and roles"
        [N   N   N   N   N   N   N   N   R   N   N   N   N   N   N];
    /// Load and switch dictionaries, algorithms, edit sets, tables.
    LoadStandards "load_standards" "Load standards"
        [N   N   N   N   N   N   N   N   R   N   N   N   N   N   N];
    /// Health, last backup, versions.
    SeeSystem "see_system" "See the state of the server"
        [N   N   N   N   N   N   N   N   R   N   N   N   N   N   N];
    /// The audit trail.
    ReadAudit "read_audit" "Read the audit trail"
        [N   N   N   N   N   N   N   N   N   R   N   N   N   N   R];
    /// Who viewed a patient, and every disclosure of him.
    ReadDisclosures "read_disclosures" "Read views and disclosures of a patient"
        [N   N   N   N   N   N   N   N   N   N   N   N   N   N   R];
    /// The yearly review of people, roles and facilities.
    ReviewUsers "review_users" "Review people once a year"
        [N   N   N   N   N   N   N   N   R   R   N   N   N   N   R];
    /// Open patients outside one's reach for an hour, with a reason.
    BreakGlass "break_glass" "Break the glass in an emergency"
        [R   N   R   R   R   N   N   R   R   N   R   N   N   N   N];
    /// Judge afterwards whether breaking the glass was right.
    ReviewBreakGlass "review_break_glass" "Judge uses of break-glass"
        [N   N   N   N   N   N   N   N   N   N   N   N   N   N   R];
    /// One's own password, second factor, sessions.
    OwnAccount "own_account" "Keep one's own account"
        [O   O   O   O   O   O   O   O   O   O   O   O   O   O   O];
}

impl May {
    /// Shows or gives out names of patients, or can lead to them: the second factor is asked of every role with one
    /// of these.
    pub fn shows_names(self) -> bool {
        use May::*;
        matches!(
            self,
            SeePatients
                | SeeSummary
                | WorkSuspense
                | Accession
                | EditTumorItems
                | EditPatientItems
                | EditContactItems
                | Complete
                | Review
                | CorrectIdentity
                | Consolidate
                | PostFollowUp
                | SendLetters
                | Import
                | ExportIdentified
                | Submit
                | ExtractIdentified
                | ReadDisclosures
                | BreakGlass
                | AdministerUsers
        )
    }

    /// The password is asked again when the last time was over ten minutes ago.
    pub fn asks_password_again(self) -> bool {
        matches!(self, May::ExportIdentified | May::Submit | May::ExtractIdentified | May::AdministerUsers)
    }

    /// What an open break-glass grant opens over the whole registry: reading, never changing or taking out.
    pub fn opened_by_break_glass(self) -> bool {
        matches!(self, May::SeePatients | May::SeeSummary)
    }

    /// How far this role may do it.
    pub fn reach_of(self, role: Role) -> Reach {
        self.row()[role as usize]
    }
}

impl Role {
    /// Every role, in the order of the table's columns.
    pub const ALL: [Role; 15] = [
        Role::Abstractor,
        Role::Casefinder,
        Role::FollowUpCoordinator,
        Role::QcReviewer,
        Role::RegistryManager,
        Role::Submitter,
        Role::Researcher,
        Role::Physician,
        Role::Administrator,
        Role::Auditor,
        Role::CentralEditor,
        Role::Consolidator,
        Role::Reporter,
        Role::Student,
        Role::PrivacyOfficer,
    ];

    /// Its name in the database, on the command line and in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Role::Abstractor => "abstractor",
            Role::Casefinder => "casefinder",
            Role::FollowUpCoordinator => "follow_up_coordinator",
            Role::QcReviewer => "qc_reviewer",
            Role::RegistryManager => "registry_manager",
            Role::Submitter => "submitter",
            Role::Researcher => "researcher",
            Role::Physician => "physician",
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
            Role::CentralEditor => "central_editor",
            Role::Consolidator => "consolidator",
            Role::Reporter => "reporter",
            Role::Student => "student",
            Role::PrivacyOfficer => "privacy_officer",
        }
    }

    /// The role of this name; also with hyphens.
    pub fn of_key(key: &str) -> Option<Role> {
        let key = key.trim().replace('-', "_");
        Role::ALL.into_iter().find(|role| role.key() == key)
    }

    /// Its name on pages.
    pub fn text(self) -> &'static str {
        match self {
            Role::Abstractor => "Abstractor",
            Role::Casefinder => "Casefinder",
            Role::FollowUpCoordinator => "Follow-up coordinator",
            Role::QcReviewer => "QC reviewer",
            Role::RegistryManager => "Registry manager",
            Role::Submitter => "Submitter",
            Role::Researcher => "Researcher",
            Role::Physician => "Physician",
            Role::Administrator => "Administrator",
            Role::Auditor => "Auditor",
            Role::CentralEditor => "Central editor",
            Role::Consolidator => "Consolidator",
            Role::Reporter => "Reporter",
            Role::Student => "Student",
            Role::PrivacyOfficer => "Privacy officer",
        }
    }

    /// What it is for, in one sentence.
    pub fn purpose(self) -> &'static str {
        match self {
            Role::Abstractor => "Finds and accessions cases, writes and completes own and assigned abstracts.",
            Role::Casefinder => "Works the suspense list and nothing else.",
            Role::FollowUpCoordinator => "Traces patients: contacts, letters, addresses; no tumor codes.",
            Role::QcReviewer => "Reads every abstract of the facilities given, judges it and returns it.",
            Role::RegistryManager => {
                "Runs the registry of the facilities given: assigns, renumbers, over-rides, submits."
            }
            Role::Submitter => "Builds and sends files for recipients.",
            Role::Researcher => "Counts and extracts without names.",
            Role::Physician => "Sees the summary of own patients and answers follow-up.",
            Role::Administrator => "People, facilities, settings, standards; no patient by this role.",
            Role::Auditor => "Reads the audit trail.",
            Role::CentralEditor => "Works the reports of all facilities of a central registry.",
            Role::Consolidator => "Judges whether records of different facilities are one person or one tumor.",
            Role::Reporter => "A small office that reports its own cases by form and upload.",
            Role::Student => "Learns to abstract, in a training registry only.",
            Role::PrivacyOfficer => "Reads audit and disclosures, judges uses of break-glass.",
        }
    }

    /// Has at least one permission that shows names, so that the second factor is asked.
    pub fn sees_names(self) -> bool {
        May::ALL.iter().any(|may| may.shows_names() && may.reach_of(self) != Reach::No)
    }
}

/// How far these roles together may do it.
pub fn reach_of_roles(roles: &[Role], what: May) -> Reach {
    roles.iter().map(|role| what.reach_of(*role)).max().unwrap_or(Reach::No)
}

impl Asker {
    /// How far the asker may do this. The system may do everything; an open break-glass grant opens reading.
    pub fn reach(&self, what: May) -> Reach {
        if self.is_system() || (self.break_glass.is_some() && what.opened_by_break_glass()) {
            return Reach::Registry;
        }
        reach_of_roles(&self.roles, what)
    }

    /// May do this at least to own records.
    pub fn may(&self, what: May) -> bool {
        self.reach(what) != Reach::No
    }

    /// The facilities this may be done for: `None` when it may not be done at all. A reach of `Own` stays within the
    /// person's facilities; [`Asker::own_for`] narrows it to own records.
    pub fn scope_for(&self, what: May) -> Option<Scope> {
        let glass = self.break_glass.is_some() && what.opened_by_break_glass();
        match self.reach(what) {
            Reach::No => None,
            Reach::Registry if glass => Some(Scope::Registry),
            _ => Some(self.scope.clone()),
        }
    }

    /// Whether this may be done with own records only. Records that nobody holds count as own for those who see all
    /// records of their facilities anyway; who sees own records only does not see them.
    pub fn own_for(&self, what: May) -> Own {
        match self.reach(what) {
            Reach::Own if reach_of_roles(&self.roles, May::SeePatients) > Reach::Own => Own::HeldOrFree,
            Reach::Own => Own::Held,
            _ => Own::NotOnly,
        }
    }
}

/// `docs/roles.md`: the roles, then the table.
pub fn roles_document() -> String {
    let mut page = String::from(
        "# Roles\n\n\
         Printed from the table in `src/asker/may.rs`; a test keeps the two equal. A person may have several roles: \
         the widest reach counts.\nThe facilities given to a person limit every role, unless all facilities are given.\n\n\
         | Role | Key | For | Second factor |\n|---|---|---|---|\n",
    );
    for role in Role::ALL {
        let second = if role.sees_names() { "required" } else { "offered" };
        page += &format!("| {} | `{}` | {} | {second} |\n", role.text(), role.key(), role.purpose());
    }
    page += "\nIn the table: **own** = own and assigned records, **facility** = records of the facilities given, \
             **registry** = without such a limit, blank = not at all.\n\n| May |";
    for role in Role::ALL {
        page += &format!(" {} |", role.text());
    }
    page += "\n|---|";
    page += &"---|".repeat(Role::ALL.len());
    page += "\n";
    for may in May::ALL {
        page += &format!("| {} |", may.text());
        for role in Role::ALL {
            page += match may.reach_of(role) {
                Reach::No => " |",
                Reach::Own => " own |",
                Reach::Facility => " facility |",
                Reach::Registry => " registry |",
            };
        }
        page += "\n";
    }
    let texts = |chosen: fn(May) -> bool| {
        let names: Vec<&str> = May::ALL.iter().filter(|m| chosen(**m)).map(|m| m.text()).collect();
        names.join("; ")
    };
    page += &format!(
        "\nThe password is asked again, if the last time is over ten minutes ago, for: {}.\n\n\
         An open break-glass grant opens, for the whole registry and 60 minutes, reading only: {}.\n\n\
         The role student counts only in a registry whose setting *training* is on; elsewhere it gives nothing.\n",
        texts(May::asks_password_again),
        texts(May::opened_by_break_glass),
    );
    page
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::asker::{FacilityId, UserId};

    fn asker(roles: &[Role]) -> Asker {
        Asker {
            user: Some(UserId(1)),
            login: "ann".into(),
            roles: roles.to_vec(),
            scope: Scope::Facilities(vec![FacilityId(3)]),
            own: Own::NotOnly,
            break_glass: None,
        }
    }

    #[test]
    fn columns_stand_in_the_order_of_the_roles() {
        for (at, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, at);
            assert_eq!(Role::of_key(role.key()), Some(role));
            let serde = serde_json::to_string(&role).unwrap();
            assert_eq!(serde, format!("\"{}\"", role.key()));
        }
        assert_eq!(Role::of_key("follow-up-coordinator"), Some(Role::FollowUpCoordinator));
        assert_eq!(Role::of_key("root"), None);
    }

    #[test]
    fn keys_of_permissions_are_unique() {
        let mut keys: Vec<_> = May::ALL.iter().map(|m| m.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), May::ALL.len());
    }

    #[test]
    fn researcher_has_nothing_that_shows_names() {
        assert!(!Role::Researcher.sees_names());
        assert!(!Role::Auditor.sees_names());
        let named: Vec<_> = Role::ALL.into_iter().filter(|r| r.sees_names()).collect();
        assert_eq!(named.len(), 13);
    }

    #[test]
    fn administrator_opens_no_patient_by_that_role() {
        let admin = asker(&[Role::Administrator]);
        assert!(!admin.may(May::SeePatients));
        assert!(admin.may(May::AdministerUsers));
        assert!(asker(&[Role::Administrator, Role::Abstractor]).may(May::SeePatients));
    }

    #[test]
    fn follow_up_coordinator_changes_contacts_but_no_tumor_items() {
        let coordinator = asker(&[Role::FollowUpCoordinator]);
        assert!(coordinator.may(May::PostFollowUp) && coordinator.may(May::EditContactItems));
        assert!(!coordinator.may(May::EditTumorItems) && !coordinator.may(May::EditPatientItems));
    }

    #[test]
    fn widest_reach_of_several_roles_counts() {
        assert_eq!(asker(&[Role::Abstractor]).reach(May::EditTumorItems), Reach::Own);
        assert_eq!(asker(&[Role::Abstractor, Role::RegistryManager]).reach(May::EditTumorItems), Reach::Facility);
        assert_eq!(asker(&[]).reach(May::OwnAccount), Reach::No);
    }

    #[test]
    fn break_glass_opens_reading_and_nothing_else() {
        let mut physician = asker(&[Role::Physician]);
        assert_eq!(physician.scope_for(May::SeePatients), None);
        physician.break_glass = Some(7);
        assert_eq!(physician.scope_for(May::SeePatients), Some(Scope::Registry));
        assert_eq!(physician.scope_for(May::EditTumorItems), None);
        let mut manager = asker(&[Role::RegistryManager]);
        manager.break_glass = Some(7);
        assert_eq!(manager.scope_for(May::SeePatients), Some(Scope::Registry));
        assert_eq!(manager.scope_for(May::EditTumorItems), Some(Scope::Facilities(vec![FacilityId(3)])));
        assert_eq!(manager.scope_for(May::ExportIdentified), Some(Scope::Facilities(vec![FacilityId(3)])));
    }

    #[test]
    fn own_reach_counts_free_records_only_for_those_who_see_them() {
        assert_eq!(asker(&[Role::Abstractor]).own_for(May::EditTumorItems), Own::HeldOrFree);
        assert_eq!(asker(&[Role::Abstractor]).own_for(May::SeePatients), Own::NotOnly);
        assert_eq!(asker(&[Role::Reporter]).own_for(May::SeePatients), Own::Held);
        let mut reporter = asker(&[Role::Reporter]);
        reporter.break_glass = Some(7);
        assert_eq!(reporter.own_for(May::SeePatients), Own::NotOnly);
        assert_eq!(reporter.own_for(May::EditTumorItems), Own::Held);
        assert_eq!(asker(&[Role::Reporter, Role::RegistryManager]).own_for(May::EditTumorItems), Own::NotOnly);
    }

    #[test]
    fn system_may_do_everything() {
        assert!(May::ALL.iter().all(|may| Asker::system().may(*may)));
    }

    #[test]
    fn document_of_roles_is_printed_from_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/roles.md");
        if std::env::var_os("ACCESSION_PRINT_DOCS").is_some() {
            std::fs::write(path, roles_document()).unwrap();
        }
        let stands = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(
            stands,
            roles_document(),
            "print it again: ACCESSION_PRINT_DOCS=1 cargo test --lib document_of_roles"
        );
    }
}
