//! One field of a schedule: a list of values, ranges and steps becomes the set of numbers that it allows.

use super::ScheduleError;

/// What a field is called and what may stand in it.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    least: u8,
    most: u8,
    /// Names for the numbers from `least` on.
    names: &'static [&'static str],
    allowed: &'static str,
}

pub(super) const MINUTE: Field = Field {
    name: "minute",
    least: 0,
    most: 59,
    names: &[],
    allowed: "0 to 59, ranges as `0-29`, steps as `*/15`, and lists of these with commas",
};
pub(super) const HOUR: Field = Field {
    name: "hour",
    least: 0,
    most: 23,
    names: &[],
    allowed: "0 to 23, ranges as `8-18`, steps as `*/6`, and lists of these with commas",
};
pub(super) const DAY_OF_MONTH: Field = Field {
    name: "day of the month",
    least: 1,
    most: 31,
    names: &[],
    allowed: "1 to 31, ranges as `1-7`, steps as `*/10`, and lists of these with commas",
};
pub(super) const MONTH: Field = Field {
    name: "month",
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    allowed: "1 to 12 or `jan` to `dec`, ranges as `1-6`, steps as `*/3`, and lists of these with commas",
};
/// Sunday is 0 and, so that ranges may end with it, 7.
pub(super) const DAY_OF_WEEK: Field = Field {
    name: "day of the week",
    least: 0,
    most: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    allowed: "0 to 7 (0 and 7 are Sunday) or `sun` to `sat`, ranges as `1-5`, and lists of these with commas",
};

/// The numbers that a field allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Matches {
    bits: u64,
    /// Whether the field begins with `*`.
    pub(super) is_open: bool,
}

impl Matches {
    pub(super) fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits.checked_shr(value).is_some_and(|bits| bits & 1 == 1))
    }
}

impl Field {
    pub(super) fn read(&self, text: &str) -> Result<Matches, ScheduleError> {
        let mut bits = 0;
        for part in text.split(',') {
            bits |= self.part(part).map_err(|problem| ScheduleError::Field {
                field: self.name,
                part: part.chars().take(40).collect(),
                problem,
                allowed: self.allowed,
            })?;
        }
        if self.most == 7 && bits >> 7 & 1 == 1 {
            bits |= 1;
        }
        Ok(Matches { bits, is_open: text.starts_with('*') })
    }

    /// One of the parts between commas: a value, a range or all, perhaps with a step.
    fn part(&self, part: &str) -> Result<u64, &'static str> {
        let (range, step) = match part.split_once('/') {
            None => (part, None),
            Some((range, step)) => (range, Some(digits(step).filter(|step| *step != 0))),
        };
        let (first, last) = match range.split_once('-') {
            // Sunday must not count both as 0 and as 7 when steps are taken.
            None if range == "*" => (self.least, if self.most == 7 { 6 } else { self.most }),
            // A value with a step goes on to the end, as in other programs.
            None => {
                let first = self.value(range)?;
                (first, if step.is_some() { self.most } else { first })
            }
            Some((first, last)) => {
                let first = self.value(first)?;
                // A range that ends with Sunday by its name means the Sunday after.
                let last = match self.value(last)? {
                    0 if self.most == 7 && first != 0 => 7,
                    last => last,
                };
                (first, last)
            }
        };
        if last < first {
            return Err("the range ends before it begins");
        }
        let step = step.unwrap_or(Some(1)).ok_or("the step is not a number from 1 on")?;
        Ok((first..=last).step_by(usize::from(step)).fold(0, |bits, value| bits | 1 << value))
    }

    fn value(&self, text: &str) -> Result<u8, &'static str> {
        if let Some(position) = self.names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
            return Ok(self.least + u8::try_from(position).expect("there are twelve names at most"));
        }
        let value = digits(text).ok_or("it is not a number")?;
        if (self.least..=self.most).contains(&value) { Ok(value) } else { Err("it is out of range") }
    }
}

/// One to three digits and nothing else; `parse` alone would take a sign.
fn digits(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
