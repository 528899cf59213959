//! The server itself: bound before it says that it is ready, ended by SIGTERM within ten seconds.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::guard::{self, Guard};
use actix_web::{App as ActixApp, HttpServer, rt, web};
use anyhow::{Context, bail};

use super::app::App;
use super::route::{Audit, Method, Route, Scoping, Takes, Who};
use super::{Ask, ROUTES, Refused, Reply, gate};

/// A server that is bound and not yet running.
pub struct Serving {
    app: App,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
}

/// Seconds for what is being answered when the server is told to end.
const SECONDS_TO_END: u64 = 8;
/// Requests and jobs of the store that may wait at a time, per worker.
const BLOCKING_THREADS: usize = 24;
/// Seconds for the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

static NOT_THERE: Route = Route {
    method: Method::Get,
    path: "(no such page)",
    who: Who::Anyone,
    scope: Scoping::None,
    audit: Audit::None,
    takes: Takes::Nothing,
    in_background: true,
    handler: not_there,
};

static WRONG_METHOD: Route = Route { path: "(wrong method)", handler: wrong_method, ..NOT_THERE };

fn not_there(_: &Ask) -> Result<Reply, Refused> {
    Err(Refused::NotFound)
}

fn wrong_method(_: &Ask) -> Result<Reply, Refused> {
    Err(Refused::WrongMethod)
}

/// Binds the address; nothing is answered yet.
///
/// # Errors
/// A taken port or an address that is not ours, in one sentence.
pub fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} of {} is taken by another program: stop it, or choose another with --listen",
            listen.port(),
            listen.ip()
        ),
        std::io::ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!("{} is not an address of this machine: choose another with --listen", listen.ip())
        }
        std::io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("port {} may only be used by root: choose one above 1023 with --listen", listen.port())
        }
        _ => anyhow::anyhow!("{listen} cannot be listened to: {error}"),
    })
}

/// Reads certificate and key of our own TLS: 1.2 and 1.3 only.
///
/// # Errors
/// Files that cannot be read or do not fit together.
pub fn tls(certificate: &Path, key: &Path) -> anyhow::Result<rustls::ServerConfig> {
    let open = |path: &Path| {
        let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        anyhow::Ok(std::io::BufReader::new(file))
    };
    let chain = rustls_pemfile::certs(&mut open(certificate)?).collect::<Result<Vec<_>, _>>();
    let chain = chain.with_context(|| format!("{} is not a PEM certificate", certificate.display()))?;
    if chain.is_empty() {
        bail!("{} holds no certificate", certificate.display());
    }
    let secret = rustls_pemfile::private_key(&mut open(key)?)
        .with_context(|| format!("{} is not a PEM key", key.display()))?
        .with_context(|| format!("{} holds no private key", key.display()))?;
    rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .context("certificate and key do not fit together")
}

impl Serving {
    /// A server on a bound address.
    pub fn new(app: App, listener: TcpListener, tls: Option<rustls::ServerConfig>) -> Serving {
        Serving { app, listener, tls }
    }
}

/// Serves until SIGTERM or SIGINT; `ready` is called once requests are answered.
///
/// # Errors
/// What the operating system refuses.
pub fn serve(serving: Serving, ready: impl FnOnce()) -> std::io::Result<()> {
    let Serving { app, listener, tls } = serving;
    rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let mut service = ActixApp::new();
            for path in paths() {
                service = service.service(resource(path, &app));
            }
            service.default_service(answering(&NOT_THERE, &app))
        })
        .workers(std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8)))
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .client_request_timeout(HEAD_PATIENCE)
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(Duration::from_secs(20))
        .shutdown_timeout(SECONDS_TO_END);
        let server = match tls {
            Some(tls) => server.listen_rustls_0_23(listener, tls)?,
            None => server.listen(listener)?,
        };
        let running = server.run();
        ready();
        running.await
    })
}

/// Every path of the table once.
fn paths() -> Vec<&'static str> {
    let mut paths: Vec<&str> = Vec::new();
    for route in ROUTES {
        if !paths.contains(&route.path) {
            paths.push(route.path);
        }
    }
    paths
}

fn resource(path: &'static str, app: &App) -> actix_web::Resource {
    let mut resource = web::resource(path).default_service(answering(&WRONG_METHOD, app));
    for route in ROUTES.iter().filter(|route| route.path == path) {
        let row = answering(route, app);
        resource = resource.route(match route.method {
            Method::Get => row.guard(guard::fn_guard(|ctx| guard::Get().check(ctx) || guard::Head().check(ctx))),
            Method::Post => row.guard(guard::Post()),
        });
    }
    resource
}

fn answering(route: &'static Route, app: &App) -> actix_web::Route {
    let app = app.clone();
    web::route()
        .to(move |request: actix_web::HttpRequest, body: web::Payload| gate::answer(route, app.clone(), request, body))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_two_rows_are_for_the_same_request() {
        let mut seen = Vec::new();
        for route in ROUTES {
            let key = (route.method.text(), route.path);
            assert!(!seen.contains(&key), "{key:?} stands twice");
            seen.push(key);
        }
    }

    #[test]
    fn what_changes_is_a_post_and_what_looks_is_not() {
        for route in ROUTES {
            let changes = matches!(route.audit, Audit::Change | Audit::Export | Audit::SignIn);
            assert!(!changes || route.method == Method::Post, "{}", route.name());
            let records = route.scope != Scoping::None;
            assert!(!records || !matches!(route.who, Who::Anyone | Who::NotAsked), "{}", route.name());
        }
    }

    #[test]
    fn a_taken_port_is_said_in_one_sentence() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let said = bind(first.local_addr().unwrap()).unwrap_err().to_string();
        assert!(said.contains("is taken by another program") && !said.contains('\n'));
    }
}
