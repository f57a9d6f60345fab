//! CSV as the tests read and write it, apart from the program's own reader.

/// A header and rows of as many fields, or of as many as stand there.
#[derive(Clone)]
pub(crate) struct Csv {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Csv {
    /// Lines of fields parted by commas, where quotes may hold commas and doubled quotes but no line ends.
    pub(crate) fn parse(text: &str) -> Self {
        let mut rows: Vec<Vec<String>> = text.lines().map(fields).collect();
        let header = rows.remove(0);
        Self { header, rows }
    }

    pub(crate) fn text(&self) -> String {
        let lines = std::iter::once(&self.header).chain(&self.rows);
        lines
            .map(|fields| fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\n")
            .collect()
    }

    /// The position of a column.
    pub(crate) fn at(&self, name: &str) -> usize {
        self.header.iter().position(|column| column == name).unwrap()
    }

    /// The cells of a column.
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let at = self.at(name);
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    /// The numbers of a column.
    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.column(name).iter().map(|cell| cell.parse().unwrap()).collect()
    }

    /// A column taken away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        let at = self.at(name);
        self.header.remove(at);
        self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
        self
    }

    /// The columns in reverse order, with one more that nobody knows.
    pub(crate) fn shuffled(mut self, extra: &str) -> Self {
        self.header.insert(0, extra.to_owned());
        self.header.reverse();
        for row in &mut self.rows {
            row.insert(0, "anything".to_owned());
            row.reverse();
        }
        self
    }
}

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut in_quotes, mut characters) = (vec![String::new()], false, line.chars().peekable());
    while let Some(character) = characters.next() {
        let field = fields.last_mut().unwrap();
        match character {
            '"' if in_quotes && characters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => in_quotes = !in_quotes,
            ',' if !in_quotes => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}
