//! The objects of an archive as they are written: JSON with everything optional that may be absent.

use serde::Deserialize;

/// `schemas/<id>.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SchemaText {
    pub id: String,
    pub algorithm: Option<String>,
    pub version: Option<String>,
    pub name: Option<String>,
    pub title: Option<String>,
    pub subtitle: Option<String>,
    pub description: Option<String>,
    pub notes: Option<String>,
    pub schema_num: Option<u32>,
    pub schema_selection_table: Option<String>,
    pub schema_discriminators: Option<Vec<String>>,
    pub initial_context: Option<Vec<KeyValue>>,
    pub inputs: Option<Vec<InputText>>,
    pub outputs: Option<Vec<OutputText>>,
    pub mappings: Option<Vec<MappingText>>,
    pub involved_tables: Option<Vec<String>>,
    pub on_invalid_input: Option<String>,
}

/// One input of a schema.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct InputText {
    pub key: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub naaccr_item: Option<u32>,
    pub naaccr_xml_id: Option<String>,
    pub default: Option<String>,
    pub default_table: Option<String>,
    pub table: Option<String>,
    pub used_for_staging: Option<bool>,
    pub unit: Option<String>,
    pub decimal_places: Option<u32>,
    pub metadata: Option<Vec<FlagText>>,
}

/// One output of a schema.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OutputText {
    pub key: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub naaccr_item: Option<u32>,
    pub naaccr_xml_id: Option<String>,
    pub default: Option<String>,
    pub table: Option<String>,
    pub metadata: Option<Vec<FlagText>>,
}

/// A flag on an input: a bare name, or a name with first and last diagnosis year.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum FlagText {
    Name(String),
    Years { name: String, start: Option<u16>, end: Option<u16> },
}

/// One mapping of a schema.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MappingText {
    pub id: Option<String>,
    pub name: Option<String>,
    pub inclusion_tables: Option<Vec<PathText>>,
    pub exclusion_tables: Option<Vec<PathText>>,
    pub initial_context: Option<Vec<KeyValue>>,
    pub tables: Option<Vec<PathText>>,
}

/// A table to run, with the renaming of keys around it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PathText {
    pub id: String,
    pub input_mapping: Option<Vec<FromTo>>,
    pub output_mapping: Option<Vec<FromTo>>,
}

/// A renaming.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FromTo {
    pub from: String,
    pub to: String,
}

/// A key with its value, which may be absent.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KeyValue {
    pub key: String,
    pub value: Option<String>,
}

/// `tables/<id>.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TableText {
    pub id: String,
    pub algorithm: Option<String>,
    pub version: Option<String>,
    pub name: Option<String>,
    pub title: Option<String>,
    pub subtitle: Option<String>,
    pub description: Option<String>,
    pub rationale: Option<String>,
    pub additional_info: Option<String>,
    pub coding_guidelines: Option<String>,
    pub notes: Option<String>,
    pub footnotes: Option<String>,
    pub definition: Option<Vec<ColumnText>>,
    pub rows: Option<Vec<Vec<Option<String>>>>,
}

/// One column of a table.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ColumnText {
    pub key: String,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
}

/// `glossary/<id>.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TermText {
    pub name: String,
    pub definition: Option<String>,
    pub alternate_name: Option<Vec<String>>,
}
