//! Scope: which facilities' records an asker may see, put on in one place.
//!
//! Every statement that reads patient data ends its conditions with one of the fragments here and binds
//! [`Scope::all`] and [`Scope::ids`] for it. An id outside the scope is answered like one that does not exist.

use super::audit::By;
use super::{StoreError, Value};
use crate::asker;

/// The scope of an asker, ready to be bound.
#[derive(Debug, Clone)]
pub struct ScopeBinds {
    all: i64,
    ids: String,
}

impl ScopeBinds {
    /// The scope of who asks.
    pub fn of(by: &By) -> ScopeBinds {
        match &by.asker.scope {
            asker::Scope::Registry => ScopeBinds { all: 1, ids: "[]".into() },
            asker::Scope::Facilities(ids) => ScopeBinds {
                all: 0,
                ids: format!("[{}]", ids.iter().map(|f| f.0.to_string()).collect::<Vec<_>>().join(",")),
            },
        }
    }

    /// 1 when every facility is in scope.
    pub fn all(&self) -> Value<'_> {
        Value::Int(Some(self.all))
    }

    /// The facilities in scope, for `IN (?)`.
    pub fn ids(&self) -> Value<'_> {
        Value::Ids(&self.ids)
    }

    /// Holds a facility.
    pub fn holds(&self, facility: i64, by: &By) -> bool {
        match &by.asker.scope {
            asker::Scope::Registry => true,
            asker::Scope::Facilities(ids) => ids.iter().any(|f| f.0 == facility),
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
