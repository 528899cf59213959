//! A network of two hospitals with one person for each role at the first, patients at both, and files, jobs and letters.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;

use accession::asker::Role;

use crate::kit::{Database, HOME, Person, Server, Visitor, accession, init_as};

/// The other hospital.
pub const OTHER: &str = "0010000002";

/// The short names of the roles in `access.tsv`, in the order of the roles' table.
pub const SHORT: [(&str, Role); 15] = [
    ("abs", Role::Abstractor),
    ("cas", Role::Casefinder),
    ("fuc", Role::FollowUpCoordinator),
    ("qcr", Role::QcReviewer),
    ("mgr", Role::RegistryManager),
    ("sub", Role::Submitter),
    ("res", Role::Researcher),
    ("phy", Role::Physician),
    ("adm", Role::Administrator),
    ("aud", Role::Auditor),
    ("ced", Role::CentralEditor),
    ("con", Role::Consolidator),
    ("rep", Role::Reporter),
    ("stu", Role::Student),
    ("prv", Role::PrivacyOfficer),
];

/// A patient of the file, with one tumor for each facility named.
pub struct Sick {
    /// Last name; also stands in the text of every tumor.
    pub name: String,
    /// Facilities that report.
    pub facilities: Vec<&'static str>,
}

/// The records that a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub patient: i64,
    pub abstract_: i64,
}

/// The registry, its server and its people.
pub struct World<'a> {
    pub db: &'a Database,
    pub server: Server,
    pub people: BTreeMap<&'static str, Person>,
    /// A manager who sees all facilities.
    pub boss: Person,
    cases: RefCell<BTreeMap<String, Case>>,
}

impl<'a> World<'a> {
    /// Makes it: a patient `MINExxx` for each role and `COLLEAGUE` at the home facility, `STRANGER` at the other.
    pub fn new(db: &'a Database) -> World<'a> {
        init_as(db, "network", &[]);
        let mut sick: Vec<Sick> =
            SHORT.iter().map(|(short, _)| Sick { name: mine(short), facilities: vec![HOME, HOME] }).collect();
        sick.push(Sick { name: "COLLEAGUE".into(), facilities: vec![HOME, HOME] });
        sick.push(Sick { name: "STRANGER".into(), facilities: vec![OTHER, OTHER] });
        bring(db, &sick);
        db.tamper("UPDATE facility SET name = 'Harbor General', address = '1 Quay Street, Harbor', telephone = '(555) 010-0001'");
        let people: BTreeMap<_, _> =
            SHORT.iter().map(|(short, role)| (*short, Person::add(db, short, &[*role], &[HOME]))).collect();
        let boss = Person::add(db, "boss", &[Role::RegistryManager], &[]);
        db.tamper(&format!("UPDATE abstract SET abstractor = {}", boss.id.0));
        let world = World { db, server: Server::start(db.url()), people, boss, cases: RefCell::default() };
        for (short, person) in &world.people {
            let id = world.case(&mine(short)).patient;
            db.tamper(&format!("UPDATE abstract SET abstractor = {} WHERE patient_id = {id}", person.id.0));
        }
        world
    }

    /// The case of a patient by name.
    pub fn case(&self, name: &str) -> Case {
        if let Some(known) = self.cases.borrow().get(name) {
            return *known;
        }
        let id =
            |table: &str, condition: &str| self.db.number(&format!("SELECT max(id) FROM {table} WHERE {condition}"));
        let patient = id("patient", &format!("last_name = '{name}'"));
        let case = Case { patient, abstract_: id("abstract", &format!("patient_id = {patient}")) };
        self.cases.borrow_mut().insert(name.to_owned(), case);
        case
    }

    /// Somebody's browser, signed in.
    pub fn visitor(&self, short: &str) -> Visitor {
        let person = if short == "boss" { &self.boss } else { &self.people[short] };
        let mut visitor = person.at(&self.server);
        visitor.get("/account").expect_status(200);
        visitor
    }

    /// The newest line of the audit.
    pub fn last_line(&self) -> i64 {
        self.db.number("SELECT coalesce(max(seq), 0) FROM audit")
    }

    /// The actions of the audit lines after `seq` of a login and route, in order; `seq` moves on to the last of them.
    pub fn lines_after(&self, seq: &mut i64, login: &str, route: &str) -> Vec<String> {
        let query = format!(
            "SELECT seq || ' ' || action AS value FROM audit WHERE seq > {seq} AND login = '{login}' AND route = '{route}' \
             ORDER BY seq"
        );
        let lines = self.db.values(&query).into_iter().flatten();
        lines
            .map(|line| {
                let (number, action) = line.split_once(' ').unwrap();
                *seq = number.parse().unwrap();
                action.to_owned()
            })
            .collect()
    }
}

/// The last name of the patient whose abstract a role's person holds.
pub fn mine(short: &str) -> String {
    format!("MINE{}", short.to_uppercase())
}

/// The text of a file with these patients.
pub fn file_of(sick: &[Sick]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
         recordType=\"A\" specificationVersion=\"1.7\" xmlns=\"http://naaccr.org/naaccrxml\">\n<Item naaccrId=\"registryId\">0000000777</Item>\n",
    );
    for person in sick {
        let number = u32::from_str_radix(&hash(&person.name), 16).unwrap_or(1) % 90_000_000 + 1_000_000;
        text.push_str("<Patient>\n");
        let mut items = |items: &[(&str, &str)]| {
            for (id, value) in items {
                writeln!(text, "<Item naaccrId=\"{id}\">{value}</Item>").unwrap();
            }
        };
        items(&[
            ("patientIdNumber", &format!("{number:08}")),
            ("nameLast", &person.name),
            ("nameFirst", "ROBIN"),
            ("sex", "2"),
            ("dateOfBirth", "19570419"),
            ("vitalStatus", "1"),
            ("dateOfLastContact", "20250829"),
            ("followUpSourceCentral", "30"),
            ("addrCurrentNoStreet", "3 ELM STREET"),
            ("addrCurrentCity", "HARBOR"),
            ("addrCurrentState", "IA"),
            ("addrCurrentPostalCode", "50001"),
        ]);
        for (at, facility) in person.facilities.iter().enumerate() {
            let named = format!("{} seen at {facility}, core biopsy: invasive carcinoma.", person.name);
            let (accession, sequence) = (format!("2022{:05}", number % 100_000), format!("{at:02}"));
            let tumor = [
                ("primarySite", ["C504", "C187", "C341"][at % 3]),
                ("laterality", ["1", "0", "1"][at % 3]),
                ("histologicTypeIcdO3", ["8500", "8140", "8070"][at % 3]),
                ("behaviorCodeIcdO3", "3"),
                ("dateOfDiagnosis", "20220217"),
                ("dateOf1stContact", "20220217"),
                ("classOfCase", "14"),
                ("reportingFacility", facility),
                ("accessionNumberHosp", &accession),
                ("sequenceNumberHospital", &sequence),
                ("cancerStatus", "1"),
                ("dateOfLastCancerStatus", "20250829"),
                ("textDxProcPath", &named),
            ];
            text.push_str("<Tumor>\n");
            for (id, value) in tumor {
                writeln!(text, "<Item naaccrId=\"{id}\">{value}</Item>").unwrap();
            }
            text.push_str("</Tumor>\n");
        }
        text.push_str("</Patient>\n");
    }
    text + "</NaaccrData>\n"
}

fn hash(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:07x}", hasher.finish() & 0xfff_ffff)
}

/// Brings patients in by the command line.
pub fn bring(db: &Database, sick: &[Sick]) {
    let file = db.folder().join("sick.xml");
    std::fs::write(&file, file_of(sick)).unwrap();
    let report = accession(&["import", "--database", db.url(), "--json", &file.display().to_string()]).json();
    assert_eq!(report["outcome"], "published", "{report}");
}
