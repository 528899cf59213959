//! The one way in. Every request of every route passes here, in this order:
//!
//! ```text
//!   address ─► session ─► address limit ─► origin and form token (POST) ─► role ─► password still fresh? ─► body
//!      ─► the screen's function ─► audit line of a view or search, on disk ─► the answer leaves
//! ```
//!
//! A refusal of somebody signed in leaves a line of its own on the audit chain; a stranger's does not, so that nobody
//! can fill the chain from outside.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method as HttpMethod, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, rt, web};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::app::App;
use super::cookie::{Look, SetCookie, cookie_name};
use super::fields::{LARGEST_FORM, encode};
use super::frame::Sheet;
use super::log::Access;
use super::reply::{Body, Subject};
use super::route::{Audit, Method, Route, Scoping, Takes, Who};
use super::upload::{self, blocking};
use super::{Ask, Fields, Refused, Reply, headers};
use crate::accounts::store::{give_password_again, session_of, session_seen};
use crate::accounts::{AccountError, Stage, Token};
use crate::asker::May;
use crate::registry::change::NotAmended;
use crate::registry::store::By;

/// Seconds for the whole body of a form.
const FORM_PATIENCE: Duration = Duration::from_secs(20);

/// Answers a request of a route.
pub async fn answer(route: &'static Route, app: App, request: HttpRequest, body: web::Payload) -> HttpResponse {
    let began = Instant::now();
    let at = app.store().clock().now();
    let head = request.method() == HttpMethod::HEAD;
    let ask = ask_of(route, app.clone(), &request);
    let origin = Origin::of(&request);
    let (ask, origin, so_far) = match route.takes {
        Takes::Upload => before_file(ask, origin).await,
        _ => (Some(ask), origin, Ok(())),
    };
    let outcome = match ask {
        Some(mut ask) => {
            let so_far = match so_far {
                Ok(()) => take_body(&mut ask, &request, body).await,
                refused => refused,
            };
            let run = move || {
                let outcome = so_far.and_then(|()| admit(&mut ask, &origin)).and_then(|()| (ask.route.handler)(&ask));
                let outcome = outcome.and_then(|reply| leave_line(&ask, reply));
                Ok(finish(ask, outcome))
            };
            blocking(run).await
        }
        None => Err(so_far.err().unwrap_or(Refused::NotFound)),
    };
    let (reply, user, address) =
        outcome.unwrap_or_else(|refused| (bare(&app, route, &refused), None, visitor(&app, &request)));
    let took = began.elapsed();
    app.log().access(&Access { at, address, user, route: &route.name(), status: reply.status, took });
    response(&app, route, reply, head)
}

/// Where a POST says it comes from.
#[derive(Clone)]
struct Origin {
    origin: Option<String>,
    host: String,
    fetch_site: Option<String>,
    token: Option<String>,
}

impl Origin {
    fn of(request: &HttpRequest) -> Origin {
        Origin {
            origin: header(request.headers(), "origin"),
            host: header(request.headers(), "host").unwrap_or_default(),
            fetch_site: header(request.headers(), "sec-fetch-site"),
            token: header(request.headers(), "x-csrf-token"),
        }
    }

    /// Pages are sent with `no-referrer`, so browsers write `Origin: null` for their forms; `Sec-Fetch-Site`, which no
    /// page can forge, then says whether it was ours. A program that sends neither still needs the form token.
    fn is_ours(&self, app: &App) -> bool {
        let same_site = self.fetch_site.as_deref().map(|site| site == "same-origin");
        match self.origin.as_deref() {
            Some("null") => same_site == Some(true),
            Some(origin) => app.transport().is_own_origin(origin, &self.host) && same_site != Some(false),
            None => same_site != Some(false),
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_string)
}

fn visitor(app: &App, request: &HttpRequest) -> IpAddr {
    app.transport().visitor(request.peer_addr(), header(request.headers(), "x-forwarded-for").as_deref())
}

fn ask_of(route: &'static Route, app: App, request: &HttpRequest) -> Ask {
    let cookie = |name| request.cookie(&cookie_name(app.transport(), name)).map(|c| c.value().to_string());
    let held = cookie("session").as_deref().and_then(Token::read);
    let look = Look::read(&cookie("look").unwrap_or_default());
    let accept = header(request.headers(), "accept").unwrap_or_default();
    let mut path = Fields::default();
    request.match_info().iter().for_each(|(name, value)| path.push(name, value));
    Ask {
        address: visitor(&app, request),
        route,
        path,
        query: Fields::of_form(request.query_string().as_bytes()).unwrap_or_default(),
        form: Fields::default(),
        uploaded: None,
        look,
        asked_path: request.path().to_string(),
        wants_json: accept.contains("application/json") && !accept.contains("text/html"),
        takes_gzip: header(request.headers(), "accept-encoding").is_some_and(|kinds| kinds.contains("gzip")),
        token_is_new: held.is_none(),
        token: held.unwrap_or_else(Token::random),
        by: None,
        who: None,
        app,
    }
}

/// Who sends a file is looked at before a byte of it is read. The `Ask` is gone only when its thread ended.
async fn before_file(mut ask: Ask, origin: Origin) -> (Option<Ask>, Origin, Result<(), Refused>) {
    let known = origin.clone();
    let looked = blocking(move || {
        let so_far = if known.is_ours(&ask.app) { Ok(()) } else { Err(Refused::NotFromOurPage) };
        let so_far = so_far.and_then(|()| identify(&mut ask)).and_then(|()| let_through(&mut ask));
        if let Some(token) = known.token {
            ask.form.push("csrf", token);
        }
        Ok((ask, so_far))
    })
    .await;
    match looked {
        Ok((ask, so_far)) => (Some(ask), origin, so_far),
        Err(refused) => (None, origin, Err(refused)),
    }
}

/// Reads the body: a form at once, a file piece by piece.
async fn take_body(ask: &mut Ask, request: &HttpRequest, body: web::Payload) -> Result<(), Refused> {
    match ask.route.takes {
        Takes::Nothing => Ok(()),
        Takes::Form => {
            let kind = header(request.headers(), "content-type").unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            let bytes = rt::time::timeout(FORM_PATIENCE, whole(body)).await.map_err(|_| Refused::TooSlow)??;
            ask.form = match kind.as_str() {
                "application/x-www-form-urlencoded" => Fields::of_form(&bytes)?,
                "application/json" => Fields::of_json(&bytes)?,
                "" if bytes.is_empty() => Fields::default(),
                other => return Err(Refused::WrongKind(format!("a body of kind {other:?}"))),
            };
            Ok(())
        }
        Takes::Upload => upload::receive(ask, request.headers(), body).await,
    }
}

async fn whole(mut body: web::Payload) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Refused::NotUnderstood("it broke off".into()))?;
        if bytes.len() + piece.len() > LARGEST_FORM {
            return Err(Refused::TooBig("1 MB in one form".into()));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Lets a request through to its screen, or says why not.
fn admit(ask: &mut Ask, origin: &Origin) -> Result<(), Refused> {
    if ask.route.who == Who::NotAsked {
        return Ok(());
    }
    identify(ask)?;
    ask.app.count_request(ask.address, ask.who.is_some())?;
    if ask.route.method == Method::Post {
        let given = match ask.form.get("csrf") {
            "" => origin.token.as_deref().unwrap_or_default(),
            field => field,
        };
        if !origin.is_ours(&ask.app) || !ask.token.csrf_matches(given) {
            return Err(Refused::NotFromOurPage);
        }
    }
    let_through(ask)
}

/// Finds out who it is.
fn identify(ask: &mut Ask) -> Result<(), Refused> {
    if ask.token_is_new || ask.who.is_some() {
        return Ok(());
    }
    let Some(who) = session_of(ask.store(), &ask.token)? else { return Ok(()) };
    if !ask.route.in_background {
        session_seen(ask.store(), &who)?;
    }
    ask.by = Some(By { asker: who.asker(), address: ask.address.to_string(), route: ask.route.name() });
    ask.who = Some(who);
    Ok(())
}

/// Looks whether this person may.
fn let_through(ask: &mut Ask) -> Result<(), Refused> {
    let stage_needed = match ask.route.who {
        Who::NotAsked | Who::Anyone => return Ok(()),
        Who::AtStage(stage) => Some(stage),
        Who::SignedIn | Who::May(_) => None,
    };
    let who = ask.who()?;
    if who.stage != Stage::Full && Some(who.stage) != stage_needed {
        return Err(Refused::SignInUnfinished(who.stage));
    }
    if who.stage == Stage::Full && !ask.form.get("password_again").is_empty() {
        take_password_again(ask)?;
    }
    let Who::May(may) = ask.route.who else { return note_asked_rights(ask) };
    let who = ask.who()?;
    let asker = who.asker_for(may)?;
    if ask.route.method == Method::Post && may.asks_password_again() {
        who.must_be_fresh(ask.now())?;
    }
    if let Some(by) = ask.by.as_mut() {
        by.asker = asker;
    }
    note_asked_rights(ask)
}

/// Fields of a form that would raise somebody's rights if a page took them; only the page of users does.
const RIGHTS: [&str; 8] =
    ["role", "roles", "all_facilities", "facilities", "scope", "user_id", "break_glass", "second_factor"];

/// A form that asks for rights where none are given is taken without those fields, and leaves a line: somebody tried.
fn note_asked_rights(ask: &Ask) -> Result<(), Refused> {
    let Some(by) = ask.by.as_ref().filter(|_| ask.route.who != Who::May(May::AdministerUsers)) else { return Ok(()) };
    let own = ask.route.scope == Scoping::Own && ask.route.takes == Takes::Form;
    let asked = |name: &&str| RIGHTS.contains(name) || (own && *name == "facility");
    let names: Vec<&str> = ask.form.iter().map(|(name, _)| name).filter(asked).collect();
    if names.is_empty() {
        return Ok(());
    }
    let line = by.line("refused", ask.now()).outcome("ignored").note(format!("fields {}", names.join(" ")));
    Ok(ask.store().audit(line)?)
}

/// Takes the password that was given again with the form that asked for it.
fn take_password_again(ask: &mut Ask) -> Result<(), Refused> {
    let again = |sentence: String| Refused::PasswordAgain(sentence);
    give_password_again(ask.store(), ask.by()?, ask.who()?, ask.form.get("password_again")).map_err(
        |error| match error {
            AccountError::Store(error) => Refused::from(error),
            AccountError::Wrong => again("The password is not right.".into()),
            other => again(other.to_string()),
        },
    )?;
    ask.who = session_of(ask.store(), &ask.token)?;
    Ok(())
}

/// Writes the line of a view or search and waits until it is on disk.
fn leave_line(ask: &Ask, reply: Reply) -> Result<Reply, Refused> {
    if !matches!(ask.route.audit, Audit::View | Audit::Search) || reply.status >= 300 {
        return Ok(reply);
    }
    let Subject { patient, tumor, abstract_, note, detail, line } = &reply.subject;
    if let Some(line) = line {
        ask.store().audit(line.clone())?;
        return Ok(reply);
    }
    if ask.route.audit == Audit::Search {
        return Ok(reply);
    }
    let mut line = ask.by()?.line("view", ask.now()).note(note.clone());
    if let Some(id) = patient {
        line = line.patient(*id);
    }
    if let Some(id) = tumor {
        line = line.tumor(*id);
    }
    if let Some(id) = abstract_ {
        line = line.abstract_(*id);
    }
    if let Some(terms) = detail {
        line = line.detail(terms.clone());
    }
    ask.store().audit(line)?;
    Ok(reply)
}

/// The answer, whatever came: a refusal becomes a page or JSON, with its line and its number.
fn finish(ask: Ask, outcome: Result<Reply, Refused>) -> (Reply, Option<i64>, IpAddr) {
    let user = ask.who.as_ref().map(|who| who.user.0);
    let reply = match outcome {
        Ok(reply) => reply,
        Err(refused) => {
            let number = number_to_quote();
            note_refusal(&ask, &refused, &number);
            shown(&ask, &refused, &number).unwrap_or_else(|_| bare_told(&refused, &number))
        }
    };
    let reply = match ask.token_is_new && ask.route.who == Who::Anyone && reply.cookies.is_empty() {
        true => reply.with_cookie(SetCookie::session(ask.app.transport(), &ask.token)),
        false => reply,
    };
    (reply, user, ask.address)
}

fn note_refusal(ask: &Ask, refused: &Refused, number: &str) {
    let status = refused.status();
    if !matches!(refused, Refused::SignInFirst | Refused::SignInUnfinished(_)) && (status >= 500 || status == 403) {
        ask.app.log().fault(ask.now(), number, &ask.route.name(), &refused.for_the_log());
    }
    let on_record = matches!(status, 403 | 404) && ask.route.scope != Scoping::None;
    if let (true, Some(by)) = (on_record, ask.by.as_ref()) {
        let outcome = if status == 404 { "not-found" } else { "refused" };
        let line = by.line("refused", ask.now()).outcome(outcome);
        if let Err(error) = ask.store().audit(line) {
            ask.app.log().fault(ask.now(), number, &ask.route.name(), &error.chain());
        }
    }
}

fn number_to_quote() -> String {
    let mut bytes = [0u8; 3];
    // Without random numbers nobody could have signed in; a number is still shown.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

/// A refusal as this asker gets it.
fn shown(ask: &Ask, refused: &Refused, number: &str) -> Result<Reply, Refused> {
    #[derive(Serialize)]
    struct Page<'a> {
        told: super::refused::Told,
        again: Option<Again<'a>>,
        both: Option<&'a NotAmended>,
        sign_in: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct Again<'a> {
        action: &'a str,
        fields: Vec<(&'a str, &'a str)>,
    }
    if ask.wants_json {
        return Ok(Reply::json(&refused.as_json(number))?.with_status(refused.status()));
    }
    match (refused, ask.route.method) {
        (Refused::SignInFirst, Method::Get) => {
            let next = if ask.asked_path == "/" { String::new() } else { format!("?next={}", encode(&ask.asked_path)) };
            return Ok(Reply::see(format!("/sign-in{next}")));
        }
        (Refused::SignInUnfinished(Stage::Enrol), _) => return Ok(Reply::see("/account/second-factor")),
        (Refused::SignInUnfinished(_), _) => return Ok(Reply::see("/sign-in/second-step")),
        _ => {}
    }
    let again = matches!(refused, Refused::PasswordAgain(_)).then(|| Again {
        action: &ask.asked_path,
        fields: ask.form.iter().filter(|(name, _)| !matches!(*name, "csrf" | "password_again")).collect(),
    });
    let told = refused.told(number);
    let sheet = Sheet { has_errors: true, ..Sheet::of(told.title, "") };
    let both = if let Refused::Stale(both) = refused { Some(both.as_ref()) } else { None };
    let sign_in = matches!(refused, Refused::SignInFirst).then_some("/sign-in");
    let page = ask.page("refused", &sheet, &Page { told, again, both, sign_in })?;
    Ok(page.with_status(refused.status()))
}

/// A refusal when not even its page can be made.
fn bare_told(refused: &Refused, number: &str) -> Reply {
    let told = refused.told(number);
    Reply::text(format!("{}\n{}\n{}\n", told.sentence, told.next, told.number)).with_status(told.status)
}

fn bare(app: &App, route: &Route, refused: &Refused) -> Reply {
    let number = number_to_quote();
    app.log().fault(app.store().clock().now(), &number, &route.name(), &refused.for_the_log());
    bare_told(refused, &number)
}

/// The answer as HTTP, with the headers that all have.
fn response(app: &App, route: &Route, reply: Reply, head: bool) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status);
    for (name, value) in headers::always(app.transport()) {
        response.insert_header((name, value));
    }
    response.insert_header(("content-type", reply.kind));
    let has_cache_rule = reply.headers.iter().any(|(name, _)| *name == "cache-control");
    if !has_cache_rule {
        response.insert_header(("cache-control", headers::NO_STORE));
    }
    let mut length = None;
    for (name, value) in &reply.headers {
        match (*name, HeaderValue::from_str(value)) {
            ("content-length", _) => length = value.parse::<u64>().ok(),
            (name, Ok(value)) => {
                response.insert_header((HeaderName::from_static(name), value));
            }
            _ => {}
        }
    }
    for cookie in &reply.cookies {
        response.append_header(("set-cookie", cookie.header()));
    }
    if let Some(length) = length {
        response.no_chunking(length);
    }
    match (reply.body, head) {
        (_, true) => response.finish(),
        (Body::Whole(bytes), false) => response.body(bytes),
        (Body::Pieces(pieces), false) => {
            let (log, name, clock) = (app.log().clone(), route.name(), app.store().clock().clone());
            let next = move |pieces: super::reply::Pieces| async move {
                blocking(move || {
                    let mut pieces = pieces;
                    Ok((pieces.next(), pieces))
                })
                .await
                .ok()
                .and_then(|(piece, rest)| piece.map(|piece| (piece, rest)))
            };
            let bytes = stream::unfold(pieces, next).map(move |piece| {
                piece.map(Bytes::from).map_err(|refused| {
                    log.fault(clock.now(), &number_to_quote(), &name, &refused.for_the_log());
                    std::io::Error::other("the file broke off")
                })
            });
            response.streaming(bytes)
        }
    }
}
