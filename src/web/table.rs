//! Every route, one row each. A route without a row cannot be registered: the server reads nothing else.

use super::pages::*;
use super::route::{Audit, Route, Scoping, Who, get, post, upload};
use crate::accounts::Stage;
use crate::asker::May;

use Audit::{Change, Export, None as NoLine, Search, SignIn, View};
use Scoping::{Facility, None as NoScope, Own, Registry};

const ENROL: Who = Who::AtStage(Stage::Enrol);
const ACCOUNT: Who = Who::SignedIn;
const USERS: Who = Who::May(May::AdministerUsers);
const REVIEW: Who = Who::May(May::ReviewUsers);
const FACILITIES: Who = Who::May(May::AdministerFacilities);
const SETTINGS: Who = Who::May(May::ChangeSettings);
const AUDIT: Who = Who::May(May::ReadAudit);
const PATIENTS: Who = Who::May(May::SeePatients);
const FOLLOW: Who = Who::May(May::PostFollowUp);
const LETTERS: Who = Who::May(May::SendLetters);
const IMPORT: Who = Who::May(May::Import);
const EXPORT: Who = Who::May(May::ExportIdentified);
const EXTRACT: Who = Who::May(May::ExtractDeidentified);
const JOBS: Who = Who::May(May::SeeJobs);
const GLASS: Who = Who::May(May::BreakGlass);
const JUDGE_GLASS: Who = Who::May(May::ReviewBreakGlass);
const CODE: Who = Who::AtStage(Stage::Code);

/// All routes.
pub const ROUTES: &[Route] = &[
    get("/health/live", Who::NotAsked, NoScope, NoLine, health::live),
    get("/health/ready", Who::NotAsked, NoScope, NoLine, health::ready),
    get("/session", Who::Anyone, NoScope, NoLine, health::session).in_background(),
    get("/static/{hash}/{file}", Who::NotAsked, NoScope, NoLine, static_file::show),
    get("/sign-in", Who::Anyone, NoScope, NoLine, sign_in::show),
    post("/sign-in", Who::Anyone, NoScope, SignIn, sign_in::take),
    get("/sign-in/second-step", CODE, NoScope, NoLine, second_step::show),
    post("/sign-in/second-step", CODE, NoScope, SignIn, second_step::take),
    post("/sign-out", Who::Anyone, NoScope, SignIn, sign_in::sign_out),
    get("/password", Who::Anyone, NoScope, NoLine, forgotten::show),
    post("/password", Who::Anyone, NoScope, SignIn, forgotten::take),
    get("/password/{token}", Who::Anyone, NoScope, NoLine, password::show),
    post("/password/{token}", Who::Anyone, NoScope, SignIn, password::take),
    get("/set-up/{token}", Who::Anyone, NoScope, NoLine, set_up::show),
    post("/set-up/{token}", Who::Anyone, NoScope, Change, set_up::take),
    get("/account", ACCOUNT, Own, NoLine, account::show),
    post("/account/password", ACCOUNT, Own, SignIn, account::password),
    post("/account/look", ACCOUNT, Own, NoLine, account::look),
    post("/account/sessions/end", ACCOUNT, Own, SignIn, account::end),
    post("/account/recovery-codes", ACCOUNT, Own, SignIn, account::recovery_codes),
    post("/account/second-factor/begin", ACCOUNT, Own, NoLine, second_factor::begin),
    post("/account/second-factor/remove", ACCOUNT, Own, SignIn, account::remove_factor),
    get("/account/second-factor", ENROL, Own, NoLine, second_factor::show),
    post("/account/second-factor", ENROL, Own, SignIn, second_factor::confirm),
    get("/break-glass", GLASS, Own, NoLine, break_glass::show),
    post("/break-glass", GLASS, Own, Change, break_glass::open),
    post("/break-glass/end", GLASS, Own, Change, break_glass::end),
    get("/", Who::SignedIn, Facility, View, home::show),
    get("/go", Who::SignedIn, Facility, NoLine, go_to::show),
    post("/go", Who::SignedIn, Facility, Search, go_to::find),
    get("/patients", PATIENTS, Facility, NoLine, patients::show),
    post("/patients", PATIENTS, Facility, NoLine, patients::search),
    get("/patients/found/{q}", PATIENTS, Facility, Search, patients::found),
    get("/intake", IMPORT, Facility, NoLine, intake::show),
    upload("/intake", IMPORT, Facility, Change, intake::take),
    get("/intake/{i}", IMPORT, Facility, View, intake::report).in_background(),
    get("/intake/{i}/problems.csv", IMPORT, Facility, View, intake::csv),
    get("/look", IMPORT, Own, NoLine, look::show),
    upload("/look", IMPORT, Own, Change, look::take),
    get("/look/{look}", IMPORT, Own, View, look::report).in_background(),
    get("/look/{look}/problems.csv", IMPORT, Own, View, look::csv),
    post("/look/{look}/convert", IMPORT, Own, Change, look::convert),
    get("/look/{made}/made", IMPORT, Own, View, look::made),
    get("/jobs", JOBS, Own, NoLine, jobs::show).in_background(),
    get("/jobs/{j}", JOBS, Own, NoLine, jobs::one).in_background(),
    get("/jobs/{j}/file", EXPORT, Own, View, jobs::file),
    get("/submissions", EXPORT, Facility, NoLine, submissions::show),
    post("/submissions", EXPORT, Facility, Export, submissions::make),
    get("/research", EXTRACT, Own, NoLine, extracts::show),
    get("/research/extract", EXTRACT, Facility, View, extract::build),
    post("/research/extract", EXTRACT, Facility, View, extract::look),
    post("/research/extracts", EXTRACT, Facility, Export, extract::make),
    get("/research/extracts/{x}", EXTRACT, Own, NoLine, extracts::one).in_background(),
    get("/research/extracts/{x}/{part}", EXTRACT, Own, View, extracts::file),
    get("/admin/users", USERS, Registry, NoLine, users::show),
    get("/admin/users.csv", USERS, Registry, NoLine, users::csv),
    get("/admin/users/new", USERS, Registry, NoLine, users::new),
    post("/admin/users/new", USERS, Registry, Change, users::add),
    get("/admin/users/review", REVIEW, Registry, NoLine, users_review::show),
    get("/admin/users/{u}", USERS, Registry, NoLine, users::edit),
    post("/admin/users/{u}", USERS, Registry, Change, users::amend),
    post("/admin/users/{u}/disable", USERS, Registry, Change, users::disable),
    post("/admin/users/{u}/enable", USERS, Registry, Change, users::enable),
    post("/admin/users/{u}/reset", USERS, Registry, Change, users::reset),
    post("/admin/users/{u}/reviewed", REVIEW, Registry, Change, users_review::reviewed),
    get("/admin/facilities", FACILITIES, Registry, NoLine, facilities::show),
    get("/admin/facilities/new", FACILITIES, Registry, NoLine, facilities::new),
    post("/admin/facilities/new", FACILITIES, Registry, Change, facilities::add),
    get("/admin/facilities/{f}", FACILITIES, Registry, NoLine, facilities::edit),
    post("/admin/facilities/{f}", FACILITIES, Registry, Change, facilities::amend),
    get("/admin/settings", SETTINGS, Registry, NoLine, settings::show),
    post("/admin/settings", SETTINGS, Registry, Change, settings::save),
    get("/admin/audit", AUDIT, Registry, View, audit::show),
    get("/admin/audit.csv", AUDIT, Registry, View, audit::csv),
    get("/admin/break-glass", JUDGE_GLASS, Registry, View, break_glass::list),
    post("/admin/break-glass/{g}", JUDGE_GLASS, Registry, Change, break_glass::judge),
    get("/help", Who::Anyone, NoScope, NoLine, help::show),
    get("/patients/{p}", Who::May(May::SeePatients), Scoping::Facility, Audit::View, patient::show),
    get("/patients/{p}/record", Who::May(May::ReadDisclosures), Scoping::Registry, Audit::View, record::show),
    get("/follow-up", PATIENTS, Facility, View, follow_up::show),
    get("/follow-up/{p}", FOLLOW, Facility, View, posting::show),
    post("/follow-up/{p}", FOLLOW, Facility, Change, posting::take),
    post("/follow-up/{p}/settle", FOLLOW, Facility, Change, posting::settled),
    post("/follow-up/{p}/attempts", FOLLOW, Facility, Change, posting::attempt),
    post("/follow-up/{p}/letters", LETTERS, Facility, Change, letters::write),
    get("/follow-up/{p}/letters/{l}", LETTERS, Facility, View, letters::show),
    get("/patients/{p}/correct", Who::May(May::CorrectIdentity), Scoping::Facility, Audit::View, correct::show),
    post("/patients/{p}/correct", Who::May(May::CorrectIdentity), Scoping::Facility, Audit::Change, correct::take),
    get("/cases/{c}/delete", Who::May(May::Delete), Scoping::Facility, Audit::View, correct::delete_form),
    post("/cases/{c}/delete", Who::May(May::Delete), Scoping::Facility, Audit::Change, correct::delete),
    get("/deleted", Who::May(May::Delete), Scoping::Registry, Audit::View, correct::deleted),
    post("/deleted", Who::May(May::Delete), Scoping::Registry, Audit::Change, correct::restore),
    get("/reconcile", Who::May(May::Reconcile), Scoping::Facility, NoLine, reconcile::show),
    post("/reconcile", Who::May(May::Reconcile), Scoping::Facility, Audit::Change, reconcile::keep),
    get("/cases/{c}/items", Who::May(May::SeePatients), Scoping::Facility, Audit::View, all_items::show),
    get("/cases/{c}/differs", Who::May(May::SeePatients), Scoping::Facility, Audit::View, differs::show),
    post("/cases/{c}/differs", Who::May(May::EditTumorItems), Scoping::Facility, Audit::Change, differs::take),
    get("/cases/{c}/derivation", PATIENTS, Facility, View, derivation::show),
    post("/cases/{c}/derivation", Who::May(May::EditTumorItems), Facility, Change, derivation::accept),
    get("/cases/{c}/source", Who::May(May::SeePatients), Scoping::Facility, Audit::View, source::show),
    get("/cases/{c}/items/{no}", Who::May(May::SeePatients), Scoping::Facility, Audit::View, item::history),
    post("/cases/{c}/items/{no}", Who::May(May::EditTumorItems), Scoping::Facility, Audit::Change, item::save),
    get("/cases/{c}/codes/{no}", Who::May(May::SeePatients), Scoping::Facility, Audit::View, item::codes),
    get("/cases/{c}/repeat/{no}", Who::May(May::EditTumorItems), Scoping::Facility, Audit::View, item::repeat),
    get("/cases/{c}/{section}", Who::May(May::SeePatients), Scoping::Facility, Audit::View, workbench::show),
    post("/cases/{c}/{section}", Who::May(May::EditTumorItems), Scoping::Facility, Audit::Change, item::save_section),
];
