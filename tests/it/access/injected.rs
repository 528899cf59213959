//! Reliability 35 and 36: texts that a query or a path could mistake for its own are texts, in every field that is asked.

use super::world::World;

/// Eighty texts that have opened databases.
fn payloads() -> Vec<String> {
    let ends = ["'", "\"", "')", "\")", "'))", "`", "]", "\\'"];
    let goes_on = [
        " OR 1=1--",
        " OR '1'='1",
        "; DROP TABLE patient;--",
        " UNION SELECT 1,2,3--",
        "/**/OR/**/1=1#",
        "||(SELECT login FROM user_ LIMIT 1)||",
        " AND 1=(SELECT count(*) FROM patient)--",
        "; SELECT pg_sleep(5);--",
        "' COLLATE nocase --",
        "%' ESCAPE '%",
    ];
    ends.iter().flat_map(|end| goes_on.iter().map(move |rest| format!("x{end}{rest}"))).collect()
}

on_both!(a_payload_is_a_text_in_every_field_that_is_asked, |db| {
    let world = World::new(db);
    let case = world.case("COLLEAGUE");
    let mut manager = world.visitor("mgr");
    let mut officer = world.visitor("prv");
    let mut administrator = world.visitor("adm");
    let count = || ["patient", "abstract", "user_", "setting"].map(|t| db.number(&format!("SELECT count(*) FROM {t}")));
    let before = count();
    let texts = payloads();
    assert_eq!(texts.len(), 80);
    let began = std::time::Instant::now();
    let mut faults = Vec::new();
    let mut asked = 0u32;
    for text in &texts {
        let t = crate::kit::encode(text);
        let mut note = |what: String, status: u16| {
            asked += 1;
            if status >= 500 {
                faults.push(format!("{what}: {status}"));
            }
        };
        for path in [
            format!("/?list={t}&whose={t}"),
            format!("/follow-up?list={t}&after={t}&month={t}"),
            format!("/cases/{}/items?q={t}&filled={t}", case.abstract_),
            format!("/cases/{}/codes/400?q={t}", case.abstract_),
            format!("/cases/{}/text?text={t}", case.abstract_),
            format!("/patients/{}/correct?other={t}", case.patient),
            format!("/patients/found/{t}"),
            format!("/research/extract?from={t}"),
            format!("/help?q={t}"),
        ] {
            note(path.clone(), manager.get(&path).status);
        }
        for path in
            [format!("/admin/audit?action={t}&login={t}&patient={t}&before={t}"), format!("/admin/audit.csv?login={t}")]
        {
            note(path.clone(), officer.get(&path).status);
        }
        let path = format!("/admin/users?list={t}&user={t}");
        note(path.clone(), administrator.get(&path).status);
        for field in ["text", "name", "birth", "ssn", "record", "accession", "sequence"] {
            let found = manager.post("/patients", &[(field, text)]);
            note(format!("/patients {field}={text}"), found.status);
            if found.status == 303 {
                let page = manager.get(found.location());
                note(format!("found by {field}={text}"), page.status);
                assert!(!page.text().contains("ROBIN"), "{field}={text} finds somebody");
            }
        }
        let found = manager.post("/go", &[("q", text), ("case", text)]);
        note(format!("/go {text}"), found.status);
        assert!(!found.text().contains("ROBIN"), "/go {text} finds somebody");
        let extract =
            manager.post("/research/extract", &[("site", text), ("county", text), ("years", text), ("item", text)]);
        note(format!("/research/extract {text}"), extract.status);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(count(), before);
    // A sleep that ran would have taken minutes.
    assert!(began.elapsed().as_secs() < 300 && asked > 1_500, "{asked} in {:?}", began.elapsed());
});

on_both!(a_file_name_leads_nowhere, |db| {
    let world = World::new(db);
    let mut manager = world.visitor("mgr");
    let outside = std::path::Path::new("/tmp/accession-came-out");
    std::fs::remove_file(outside).ok();
    let names: Vec<String> = (0..12)
        .flat_map(|depth| {
            let up = "../".repeat(depth + 1);
            [
                format!("{up}tmp/accession-came-out"),
                format!("/{up}tmp/accession-came-out"),
                format!("{}tmp\\accession-came-out", "..\\".repeat(depth + 1)),
                format!("{}tmp%2faccession-came-out", "%2e%2e%2f".repeat(depth + 1)),
                format!("/tmp/accession-came-out\0{depth}.xml"),
            ]
        })
        .collect();
    assert_eq!(names.len(), 60);
    for name in &names {
        manager.get("/account");
        let answer = manager.upload("/intake", &[], "file", name, b"<NaaccrData/>");
        assert!(matches!(answer.status, 303 | 400 | 422), "{name:?}: {}", answer.status);
        assert!(!outside.exists(), "{name:?} was written");
    }
    let kept = db.values("SELECT file_name AS value FROM import");
    assert!(kept.iter().flatten().all(|name| !name.contains(['/', '\\'])), "{kept:?}");
});
