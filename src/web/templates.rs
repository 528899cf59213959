//! The templates, compiled in, in strict mode: a value that a page forgets is an error, not an empty place.
//!
//! Helpers write the small parts that repeat: `icon`, `chip`, `thousands`, `counted`, `static`. Everything a helper or
//! template writes is escaped, except `{{{…}}}`, which stands only where the server made the text (a picture).

use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError, RenderErrorReason, handlebars_helper,
};
use include_dir::{Dir, include_dir};
use serde::Serialize;
use serde_json::Value;

use super::{Refused, show, static_files};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The templates.
pub struct Templates(Handlebars<'static>);

impl Templates {
    /// Reads those that are compiled in.
    ///
    /// # Errors
    /// The name and line of one that is not well-formed.
    pub fn compiled_in() -> Result<Templates, String> {
        let mut sources = Vec::new();
        collect(&FILES, &mut sources);
        Templates::of(sources)
    }

    fn of(sources: Vec<(String, String)>) -> Result<Templates, String> {
        let mut book = Handlebars::new();
        book.set_strict_mode(true);
        book.register_escape_fn(escape);
        book.register_helper("icon", Box::new(icon));
        book.register_helper("chip", Box::new(chip));
        book.register_helper("thousands", Box::new(thousands));
        book.register_helper("counted", Box::new(counted));
        book.register_helper("static", Box::new(static_url));
        for (name, text) in sources {
            book.register_template_string(&name, text).map_err(|e| format!("template {name}: {e}"))?;
        }
        Ok(Templates(book))
    }

    /// Fills one in.
    ///
    /// # Errors
    /// A missing value or unknown template: a fault of ours.
    pub fn render(&self, name: &str, data: &impl Serialize) -> Result<String, Refused> {
        let fault = |e: RenderError| Refused::Broken(format!("page {name}: {e}"));
        #[cfg(debug_assertions)]
        if let Some(fresh) = from_folder()? {
            return fresh.0.render(name, data).map_err(fault);
        }
        self.0.render(name, data).map_err(fault)
    }
}

fn collect(folder: &Dir<'_>, sources: &mut Vec<(String, String)>) {
    for file in folder.files() {
        let name = file.path().to_string_lossy();
        if let (Some(name), Some(text)) = (name.strip_suffix(".hbs"), file.contents_utf8()) {
            sources.push((name.to_string(), text.to_string()));
        }
    }
    folder.dirs().for_each(|inner| collect(inner, sources));
}

/// While pages are written: debug builds read templates from the folder in `ACCESSION_PAGES_FROM` at each request.
#[cfg(debug_assertions)]
fn from_folder() -> Result<Option<Templates>, Refused> {
    let Some(folder) = std::env::var_os("ACCESSION_PAGES_FROM") else { return Ok(None) };
    let root = std::path::Path::new(&folder).join("templates");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let (Ok(name), Ok(text)) = (path.strip_prefix(&root), std::fs::read_to_string(&path))
                && let Some(name) = name.to_string_lossy().strip_suffix(".hbs")
            {
                sources.push((name.to_string(), text));
            }
        }
    }
    Templates::of(sources).map(Some).map_err(Refused::Broken)
}

/// Text as it may stand in an element or a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#x27;"),
            c => safe.push(c),
        }
    }
    safe
}

/// `{{icon "ok" "good" "Passes"}}`: name, colour class, words for who does not see it; the last two may be left out.
fn icon(
    given: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(&icon_svg(text(given, 0)?, text(given, 1).unwrap_or(""), text(given, 2).unwrap_or("")))?;
    Ok(())
}

fn icon_svg(name: &str, tone: &str, words: &str) -> String {
    let tone = if tone.is_empty() { String::new() } else { format!(" {}", escape(tone)) };
    let words = match words {
        "" => "aria-hidden=\"true\"".to_string(),
        words => format!("role=\"img\" aria-label=\"{}\"", escape(words)),
    };
    format!("<svg class=\"i{tone}\" {words}><use href=\"#i-{}\"/></svg>", escape(name))
}

/// `{{chip state}}` with `{tone, icon, text}`: icon, word and colour; nothing for a null.
fn chip(
    given: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let state = given.param(0).map(|p| p.value()).unwrap_or(&Value::Null);
    if state.is_null() {
        return Ok(());
    }
    let part = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or_default();
    let tone = if part("tone").is_empty() { String::new() } else { format!(" {}", escape(part("tone"))) };
    let icon = if part("icon").is_empty() { String::new() } else { icon_svg(part("icon"), "", "") };
    out.write(&format!("<span class=\"chip{tone}\">{icon}{}</span>", escape(part("text"))))?;
    Ok(())
}

handlebars_helper!(thousands: |number: i64| show::thousands(number));
handlebars_helper!(counted: |number: i64, one: str, many: str| show::counted(number, one, many));
handlebars_helper!(static_url: |name: str| static_files::address_of(name));

fn text<'a>(given: &'a Helper<'_>, at: usize) -> Result<&'a str, RenderError> {
    given
        .param(at)
        .and_then(|p| p.value().as_str())
        .ok_or_else(|| RenderErrorReason::ParamNotFoundForIndex("icon", at).into())
}

/// A state as chips show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chip {
    /// `bad`, `warn`, `good`, `note`, `now` or empty.
    pub tone: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
    /// The word.
    pub text: String,
}

impl Chip {
    /// A chip.
    pub fn new(tone: &'static str, icon: &'static str, text: impl Into<String>) -> Chip {
        Chip { tone, icon, text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn every_template_is_well_formed() {
        Templates::compiled_in().unwrap();
    }

    #[test]
    fn no_template_holds_inline_script_or_style_or_an_event() {
        let mut sources = Vec::new();
        collect(&FILES, &mut sources);
        assert!(sources.len() > 5);
        for (name, text) in sources {
            for wrong in [" style=", "<style", " onclick", " onload", "javascript:", "http://", "https://"] {
                assert!(!text.contains(wrong), "{name} holds {wrong}");
            }
            for script in text.split("<script").skip(1) {
                assert!(script.starts_with(" src="), "{name} has a script without src");
            }
        }
    }

    #[test]
    fn values_are_escaped_and_missing_ones_are_errors() {
        let page = Templates::of(vec![("t".into(), "<p title=\"{{a}}\">{{a}}</p>".into())]).unwrap();
        let shown = page.render("t", &json!({"a": "<b onclick='x'>\"&"})).unwrap();
        assert_eq!(
            shown,
            "<p title=\"&lt;b onclick=&#x27;x&#x27;&gt;&quot;&amp;\">&lt;b onclick=&#x27;x&#x27;&gt;&quot;&amp;</p>"
        );
        assert!(page.render("t", &json!({"b": 1})).is_err());
    }

    #[test]
    fn small_parts_are_written_by_helpers() {
        let page = Templates::of(vec![(
            "t".into(),
            "{{icon \"ok\" \"good\" \"Passes\"}}{{chip s}}{{thousands n}} {{counted n \"row\" \"rows\"}}".into(),
        )])
        .unwrap();
        let shown = page.render("t", &json!({"s": Chip::new("bad", "lock", "Locked"), "n": 12_260})).unwrap();
        assert!(shown.contains("<svg class=\"i good\" role=\"img\" aria-label=\"Passes\"><use href=\"#i-ok\"/></svg>"));
        assert!(shown.contains("<span class=\"chip bad\"><svg class=\"i\" aria-hidden=\"true\">"));
        assert!(shown.ends_with("12,260 12,260 rows"));
    }
}
