//! What must hold of any bytes at all, for the fuzz targets here and for the tests of the crates.

pub mod package;
pub mod table;
