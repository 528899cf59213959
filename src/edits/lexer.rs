//! Cuts an expression into words, texts and signs, each with its place.

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// An item, a term, a code or a word of the language.
    Word(String),
    /// A text in quotes.
    Text(String),
    /// `(`, `)`, `[`, `]`, `,`, `=`, `<>`, `<`, `<=`, `>`, `>=`, `-`, `+`, `*`.
    Sign(&'static str),
}

/// A piece with its place in the expression, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub token: Token,
    pub at: usize,
}

/// A place in an expression and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub at: usize,
    pub message: String,
}

pub(crate) fn wrong<T>(at: usize, message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at, message: message.into() })
}

const SIGNS: [&str; 14] = ["<>", "<=", ">=", "(", ")", "[", "]", ",", "=", "<", ">", "-", "+", "*"];

/// Cuts a whole expression.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, Wrong> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if first == '\'' || first == '"' {
            let Some(end) = rest[1..].find(first) else { return wrong(at, "this quote is never closed") };
            pieces.push(Piece { token: Token::Text(rest[1..=end].to_owned()), at });
            at += end + 2;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            pieces.push(Piece { token: Token::Sign(sign), at });
            at += sign.len();
        } else if first.is_ascii_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            pieces.push(Piece { token: Token::Word(rest[..end].to_owned()), at });
            at += end;
        } else {
            return wrong(at, format!("{first:?} has no meaning here; a code with such a sign stands in quotes"));
        }
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_texts_and_signs_are_told_apart() {
        let tokens: Vec<Token> =
            pieces("a.seq in [C500-C509, 'p0I-'] <> XX.9").unwrap().into_iter().map(|p| p.token).collect();
        let word = |w: &str| Token::Word(w.into());
        let expected = [
            word("a.seq"),
            word("in"),
            Token::Sign("["),
            word("C500"),
            Token::Sign("-"),
            word("C509"),
            Token::Sign(","),
            Token::Text("p0I-".into()),
            Token::Sign("]"),
            Token::Sign("<>"),
            word("XX.9"),
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn an_open_quote_is_found_at_its_place() {
        assert_eq!(pieces("sex = 'x").unwrap_err().at, 6);
        assert_eq!(pieces("sex & 1").unwrap_err().at, 4);
    }
}
