//! Reading the tables of `reference/codes`: tab-separated lines under a head that names edition and origin.

/// What a table is, its edition and where its facts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// What the table holds.
    pub what: &'static str,
    /// Edition.
    pub edition: &'static str,
    /// Origin.
    pub origin: &'static str,
}

/// The head of a table.
pub(crate) fn head(text: &'static str) -> Head {
    let mut head = Head { what: "", edition: "", origin: "" };
    for line in text.lines().take_while(|l| l.starts_with('#')) {
        let line = line.trim_start_matches('#').trim();
        if let Some(edition) = line.strip_prefix("edition: ") {
            head.edition = edition;
        } else if let Some(origin) = line.strip_prefix("origin: ") {
            head.origin = origin;
        } else if head.what.is_empty() {
            head.what = line;
        }
    }
    head
}

/// The lines below the head.
pub(crate) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|l| !l.starts_with('#') && !l.is_empty())
}

/// The first `N` cells of a line; what is not there is empty.
pub(crate) fn cells<const N: usize>(line: &'static str) -> [&'static str; N] {
    let mut cells = [""; N];
    for (cell, text) in cells.iter_mut().zip(line.split('\t')) {
        *cell = text;
    }
    cells
}

/// A list of codes and inclusive ranges of equal length, `C500-C509,C619` or `9727,9732-9742`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ranges(Vec<(&'static str, &'static str)>);

impl Ranges {
    pub(crate) fn of(text: &'static str) -> Ranges {
        Ranges(
            text.split(',')
                .map(str::trim)
                .filter(|p| !p.is_empty())
                .map(|p| p.split_once('-').unwrap_or((p, p)))
                .collect(),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn holds(&self, code: &str) -> bool {
        self.0.iter().any(|(low, high)| low.len() == code.len() && *low <= code && code <= *high)
    }
}

/// `C504` as 504; nothing else.
pub(crate) fn site_number(code: &str) -> Option<usize> {
    let digits = code.strip_prefix('C')?;
    (digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Histology and behavior as one number, 85003 for 8500/3.
pub(crate) fn morphology_number(histology: &str, behavior: &str) -> Option<u32> {
    let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    (digits(histology, 4) && digits(behavior, 1))
        .then(|| Some(histology.parse::<u32>().ok()? * 10 + behavior.parse::<u32>().ok()?))?
}
