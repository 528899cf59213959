//! `docs/install.md`, sections 1, 4 and 5, in a temporary root.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::kit::{Server, Visitor, ci, init, skipped, tree};

/// The package, built once from the program under test and unpacked into a folder as a root of its own.
fn installed_root() -> &'static Path {
    static ROOT: OnceLock<tempfile::TempDir> = OnceLock::new();
    ROOT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let made = run(Command::new(tree().join("packaging/deb/make"))
            .env("DEB_COMPRESSION", "gzip")
            .args([env!("CARGO_BIN_EXE_accession").as_ref(), folder.path().as_os_str()]));
        let package = String::from_utf8(made.stdout).unwrap();
        let root = folder.path().join("root");
        run(Command::new("dpkg-deb").arg("-x").arg(package.trim()).arg(&root));
        run(Command::new("dpkg-deb").arg("-e").arg(package.trim()).arg(root.join("DEBIAN")));
        fs::remove_file(package.trim()).unwrap();
        folder
    })
    .path()
}

fn root() -> PathBuf {
    installed_root().join("root")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Whether a program is there; where it is not the test is skipped, with `CI=true` it fails.
fn there(program: &str) -> bool {
    let found =
        ["/usr/sbin", "/usr/bin", "/bin", "/sbin"].iter().any(|folder| Path::new(folder).join(program).exists());
    if !found {
        assert!(!ci(), "{program} is missing");
        skipped(&format!("{program} is not installed"));
    }
    found
}

fn mode(path: &str) -> u32 {
    fs::metadata(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}")).permissions().mode() & 0o777
}

#[test]
fn the_package_holds_the_program_its_units_and_its_settings() {
    if !there("dpkg-deb") {
        return;
    }
    assert_eq!(mode("usr/bin/accession"), 0o755);
    assert_eq!(mode("usr/lib/accession/nightly-backup"), 0o755);
    assert_eq!(mode("etc/accession/accession.env"), 0o640);
    for unit in ["accession.service", "accession-backup.service", "accession-backup.timer"] {
        assert_eq!(mode(&format!("lib/systemd/system/{unit}")), 0o644);
    }
    for document in ["install.md", "README.md", "copyright", "changelog.gz", "examples/nginx-accession.conf"] {
        assert_eq!(mode(&format!("usr/share/doc/accession/{document}")), 0o644);
    }
    for script in ["postinst", "prerm", "postrm"] {
        assert_eq!(mode(&format!("DEBIAN/{script}")), 0o755);
        run(Command::new("sh").arg("-n").arg(root().join("DEBIAN").join(script)));
    }
    let control = fs::read_to_string(root().join("DEBIAN/control")).unwrap();
    assert!(control.contains(concat!("Version: ", env!("CARGO_PKG_VERSION"), "\n")), "{control}");
    assert_eq!(fs::read_to_string(root().join("DEBIAN/conffiles")).unwrap().trim(), "/etc/accession/accession.env");
}

#[test]
fn the_same_program_makes_the_same_package() {
    if !there("dpkg-deb") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let to = folder.path().join(name);
        let made = run(Command::new(tree().join("packaging/deb/make"))
            .env("DEB_COMPRESSION", "gzip")
            .arg("/bin/true")
            .arg(&to));
        fs::read(String::from_utf8(made.stdout).unwrap().trim()).unwrap()
    };
    assert!(make("one") == make("two"));
}

#[test]
fn systemd_finds_no_fault_in_the_units_and_little_exposed() {
    if !there("systemd-analyze") || !there("dpkg-deb") {
        return;
    }
    let units = root().join("lib/systemd/system");
    for entry in fs::read_dir("/lib/systemd/system").unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|ending| ending == "target") {
            fs::copy(entry.path(), units.join(entry.file_name())).unwrap();
        }
    }
    let root_option = format!("--root={}", root().display());
    let found = run(Command::new("systemd-analyze").args([&root_option, "--man=no", "verify"]).args([
        "accession.service",
        "accession-backup.service",
        "accession-backup.timer",
    ]));
    assert_eq!(String::from_utf8_lossy(&found.stderr), "");

    for unit in ["accession.service", "accession-backup.service"] {
        let found = run(Command::new("systemd-analyze")
            .args([&root_option, "--no-pager", "security", "--offline=true", "--threshold=20"])
            .arg(unit));
        assert!(String::from_utf8_lossy(&found.stdout).contains("OK"), "{unit}");
    }
}

on_both!(the_installed_program_serves_as_its_unit_says, |db| {
    if !there("dpkg-deb") {
        return;
    }
    init(db);
    let unit = fs::read_to_string(root().join("lib/systemd/system/accession.service")).unwrap();
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/")).unwrap();
    let mut words = command.split(' ');
    let mut serve = Command::new(root().join(words.next().unwrap()));
    // The settings of the package, but for the database and a free port.
    let settings = fs::read_to_string(root().join("etc/accession/accession.env")).unwrap();
    serve.args(words).env_clear().current_dir(db.folder());
    serve.envs(settings.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')));
    serve.env("ACCESSION_DATABASE", db.url()).env("ACCESSION_LISTEN", "127.0.0.1:0");
    let server = Server::from_command(&mut serve).unwrap_or_else(|printed| panic!("{printed}"));
    Visitor::at(&server).get("/health/ready").expect_status(200);
    let (code, _) = server.stop();
    assert_eq!(code, Some(0));
});

#[test]
fn nginx_takes_the_example() {
    if !there("nginx") || !there("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=registry.example.org"])
        .args(["-keyout", &at("key.pem"), "-out", &at("cert.pem")]));
    let example = fs::read_to_string(tree().join("packaging/nginx/accession.conf"))
        .unwrap()
        .replace("/etc/ssl/registry.example.org/fullchain.pem", &at("cert.pem"))
        .replace("/etc/ssl/registry.example.org/privkey.pem", &at("key.pem"))
        .replace("/var/log/nginx/accession.access.log", &at("access.log"))
        .replace("listen 80;", "listen 127.0.0.1:18180;")
        .replace("listen [::]:80;", "")
        .replace("listen 443 ssl http2;", "listen 127.0.0.1:18443 ssl http2;")
        .replace("listen [::]:443 ssl http2;", "");
    let whole = format!(
        "pid {};\nerror_log {};\nevents {{}}\nhttp {{\naccess_log off;\nclient_body_temp_path {};\nproxy_temp_path {};\n\
         fastcgi_temp_path {};\nuwsgi_temp_path {};\nscgi_temp_path {};\n{example}\n}}\n",
        at("pid"),
        at("error.log"),
        at("t1"),
        at("t2"),
        at("t3"),
        at("t4"),
        at("t5")
    );
    fs::write(folder.path().join("nginx.conf"), whole).unwrap();
    run(Command::new("nginx").args(["-t", "-c", &at("nginx.conf")]));
}

#[test]
fn every_file_that_the_page_names_is_in_the_package_or_made_by_it() {
    let page = fs::read_to_string(tree().join("docs/install.md")).unwrap();
    for name in [
        "accession-backup.timer",
        "examples/nginx-accession.conf",
        "ACCESSION_BACKUP_KEY_FILE",
        "ACCESSION_BEHIND_PROXY",
    ] {
        assert!(page.contains(name), "{name}");
    }
    let settings = fs::read_to_string(tree().join("packaging/accession.env")).unwrap();
    let mut unknown = Vec::new();
    for word in page.split(|c: char| !(c.is_ascii_uppercase() || c == '_')) {
        if word.starts_with("ACCESSION_") && word.len() > 10 && !settings.contains(&format!("{word}=")) {
            unknown.push(word);
        }
    }
    assert!(unknown.is_empty(), "settings named in docs/install.md and not in accession.env: {unknown:?}");
}
