//! Scope: which records an asker may see, put on in one place.
//!
//! Every statement that reads patient data ends its conditions with one of the fragments here,
//! `(? = 1 OR a.facility_id IN (?))` on an abstract, and binds [`ScopeBinds::all`] and [`ScopeBinds::ids`] for it. Who is
//! limited to own records binds a query there that also looks who holds the abstract. What belongs to a facility
//! but is no abstract (files, attempts, notes) binds [`ScopeBinds::every_facility`] and [`ScopeBinds::facilities`].
//! An id outside the scope is answered like one that does not exist.

use super::audit::By;
use super::{StoreError, Value};
use crate::asker::{self, Own};

/// The scope of an asker, ready to be bound.
#[derive(Debug, Clone)]
pub struct ScopeBinds {
    every_facility: bool,
    facilities: String,
    /// For who is limited to own records: facility, holder, whether free ones count.
    held: Option<String>,
}

impl ScopeBinds {
    /// The scope of who asks.
    pub fn of(by: &By) -> ScopeBinds {
        let ids: Vec<Option<i64>> = match &by.asker.scope {
            asker::Scope::Registry => vec![None],
            asker::Scope::Facilities(ids) => ids.iter().map(|f| Some(f.0)).collect(),
        };
        let held = match by.asker.own {
            Own::NotOnly => None,
            own => {
                let (user, free) = (by.asker.user.map_or(0, |u| u.0), i64::from(own == Own::HeldOrFree));
                let one = |id: &Option<i64>| match id {
                    Some(id) => format!("[{id},{user},{free}]"),
                    None => format!("[null,{user},{free}]"),
                };
                Some(format!("[{}]", ids.iter().map(one).collect::<Vec<_>>().join(",")))
            }
        };
        ScopeBinds {
            every_facility: matches!(by.asker.scope, asker::Scope::Registry),
            facilities: format!("[{}]", ids.iter().flatten().map(i64::to_string).collect::<Vec<_>>().join(",")),
            held,
        }
    }

    /// 1 when every record is in scope.
    pub fn all(&self) -> Value<'_> {
        (self.every_facility && self.held.is_none()).into()
    }

    /// The facilities in scope, for `facility_id IN (?)` of an abstract.
    pub fn ids(&self) -> Value<'_> {
        match &self.held {
            Some(held) => Value::Held(held),
            None => Value::Ids(&self.facilities),
        }
    }

    /// 1 when every facility is in scope.
    pub fn every_facility(&self) -> Value<'_> {
        self.every_facility.into()
    }

    /// The facilities in scope, for `facility_id IN (?)` of what is no abstract.
    pub fn facilities(&self) -> Value<'_> {
        Value::Ids(&self.facilities)
    }

    /// Holds a facility.
    pub fn holds(&self, facility: i64, by: &By) -> bool {
        match &by.asker.scope {
            asker::Scope::Registry => true,
            asker::Scope::Facilities(ids) => ids.iter().any(|f| f.0 == facility),
        }
    }

    /// Holds an abstract of a facility with this abstractor.
    pub fn holds_abstract(&self, facility: i64, abstractor: Option<i64>, by: &By) -> bool {
        let own = abstractor.is_some() && abstractor == by.asker.user.map(|u| u.0);
        self.holds(facility, by)
            && match by.asker.own {
                Own::NotOnly => true,
                Own::Held => own,
                Own::HeldOrFree => own || abstractor.is_none(),
            }
    }
}

/// Refuses a facility outside the scope, as if it were not there.
pub fn must_hold(by: &By, facility: i64) -> Result<(), StoreError> {
    match ScopeBinds::of(by).holds(facility, by) {
        true => Ok(()),
        false => Err(StoreError::NotFound),
    }
}
