//! Reliability 32: what came from outside is written as text: 120 payloads in every text item, in names, in a facility's
//! name and a file's name, looked for byte by byte on every page that leads on from them.

use super::world::{Sick, World, file_of};
use crate::kit::{Answer, HOME, Visitor};

/// Texts that have run as scripts somewhere; `MARK` tells them apart.
pub fn payloads() -> Vec<String> {
    let bodies = [
        "<script>MARK()</script>",
        "<img src=x onerror=MARK()>",
        "<svg onload=MARK()>",
        "<svg><script>MARK()</script></svg>",
        "<iframe srcdoc='<script>MARK()</script>'></iframe>",
        "<body onload=MARK()>",
        "<a href=javascript:MARK()>x</a>",
        "<math><mi xlink:href=javascript:MARK()>x</mi></math>",
        "<details open ontoggle=MARK()>",
        "<input autofocus onfocus=MARK()>",
        "<style>@import 'javascript:MARK()'</style>",
        "<link rel=stylesheet href=javascript:MARK()>",
        "<base href=//evil.example/MARK>",
        "<form action=javascript:MARK()><button>x</button></form>",
        "<object data=javascript:MARK()></object>",
        "<noscript><p title='</noscript><img src=x onerror=MARK()>'>",
        "<!--><img src=x onerror=MARK()>-->",
        "<template><script>MARK()</script></template>",
        "{{#each MARK}}{{this}}{{/each}}",
        "{{{MARK}}}",
        "${MARK()}",
        "javascript:MARK()//",
        "<meta http-equiv=refresh content=0;url=javascript:MARK()>",
        "<video><source onerror=MARK()></video>",
    ];
    let around = [("", ""), ("\"><", ""), ("'", "'"), ("</textarea>", ""), ("</title></script>", "-->")];
    around.iter().flat_map(|(before, after)| bodies.iter().map(move |body| format!("{before}{body}{after}"))).collect()
}

/// Every text item that is looked at, with its number.
const TEXTS: [(&str, u32); 16] = [
    ("textDxProcPe", 2520),
    ("textDxProcXRayScan", 2530),
    ("textDxProcScopes", 2540),
    ("textDxProcLabTests", 2550),
    ("textDxProcOp", 2560),
    ("textDxProcPath", 2570),
    ("textPrimarySiteTitle", 2580),
    ("textHistologyTitle", 2590),
    ("textStaging", 2600),
    ("rxTextSurgery", 2610),
    ("rxTextRadiation", 2620),
    ("rxTextRadiationOther", 2630),
    ("rxTextChemo", 2640),
    ("rxTextHormone", 2650),
    ("rxTextBrm", 2660),
    ("textRemarks", 2680),
];

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}

/// What stands raw in a page that a browser could run or take for markup.
fn raw(page: &str, payloads: &[String]) -> Option<String> {
    payloads
        .iter()
        .filter(|payload| payload.contains('<') && page.contains(payload.as_str()))
        .chain(payloads.iter().filter(|payload| {
            ["href=\"", "src=\"", "action=\""].iter().any(|attribute| page.contains(&format!("{attribute}{payload}")))
        }))
        .next()
        .cloned()
}

fn walk(visitor: &mut Visitor, from: &str, depth: usize, seen: &mut Vec<String>, look: &mut dyn FnMut(&str, &Answer)) {
    if depth == 0 || seen.len() > 150 || seen.iter().any(|path| path == from) {
        return;
    }
    seen.push(from.to_owned());
    let answer = visitor.get(from);
    look(from, &answer);
    let page = answer.text();
    let links: Vec<String> = page
        .split("href=\"/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|path| format!("/{}", path.replace("&amp;", "&").split('#').next().unwrap_or_default()))
        .filter(|path| !path.starts_with("/static") && !path.starts_with("/help"))
        .collect();
    for link in links {
        walk(visitor, &link, depth - 1, seen, look);
    }
}

on_both!(what_came_from_outside_is_written_as_text, |db| {
    let world = World::new(db);
    let payloads = payloads();
    assert_eq!(payloads.len(), 120);
    // Eight patients carry fifteen payloads each, in every text item, in names and other patient items.
    let sick: Vec<Sick> = (0..8).map(|n| Sick { name: format!("HOLDER{n}"), facilities: vec![HOME] }).collect();
    let mut text = file_of(&sick);
    for (n, group) in payloads.chunks(15).enumerate() {
        let all = xml(&group.join("\n"));
        let (before, rest) = text.split_once(&format!("HOLDER{n} seen at")).unwrap();
        let (_, after) = rest.split_once("</Tumor>").unwrap();
        let items: String = TEXTS
            .iter()
            .filter(|(id, _)| *id != "textDxProcPath")
            .map(|(id, _)| format!("<Item naaccrId=\"{id}\">{all}</Item>\n"))
            .collect();
        let kept = format!("{before}{all}</Item>\n{items}</Tumor>{after}");
        text = kept.replace(
            &format!("<Item naaccrId=\"nameLast\">HOLDER{n}</Item>"),
            &format!(
                "<Item naaccrId=\"nameLast\">HOLDER{n} {}</Item>\n<Item naaccrId=\"nameAlias\">{all}</Item>",
                xml(&group[0])
            ),
        );
        text = text.replacen(
            "<Item naaccrId=\"nameFirst\">ROBIN</Item>",
            &format!("<Item naaccrId=\"nameFirst\">{}</Item>", xml(&group[1])),
            1,
        );
    }
    let mut administrator = world.visitor("adm");
    administrator.get("/admin/facilities/new").expect_status(200);
    for (n, payload) in payloads.iter().enumerate().step_by(30) {
        let number = format!("00100001{n:02}");
        let made = administrator
            .post("/admin/facilities/new", &[("number", &number), ("name", payload), ("address", payload)]);
        assert!(matches!(made.status, 303 | 422), "{payload}: {}", made.status);
    }
    let mut boss = world.visitor("boss");
    boss.get("/intake").expect_status(200);
    let place =
        boss.upload("/intake", &[("sender", &payloads[0])], "file", "<img src=x onerror=MARK()>.xml", text.as_bytes());
    let place = place.expect_status(303).location().to_owned();
    for _ in 0..600 {
        if db.number("SELECT count(*) FROM job WHERE state IN ('waiting', 'running')") == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(db.values("SELECT state AS value FROM import ORDER BY id DESC LIMIT 1"), [Some("done".into())]);
    let holders = db.values("SELECT CAST(id AS TEXT) AS value FROM patient WHERE last_name LIKE 'HOLDER%' ORDER BY id");
    assert_eq!(holders.len(), 8, "{}", boss.get(&place).text());
    let (mut ran, mut looked, mut met) = (Vec::new(), 0, 0);
    let mut look = |path: &str, answer: &Answer| {
        looked += 1;
        let page = answer.text();
        if page.contains("MARK") {
            met += 1;
        }
        let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        if is_page && let Some(payload) = raw(&page, &payloads) {
            ran.push(format!("{path}: {payload}"));
        }
    };
    for holder in holders.iter().flatten() {
        let case = db.number(&format!("SELECT max(id) FROM abstract WHERE patient_id = {holder}"));
        let mut seen = vec![];
        walk(&mut boss, &format!("/patients/{holder}"), 2, &mut seen, &mut look);
        for page in ["text", "source", "items", "patient", "items/2570", "items/230", "codes/2570", "delete"] {
            look(page, &boss.get(&format!("/cases/{case}/{page}")));
        }
        look("follow-up", &boss.get(&format!("/follow-up/{holder}")));
        look("correct", &boss.get(&format!("/patients/{holder}/correct?other=1")));
    }
    look("import", &boss.get(&place));
    for list in ["/", "/intake", "/submissions", "/reconcile", "/follow-up?list=all", "/jobs", "/research/extract"] {
        look(list, &boss.get(list));
    }
    for form in [[("text", "HOLDER")], [("name", payloads[0].as_str())], [("record", payloads[1].as_str())]] {
        boss.get("/patients");
        let found = boss.post("/patients", &form).location().to_owned();
        look("found", &boss.get(&found));
    }
    for page in ["/admin/facilities", "/admin/users/new", "/admin/settings"] {
        look(page, &administrator.get(page));
    }
    assert!(ran.is_empty(), "{}", ran.join("\n"));
    assert!(looked > 150 && met > 60, "{looked} pages, {met} with payloads");
});
