//! What the commands print about a file, as JSON.

use serde_json::{Map, Value, json};

use crate::naaccr::{
    Digest, Fatal, Items, Lost, Patient, Problem, ProblemKind, Problems, Repair, RepairKind, Repairs, Root, Severity,
};

/// What was read of a file.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub root: Option<Root>,
    pub patients: u64,
    pub tumors: u64,
    pub items: u64,
    pub extensions: u64,
    pub digest: Digest,
    pub problems: Vec<Problem>,
    pub counts: Vec<(ProblemKind, u64)>,
    pub is_clean: bool,
    pub fatal: Option<Fatal>,
}

impl Seen {
    /// Takes the root in, with what was found before the first patient.
    pub fn root(&mut self, root: &Root) {
        self.root = Some(root.clone());
        self.digest.root(root);
        self.items += root.items.len() as u64;
        self.extensions += root.extensions.len() as u64;
    }

    /// Takes a patient in.
    pub fn patient(&mut self, patient: &Patient) {
        self.patients += 1;
        self.tumors += patient.tumors.len() as u64;
        self.items += patient.item_count() as u64;
        self.extensions +=
            (patient.extensions.len() + patient.tumors.iter().map(|t| t.extensions.len()).sum::<usize>()) as u64;
        self.digest.patient(patient);
    }

    /// Takes the problems of a reader in, at its end.
    pub fn problems(&mut self, problems: &Problems) {
        self.problems = problems.kept().to_vec();
        self.counts = problems.counts().collect();
        self.is_clean = problems.is_clean();
    }

    /// `ok`, `errors` or `fatal`.
    pub fn outcome(&self) -> &'static str {
        match (&self.fatal, self.is_clean) {
            (Some(_), _) => "fatal",
            (None, true) => "ok",
            (None, false) => "errors",
        }
    }

    /// The object that `inspect` prints.
    pub fn json(&self) -> Map<String, Value> {
        let counts: Map<String, Value> = self.counts.iter().map(|(k, n)| (k.name().to_owned(), json!(n))).collect();
        let fields = [
            ("outcome", json!(self.outcome())),
            ("fatal", self.fatal.as_ref().map_or(Value::Null, fatal)),
            ("root", self.root.as_ref().map_or(Value::Null, root)),
            ("patients", json!(self.patients)),
            ("tumors", json!(self.tumors)),
            ("items", json!(self.items)),
            ("extensions", json!(self.extensions)),
            ("problems", self.problems.iter().map(problem).collect()),
            ("problem_counts", Value::Object(counts)),
            ("digest", json!(self.digest.clone().finish())),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn fatal(fatal: &Fatal) -> Value {
    json!({
        "kind": fatal.kind.name(),
        "line": fatal.line,
        "column": fatal.column,
        "patient": fatal.patient,
        "message": fatal.message,
    })
}

fn root(root: &Root) -> Value {
    json!({
        "baseDictionaryUri": root.base_dictionary_uri,
        "userDictionaryUri": root.user_dictionary_uris.join(" "),
        "recordType": root.record_type.to_string(),
        "timeGenerated": root.time_generated,
        "specificationVersion": root.specification.map_or("1.0".to_owned(), |s| s.to_string()),
        "items": items(&root.items),
    })
}

fn items(items: &Items) -> Value {
    Value::Object(items.iter().map(|e| (e.id.to_owned(), json!(e.value))).collect())
}

/// One problem; what is not known is left out.
pub(super) fn problem(problem: &Problem) -> Value {
    let fields = [
        ("kind", Some(json!(problem.kind.name()))),
        ("severity", Some(json!(problem.severity.name()))),
        ("line", Some(json!(problem.line))),
        ("column", Some(json!(problem.column))),
        ("patient", problem.patient.map(|n| json!(n))),
        ("tumor", problem.tumor.map(|n| json!(n))),
        ("item", problem.item.as_ref().map(|s| json!(s))),
        ("number", problem.number.map(|n| json!(n.0))),
        ("name", problem.name.as_ref().map(|s| json!(s))),
        ("value", problem.value.as_ref().map(|s| json!(s))),
        ("message", Some(json!(problem.message))),
        ("repair", problem.repair().map(|kind| json!(kind.name()))),
    ];
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

/// One repair.
pub(super) fn repair(repair: &Repair) -> Value {
    let fields = [
        ("repair", Some(json!(repair.kind.name()))),
        ("line", Some(json!(repair.line))),
        ("patient", repair.patient.map(|n| json!(n))),
        ("tumor", repair.tumor.map(|n| json!(n))),
        ("item", Some(json!(repair.item))),
        ("number", repair.number.map(|n| json!(n.0))),
        ("before", Some(json!(repair.before))),
        ("after", repair.not_done.is_none().then(|| json!(repair.after))),
        ("not_done", repair.not_done.map(|why| json!(why))),
    ];
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

/// One repair as a row among the problems of `check --csv`.
pub(super) fn repair_row(repair: &Repair) -> [String; 11] {
    let said = match repair.not_done {
        None => format!("{} repairs it: {}", repair.kind, repair.after),
        Some(why) => format!("{} cannot repair it: {why}", repair.kind),
    };
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    [
        "repair".to_owned(),
        "note".to_owned(),
        repair.line.to_string(),
        String::new(),
        number(repair.patient),
        number(repair.tumor.map(u64::from)),
        repair.item.clone(),
        number(repair.number.map(|n| n.0.into())),
        String::new(),
        repair.before.clone(),
        said,
    ]
}

/// How often each kind of repair was done, and how often it could not be.
pub(super) fn repair_counts(repairs: &Repairs) -> Value {
    let count = |(kind, done, not_done): (RepairKind, u64, u64)| {
        (kind.name().to_owned(), json!({"done": done, "not_done": not_done}))
    };
    Value::Object(repairs.counts().map(count).collect())
}

/// One loss.
pub(super) fn lost(lost: &Lost) -> Value {
    let mut object = Map::new();
    object.insert("item".into(), json!(lost.item));
    if let Some(number) = lost.number {
        object.insert("number".into(), json!(number.0));
    }
    object.insert("reason".into(), json!(lost.reason));
    object.insert("count".into(), json!(lost.count));
    Value::Object(object)
}

/// Prints what is wrong for people: each kind and item once, with how often and where first.
pub(super) fn print_grouped(problems: &[Problem]) {
    let mut groups: Vec<(ProblemKind, Severity, Option<&str>, &Problem, u64)> = Vec::new();
    for problem in problems {
        let item = problem.item.as_deref();
        match groups.iter_mut().find(|g| g.0 == problem.kind && g.2 == item) {
            Some(group) => group.4 += 1,
            None => groups.push((problem.kind, problem.severity, item, problem, 1)),
        }
    }
    for (kind, severity, item, first, count) in groups {
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times, first") };
        let repair = first.repair().map(|kind| format!(" [--repair {kind}]")).unwrap_or_default();
        println!(
            "{:7} {:24} {} {times} at line {}: {}{repair}",
            severity.name(),
            kind.name(),
            item.unwrap_or("-"),
            first.line,
            first.message
        );
    }
}
