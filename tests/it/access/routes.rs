//! Must show 6, reliability 25 and 47: every route asked by every role for own and others' records, with the answers and
//! audit lines that `data/access.tsv` expects.

use std::collections::{BTreeMap, BTreeSet};

use accession::registry::clock::Clock;
use accession::registry::store::files::{FileWriter, NewFile};
use accession::registry::store::{By, DatabaseUrl, Store, settings};

use super::world::{Case, OTHER, SHORT, Sick, World, bring, file_of, mine};
use crate::kit::{Answer, HOME, Visitor, accession, tree};

/// Where the line is that a record column speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Whose {
    Mine,
    Own,
    Other,
}

/// A row of `access.tsv`.
#[derive(Debug)]
struct Row {
    line: usize,
    method: String,
    path: String,
    out: u16,
    expected: Vec<(Whose, Said)>,
    leaves: Said,
    refused: bool,
    form: String,
}

/// `200 abs fuc; 403`: what stands for whom.
#[derive(Debug, Clone)]
struct Said(Vec<(Vec<String>, Vec<String>)>);

impl Said {
    fn read(text: &str) -> Said {
        let people: BTreeSet<&str> = SHORT.iter().map(|(short, _)| *short).chain(["trn"]).collect();
        let parts = text.split(';').map(|part| {
            part.split_whitespace().map(str::to_owned).partition::<Vec<_>, _>(|word| !people.contains(word.as_str()))
        });
        Said(parts.collect())
    }

    fn of(&self, who: &str) -> &[String] {
        let found = self.0.iter().find(|(_, people)| people.is_empty() || people.iter().any(|p| p == who));
        found.map_or(&[], |(words, _)| words)
    }

    /// The status, or the two of which either will do.
    fn statuses(&self, who: &str) -> Vec<u16> {
        self.of(who).first().into_iter().flat_map(|word| word.split('/')).filter_map(|s| s.parse().ok()).collect()
    }
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(tree().join("tests/it/data/access.tsv")).unwrap();
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty()) {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), 9, "access.tsv line {}: {} cells", at + 1, cells.len());
        let whose = [(Whose::Mine, cells[3]), (Whose::Own, cells[4]), (Whose::Other, cells[5])];
        let expected: Vec<_> =
            whose.into_iter().filter(|(_, said)| *said != "-").map(|(whose, said)| (whose, Said::read(said))).collect();
        for (_, said) in &expected {
            for (status, _) in &said.0 {
                assert!(
                    status.len() == 1 && status[0].split('/').all(|s| s.parse::<u16>().is_ok()),
                    "access.tsv line {}: {said:?}",
                    at + 1
                );
            }
            assert!(said.0.last().is_some_and(|(_, people)| people.is_empty()), "access.tsv line {}: {said:?}", at + 1);
        }
        assert!(!expected.is_empty() && matches!(cells[7], "yes" | "-"), "access.tsv line {}", at + 1);
        rows.push(Row {
            line: at + 1,
            method: cells[0].into(),
            path: cells[1].into(),
            out: cells[2].parse().unwrap(),
            expected,
            leaves: Said::read(cells[6]),
            refused: cells[7] == "yes",
            form: cells[8].into(),
        });
    }
    rows
}

/// Reliability 25: the table and the file name the same routes.
#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let listed = accession(&["routes", "--json"]).expect_code(0).json();
    let routes: BTreeSet<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|route| format!("{} {}", route["method"].as_str().unwrap(), route["path"].as_str().unwrap()))
        .collect();
    let named: Vec<String> = rows().iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    let distinct: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(named.len(), distinct.len(), "a route stands twice in access.tsv");
    let missing: Vec<_> = routes.difference(&distinct).collect();
    let gone: Vec<_> = distinct.difference(&routes).collect();
    assert!(missing.is_empty() && gone.is_empty(), "routes without a row: {missing:?}\nrows without a route: {gone:?}");
}

/// Every row says of every role the same as the roles of the route table: who is not let through gets 403.
#[test]
fn the_rows_agree_with_the_roles_of_each_route() {
    let listed = accession(&["routes", "--json"]).expect_code(0).json();
    let mut wrong = Vec::new();
    for row in rows() {
        let route = listed.as_array().unwrap().iter().find(|r| r["method"] == *row.method && r["path"] == *row.path);
        let roles: Vec<&str> =
            route.unwrap()["roles"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
        for (short, role) in SHORT {
            let who = if short == "stu" { "trn" } else { short };
            let let_through = roles == ["anyone"] || roles.contains(&role.key());
            for (whose, said) in &row.expected {
                if let_through == said.statuses(who).contains(&403) {
                    wrong.push(format!("line {} {} {}: {who} {whose:?}", row.line, row.method, row.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The ids that a request names.
struct Ids<'a> {
    world: &'a World<'a>,
    extra: BTreeMap<(Whose, &'static str, String), String>,
}

impl Ids<'_> {
    fn case(&self, who: &str, whose: Whose) -> Case {
        self.world.case(&match whose {
            Whose::Mine => mine(who),
            Whose::Own => "COLLEAGUE".into(),
            Whose::Other => "STRANGER".into(),
        })
    }

    fn value(&self, name: &str, who: &str, whose: Whose, turn: usize) -> String {
        let db = self.world.db;
        let number = |query: String| db.number(&query).to_string();
        let facility = if whose == Whose::Other { OTHER } else { HOME };
        match name {
            "c" => self.case(who, whose).abstract_.to_string(),
            "p" => self.case(who, whose).patient.to_string(),
            "cv" => number(format!("SELECT version FROM abstract WHERE id = {}", self.case(who, whose).abstract_)),
            "pv" => number(format!("SELECT version FROM patient WHERE id = {}", self.case(who, whose).patient)),
            "no" => "2570".into(),
            "section" => "text".into(),
            "part" => "table".into(),
            "kind" => "site".into(),
            "code" => "C504".into(),
            "algorithm" => "eod".into(),
            "schema" => "breast".into(),
            "table" => "primary_site".into(),
            "s" => number("SELECT max(id) FROM standard".into()),
            "seen" => {
                let query = format!(
                    "SELECT 'seen=' || id || '-' || version || '&tumor=' || id AS value FROM abstract WHERE patient_id = {} ORDER BY id",
                    self.case(who, whose).patient
                );
                db.values(&query).into_iter().flatten().collect::<Vec<_>>().join("&")
            }
            "new" => format!("Text+number+{turn}"),
            "day" => (chrono::NaiveDate::from_ymd_opt(2025, 10, 1).unwrap() + chrono::Days::new(turn as u64 % 400))
                .to_string(),
            "edit" => "lat-middle-lobe-left".into(),
            "n" => "1".into(),
            // Each with a recipient of his own: a recipient has one open batch at a time.
            "r" => match who {
                "mgr" => "ncdb",
                "sub" => "seer",
                "ced" => "npcr-12",
                _ => "state-central",
            }
            .into(),
            "token" => "A".repeat(43),
            "me" => who.into(),
            "contact" => "0".into(),
            "facno" => facility.into(),
            "fac" => number(format!("SELECT id FROM facility WHERE number = '{facility}'")),
            "f" => number(format!("SELECT id FROM facility WHERE number = '{OTHER}'")),
            "fv" => number(format!("SELECT version FROM facility WHERE number = '{OTHER}'")),
            "u" => number("SELECT id FROM user_ WHERE login = 'spare'".into()),
            "uv" => number("SELECT version FROM user_ WHERE login = 'spare'".into()),
            "g" => number("SELECT max(id) FROM break_glass".into()),
            "l" => {
                number(format!("SELECT max(file_id) FROM attempt WHERE patient_id = {}", self.case(who, whose).patient))
            }
            "op" => {
                let login = if whose == Whose::Other { "boss" } else { who };
                number(format!("SELECT coalesce(max(id), 0) FROM operation WHERE login = '{login}'"))
            }
            name => self
                .extra
                .iter()
                .find(|((w, n, s), _)| *w == whose && *n == name && (s.is_empty() || s == who))
                .map(|(_, value)| value.clone())
                .unwrap_or_else(|| panic!("no value for {{{name}}}, {who}, {whose:?}")),
        }
    }

    fn fill(&self, text: &str, who: &str, whose: Whose, turn: usize) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap();
            filled.push_str(before);
            filled.push_str(&self.value(name, who, whose, turn));
            rest = after;
        }
        filled + rest
    }
}

/// Imports, jobs and files that this person and others began; the address of his own and another's search.
fn add_what_people_made(
    world: &World<'_>,
    visitors: &mut BTreeMap<&'static str, Visitor>,
) -> BTreeMap<(Whose, &'static str, String), String> {
    let mut extra = BTreeMap::new();
    let db = world.db;
    let facility = |number: &str| db.number(&format!("SELECT id FROM facility WHERE number = '{number}'"));
    let add = |login: &str, user: i64, facility: i64| {
        db.tamper(&format!(
            "INSERT INTO import (file_name, sender, user_id, login, state, options, root, counts, problem_counts, created_at) \
             VALUES ('x.xml', 's', {user}, '{login}', 'done', '{{}}', '{{}}', '{{}}', '{{}}', '2026-01-01T00:00:00Z')"
        ));
        db.tamper(&format!(
            "INSERT INTO file (kind, name, complete, bytes, sha256, login, facility_id, created_at, keep_until) \
             VALUES ('export', 'x.xml.gz', 1, 0, '', '{login}', {facility}, '2026-01-01T00:00:00Z', '2099-01-01T00:00:00Z')"
        ));
        let file = db.number("SELECT max(id) FROM file");
        db.tamper(&format!(
            "INSERT INTO job (kind, state, params, step, done, total, result, user_id, login, attempts, lease_until, created_at) \
             VALUES ('export', 'done', '{{}}', '', 1, 1, '{{\"file\":{file}}}', {user}, '{login}', 1, 0, '2026-01-01T00:00:00Z')"
        ));
        let job = db.number("SELECT max(id) FROM job").to_string();
        db.tamper(&format!(
            "INSERT INTO job (kind, state, params, step, done, total, result, user_id, login, attempts, lease_until, created_at) \
             VALUES ('extract', 'done', '{{\"definition\":{{\"study\":\"s\",\"level\":\"deidentified\",\"items\":[\"400\"]}},\"scope\":null,\"address\":\"\"}}', \
             '', 1, 1, '{{\"file\":{file},\"codebook\":{file},\"read_me\":{file},\"level\":\"deidentified\",\"patients\":0,\"tumors\":0,\"bytes\":0,\
             \"sha256\":\"\",\"withheld\":0}}', {user}, '{login}', 1, 0, '2026-01-01T00:00:00Z')"
        ));
        let extract = db.number("SELECT max(id) FROM job");
        db.tamper(&format!("UPDATE file SET job_id = {extract} WHERE id = {file}"));
        (db.number("SELECT max(id) FROM import").to_string(), job, extract.to_string())
    };
    // A look at a file with its report and table, and a file made of it.
    let looked = |login: &str, user: i64, kind: &str, result: &str, content: &[u8]| {
        db.tamper(&format!(
            "INSERT INTO job (kind, state, params, step, done, total, user_id, login, attempts, lease_until, created_at) \
             VALUES ('{kind}', 'done', '{{\"file\":1,\"mode\":\"practical\"}}', '', 1, 1, {user}, '{login}', 1, 0, '2026-01-01T00:00:00Z')"
        ));
        let job = db.number("SELECT max(id) FROM job");
        let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
        let new = NewFile { kind: "look", name: "x".into(), job: Some(job), facility: None };
        let mut file = FileWriter::begin(&store, &By::system("tests"), &new).unwrap();
        file.add(content).unwrap();
        let file = file.finish().unwrap().0;
        db.tamper(&format!("UPDATE job SET result = '{}' WHERE id = {job}", result.replace('N', &file.to_string())));
        job.to_string()
    };
    let report = serde_json::to_vec(&accession::intake::look_job::Report::default()).unwrap();
    let mut add_looks = |whose: Whose, short: &str, login: &str, user: i64| {
        let look = looked(login, user, "look", "{\"report\":N,\"csv\":N}", &report);
        extra.insert((whose, "look", short.to_owned()), look);
        extra.insert((whose, "made", short.to_owned()), looked(login, user, "convert", "{\"file\":N}", b"x"));
    };
    for (short, person) in &world.people {
        add_looks(Whose::Mine, short, short, person.id.0);
    }
    for whose in [Whose::Own, Whose::Other] {
        add_looks(whose, "", "boss", world.boss.id.0);
    }
    let sent = |login: &str, user: i64, facility: i64| {
        let profile = accession::registry::recipients::shipped().remove(0);
        let profile = serde_json::to_string(&profile).unwrap();
        db.tamper(&format!(
            "INSERT INTO submission_batch (recipient, title, profile, purpose, state, facility_id, as_of, file_time, naaccr_version, edit_set, \
             edit_library, scan_after, tally, user_id, made_by, made_at) VALUES ('x', 'X', '{profile}', '', 'sent', {facility}, '2026-01-01', '', 250, \
             '', '', 0, '{{}}', {user}, '{login}', '2026-01-01T00:00:00Z')"
        ));
        db.tamper(&format!(
            "INSERT INTO receipt (facility_id, file_name, sha256, claimed_sha256, state, record_type, naaccr_version, edit_set, patients, tumors, \
             accepted, rejected, warnings, user_id, login, at, message) VALUES ({facility}, 'x.xml', '', '', 'taken', 'A', 250, '', 0, 0, 0, 0, 0, {user}, \
             '{login}', '2026-01-01T00:00:00Z', '')"
        ));
        ["submission_batch", "receipt"].map(|table| db.number(&format!("SELECT max(id) FROM {table}")).to_string())
    };
    for (short, person) in &world.people {
        let [batch, receipt] = sent(short, person.id.0, facility(HOME));
        extra.insert((Whose::Mine, "b", (*short).to_owned()), batch);
        extra.insert((Whose::Mine, "w", (*short).to_owned()), receipt);
    }
    for (whose, number) in [(Whose::Own, HOME), (Whose::Other, OTHER)] {
        let [batch, receipt] = sent("boss", world.boss.id.0, facility(number));
        extra.insert((whose, "b", String::new()), batch);
        extra.insert((whose, "w", String::new()), receipt);
    }
    for (short, person) in &world.people {
        let (import, job, extract) = add(short, person.id.0, facility(HOME));
        extra.insert((Whose::Mine, "x", (*short).to_owned()), extract);
        extra.insert((Whose::Mine, "i", (*short).to_owned()), import);
        extra.insert((Whose::Mine, "j", (*short).to_owned()), job);
    }
    for (whose, number) in [(Whose::Own, HOME), (Whose::Other, OTHER)] {
        let (import, job, extract) = add("boss", world.boss.id.0, facility(number));
        extra.insert((whose, "x", String::new()), extract);
        extra.insert((whose, "i", String::new()), import);
        extra.insert((whose, "j", String::new()), job);
    }
    for (whose, number) in [(Whose::Own, HOME), (Whose::Other, OTHER)] {
        db.tamper(&format!(
            "INSERT INTO suspense (version, facility_id, state, reason, site, histology, behavior, reportable, because, last_name, first_name, \
             born, record_number, name_key, first_seen, due, made_at, changed_at, items) VALUES (1, {}, 'new', '', '', '', '', 'yes', '', \
             'SUSPECT', '', '', '', '', '2026-01-02', '2026-07-01', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '{{}}')",
            facility(number)
        ));
        extra.insert((whose, "row", String::new()), db.number("SELECT max(id) FROM suspense").to_string());
    }
    db.tamper(
        "INSERT INTO standard (kind, name, edition, origin, sha256, bytes, content, loaded_by, loaded_at, switched_on) \
         SELECT 'dictionary', 'x', '1', '', '', 0, secret, 'boss', '2026-01-01T00:00:00Z', 0 FROM program",
    );
    let mut boss = world.visitor("boss");
    let found = boss.post("/patients", &[("name", "COLLEAGUE")]).expect_status(303);
    extra.insert((Whose::Own, "q", String::new()), found.location().rsplit('/').next().unwrap().to_owned());
    for (short, visitor) in visitors {
        let found = visitor.post("/patients", &[("name", "COLLEAGUE")]);
        let q = found.location().rsplit('/').next().unwrap_or_default();
        extra.insert((Whose::Mine, "q", (*short).to_owned()), if q.is_empty() { "none".into() } else { q.to_owned() });
    }
    let page = boss.get("/account").text();
    let (hash, rest) = page.split("/static/").nth(1).unwrap().split_once('/').unwrap();
    let file = rest.split(['"', '\'']).next().unwrap();
    extra.insert((Whose::Own, "hash", String::new()), hash.to_owned());
    extra.insert((Whose::Own, "file", String::new()), file.to_owned());
    // A letter for each, a deletion at the other facility, and somebody to be administered.
    for name in ["COLLEAGUE", "STRANGER"] {
        let path = format!("/follow-up/{}/letters", world.case(name).patient);
        boss.post(&path, &[("letter", "physician-letter"), ("recipient", "R. Okafor MD"), ("address", "2 Hill Road")])
            .expect_status(303);
    }
    let gone = world.case("GONE");
    let version = db.number(&format!("SELECT version FROM abstract WHERE id = {}", gone.abstract_)).to_string();
    let fields = [("seen", version.as_str()), ("reason", "entered twice by mistake")];
    boss.post(&format!("/cases/{}/delete", gone.abstract_), &fields).expect_status(303);
    extra
}

/// The lines are those expected; the last may stand for several.
fn are_as_expected(lines: &[String], expected: &[String]) -> bool {
    match expected.split_last() {
        Some((last, before)) if last.ends_with('+') => {
            let word = last.trim_end_matches('+');
            lines.len() > before.len()
                && lines[..before.len()] == *before
                && lines[before.len()..].iter().all(|line| line == word)
        }
        _ => lines == expected,
    }
}

fn ask(row: &Row, path: &str, form: &str, visitor: &mut Visitor, turn: usize) -> Answer {
    if row.method == "GET" {
        return visitor.get(path);
    }
    if path.ends_with("/answer") {
        let fields: Vec<(&str, &str)> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
        return visitor.upload(path, &fields, "file", "answer.csv", b"a,b\n");
    }
    if matches!(path, "/intake" | "/look" | "/received") {
        let content = file_of(&[Sick { name: format!("INTAKE{turn}"), facilities: vec![HOME] }]);
        let fields: Vec<(&str, &str)> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
        return visitor.upload(path, &fields, "file", "small.xml", content.as_bytes());
    }
    if path == "/admin/standards" {
        return visitor.upload(path, &[], "file", "cut-off.zip", b"PK\x03\x04");
    }
    let origin = visitor.url().to_owned();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
    let body = format!("csrf={}&{form}", visitor.csrf());
    visitor.send("POST", path, &headers, body.as_bytes())
}

on_both!(every_route_answers_every_role_as_the_file_says, |db| {
    let mut world = World::new(db);
    bring(db, &[Sick { name: "GONE".into(), facilities: vec![OTHER] }]);
    let spare = crate::kit::Person::add(db, "spare", &[accession::asker::Role::Auditor], &[]);
    world.people.insert("spare", spare);
    let mut visitors: BTreeMap<&'static str, Visitor> =
        SHORT.iter().map(|(short, _)| (*short, world.visitor(short))).collect();
    world.people.remove("spare");
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    let training = |value: &'static str| {
        let set = move |tx: &mut accession::registry::store::Tx<'_>| {
            settings::set(tx, &By::system("tests"), "registry.training", value, "because students are asked now")
        };
        store.write(set).unwrap();
    };
    training("yes");
    let extra = add_what_people_made(&world, &mut visitors);
    let ids = Ids { world: &world, extra };
    let mut stranger = Visitor::at(&world.server);
    let (mut wrong, mut turn, mut asked, mut last) = (Vec::new(), 0, 0, world.last_line());
    for row in rows() {
        let route = format!("{} {}", row.method, row.path);
        let place = format!("line {} {route}", row.line);
        let whose = row.expected.last().map_or(Whose::Own, |(whose, _)| *whose);
        let path = ids.fill(&row.path, "mgr", whose, turn);
        let before = world.last_line();
        stranger.get("/sign-in");
        let answer = ask(&row, &path, &ids.fill(&row.form, "mgr", whose, turn), &mut stranger, turn);
        if answer.status != row.out {
            wrong.push(format!("{place}: out is answered {}, not {}", answer.status, row.out));
        }
        if row.out == 401 && world.last_line() != before && row.path != "/sign-in" {
            wrong.push(format!("{place}: a stranger left a line"));
        }
        for (short, _) in SHORT.iter().map(|(s, r)| (*s, Some(*r))).chain([("trn", None)]) {
            let person = if short == "trn" { "stu" } else { short };
            match short {
                "trn" => training("yes"),
                "abs" => training("no"),
                _ => {}
            }
            for (whose, said) in &row.expected {
                turn += 1;
                asked += 1;
                let visitor = visitors.get_mut(person).unwrap();
                let path = ids.fill(&row.path, person, *whose, turn);
                let form = ids.fill(&row.form, person, *whose, turn);
                let session = visitor.cookies().clone();
                let answer = ask(&row, &path, &form, visitor, turn);
                if *visitor.cookies() != session {
                    visitor.open("/account");
                }
                let expected = said.statuses(short);
                if !expected.contains(&answer.status) {
                    wrong.push(format!("{place}: {short} {whose:?} is answered {}, not {expected:?}", answer.status));
                    if answer.status >= 500 {
                        wrong.push(answer.text());
                    }
                }
                let lines = world.lines_after(&mut last, person, &route);
                let lines_expected: Vec<String> = match answer.status {
                    403 | 404 if row.refused => vec!["refused".into()],
                    403 | 404 => vec![],
                    _ => row.leaves.of(short).iter().filter(|word| *word != "-").cloned().collect(),
                };
                if !are_as_expected(&lines, &lines_expected) {
                    wrong.push(format!(
                        "{place}: {short} {whose:?} ({}) left {lines:?}, not {lines_expected:?}",
                        answer.status
                    ));
                }
                if matches!(answer.status, 403 | 404)
                    && ["STRANGER", "COLLEAGUE"].iter().any(|name| answer.text().to_uppercase().contains(name))
                {
                    wrong.push(format!("{place}: {short} {whose:?} is refused and told a name all the same"));
                }
            }
        }
    }
    assert!(asked > 1_500, "only {asked} requests");
    assert!(wrong.is_empty(), "{} of {asked} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("{asked} requests");
});
