//! An XML file that a command writes while it reads others.

use std::path::Path;

use anyhow::Context;

use crate::cli::naaccr::target::{Sink, Target};
use crate::naaccr::{Lost, Patient, Root, WriteOptions, Writer, Written};

/// A NAACCR XML file being written.
pub(super) struct Output {
    target: Target,
    writer: Writer<Sink>,
    name: String,
}

impl Output {
    /// Begins the file.
    pub fn new(place: &Path, root: &Root) -> anyhow::Result<Output> {
        let name = place.display().to_string();
        let target = Target::new(place)?;
        let writer = Writer::new(target.sink()?, root, &WriteOptions::default()).with_context(|| name.clone())?;
        Ok(Output { target, writer, name })
    }

    /// Writes one patient.
    pub fn write(&mut self, patient: &Patient) -> anyhow::Result<()> {
        self.writer.write_patient(patient).with_context(|| self.name.clone())
    }

    /// Puts the whole file in its place; gives how much was written and what was not.
    pub fn finish(self) -> anyhow::Result<(Written, Vec<Lost>)> {
        let (written, lost, sink) = self.writer.finish().with_context(|| self.name.clone())?;
        self.target.commit(sink)?;
        Ok((written, lost))
    }
}
