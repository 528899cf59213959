//! Who asks: the plain value that every reading and changing function of the store takes.
//!
//! An `Asker` is made in two places only: from a signed-in session (web) and from the command line, which runs as
//! the system on the machine that holds the database. Scope (facilities) and roles are decided from it in one place,
//! `registry::store::scope`.

mod may;

pub use may::{May, Reach, reach_of_roles, roles_document};

/// A facility's row id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct FacilityId(pub i64);

/// A user's row id. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

/// The roles of a registry (`docs/roles.md` says what each may do).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Finds, accessions and edits own or assigned abstracts.
    Abstractor,
    /// Works the suspense list only.
    Casefinder,
    /// Posts follow-up, letters, contacts and addresses; no tumor codes.
    FollowUpCoordinator,
    /// Reads all, gives verdicts, returns abstracts.
    QcReviewer,
    /// Assigns, renumbers, overrides, submits, sets the facility's settings.
    RegistryManager,
    /// Builds and sends batches.
    Submitter,
    /// De-identified queries and extracts; no names.
    Researcher,
    /// Own patients' summary.
    Physician,
    /// Users, facilities, standards; no patient data by this role.
    Administrator,
    /// Logs only.
    Auditor,
    /// All facilities of a central registry.
    CentralEditor,
    /// Matching pairs across facilities.
    Consolidator,
    /// A small office: own cases by form and upload.
    Reporter,
    /// The training registry only.
    Student,
    /// Audit, disclosures, break-glass approvals.
    PrivacyOfficer,
}

/// Which facilities' records the asker may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every facility: staff of a hospital or central registry, or the system itself.
    Registry,
    /// Only these.
    Facilities(Vec<FacilityId>),
}

/// Whether only one's own records count. Own is what a person brought in or holds as its abstractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Own {
    /// Every record of the scope.
    #[default]
    NotOnly,
    /// Only those the person holds.
    Held,
    /// Those the person holds and those nobody holds: who changes one of these takes it.
    HeldOrFree,
}

/// Who asks, with what roles, for which facilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The user; `None` is the system (a command on the server's machine, or a job).
    pub user: Option<UserId>,
    /// The login as it stands in history lines ("system" for the system).
    pub login: String,
    /// Roles granted.
    pub roles: Vec<Role>,
    /// Facilities granted.
    pub scope: Scope,
    /// Whether only own records of these facilities count.
    pub own: Own,
    /// Set while a break-glass grant is open: its row id, marked on every audit line.
    pub break_glass: Option<i64>,
}

impl Asker {
    /// The system: the command line and jobs that act for nobody in particular.
    pub fn system() -> Asker {
        Asker {
            user: None,
            login: "system".into(),
            roles: vec![],
            scope: Scope::Registry,
            own: Own::NotOnly,
            break_glass: None,
        }
    }

    /// Has this role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Is the system itself.
    pub fn is_system(&self) -> bool {
        self.user.is_none()
    }
}
