//! Acknowledgements: the answer a laboratory waits for.

use super::hl7::{decoded, segments, split_messages};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'m> {
    /// Taken in.
    Accepted,
    /// Cannot be read; sending it again unchanged is of no use.
    Refused(&'m str),
}

/// The acknowledgement of the first message in `bytes`, made at `now` (`YYYYMMDDHHMMSS`).
pub fn acknowledgement(bytes: &[u8], outcome: Outcome<'_>, now: &str) -> String {
    let text = decoded(bytes);
    let head = split_messages(&text).ok().and_then(|found| {
        let (separators, found) = segments(&text, found.into_iter().next()?, 1).ok()?;
        let head = found.into_iter().next()?;
        let field = |n: usize| head.field(n).to_owned();
        Some((separators.component(head.field(9), 2), [3, 4, 5, 6, 10, 11, 12].map(field)))
    });
    let (trigger, [app, facility, to_app, to_facility, control, processing, version]) =
        head.unwrap_or_else(|| (String::new(), Default::default()));
    let filled = |v: String, other: &str| if v.is_empty() { other.to_owned() } else { v };
    let (processing, version) = (filled(processing, "P"), filled(version, "2.5.1"));
    let trigger = filled(trigger, "R01");
    let kind = format!("ACK^{trigger}^ACK");
    let mut out =
        format!("MSH|^~\\&|{to_app}|{to_facility}|{app}|{facility}|{now}||{kind}|A{control}|{processing}|{version}\r");
    match outcome {
        Outcome::Accepted => out.push_str(&format!("MSA|AA|{control}\r")),
        Outcome::Refused(why) => {
            let why: String = why
                .chars()
                .map(|c| match c {
                    '|' => "\\F\\".to_owned(),
                    '^' => "\\S\\".to_owned(),
                    '~' => "\\R\\".to_owned(),
                    '&' => "\\T\\".to_owned(),
                    '\\' => "\\E\\".to_owned(),
                    c if c.is_control() => " ".to_owned(),
                    c => c.to_string(),
                })
                .collect();
            out.push_str(&format!("MSA|AR|{control}\rERR|||207^Application internal error^HL70357|E||||{why}\r"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_back_to_the_sender_under_its_number() {
        let sent = b"MSH|^~\\&|APSYS|LAB1|REGISTRY|STATE|2026||ORU^R01^ORU_R01|MSG7|P|2.5.1\rPID|1\r";
        let ack = acknowledgement(sent, Outcome::Accepted, "20260105101500");
        assert_eq!(ack, "MSH|^~\\&|REGISTRY|STATE|APSYS|LAB1|20260105101500||ACK^R01^ACK|AMSG7|P|2.5.1\rMSA|AA|MSG7\r");
        let refused = acknowledgement(b"what", Outcome::Refused("no MSH | found"), "1");
        assert!(refused.contains("MSA|AR|") && refused.contains("no MSH \\F\\ found"), "{refused}");
    }
}
