//! A private PostgreSQL: started when first asked for, gone when the test program is gone.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The running cluster: the folder of its socket.
pub struct Cluster {
    socket_folder: PathBuf,
}

/// The role that owns the databases of the tests; it is no superuser, as in a real installation.
pub const ROLE: &str = "accession";

/// The cluster of this test program, started at the first call; the error says what is missing.
pub fn cluster() -> Result<&'static Cluster, String> {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    CLUSTER.get_or_init(start).as_ref().map_err(Clone::clone)
}

impl Cluster {
    /// The URL of a database as the tests' role.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@/{database}?host={}", self.socket_folder.display())
    }

    /// The URL of a database as the superuser.
    pub fn superuser_url(&self, database: &str) -> String {
        format!("postgres://postgres@/{database}?host={}", self.socket_folder.display())
    }
}

fn start() -> Result<Cluster, String> {
    let programs = programs().ok_or("PostgreSQL is not installed (Debian: apt-get install postgresql)")?;
    let folder = tempfile::Builder::new()
        .prefix("accession-pg-")
        .tempdir_in("/tmp")
        .map_err(|error| format!("no temporary folder for PostgreSQL: {error}"))?
        .keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    let owner = unprivileged_owner(&folder)?;
    remove_when_we_end(&folder)?;

    let data = folder.join("data");
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.arg("--pgdata").arg(&data).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    run_as(owner, &mut initdb);
    let made = initdb.output().map_err(|error| format!("initdb did not start: {error}"))?;
    if !made.status.success() {
        return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)));
    }

    let log = fs::File::create(folder.join("log")).map_err(|error| error.to_string())?;
    let mut server = Command::new(programs.join("postgres"));
    server
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(&folder)
        .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"])
        .args(["-c", "shared_buffers=64MB", "-c", "timezone=UTC", "-c", "log_min_messages=warning"])
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(|error| error.to_string())?)
        .stderr(log)
        .process_group(0);
    run_as(owner, &mut server);
    let mut child = server.spawn().map_err(|error| format!("PostgreSQL did not start: {error}"))?;

    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let answers = Command::new(programs.join("pg_isready"))
            .arg("--quiet")
            .arg("--host")
            .arg(&folder)
            .status()
            .is_ok_and(|status| status.success());
        if answers {
            break;
        }
        let ended = child.try_wait().ok().flatten().is_some();
        if ended || Instant::now() > until {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(format!("PostgreSQL did not come up: {log}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }

    let cluster = Cluster { socket_folder: folder };
    super::database::execute_at(&cluster.superuser_url("postgres"), &format!("CREATE ROLE {ROLE} LOGIN CREATEDB"))?;
    Ok(cluster)
}

/// The folder with `initdb` and `postgres`: the newest of Debian's, else where `pg_config` says.
pub fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return Some(bin);
    }
    let told = Command::new("pg_config").arg("--bindir").output().ok()?;
    let bin = PathBuf::from(String::from_utf8(told.stdout).ok()?.trim());
    bin.join("initdb").exists().then_some(bin)
}

/// Hands the folder to an unprivileged user when we are root, since PostgreSQL refuses to run as root.
fn unprivileged_owner(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    let ours = fs::metadata(folder).map_err(|error| error.to_string())?.uid();
    if ours != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let (uid, gid): (u32, u32) = ids("postgres").or_else(|| ids("nobody")).ok_or("no user `postgres` or `nobody`")?;
    chown(folder, Some(uid), Some(gid)).map_err(|error| error.to_string())?;
    Ok(Some((uid, gid)))
}

fn run_as(owner: Option<(u32, u32)>, command: &mut Command) {
    command.current_dir("/").env_remove("PGHOST").env_remove("PGPORT").env_remove("PGUSER");
    if let Some((uid, gid)) = owner {
        command.gid(gid).uid(uid);
    }
}

/// Starts a small shell that waits for the end of its input, which is ours: when this process ends, also by a
/// signal that can't be caught, it stops the PostgreSQL of this folder and removes the folder.
fn remove_when_we_end(folder: &Path) -> Result<(), String> {
    let script = r#"
        cat > /dev/null
        pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
        if [ -n "$pid" ]; then
            kill -QUIT "$pid"
            for _ in $(seq 100); do kill -0 "$pid" 2> /dev/null || break; sleep 0.1; done
        fi
        rm -rf "$1"
    "#;
    let mut watcher = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("sh did not start: {error}"))?;
    let mut pipe = watcher.stdin.take().ok_or("no pipe to sh")?;
    pipe.write_all(b"started\n").map_err(|error| error.to_string())?;
    // Kept open until the process ends.
    std::mem::forget(pipe);
    Ok(())
}
