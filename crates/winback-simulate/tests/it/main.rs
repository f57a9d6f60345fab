//! The bank from outside: is it believable, is it the same every time, do its files read back.

#[cfg(test)]
mod believable;
#[cfg(test)]
mod files;
#[cfg(test)]
mod repeatable;
