//! Mutants of an edit: each with one comparison turned round or one clause dropped. A test of the edit must notice.

use super::expression::{Expression, Order, Tumors};
use super::frame::{Edit, Scope};
use super::trial::fails_on;
use super::words::in_words;

/// A mutant that no test noticed, or that one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What was changed, in words.
    pub change: String,
    /// A test came out otherwise than it says.
    pub noticed: bool,
}

/// Makes every mutant of an edit and tries it on the edit's tests.
pub fn mutants(edit: &Edit) -> Vec<Mutant> {
    let mut all = Vec::new();
    for (change, when) in changed(&edit.when, edit.level) {
        all.push((format!("when: {change}"), Edit { when, ..edit.clone() }));
    }
    if edit.when != Expression::Always {
        all.push(("when: left out".to_owned(), Edit { when: Expression::Always, ..edit.clone() }));
    }
    for (change, fail) in changed(&edit.fail, edit.level) {
        all.push((format!("fail: {change}"), Edit { fail, ..edit.clone() }));
    }
    let noticed = |mutant: &Edit| mutant.trials.iter().any(|trial| fails_on(mutant, trial) != Ok(trial.must_fail));
    all.into_iter().map(|(change, mutant)| Mutant { change, noticed: noticed(&mutant) }).collect()
}

fn changed(expression: &Expression, level: Scope) -> Vec<(String, Expression)> {
    let turned = |mutant: Expression| vec![(format!("{} turned round", in_words(expression, level)), mutant)];
    match expression {
        Expression::Always | Expression::Never => Vec::new(),
        Expression::And(all) => clauses(all, level, Expression::And),
        Expression::Or(all) => clauses(all, level, Expression::Or),
        Expression::Not(inner) => {
            let mut mutants = turned((**inner).clone());
            let inside = changed(inner, level).into_iter();
            mutants.extend(inside.map(|(change, inner)| (change, Expression::Not(Box::new(inner)))));
            mutants
        }
        Expression::NotShown(inner) => turned((**inner).clone()),
        Expression::Term { .. } => turned(Expression::NotShown(Box::new(expression.clone()))),
        Expression::Group { any, each } => {
            let mut mutants = turned(Expression::NotShown(Box::new(expression.clone())));
            if each.len() > 1 {
                let other = Expression::Group { any: !any, each: each.clone() };
                mutants.push((format!("{} with any and all exchanged", in_words(expression, level)), other));
            }
            mutants
        }
        Expression::In { text, set, negated } => {
            turned(Expression::In { text: text.clone(), set: set.clone(), negated: !negated })
        }
        Expression::Between { number, ranges, negated } => {
            turned(Expression::Between { number: number.clone(), ranges: ranges.clone(), negated: !negated })
        }
        Expression::Same { a, b, negated } => {
            turned(Expression::Same { a: a.clone(), b: b.clone(), negated: !negated })
        }
        Expression::SameDay { a, b, negated } => {
            turned(Expression::SameDay { a: a.clone(), b: b.clone(), negated: !negated })
        }
        Expression::Before { a, b, after } => turned(Expression::Before { a: b.clone(), b: a.clone(), after: *after }),
        Expression::Compare { a, order, b } => {
            let order = match order {
                Order::Same => Order::Different,
                Order::Different => Order::Same,
                Order::Less => Order::AtLeast,
                Order::AtMost => Order::More,
                Order::More => Order::AtMost,
                Order::AtLeast => Order::Less,
            };
            turned(Expression::Compare { a: a.clone(), order, b: b.clone() })
        }
        Expression::Blank { text, negated } => turned(Expression::Blank { text: text.clone(), negated: !negated }),
        Expression::Known { text, negated } => turned(Expression::Known { text: text.clone(), negated: !negated }),
        Expression::Starts { text, heads, negated } => {
            turned(Expression::Starts { text: text.clone(), heads: heads.clone(), negated: !negated })
        }
        Expression::Like { text, picture, negated } => {
            turned(Expression::Like { text: text.clone(), picture: picture.clone(), negated: !negated })
        }
        Expression::Contains { text, words, negated } => {
            turned(Expression::Contains { text: text.clone(), words: words.clone(), negated: !negated })
        }
        Expression::Rows { texts, rows, table, negated } => turned(Expression::Rows {
            texts: texts.clone(),
            rows: rows.clone(),
            table: table.clone(),
            negated: !negated,
        }),
        Expression::Call { .. } => turned(Expression::Not(Box::new(expression.clone()))),
        Expression::Tumors { which, body } => {
            let around = |body: Expression| Expression::Tumors { which: *which, body: Box::new(body) };
            let mut mutants: Vec<_> =
                changed(body, level).into_iter().map(|(change, body)| (change, around(body))).collect();
            let other = match which {
                Tumors::Any => Tumors::All,
                Tumors::All | Tumors::AnyOther => Tumors::Any,
            };
            mutants.push((
                format!("{} asked of other tumors", in_words(expression, level)),
                Expression::Tumors { which: other, body: body.clone() },
            ));
            mutants
        }
    }
}

/// Each clause dropped, and each mutant of each clause.
fn clauses(
    all: &[Expression],
    level: Scope,
    joined: impl Fn(Vec<Expression>) -> Expression,
) -> Vec<(String, Expression)> {
    let mut mutants = Vec::new();
    for (n, clause) in all.iter().enumerate() {
        let mut rest = all.to_vec();
        rest.remove(n);
        let rest = if rest.len() == 1 { rest.remove(0) } else { joined(rest) };
        mutants.push((format!("{} dropped", in_words(clause, level)), rest));
        for (change, other) in changed(clause, level) {
            let mut all = all.to_vec();
            all[n] = other;
            mutants.push((change, joined(all)));
        }
    }
    mutants
}
