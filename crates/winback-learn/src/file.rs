//! The model file: `model.bin`, versioned, little-endian, checksummed, with no code in it.
//!
//! Layout: `WINBACKM`, the format as `u32`, the payload's length as `u64`, the payload, the SHA-256 of all
//! before it. `docs/formats/model.md` names every field. Whatever the bytes are, loading answers a model or an error.

use sha2::{Digest, Sha256};
use winback_table::Kind;

use crate::calibrate::Calibration;
use crate::encode::{ColumnEncoder, Encoder, Levels, Shape};
use crate::linear::Scorecard;
use crate::model::{Model, Predictor};
use crate::trees::{Forest, Lookups, MOST_DEPTH, Pair, Question, Tree};
use crate::{Error, Result};
use bytes::{Reader, Writer};

mod bytes;
mod check;

const MAGIC: &[u8; 8] = b"WINBACKM";
/// The format written; every older one is read.
pub const FORMAT: u32 = 3;
const CHECKSUM: usize = 32;

const KINDS: [Kind; 6] = [Kind::Number, Kind::Category, Kind::Flag, Kind::Time, Kind::Text, Kind::Identifier];

/// The bytes of a model.
#[must_use]
pub fn save(model: &Model) -> Vec<u8> {
    let mut payload = Writer::default();
    write_encoder(&mut payload, &model.encoder);
    write_predictor(&mut payload, &model.predictor);
    for value in [
        model.calibration.intercept,
        model.calibration.slope,
        model.base_rate,
        model.bands[0],
        model.bands[1],
    ] {
        payload.f64(value);
    }
    payload.list(&model.out_of_fold_grid, |writer, value| writer.f64(*value));
    let payload = payload.finish();
    let mut file = Vec::with_capacity(payload.len() + 64);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&FORMAT.to_le_bytes());
    file.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    file.extend_from_slice(&payload);
    let checksum = Sha256::digest(&file);
    file.extend_from_slice(&checksum);
    file
}

/// The model in some bytes.
///
/// # Errors
/// [`Error::ModelFile`] when the bytes are cut, altered, of a newer format, or contradict themselves.
pub fn load(bytes: &[u8]) -> Result<Model> {
    let (format, payload) = verified(bytes)?;
    let mut reader = Reader::new(payload);
    let model = Model {
        encoder: read_encoder(&mut reader)?,
        predictor: read_predictor(&mut reader, format)?,
        calibration: Calibration { intercept: reader.f64()?, slope: reader.f64()? },
        base_rate: reader.f64()?,
        bands: [reader.f64()?, reader.f64()?],
        out_of_fold_grid: reader.list(8, Reader::f64)?,
    };
    reader.finish()?;
    check::check(&model)?;
    // The Shapley tables are computed from the checked forest: nothing in them is taken from the file.
    let Model { predictor: Predictor::Trees { forest, .. }, .. } = model else { return Ok(model) };
    Ok(Model { predictor: Predictor::trees(forest), ..model })
}

/// Format and payload of a file whose length and checksum are right.
fn verified(bytes: &[u8]) -> Result<(u32, &[u8])> {
    let broken = |what: &str| Error::ModelFile(what.to_owned());
    let header = MAGIC.len() + 4 + 8;
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| broken("it does not begin as a model file does"))?;
    let format = rest.first_chunk::<4>().map(|format| u32::from_le_bytes(*format));
    let format = format.ok_or_else(|| broken("it is cut within its header"))?;
    if format == 0 || format > FORMAT {
        return Err(Error::ModelFile(format!("it has format {format}; this program reads up to {FORMAT}")));
    }
    let length = rest[4..].first_chunk::<8>().map(|length| u64::from_le_bytes(*length));
    let length = length.ok_or_else(|| broken("it is cut within its header"))?;
    let expected = length.checked_add((header + CHECKSUM) as u64);
    if expected != Some(bytes.len() as u64) {
        return Err(broken("it is cut, or something was added to it"));
    }
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if Sha256::digest(content).as_slice() != checksum {
        return Err(broken("its checksum is wrong: it was altered"));
    }
    Ok((format, &content[header..]))
}

fn write_encoder(writer: &mut Writer, encoder: &Encoder) {
    writer.list(&encoder.columns, |writer, column| {
        writer.text(&column.name);
        writer.u8(KINDS.iter().position(|kind| *kind == column.kind).unwrap_or(0) as u8);
        match &column.shape {
            Shape::Bins(borders) => {
                writer.u8(0);
                writer.list(borders, |writer, border| writer.f32(*border));
            }
            Shape::Levels(levels) => {
                writer.u8(1);
                writer.list(levels, |writer, level| writer.text(level));
            }
        }
    });
}

fn read_encoder(reader: &mut Reader<'_>) -> Result<Encoder> {
    let columns = reader.list(10, |reader| {
        let name = reader.text()?;
        let kind = usize::from(reader.u8()?);
        let kind =
            *KINDS.get(kind).ok_or_else(|| Error::ModelFile(format!("a column of unknown kind {kind}")))?;
        let shape = match reader.u8()? {
            0 => Shape::Bins(reader.list(4, Reader::f32)?),
            1 => Shape::Levels(Levels::new(reader.list(4, Reader::text)?)),
            other => return Err(Error::ModelFile(format!("a column of unknown shape {other}"))),
        };
        Ok(ColumnEncoder { name, kind, shape })
    })?;
    Ok(Encoder { columns })
}

fn write_predictor(writer: &mut Writer, predictor: &Predictor) {
    match predictor {
        Predictor::Trees { forest, .. } => {
            writer.u8(0);
            writer.i64(forest.base);
            writer.list(&forest.lookups.columns, |writer, lookup| match lookup {
                None => writer.u8(0),
                Some(bins) => {
                    writer.u8(1);
                    writer.list(bins, |writer, bin| writer.u8(*bin));
                }
            });
            writer.list(&forest.lookups.pairs, |writer, pair| {
                pair.columns.iter().for_each(|column| writer.u16(*column));
                writer.list(&pair.bins, |writer, bin| writer.u8(*bin));
            });
            writer.list(&forest.trees, |writer, tree| {
                writer.list(&tree.questions, |writer, question| {
                    writer.u16(question.column);
                    writer.u8(question.bin);
                    writer.u8(u8::from(question.missing_is_above));
                });
                tree.values.iter().for_each(|value| writer.i32(*value));
                tree.counts.iter().for_each(|count| writer.u32(*count));
            });
        }
        Predictor::Linear(card) => {
            writer.u8(1);
            writer.i64(card.base);
            writer.list(&card.points, |writer, points| {
                writer.list(points, |writer, points| writer.i32(*points));
            });
        }
    }
}

fn read_predictor(reader: &mut Reader<'_>, format: u32) -> Result<Predictor> {
    match reader.u8()? {
        0 => {
            let base = reader.i64()?;
            let columns = reader.list(1, |reader| match reader.u8()? {
                0 => Ok(None),
                _ => reader.list(1, Reader::u8).map(Some),
            })?;
            // Formats 1 and 2 knew no pairs.
            let pairs = if format > 2 { reader.list(8, read_pair)? } else { Vec::new() };
            let lookups = Lookups { columns, pairs };
            let trees = reader.list(12, |reader| read_tree(reader, format))?;
            // Empty tables: they are filled once the forest is known to be sound.
            let tables = crate::trees::shapley::Tables::default();
            Ok(Predictor::Trees { forest: Forest { base, lookups, trees }, tables })
        }
        1 => {
            let base = reader.i64()?;
            let points = reader.list(4, |reader| reader.list(4, Reader::i32))?;
            Ok(Predictor::Linear(Scorecard { base, points }))
        }
        other => Err(Error::ModelFile(format!("an unknown learner {other}"))),
    }
}

fn read_pair(reader: &mut Reader<'_>) -> Result<Pair> {
    Ok(Pair { columns: [reader.u16()?, reader.u16()?], bins: reader.list(1, Reader::u8)? })
}

fn read_tree(reader: &mut Reader<'_>, format: u32) -> Result<Tree> {
    let questions = reader.list(3, |reader| {
        let (column, bin) = (reader.u16()?, reader.u8()?);
        // In format 1 missing values were always below.
        let missing_is_above = format > 1 && reader.u8()? != 0;
        Ok(Question { column, bin, missing_is_above })
    })?;
    if questions.len() > MOST_DEPTH {
        return Err(Error::ModelFile(format!("a tree with {} questions", questions.len())));
    }
    let leaves = 1 << questions.len();
    let values = (0..leaves).map(|_| reader.i32()).collect::<Result<_>>()?;
    let counts = (0..leaves).map(|_| reader.u32()).collect::<Result<_>>()?;
    Ok(Tree { questions, values, counts })
}

#[cfg(test)]
mod tests;
