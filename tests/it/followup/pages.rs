//! The pages, as somebody at a browser sees them.

use accession::accounts::store::{UserEntry, add_ready_user};
use accession::asker::Role;
use accession::registry::store::settings;

use super::letters::with_letterhead;
use super::*;
use crate::kit::{Server, Visitor};

const PASSWORD: &str = "plum ferry tangent orbit";

/// A registry without second factor, with one who follows up and the privacy officer.
fn served(db: &Database) -> Server {
    let store = registry_of(db, &[ANNE]);
    with_letterhead(db);
    store
        .write(|tx| {
            let by = By::system("test");
            settings::set(tx, &by, "sign_in.second_factor", "no", "because this test is about follow-up")?;
            settings::set(tx, &by, "letters.from", "registry@example.org", "")
        })
        .unwrap();
    for (login, role) in
        [("dana", Role::FollowUpCoordinator), ("prue", Role::PrivacyOfficer), ("rita", Role::Researcher)]
    {
        let entry = UserEntry {
            login: login.into(),
            name: format!("Person {login}"),
            mail: format!("{login}@example.org"),
            roles: vec![role],
            facilities: vec![],
            all_facilities: true,
        };
        add_ready_user(&store, &By::system("test"), &entry, PASSWORD, None).unwrap();
    }
    drop(store);
    let folder = db.folder().join("mail");
    std::fs::create_dir_all(&folder).unwrap();
    Server::start_with(db.url(), &[], &[("ACCESSION_MAIL", &format!("file:{}", folder.display()))])
}

fn signed_in(server: &Server, login: &str) -> Visitor {
    let mut visitor = Visitor::at(server);
    visitor.get("/sign-in").expect_status(200);
    visitor.post("/sign-in", &[("login", login), ("password", PASSWORD)]).expect_status(303);
    visitor
}

on_both!(a_contact_is_looked_at_posted_and_stands_in_the_history, |db| {
    let server = served(db);
    let mut dana = signed_in(&server, "dana");
    let id = patient(db, "WEATHERBY");
    let list = dana.get("/follow-up?list=all").expect_status(200).text();
    assert!(list.contains("WEATHERBY") && list.contains("2025-08-29"), "{list}");
    for other in ["", "?list=soonest", "?list=month&month=2026-08", "?list=lost", "?list=undated", "?list=conflicts"] {
        dana.get(&format!("/follow-up{other}")).expect_status(200);
    }
    dana.get("/follow-up?list=nonsense").expect_status(404);
    let path = format!("/follow-up/{id}");
    let form = dana.get(&path).expect_status(200);
    let (seen, seen_patient) = (form.input("seen").unwrap(), form.input("seen_patient").unwrap());
    let tumor = form.input("tumor").unwrap();
    let status = format!("cancer_status_{tumor}");
    let next = format!("next_source_{tumor}");
    let mut fields: Vec<(&str, &str)> = vec![
        ("seen", &seen),
        ("seen_patient", &seen_patient),
        ("tumor", &tumor),
        (&status, "1"),
        (&next, "1"),
        ("date", "2026-02-03"),
        ("vital_status", "1"),
        ("source_central", "41"),
        ("note", "On <letrozole>"),
        ("do", "preview"),
    ];
    let preview = dana.post(&path, &fields).expect_status(200).text();
    assert!(preview.contains("<ins>2026-02-03</ins>") && preview.contains("February 2027"), "{preview}");
    assert!(preview.contains("On &lt;letrozole&gt;"));
    fields[5].1 = "2020-01-01";
    fields[9].1 = "post";
    let refused = dana.post(&path, &fields).expect_status(422).text();
    assert!(refused.contains("before the diagnosis") && refused.contains("On &lt;letrozole&gt;"));
    fields[5].1 = "2026-02-03";
    assert_eq!(dana.post(&path, &fields).expect_status(303).location(), format!("{path}?said=newer"));
    let stale =
        dana.post(&path, &[&fields[..5], &[("date", "2026-02-04")], &fields[6..]].concat()).expect_status(422).text();
    assert!(stale.contains("dana changed this patient"), "{stale}");
    let after = dana.get(&path).expect_status(200).text();
    assert!(after.contains("Posted by dana, medical oncologist"), "{after}");
    dana.post(&format!("{path}/attempts"), &[("kind", "phone"), ("result", "no-answer"), ("recipient", "home")])
        .expect_status(303);
    assert!(dana.get(&path).text().contains("Telephone, home"));
    dana.get("/follow-up/999999").expect_status(404);
    dana.get(&path);
    let marks = format!("{path}/marks");
    dana.post(&marks, &[("mark", "bad-address"), ("do", "set"), ("reason", "")]).expect_status(422);
    dana.get(&path);
    dana.post(&marks, &[("mark", "bad-address"), ("do", "set"), ("reason", "returned by the post")]).expect_status(303);
    assert!(dana.get("/follow-up?list=bad-address").expect_status(200).text().contains("WEATHERBY"));
    assert!(dana.get(&path).text().contains("returned by the post, set by dana"));
    dana.post(&marks, &[("mark", "bad-address"), ("do", "end")]).expect_status(303);
    assert!(!dana.get("/follow-up?list=bad-address").expect_status(200).text().contains("WEATHERBY"));
    for list in ["waiting", "do-not-contact", "mine"] {
        dana.get(&format!("/follow-up?list={list}")).expect_status(200);
    }
    assert_eq!(db.number("SELECT count(*) FROM follow_mark"), 1);
    for by in ["", "site", "year", "class", "physician", "facility", "age"] {
        let page = dana.get(&format!("/follow-up/measures?by={by}")).expect_status(200).text();
        assert!(page.contains("100.0 %") && page.contains("nconfirmed"), "{page}");
    }
    let csv = dana.get("/follow-up/measures.csv?by=site").expect_status(200).text();
    assert!(csv.contains("C50") && csv.lines().count() == 5, "{csv}");
});

on_both!(letters_are_written_mailed_and_stand_in_the_patients_record, |db| {
    let server = served(db);
    let id = patient(db, "WEATHERBY");
    let mut dana = signed_in(&server, "dana");
    let path = format!("/follow-up/{id}");
    dana.get(&path).expect_status(200);
    let letters = format!("{path}/letters");
    let to = [("recipient", "R. Okafor MD"), ("address", "2 Hill Road\r\nHarbor"), ("letter", "physician-letter")];
    let written = dana.post(&letters, &to).expect_status(303);
    let letter = dana.get(written.location()).expect_status(200).text();
    assert!(letter.contains("Harbor General") && letter.contains("<h2>Your answer</h2>"), "{letter}");
    let mailed = [&to[..], &[("mail", "office@example.org")]].concat();
    dana.get(&path);
    dana.post(&letters, &mailed).expect_status(422);
    dana.get(&path);
    dana.post(&letters, &[&mailed[..], &[("agreed", "yes")]].concat()).expect_status(303);
    assert_eq!(std::fs::read_dir(db.folder().join("mail")).unwrap().count(), 1);
    dana.get(&format!("/patients/{id}/record")).expect_status(403);
    let mut prue = signed_in(&server, "prue");
    let record = prue.get(&format!("/patients/{id}/record")).expect_status(200).text();
    assert!(record.contains("R. Okafor MD") && record.contains("dana") && record.contains("letter"), "{record}");
    let mut rita = signed_in(&server, "rita");
    for closed in ["/follow-up".to_string(), path.clone(), written.location().to_string()] {
        rita.get(&closed).expect_status(403);
    }
});
