//! Splits Rust text into code and comments, with the insides of strings blanked out of the code.
//!
//! Not a parser: it knows as much of the language as it takes to tell where comments, strings and characters
//! begin and end, which is what the rules need in order to look at code only.

/// One line of a file, taken apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The code, strings empty, comments gone.
    pub(super) code: String,
    /// The text of the comments, with their `//`.
    pub(super) comment: String,
}

/// What the text is at some point.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Code,
    LineComment,
    /// Block comments nest; this counts how deep we are.
    BlockComment(usize),
    /// A string in which a backslash escapes.
    Text,
    /// A string that ends with a quote and this many `#`.
    RawText(usize),
}

/// The lines of `text`.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut scrubber = Scrubber { rest: text, mode: Mode::Code, line: Line::default(), done: Vec::new() };
    while let Some(character) = scrubber.rest.chars().next() {
        scrubber.step(character);
    }
    if !scrubber.line.code.is_empty() || !scrubber.line.comment.is_empty() {
        scrubber.end_line();
    }
    scrubber.done
}

struct Scrubber<'a> {
    rest: &'a str,
    mode: Mode,
    line: Line,
    done: Vec<Line>,
}

impl Scrubber<'_> {
    /// Consumes at least one character.
    fn step(&mut self, character: char) {
        if character == '\n' {
            self.rest = &self.rest[1..];
            if matches!(self.mode, Mode::LineComment) {
                self.mode = Mode::Code;
            }
            self.end_line();
            return;
        }
        match self.mode {
            Mode::Code => self.step_code(character),
            Mode::LineComment => self.take_comment(character.len_utf8()),
            Mode::BlockComment(depth) => self.step_block(depth, character),
            Mode::Text => match character {
                // An escaped newline must still end the line, so only the backslash goes.
                '\\' if self.rest.starts_with("\\\n") => self.rest = &self.rest[1..],
                '\\' => self.skip(2),
                '"' => {
                    self.take_code(1);
                    self.mode = Mode::Code;
                }
                _ => self.skip(1),
            },
            Mode::RawText(hashes) => {
                let end = format!("\"{}", "#".repeat(hashes));
                if self.rest.starts_with(&end) {
                    self.take_code(end.len());
                    self.mode = Mode::Code;
                } else {
                    self.skip(1);
                }
            }
        }
    }

    fn step_code(&mut self, character: char) {
        if self.rest.starts_with("//") {
            self.mode = Mode::LineComment;
            self.take_comment(2);
        } else if self.rest.starts_with("/*") {
            self.mode = Mode::BlockComment(1);
            self.take_comment(2);
        } else if let Some((length, mode)) = self.opening_of_text() {
            self.take_code(length);
            self.mode = mode;
        } else if character == '\'' {
            self.step_quote();
        } else {
            self.take_code(character.len_utf8());
        }
    }

    /// How long the opening of a string here is, and which kind of string it opens.
    fn opening_of_text(&self) -> Option<(usize, Mode)> {
        if self.rest.starts_with('"') {
            return Some((1, Mode::Text));
        }
        // `r"`, `br#"`, `cr"`; not the end of a longer name such as `bar"`.
        let in_name = self.line.code.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let prefix = ["br", "cr", "r"].into_iter().find(|prefix| self.rest.starts_with(prefix))?;
        let after = &self.rest[prefix.len()..];
        let hashes = after.len() - after.trim_start_matches('#').len();
        let opens = !in_name && after[hashes..].starts_with('"');
        opens.then_some((prefix.len() + hashes + 1, Mode::RawText(hashes)))
    }

    /// A quote opens a character (`'a'`, `'\n'`) or a lifetime (`'a`).
    fn step_quote(&mut self) {
        let after = &self.rest[1..];
        let length = if let Some(escape) = after.strip_prefix('\\') {
            // The character after the backslash may itself be a quote.
            let first = escape.chars().next().map_or(0, char::len_utf8);
            escape[first..].find('\'').map(|end| 1 + first + end)
        } else {
            let first = after.chars().next().map_or(0, char::len_utf8);
            after[first..].starts_with('\'').then_some(first)
        };
        self.take_code(1);
        if let Some(length) = length {
            self.rest = &self.rest[length..];
            self.take_code(1);
        }
    }

    fn step_block(&mut self, depth: usize, character: char) {
        if self.rest.starts_with("*/") {
            self.take_comment(2);
            self.mode = if depth == 1 { Mode::Code } else { Mode::BlockComment(depth - 1) };
        } else if self.rest.starts_with("/*") {
            self.take_comment(2);
            self.mode = Mode::BlockComment(depth + 1);
        } else {
            self.take_comment(character.len_utf8());
        }
    }

    fn take_code(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.line.code.push_str(taken);
        self.rest = rest;
    }

    fn take_comment(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.line.comment.push_str(taken);
        self.rest = rest;
    }

    /// Drops characters inside a string.
    fn skip(&mut self, n_characters: usize) {
        let length = self.rest.chars().take(n_characters).map(char::len_utf8).sum();
        self.rest = &self.rest[length..];
    }

    fn end_line(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let seen: Vec<(String, String)> =
            lines(text).into_iter().map(|line| (line.code, line.comment)).collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(code, comment)| ((*code).to_owned(), (*comment).to_owned())).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn comments_leave_the_code() {
        check("a(); // b()\n/* c /* d */ e */ f();", &[("a(); ", "// b()"), (" f();", "/* c /* d */ e */")]);
    }

    #[test]
    fn block_comments_span_lines() {
        check("a /* b\nc */ d\n", &[("a ", "/* b"), (" d", "c */")]);
    }

    #[test]
    fn strings_are_emptied() {
        check(r#"a("b // c \" d", 'e');"#, &[(r#"a("", '');"#, "")]);
        check("a(r#\"b \" c\"#, br\"d\\\");", &[("a(r#\"\"#, br\"\");", "")]);
    }

    #[test]
    fn strings_over_several_lines_keep_the_count() {
        check("a(\"b\nc \\\n  d\");\ne\n", &[("a(\"", ""), ("", ""), ("\");", ""), ("e", "")]);
    }

    #[test]
    fn lifetimes_are_no_characters() {
        check(
            "fn a<'b>(c: &'b str, d: char) { d == '\\'' || d == '\"' }",
            &[("fn a<'b>(c: &'b str, d: char) { d == '' || d == '' }", "")],
        );
    }

    #[test]
    fn names_that_end_like_a_raw_prefix_open_nothing() {
        check("bar!(\"x\"); r#type", &[("bar!(\"\"); r#type", "")]);
    }
}
