//! Pages, styles and scripts are compiled in: a new file under these folders makes the crate build again.

fn main() {
    for folder in ["templates", "static", "migrations"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
