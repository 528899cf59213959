//! Pages, styles, scripts and edits are compiled in: a new file under these folders makes the crate build again.

fn main() {
    for folder in ["templates", "static", "migrations", "reference/edits"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
