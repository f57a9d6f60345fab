//! The bank's columns: their names and kinds, and how customers become batches under them.
//!
//! Here, and only here, values get lost: a bank does not know every income. Blanks depend on chance and on columns that
//! are always known, hardly on the lost value itself. How a blank is spelled in a file is left to `files`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, RecordBatch, StringBuilder, TimestampSecondBuilder,
};
use winback_table::cell::Cell;
use winback_table::{Field, Kind, Role, Schema};

use crate::calendar::SECONDS_OF_DAY;
use crate::customers::{self, Customer};
use crate::events::Behaviour;
use crate::random::{Draws, Purpose};

/// The column that names the customer.
pub const KEY: &str = "customer_id";

/// The column that says what became of the customer; only the history has it.
pub const LABEL: &str = "left";

/// The columns that a bank would call protected. None but `age` acts on leaving, and that mildly.
pub const PROTECTED: [&str; 3] = ["age", "gender", "nationality"];

const FEATURES: usize = 32;

/// Name, kind, and the name in a sentence. The cells in [`cells`] stand in the same order.
const COLUMNS: [(&str, Kind, &str); FEATURES] = [
    ("age", Kind::Number, "age"),
    ("gender", Kind::Category, "gender"),
    ("nationality", Kind::Category, "nationality"),
    ("region", Kind::Category, "region"),
    ("branch", Kind::Category, "branch"),
    ("occupation", Kind::Category, "occupation"),
    ("segment", Kind::Category, "customer segment"),
    ("channel", Kind::Category, "preferred channel"),
    ("income", Kind::Number, "monthly income"),
    ("household_size", Kind::Number, "people in the household"),
    ("opened_on", Kind::Time, "date of opening"),
    ("tenure_months", Kind::Number, "months as a customer"),
    ("months_to_renewal", Kind::Number, "months until the yearly fee"),
    ("products", Kind::Number, "products held"),
    ("credit_card", Kind::Flag, "credit card"),
    ("marketing_consent", Kind::Flag, "consent to marketing"),
    ("transactions_3m", Kind::Number, "transactions in 3 months"),
    ("transactions_9m_before", Kind::Number, "transactions in the 9 months before"),
    ("transaction_change", Kind::Number, "change in transactions"),
    ("payments_3m", Kind::Number, "payments in 3 months"),
    ("amount_3m", Kind::Number, "amount moved in 3 months"),
    ("balance", Kind::Number, "average balance"),
    ("balance_today", Kind::Number, "balance today"),
    ("balance_change", Kind::Number, "change in balance"),
    ("logins_3m", Kind::Number, "logins in 3 months"),
    ("complaints_12m", Kind::Number, "complaints in 12 months"),
    ("days_since_contact", Kind::Number, "days since the last contact"),
    ("overdraft_days_3m", Kind::Number, "days in overdraft in 3 months"),
    ("fees_12m", Kind::Number, "fees in 12 months"),
    ("salary_paid_in", Kind::Flag, "salary paid in"),
    ("card_declines_3m", Kind::Number, "declined card payments in 3 months"),
    ("survey_score", Kind::Number, "survey score"),
];

/// The schema of the history: key, date, features, label.
pub(crate) fn schema() -> Schema {
    let mut fields =
        vec![Field::new(KEY, Kind::Identifier, Role::Key), Field::new("as_of", Kind::Time, Role::Time)];
    for (name, kind, spoken) in COLUMNS {
        let mut field = Field::new(name, kind, Role::Feature);
        field.wording.name = Some(spoken.to_owned());
        fields.push(field);
    }
    fields.push(Field::new(LABEL, Kind::Flag, Role::Label));
    Schema::new(fields, Some("yes".to_owned())).expect("the names above differ and single roles are single")
}

/// Rows under the bank's schema, while they are gathered.
#[derive(Debug)]
pub(crate) struct Rows {
    schema: Arc<arrow::datatypes::Schema>,
    columns: Vec<Column>,
    labelled: bool,
}

impl Rows {
    /// No rows yet; `labelled` rows have the label as their last column.
    pub(crate) fn new(labelled: bool, capacity: usize) -> Self {
        let whole = schema();
        let schema = whole.select(|field| labelled || field.role != Role::Label).arrow();
        let columns = whole.fields.iter().take(schema.fields().len());
        Self {
            columns: columns.map(|field| Column::new(field, capacity)).collect(),
            schema: schema.into(),
            labelled,
        }
    }

    /// Adds the row of a customer on a day.
    pub(crate) fn push(&mut self, customer: &Customer, behaviour: &Behaviour, day: i64, left: bool) {
        let (key, branch) = (customer.key(), format!("{:03}", customer.branch));
        let ends = [Cell::Text(&key), Cell::Time(day * SECONDS_OF_DAY)];
        let label = self.labelled.then_some(Cell::Flag(left));
        let cells = ends.into_iter().chain(cells(customer, behaviour, day, &branch)).chain(label);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
    }

    /// The rows as a batch.
    pub(crate) fn finish(self) -> RecordBatch {
        let columns = self.columns.into_iter().map(Column::finish).collect();
        RecordBatch::try_new(self.schema, columns).expect("every row has a cell for every column")
    }
}

/// The features of a row, blanks included.
fn cells<'a>(customer: &Customer, behaviour: &Behaviour, day: i64, branch: &'a str) -> [Cell<'a>; FEATURES] {
    let [no_occupation, no_income, no_household_size, no_contact, no_survey_score] = blanks(customer);
    [
        Cell::Number(customer.age(day)),
        Cell::Text(customers::GENDERS[customer.gender]),
        Cell::Text(customers::NATIONALITIES[customer.nationality]),
        Cell::Text(customers::REGIONS[customer.region()]),
        Cell::Text(branch),
        known(!no_occupation, Cell::Text(customers::OCCUPATIONS[customer.occupation])),
        Cell::Text(customers::SEGMENTS[customer.segment]),
        Cell::Text(customers::CHANNELS[customer.channel]),
        known(!no_income, Cell::Number(customer.income)),
        known(!no_household_size, Cell::Number(f64::from(customer.household_size))),
        Cell::Time(customer.opened_day * SECONDS_OF_DAY),
        Cell::Number(behaviour.tenure_months),
        Cell::Number(behaviour.months_to_renewal),
        Cell::Number(f64::from(customer.products)),
        Cell::Flag(customer.credit_card),
        Cell::Flag(customer.marketing_consent),
        Cell::Number(behaviour.transactions),
        Cell::Number(behaviour.transactions_before),
        behaviour.transaction_change.map_or(Cell::Missing, Cell::Number),
        Cell::Number(behaviour.payments),
        Cell::Number(behaviour.amount),
        Cell::Number(behaviour.balance),
        Cell::Number(behaviour.balance_today),
        Cell::Number(behaviour.balance_change),
        Cell::Number(behaviour.logins),
        Cell::Number(behaviour.complaints),
        known(!no_contact, Cell::Number(behaviour.days_since_contact)),
        Cell::Number(behaviour.overdraft_days),
        Cell::Number(behaviour.fees),
        Cell::Flag(behaviour.salary_paid_in),
        Cell::Number(behaviour.card_declines),
        known(!no_survey_score, Cell::Number(behaviour.survey_score)),
    ]
}

/// The cell if its value is known.
fn known(is_known: bool, cell: Cell<'_>) -> Cell<'_> {
    if is_known { cell } else { Cell::Missing }
}

/// What the bank does not know of a customer, the same in every file: occupation, income, size of the household, last
/// contact (there was none), answer to the survey.
fn blanks(customer: &Customer) -> [bool; 5] {
    // Who opened an account in the app was asked for less.
    let income = if customer.channel == 0 { 0.095 } else { 0.06 };
    let mut draws = Draws::new(customer.seed, customer.number, Purpose::Blanks, 0);
    [0.05, income, 0.03, 0.12, 0.45].map(|share| draws.happens(share))
}

/// A column while it is gathered.
#[derive(Debug)]
enum Column {
    Number(Float64Builder),
    Flag(BooleanBuilder),
    Time(TimestampSecondBuilder),
    Text(StringBuilder),
}

impl Column {
    fn new(field: &Field, capacity: usize) -> Self {
        match field.kind {
            Kind::Number => Self::Number(Float64Builder::with_capacity(capacity)),
            Kind::Flag => Self::Flag(BooleanBuilder::with_capacity(capacity)),
            Kind::Time => Self::Time(TimestampSecondBuilder::with_capacity(capacity)),
            Kind::Category | Kind::Text | Kind::Identifier => {
                Self::Text(StringBuilder::with_capacity(capacity, capacity * 10))
            }
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Number(builder), Cell::Number(value)) => builder.append_value(value),
            (Self::Flag(builder), Cell::Flag(value)) => builder.append_value(value),
            (Self::Time(builder), Cell::Time(value)) => builder.append_value(value),
            (Self::Text(builder), Cell::Text(value)) => builder.append_value(value),
            (Self::Number(builder), _) => builder.append_null(),
            (Self::Flag(builder), _) => builder.append_null(),
            (Self::Time(builder), _) => builder.append_null(),
            (Self::Text(builder), _) => builder.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Number(mut builder) => Arc::new(builder.finish()),
            Self::Flag(mut builder) => Arc::new(builder.finish()),
            Self::Time(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder) => Arc::new(builder.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::HISTORY_DAY;

    #[test]
    fn every_cell_is_of_its_columns_kind() {
        for number in 0..500 {
            let customer = Customer::new(2, number, 500, 2);
            let behaviour = Behaviour::on(&customer, HISTORY_DAY);
            for (cell, (name, kind, _)) in
                cells(&customer, &behaviour, HISTORY_DAY, "007").iter().zip(COLUMNS)
            {
                let fits = match cell {
                    Cell::Missing => true,
                    Cell::Number(value) => kind == Kind::Number && value.is_finite(),
                    Cell::Flag(_) => kind == Kind::Flag,
                    Cell::Time(_) => kind == Kind::Time,
                    Cell::Text(_) => kind == Kind::Category,
                };
                assert!(fits, "{name}: {cell:?}");
            }
        }
    }

    #[test]
    fn protected_columns_exist() {
        let schema = schema();
        for name in PROTECTED {
            assert_eq!(schema.field(name).map(|field| field.role), Some(Role::Feature), "{name}");
        }
    }
}
