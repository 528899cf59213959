//! The registry: patients, tumors and abstracts, what arrived, what changed and who looked.

pub mod backup;
pub mod change;
pub mod clock;
pub mod consolidate;
pub mod derived;
pub mod follows;
pub mod edit_counts;
pub mod edit_results;
pub mod edit_rules;
pub mod edit_run;
pub mod over_rides;
pub mod life;
pub mod needs;
pub mod operations;
pub mod promoted;
pub mod recipients;
pub mod record;
pub mod search_keys;
pub mod rederive;
pub mod restage;
pub mod sections;
pub mod standards;
pub mod withdraw;
pub mod status;
pub mod work;
pub mod store;
