//! Statistics of a registry: rates, survival, quality, frequencies. Pure: no database, no clock, no files.
//!
//! [`rates`]: crude, age-adjusted with Fay-Feuer and Tiwari limits, ratios, standardized incidence, trends. [`tumors`]:
//! survival time and the survival cohort. [`survival`]: Kaplan-Meier, median, log-rank. [`relative`]: the monthly life
//! table with Ederer II. [`net`]: net survival (Pohar Perme) and relative survival in continuous time.
//! [`standards`] and [`life_table`] hold what is compiled in from `reference/statistics`; a registry's own come as rows.
//!
//! Formulas and conventions: SEER*Stat's help pages, the papers named in each file; `docs/statistics.md`. What cannot be
//! computed is `None`, never a made-up number. Sums are made in a fixed order, so any number of threads gives the same bits.

pub mod life_table;
pub mod net;
pub mod quality;
pub mod rates;
pub mod relative;
pub mod special;
pub mod standards;
pub mod survival;
pub mod tumors;
