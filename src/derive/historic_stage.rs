//! Historic stage: one stage (0 in situ, 1 localized, 2 regional, 4 distant, 6 to be reviewed, 7 not available, 9 unstaged) from
//! the extent-of-disease items of all eras since 1973.
//!
//! From 2004 Collaborative Stage: schema by site and histology, extension, nodes and metastases each to a recode, the three
//! to a stage. Before, by coding system: 4 EOD of ten digits, 3 four-digit, 2 thirteen-digit (lung, melanoma, bladder and the rest
//! each by its own table), 1 and 0 two-digit. The tables are `reference/derive/historic-stage.bin`.

use std::collections::HashMap;
use std::sync::LazyLock;

const PACKED: &[u8] = include_bytes!("../../reference/derive/historic-stage.bin");

/// The items of all eras.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtentOfDisease<'a> {
    /// `primarySite`.
    pub site: &'a str,
    /// `histologicTypeIcdO3`.
    pub histology: &'a str,
    /// Year of diagnosis.
    pub year: &'a str,
    /// `typeOfReportingSource`.
    pub source: &'a str,
    /// `registryId`.
    pub registry: &'a str,
    /// `csExtension`, `csLymphNodes`, `csMetsAtDx`.
    pub collaborative: [&'a str; 3],
    /// `codingSystemEod`.
    pub coding_system: &'a str,
    /// `eodExtension`, `eodLymphNodeInvolv`.
    pub eod: [&'a str; 2],
    /// `eodOld4DigitExtent`, `eodOld4DigitNodes`.
    pub four_digit: [&'a str; 2],
    /// `eodOld13Digit`.
    pub thirteen_digit: &'a str,
    /// `eodOld2Digit`.
    pub two_digit: &'a str,
}

/// A cell: codes and ranges; numbers are compared as numbers, other codes as they stand.
struct Cell(Vec<(&'static str, Option<(u32, u32)>)>);

impl Cell {
    fn of(text: &'static str) -> Cell {
        let number = |text: &str| {
            (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u32>().ok())?
        };
        Cell(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| {
                    let (low, high) = part.split_once('-').unwrap_or((part, part));
                    (part, number(low).zip(number(high)))
                })
                .collect(),
        )
    }

    fn holds(&self, code: &str) -> bool {
        let number = || {
            (!code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.parse::<u32>().ok())?
        };
        self.0.iter().any(|(text, range)| match range {
            Some((low, high)) => number().is_some_and(|number| (*low..=*high).contains(&number)),
            None => *text == code,
        })
    }
}

type Rows = Vec<(Vec<Cell>, Vec<&'static str>)>;

static TABLES: LazyLock<HashMap<&'static str, Rows>> = LazyLock::new(|| {
    let text = zstd::decode_all(PACKED).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text: &'static str = text.expect("the compiled-in tables of historic stage unpack").leak();
    let mut tables: HashMap<&'static str, Rows> = HashMap::new();
    let mut name = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix("@\t") {
            name = title;
            continue;
        }
        let cells: Vec<&'static str> = line.split('\t').collect();
        let compiled = cells.iter().map(|cell| Cell::of(cell)).collect();
        tables.entry(name).or_default().push((compiled, cells));
    }
    tables
});

/// The value behind the first row whose cells hold these codes.
fn look_up(table: &str, codes: &[&str]) -> Option<&'static str> {
    let rows = TABLES.get(table)?;
    let row = rows.iter().find(|(cells, _)| codes.iter().zip(cells).all(|(code, cell)| cell.holds(code)))?;
    row.1.get(codes.len()).copied()
}

/// The historic stage of a tumor.
pub fn historic_stage(of: &ExtentOfDisease<'_>) -> &'static str {
    let site = of.site.strip_prefix('C').unwrap_or("");
    let known = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !known(site, 3) || !known(of.histology, 4) || !known(of.year, 4) {
        return "9";
    }
    if of.year >= "2004" {
        return by_collaborative_stage(of, site);
    }
    // Los Angeles has no extent of disease of ten digits before it joined in 1992.
    if of.coding_system == "4" && of.registry == "0000001535" && of.year < "1992" {
        return "7";
    }
    // What the reporting source settles comes first, but for the ten-digit system.
    if of.coding_system != "4"
        && let Some(stage) = look_up("eod-patch", &[of.source, site, of.histology])
    {
        return stage;
    }
    let stage = match of.coding_system {
        "4" => by_ten_digits(of, site),
        "3" => look_up("eod4dig-stage", &[of.histology, site, of.four_digit[0], of.four_digit[1]]),
        "2" => by_thirteen_digits(of, site),
        "1" => by_two_digits(of, site),
        "0" => digits::<2>(of.two_digit).and_then(|[one, two]| look_up("eod0-stage", &[site, of.histology, one, two])),
        _ => None,
    };
    // A bladder tumor in situ counts as localized.
    match stage.unwrap_or("9") {
        "0" if site.starts_with("67") => "1",
        stage => stage,
    }
}

fn by_collaborative_stage(of: &ExtentOfDisease<'_>, site: &str) -> &'static str {
    let leukemia = look_up("leuk", &[site, of.histology]) == Some("1");
    if of.source == "7" && !leukemia {
        return "9";
    }
    let [extension, nodes, metastases] = of.collaborative;
    let stage = || {
        let schema = look_up("schema-schema-2004", &[site, of.histology])?;
        let extension = look_up("cs-ext", &[schema, extension])?;
        let nodes = look_up("cs-node", &[schema, nodes])?;
        let metastases = look_up("cs-mets", &[schema, metastases])?;
        look_up("cs-stage", &[extension, nodes, metastases])
    };
    stage().unwrap_or("6")
}

fn by_ten_digits(of: &ExtentOfDisease<'_>, site: &str) -> Option<&'static str> {
    let extension = look_up("eod10-ext", &[of.year, site, of.histology, of.eod[0]])?;
    let nodes = look_up("eod10-node", &[site, of.histology, of.eod[1]])?;
    look_up("eod10-stage", &[extension, nodes])
}

/// A code of so many characters, each by itself.
fn digits<const N: usize>(code: &str) -> Option<[&str; N]> {
    if code.len() != N || !code.is_ascii() {
        return None;
    }
    let mut each = [""; N];
    for (at, slot) in each.iter_mut().enumerate() {
        *slot = code.get(at..=at)?;
    }
    Some(each)
}

fn by_thirteen_digits(of: &ExtentOfDisease<'_>, site: &str) -> Option<&'static str> {
    let [_, _, _, d4, d5, d6, d7, d8, d9, d10, d11, d12, d13] = digits::<13>(of.thirteen_digit)?;
    if site.starts_with("34") {
        return look_up("eod13dig-lung", &[d4, d5, d6, d7, d8, d9, d10, d11, d12, d13]);
    }
    if matches!(site, "440" | "441" | "442" | "443" | "444" | "445" | "446" | "447")
        || ("8720"..="8790").contains(&of.histology)
    {
        return look_up("eod13dig-melanoma", &[site, d5, d6, d9, d10, d11, d12, d13]);
    }
    if site.starts_with("67") {
        return look_up("eod13dig-bladder", &[d5, d6, d7, d9, d10, d11, d12, d13]);
    }
    let extension = look_up("eod13dig-ext", &[site, d4, d5, d6, d7, d8, d13])?;
    let nodes = look_up("eod13dig-nodes", &[site, d7, d8, d9, d10, d11, d12])?;
    look_up("eod13dig-general-stage", &[site, extension, nodes])
}

fn by_two_digits(of: &ExtentOfDisease<'_>, site: &str) -> Option<&'static str> {
    let [one, two] = digits::<2>(of.two_digit)?;
    look_up("eod2dig-direct-stage", &[site, of.histology, one, two]).or_else(|| {
        let extension = look_up("eod2dig-ext", &[of.histology, site, one, two])?;
        let nodes = look_up("eod2dig-node", &[site, one, two])?;
        look_up("eod2dig-ext-node-stage", &[site, of.histology, extension, nodes])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bladder_tumor_in_situ_is_localized_in_every_era() {
        let bladder = ExtentOfDisease { site: "C670", histology: "8130", source: "1", ..ExtentOfDisease::default() };
        let new = ExtentOfDisease { year: "2010", collaborative: ["010", "000", "00"], ..bladder };
        assert_eq!(historic_stage(&new), "1");
        let old = ExtentOfDisease { year: "1975", coding_system: "0", two_digit: "0-", ..bladder };
        assert_eq!(historic_stage(&old), "1");
    }

    #[test]
    fn what_is_not_well_formed_is_unstaged() {
        assert_eq!(historic_stage(&ExtentOfDisease::default()), "9");
        let odd = ExtentOfDisease {
            site: "C509",
            histology: "8500",
            year: "1980",
            coding_system: "2",
            ..ExtentOfDisease::default()
        };
        assert_eq!(historic_stage(&ExtentOfDisease { thirteen_digit: "ééééééé", ..odd }), "9");
    }
}
