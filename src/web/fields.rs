//! Named texts of a form, a query or a path.

use std::borrow::Cow;

use super::Refused;

/// Most bytes a form without a file may have. Texts of an abstract are long, a form of forty such fits.
pub const LARGEST_FORM: usize = 1 << 20;
/// Most fields of a form.
const MOST_FIELDS: usize = 4_000;

/// Named texts in the order they came; a name may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=1&b=2` as forms and queries write it.
    ///
    /// # Errors
    /// Text that is not UTF-8, a NUL, or more fields than any form of ours has.
    pub fn of_form(text: &[u8]) -> Result<Fields, Refused> {
        let mut fields = Vec::new();
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            fields.push((name, value));
            if fields.len() > MOST_FIELDS {
                return Err(Refused::NotUnderstood("it has more fields than any form of this program".into()));
            }
        }
        Ok(Fields(fields))
    }

    /// Reads a JSON object of texts, numbers, yes/no values and lists of those.
    ///
    /// # Errors
    /// Anything else.
    pub fn of_json(bytes: &[u8]) -> Result<Fields, Refused> {
        use serde_json::Value;
        let wrong = |why: &str| Refused::NotUnderstood(why.to_string());
        let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(bytes) else {
            return Err(wrong("its body is not a JSON object"));
        };
        let mut fields = Vec::new();
        for (name, value) in object {
            let values = match value {
                Value::Array(values) => values,
                one => vec![one],
            };
            for value in values {
                match value {
                    Value::String(text) => fields.push((name.clone(), text)),
                    Value::Number(number) => fields.push((name.clone(), number.to_string())),
                    Value::Bool(yes) => fields.push((name.clone(), if yes { "yes" } else { "no" }.into())),
                    Value::Null => {}
                    _ => return Err(wrong("its JSON object holds more than texts, numbers and lists of them")),
                }
            }
        }
        Ok(Fields(fields))
    }

    /// The first value of this name; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first value of this name without blanks around it.
    pub fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// Every value of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The field is there, as a ticked box is.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Every field in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds a field.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }
}

fn decode(text: &[u8]) -> Result<String, Refused> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match text.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok()) {
                Some(two) => {
                    let value = u8::from_str_radix(two, 16)
                        .map_err(|_| Refused::NotUnderstood("a % is not followed by two digits".into()))?;
                    bytes.push(value);
                    at += 2;
                }
                None => return Err(Refused::NotUnderstood("it ends in the middle of a character".into())),
            },
            byte => bytes.push(*byte),
        }
        at += 1;
    }
    let text = String::from_utf8(bytes).map_err(|_| Refused::NotUnderstood("its text is not UTF-8".into()))?;
    match text.contains('\0') {
        true => Err(Refused::NotUnderstood("it holds a NUL character".into())),
        false => Ok(text),
    }
}

/// A text as one part of a path or query.
pub fn encode(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    match text.bytes().all(plain) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(
            text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn forms_are_decoded() {
        let fields = Fields::of_form(b"a=1+2&b=%C3%A9%26&a=&c").unwrap();
        assert_eq!((fields.get("a"), fields.get("b")), ("1 2", "é&"));
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1 2", ""]);
        assert!(fields.has("c") && !fields.has("d"));
    }

    #[test]
    fn broken_forms_are_refused() {
        for text in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%FF", b"a=%00"] {
            assert!(Fields::of_form(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn flat_json_is_a_form() {
        let fields = Fields::of_json(br#"{"a":1,"b":["x","y"],"c":true,"d":null}"#).unwrap();
        assert_eq!((fields.get("a"), fields.get("c")), ("1", "yes"));
        assert_eq!(fields.all("b").count(), 2);
        assert!(!fields.has("d"));
        assert!(Fields::of_json(b"[1]").is_err() && Fields::of_json(br#"{"a":{"b":1}}"#).is_err());
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        for text in ["plain", "a b&c=d", "é/\u{1F600}"] {
            assert_eq!(decode(encode(text).as_bytes()).unwrap(), text);
        }
    }
}
