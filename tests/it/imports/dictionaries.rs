//! State dictionaries the registry keeps: found by the URI a file names, by imports, by the page that looks at a file
//! and by the page of all items; and the registry's own bounds of files.

use accession::asker::Role;

use super::{compare, import};
use crate::kit::{Person, Server, accession, init};

const URI: &str = "https://registry.example.org/dictionaries/iowa.xml";

fn state_dictionary(db: &crate::kit::Database) -> String {
    let text = format!(
        r#"<?xml version="1.0"?>
<NaaccrDictionary dictionaryUri="{URI}" naaccrVersion="250" specificationVersion="1.8" dateLastModified="2025-01-02T03:04:05Z" description="Items of a state" xmlns="http://naaccr.org/naaccrxml">
<ItemDefs><ItemDef naaccrId="waterSupply" naaccrNum="19701" naaccrName="Water Supply" length="5" parentXmlElement="Tumor" dataType="text"/></ItemDefs>
</NaaccrDictionary>
"#
    );
    let path = db.folder().join("iowa.xml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

on_both!(a_dictionary_the_registry_keeps_is_found_by_the_uri_a_file_names, |db| {
    init(db);
    let file = compare::small_file(db, "one.xml", "C504", "SMITH");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replacen("recordType=", &format!("userDictionaryUri=\"{URI}\" recordType="), 1);
    let text = text.replacen("</Tumor>", "<Item naaccrId=\"waterSupply\">WELLWATER</Item></Tumor>", 1);
    std::fs::write(&file, &text).unwrap();
    let dictionary = state_dictionary(db);
    let unknown = |db: &crate::kit::Database| {
        db.number("SELECT count(*) FROM import_problem WHERE kind = 'unknown_id' AND item = 'waterSupply'")
    };

    // Not there, and there but not switched on: nobody knows the item. It is kept all the same.
    assert_eq!(import(db, &file, &[])["added"].as_i64(), Some(1));
    assert_eq!(unknown(db), 1);
    assert_eq!(db.number("SELECT count(*) FROM abstract WHERE items LIKE '%WELLWATER%'"), 1);

    let words = ["standards", "add", &dictionary, "--on", "--database", db.url(), "--json"];
    assert_eq!(accession(&words).expect_code(0).json()["name"], "iowa");
    let again = text.replace("WELLWATER", "RIVER");
    std::fs::write(&file, &again).unwrap();
    import(db, &file, &["--on-change", "replace"]);
    assert_eq!(unknown(db), 1, "known now");
    // The dictionary's length is judged: five characters.
    let too_long = text.replace("WELLWATER", "RIVERWATER").replace("00000001", "00000002");
    std::fs::write(&file, &too_long).unwrap();
    import(db, &file, &["--on-change", "replace"]);
    let long = "SELECT count(*) FROM import_problem WHERE kind = 'too_long' AND item = 'waterSupply'";
    assert_eq!(db.number(long), 1);

    let person = Person::add(db, "manager", &[Role::RegistryManager], &[]);
    let server = Server::start(db.url());
    let mut visitor = person.at(&server);
    let items = visitor.get("/cases/1/items").expect_status(200).text();
    assert!(items.contains("19701 Water Supply, iowa") && items.contains("iowa:waterSupply"), "{items}");
    let found = visitor.get("/cases/1/items?q=water").expect_status(200).text();
    assert!(found.contains("19701 Water Supply"), "{found}");

    visitor.get("/look").expect_status(200);
    let sent =
        visitor.upload("/look", &[("mode", "practical")], "file", "any.xml", again.as_bytes()).expect_status(303);
    let page = crate::naaccr::look::settled(&mut visitor, sent.location());
    assert!(!page.contains("unknown id") && page.contains(URI), "{page}");
});

on_both!(the_bounds_of_files_are_settings_and_say_which_one_was_passed, |db| {
    use accession::registry::clock::Clock;
    use accession::registry::store::{By, DatabaseUrl, Store, settings};
    init(db);
    let file = compare::small_file(db, "one.xml", "C504", "SMITH");
    let text = std::fs::read_to_string(&file).unwrap();
    let long = format!("<Item naaccrId=\"textRemarks\">{}</Item></Tumor>", "x".repeat(9000));
    std::fs::write(&file, text.replacen("</Tumor>", &long, 1)).unwrap();
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    let set = |value: &'static str| {
        store.write(move |tx| settings::set(tx, &By::system("test"), "files.most_value_kb", value, "a test"))
    };
    assert!(set("4").is_err(), "below what a text item may hold");
    set("8").unwrap();
    let run = accession(&["import", "--database", db.url(), "--json", &file]).expect_code(1);
    let said = run.json()["message"].to_string();
    assert!(said.contains("8192"), "{said}");
    set("1024").unwrap();
    assert_eq!(import(db, &file, &[])["outcome"], "published");
});
