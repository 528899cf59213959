//! A patient removed by order is gone from everywhere but the fact in the audit; what follows from items is written
//! anew.

mod by_order;
mod reindexed;
