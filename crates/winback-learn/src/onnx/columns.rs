//! The inputs of an exported model, one a column, and the way from a raw cell to what trees and points take.
//!
//! Numbers, flags and times are 32-bit floats, NaN where there is no value; everything else is text, empty where there
//! is none. What the schema calls missing (`Unknown`, 999) is taken for missing here too, so cells may come as they
//! stand in a file.

use std::collections::BTreeMap;

use prost::bytes::Bytes;
use winback_table::{Field, Kind, Schema, cell};

use super::graph::{Builder, CORE, ML};
use super::proto::{Attribute, Tensor, ValueInfo, element};
use crate::encode::{ColumnEncoder, FIRST_LEVEL, Levels, MISSING_LEVEL, OTHER_LEVEL, Shape};

/// The input of a column.
pub(super) fn input(column: &ColumnEncoder) -> ValueInfo {
    let (element, doc) = match (&column.shape, column.kind) {
        (Shape::Levels(_), _) => (element::STRING, "text; empty where there is no value"),
        (_, Kind::Flag) => (element::FLOAT, "1 for yes, 0 for no; NaN where there is no value"),
        (_, Kind::Time) => (element::FLOAT, "days since 1970-01-01; NaN where there is no value"),
        _ => (element::FLOAT, "a number; NaN where there is no value"),
    };
    ValueInfo::column(&column.name, element, doc.to_owned())
}

/// Adds what turns numbers that mean "no value" into NaN; answers the name of the numbers, shape [rows, 1].
pub(super) fn numbers(graph: &mut Builder, column: &ColumnEncoder, schema: &Schema) -> String {
    let mut value = column.name.clone();
    if column.kind != Kind::Number {
        return value;
    }
    let own = schema.field(&column.name).map_or(&[][..], |field| &field.missing);
    let spelled = schema.missing.iter().chain(own).filter_map(|spelling| cell::number(spelling.trim()));
    let mut numbers: Vec<f32> = spelled.map(|number| number as f32).collect();
    if numbers.is_empty() {
        return value;
    }
    numbers.sort_unstable_by(f32::total_cmp);
    numbers.dedup();
    let nan = graph.constant("no value", Tensor::floats(vec![f32::NAN]));
    for number in numbers {
        let number = graph.constant("number that is no value", Tensor::floats(vec![number]));
        let wanted = format!("{} is missing", column.name);
        let is_missing = graph.node(CORE, "Equal", &[&value, &number], &wanted, vec![]);
        let wanted = format!("{} or missing", column.name);
        value = graph.node(CORE, "Where", &[&is_missing, &nan, &value], &wanted, vec![]);
    }
    value
}

/// Adds what turns the texts of a category into the bins that trees ask about, as floats, NaN for the bin of missing
/// values; answers their name, shape [rows, 1]. `bins` are those of the codes; without any, all values are missing.
pub(super) fn bins(
    graph: &mut Builder,
    column: &ColumnEncoder,
    levels: &Levels,
    schema: &Schema,
    bins: &[u8],
) -> String {
    let (texts, codes) = dictionary(levels, schema, schema.field(&column.name));
    let bin = |code: u32| match bins.get(code as usize) {
        None | Some(0) => f32::NAN,
        Some(bin) => f32::from(*bin),
    };
    let attributes = vec![
        Attribute::strings("keys_strings", texts),
        Attribute::floats("values_floats", codes.into_iter().map(bin).collect()),
        Attribute::float("default_float", bin(OTHER_LEVEL)),
    ];
    graph.node(ML, "LabelEncoder", &[&column.name], &format!("bin of {}", column.name), attributes)
}

/// Adds what turns the texts of two categories into the bins of their pair, as floats, NaN for the bin of missing values;
/// answers their name, shape [rows, 1]. `bins` are those of each pair of codes.
pub(super) fn pair(graph: &mut Builder, both: [&ColumnEncoder; 2], schema: &Schema, bins: &[u8]) -> String {
    let codes = both.map(|column| {
        let Shape::Levels(levels) = &column.shape else { return column.name.clone() };
        let (texts, codes) = dictionary(levels, schema, schema.field(&column.name));
        let attributes = vec![
            Attribute::strings("keys_strings", texts),
            Attribute::ints("values_int64s", codes.into_iter().map(i64::from).collect()),
            Attribute::int("default_int64", i64::from(OTHER_LEVEL)),
        ];
        graph.node(ML, "LabelEncoder", &[&column.name], &format!("code of {}", column.name), attributes)
    });
    let named = |what: &str| format!("{what} of {} and {}", both[0].name, both[1].name);
    let width = graph.constant("codes of the second", Tensor::ints(vec![both[1].shape.code_count() as i64]));
    let line = graph.node(CORE, "Mul", &[&codes[0], &width], &named("line"), vec![]);
    let cell = graph.node(CORE, "Add", &[&line, &codes[1]], &named("cell"), vec![]);
    let bin = |bin: &u8| if *bin == 0 { f32::NAN } else { f32::from(*bin) };
    let bins = graph.constant("bins of pairs", Tensor::floats(bins.iter().map(bin).collect()));
    graph.node(CORE, "Gather", &[&bins, &cell], &named("bin"), vec![])
}

/// Adds what turns the texts of a category into points, as integers; answers their name, shape [rows, 1]. `points` are
/// those of the codes.
pub(super) fn points(
    graph: &mut Builder,
    column: &ColumnEncoder,
    levels: &Levels,
    schema: &Schema,
    points: &[i32],
) -> String {
    let (texts, codes) = dictionary(levels, schema, schema.field(&column.name));
    let point = |code: u32| points.get(code as usize).copied().map_or(0, i64::from);
    let attributes = vec![
        Attribute::strings("keys_strings", texts),
        Attribute::ints("values_int64s", codes.into_iter().map(point).collect()),
        Attribute::int("default_int64", point(OTHER_LEVEL)),
    ];
    graph.node(ML, "LabelEncoder", &[&column.name], &format!("points of {}", column.name), attributes)
}

/// Texts in ascending order, each with its code; every text that is not among them has the code of others.
fn dictionary(levels: &Levels, schema: &Schema, field: Option<&Field>) -> (Vec<Bytes>, Vec<u32>) {
    let mut codes = BTreeMap::from([(String::new(), MISSING_LEVEL)]);
    codes.extend(levels.iter().cloned().zip(FIRST_LEVEL..));
    // Last, since a cell is asked first whether it is missing.
    let own = field.map_or(&[][..], |field| &field.missing);
    for spelling in schema.missing.iter().chain(own).map(|spelling| spelling.trim()) {
        codes.extend(cases(spelling).map(|text| (text, MISSING_LEVEL)));
    }
    codes.into_iter().map(|(text, code)| (Bytes::from(text), code)).unzip()
}

/// A spelling as it is written, in small letters, in capitals, and with one capital: a file is read without regard to
/// case, an exported model can only be given the cases that occur.
fn cases(spelling: &str) -> [String; 4] {
    let small = spelling.to_ascii_lowercase();
    let mut capital = small.clone();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    [spelling.to_owned(), small, spelling.to_ascii_uppercase(), capital]
}
