//! NAACCR items and dictionaries; the readers and writers of NAACCR files.
//!
//! In: XML data files of every specification (1.0 to 1.8) and dictionary (14 to 26), fixed-column files (12 to 18),
//! user dictionaries. Out: the same, and patients one at a time with every problem found on the way.
//! Readers stream: a file of any size is read in the memory of its largest patient. Nothing is lost: what no
//! dictionary knows is kept where the options ask for it, extensions are kept as they were written, and what is
//! refused is refused with file position, patient, item and plain words.
//! Rules: NAACCR XML Data Exchange Standard, specification 1.8; NAACCR Standards Volume II, chapters on record layout.

mod condition;
mod convert;
mod dictionary;
mod dictionary_file;
mod digest;
mod fixed;
mod item;
mod options;
mod parquet;
mod problem;
mod reader;
mod record;
mod record_writer;
pub mod reference;
mod repair;
mod super_dictionary;
mod tabular;
pub mod value_sets;
mod versions;
mod writer;
mod xml;

pub use condition::{Condition, NoCondition};
pub use convert::{Conversion, sex_assigned_at_birth};
pub use dictionary::{Dictionary, default_user_dictionary, dictionary};
pub use dictionary_file::{
    DictionaryProblem, Difference, LoadedDictionary, conflicts, dictionary_csv, dictionary_from_csv, dictionary_xml,
    differences, load_dictionary, merged,
};
pub use digest::{Digest, digests_of, patient_digest, root_digest};
pub use fixed::FixedWriter;
pub use item::{DataType, Item, ItemNumber, Level, Padding, RecordType, RecordTypes};
pub use options::{ControlCharacters, Format, Limits, Mode, ReadOptions, Unknown, WriteOptions};
pub use parquet::ParquetWriter;
pub use problem::{Fatal, FatalKind, Problem, ProblemKind, Problems, Severity};
pub use reader::{Aside, Reader, Snippets, unpacked_aside};
pub(crate) use reader::{faults, rule};
pub use record::{Entry, Extension, Items, Lines, Patient, Root, Tumor};
pub use record_writer::{Form, RecordWriter};
pub use repair::{Repair, RepairKind, Repairs};
pub use super_dictionary::{StandardItem, SuperDictionary, canonical_id, super_dictionary};
pub use tabular::{CsvWriter, JsonLinesWriter};
pub use versions::{Specification, Version};
pub use writer::{Lost, Writer, Written};
