//! What all requests share: the store, the templates, the limits, the log and how the server is reached.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::log::AccessLog;
use super::templates::Templates;
use super::{Refused, Transport};
use crate::accounts::{AddressLimit, Mail};
use crate::asker::FacilityId;
use crate::followup::mail::Mailbag;
use crate::registry::store::facility::facilities;
use crate::registry::store::settings::{setting, setting_is_yes, setting_number};
use crate::registry::store::{Conn, Store, StoreError};

/// The running server's shared state. Cloned freely.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    templates: Templates,
    transport: Transport,
    log: AccessLog,
    sign_ins: AddressLimit,
    requests: Mutex<HashMap<IpAddr, (DateTime<Utc>, u32)>>,
    front: Mutex<Option<(Instant, Arc<Front>)>>,
    own_url: String,
    mail: Mailbag,
}

/// The settings that every page needs, read again every two seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// Name of the registry.
    pub registry: String,
    /// Its time zone.
    pub zone: Tz,
    /// A patient's name may stand in the browser's title.
    pub names_in_titles: bool,
    /// Minutes without use after which a sign-in ends.
    pub idle_minutes: i64,
    facilities: HashMap<FacilityId, String>,
}

impl Front {
    fn read(conn: &mut Conn) -> Result<Front, StoreError> {
        Ok(Front {
            registry: match setting(conn, "registry.name")? {
                name if name.is_empty() => "Cancer registry".into(),
                name => name,
            },
            zone: setting(conn, "registry.time_zone")?.parse().unwrap_or(Tz::UTC),
            names_in_titles: setting_is_yes(conn, "privacy.title_names")?,
            idle_minutes: setting_number(conn, "session.idle_minutes")?,
            facilities: facilities(conn)?.into_iter().map(|f| (f.facility_id(), f.name)).collect(),
        })
    }

    /// The name of a facility.
    pub fn facility(&self, id: FacilityId) -> &str {
        self.facilities.get(&id).map_or("One facility", String::as_str)
    }
}

const FRONT_LASTS: Duration = Duration::from_secs(2);
/// Requests an address may make a minute, counted with the weight of each.
const WEIGHT_A_MINUTE: u32 = 24_000;
/// A request without a sign-in weighs as much as this many with one.
const STRANGERS_WEIGHT: u32 = 20;
/// Addresses remembered at a time.
const MOST_ADDRESSES: usize = 10_000;

impl App {
    /// What a server needs; `own_url` is where it answers, as people type it.
    ///
    /// # Errors
    /// A template that is not well-formed.
    pub fn new(
        store: Store,
        transport: Transport,
        log: AccessLog,
        own_url: String,
        mail: Mailbag,
    ) -> Result<App, String> {
        Ok(App(Arc::new(Inner {
            store,
            templates: Templates::compiled_in()?,
            transport,
            log,
            sign_ins: AddressLimit::default(),
            requests: Mutex::new(HashMap::new()),
            front: Mutex::new(None),
            own_url,
            mail,
        })))
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The templates.
    pub fn templates(&self) -> &Templates {
        &self.0.templates
    }

    /// How the server is reached.
    pub fn transport(&self) -> &Transport {
        &self.0.transport
    }

    /// The log.
    pub fn log(&self) -> &AccessLog {
        &self.0.log
    }

    /// The limit on sign-ins by address.
    pub fn sign_ins(&self) -> &AddressLimit {
        &self.0.sign_ins
    }

    /// Where links in mails lead: never taken from a request.
    pub fn own_url(&self) -> &str {
        &self.0.own_url
    }

    /// Where mail goes.
    pub fn mailbag(&self) -> &Mailbag {
        &self.0.mail
    }

    /// Sends a mail on a thread of its own; what goes wrong is a line in the log.
    pub fn send(&self, mail: &Mail) {
        let (app, mail) = (self.clone(), mail.clone());
        let sent = std::thread::Builder::new().name("mail".into()).spawn(move || {
            let from = app.store().reading().and_then(|mut conn| setting(&mut conn, "letters.from"));
            let from = match from {
                Ok(from) if !from.is_empty() => from,
                _ => "registry@localhost".to_string(),
            };
            if let Err(error) = app.mailbag().send(&from, &mail.to, &mail.subject, &mail.text) {
                app.log().fault(app.store().clock().now(), "mail", "(mail)", &error.to_string());
            }
        });
        if let Err(error) = sent {
            self.log().fault(self.store().clock().now(), "mail", "(mail)", &error.to_string());
        }
    }

    /// The settings that every page needs.
    ///
    /// # Errors
    /// The store's.
    pub fn front(&self) -> Result<Arc<Front>, StoreError> {
        let mut kept = self.0.front.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some((read, front)) if read.elapsed() < FRONT_LASTS => Ok(front.clone()),
            _ => {
                let front = Arc::new(Front::read(&mut *self.0.store.reading()?)?);
                *kept = Some((Instant::now(), front.clone()));
                Ok(front)
            }
        }
    }

    /// Settings were changed here: read them again at once.
    pub fn forget_front(&self) {
        *self.0.front.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// [`Refused::TooMany`] over the limit.
    pub fn count_request(&self, address: IpAddr, signed_in: bool) -> Result<(), Refused> {
        let now = self.0.store.clock().now();
        let weight = if signed_in { 1 } else { STRANGERS_WEIGHT };
        let mut known = self.0.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |since: DateTime<Utc>| (now - since).num_seconds();
        if known.len() >= MOST_ADDRESSES {
            known.retain(|_, (since, _)| (0..60).contains(&age(*since)));
        }
        let (since, used) = known.entry(address).or_insert((now, 0));
        if !(0..60).contains(&age(*since)) {
            (*since, *used) = (now, 0);
        }
        *used = used.saturating_add(weight);
        match *used > WEIGHT_A_MINUTE {
            true => Err(Refused::TooMany(60 - age(*since))),
            false => Ok(()),
        }
    }
}
