//! Decides whether a licence expression can be met with allowed licences alone.
//!
//! The grammar is that of SPDX, `OR` binding weaker than `AND`, with the old habit of `/` for `OR`:
//!
//! ```text
//! expression := all ("OR" all | "/" all)*
//! all        := term ("AND" term)*
//! term       := "(" expression ")" | licence ["WITH" exception]
//! ```
//!
//! An exception makes another licence: `X WITH y` is allowed only if that whole phrase is in the list.

/// Whether one may use the work under `allowed` licences; an error says what cannot be understood.
pub(super) fn is_allowed(expression: &str, allowed: &[&str]) -> Result<bool, String> {
    let mut parser = Parser { tokens: tokens(expression), position: 0, allowed };
    let outcome = parser.expression()?;
    match parser.peek() {
        None => Ok(outcome),
        Some(token) => Err(format!("`{token}` is one word too many")),
    }
}

fn tokens(expression: &str) -> Vec<String> {
    expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ")
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

struct Parser<'a> {
    tokens: Vec<String>,
    position: usize,
    allowed: &'a [&'a str],
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.position).map(String::as_str)
    }

    /// Consumes the next token if it is this one.
    fn accept(&mut self, token: &str) -> bool {
        let is_next = self.peek() == Some(token);
        self.position += usize::from(is_next);
        is_next
    }

    fn expression(&mut self) -> Result<bool, String> {
        let mut outcome = self.all()?;
        while self.accept("OR") {
            outcome |= self.all()?;
        }
        Ok(outcome)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut outcome = self.term()?;
        while self.accept("AND") {
            outcome &= self.term()?;
        }
        Ok(outcome)
    }

    fn term(&mut self) -> Result<bool, String> {
        if self.accept("(") {
            let outcome = self.expression()?;
            return if self.accept(")") { Ok(outcome) } else { Err("a `)` is missing".to_owned()) };
        }
        let mut phrase = self.name()?;
        if self.accept("WITH") {
            phrase = format!("{phrase} WITH {}", self.name()?);
        }
        Ok(self.allowed.contains(&phrase.as_str()))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.peek() {
            None => Err("it ends where a licence should follow".to_owned()),
            Some(word @ ("OR" | "AND" | "WITH" | "(" | ")")) => {
                Err(format!("`{word}` stands where a licence should"))
            }
            Some(name) => {
                let name = name.to_owned();
                self.position += 1;
                Ok(name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Zlib"];

    fn check(expression: &str, expected: bool) {
        assert_eq!(is_allowed(expression, ALLOWED), Ok(expected), "{expression}");
    }

    #[test]
    fn one_side_of_or_is_enough() {
        check("MIT", true);
        check("GPL-3.0", false);
        check("GPL-3.0 OR MIT", true);
        check("GPL-3.0/MIT", true);
        check("GPL-3.0 OR LGPL-3.0", false);
    }

    #[test]
    fn both_sides_of_and_are_needed() {
        check("MIT AND Zlib", true);
        check("MIT AND GPL-3.0", false);
    }

    #[test]
    fn and_binds_before_or() {
        check("MIT OR GPL-3.0 AND GPL-2.0", true);
        check("(MIT OR GPL-3.0) AND GPL-2.0", false);
        check("(MIT OR GPL-3.0) AND (Zlib OR Apache-2.0)", true);
    }

    #[test]
    fn an_exception_makes_another_licence() {
        check("Apache-2.0 WITH LLVM-exception", true);
        check("MIT WITH LLVM-exception", false);
        check("GPL-2.0 WITH Classpath-exception-2.0 OR (MIT)", true);
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        for broken in ["", "MIT OR", "(MIT", "MIT)", "MIT Zlib", "AND MIT", "MIT WITH"] {
            assert!(is_allowed(broken, ALLOWED).is_err(), "{broken}");
        }
    }
}
