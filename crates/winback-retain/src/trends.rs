//! Which columns the risk has to follow, in words for cards and pages.

use winback_table::{Schema, Trend};

/// What the risk may not do as columns rise; nothing where no column that is learnt from has a trend.
pub(crate) fn trends(schema: &Schema, is_learnt: impl Fn(&str) -> bool) -> Option<String> {
    let with = |trend: Trend| {
        let fields =
            schema.fields.iter().filter(|field| field.monotone == Some(trend) && is_learnt(&field.name));
        fields.map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let parts = [("falls", with(Trend::Rising)), ("rises", with(Trend::Falling))];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(_, columns)| !columns.is_empty())
        .map(|(does, columns)| {
            format!("all else equal, the risk never {does} as one of these rises: {columns}")
        })
        .collect();
    (!said.is_empty()).then(|| {
        format!("As the settings ask, {}. Missing values stand outside this order.", said.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use winback_table::{Field, Kind, Role};

    use super::*;

    #[test]
    fn only_columns_learnt_from_are_named() {
        let mut fields = ["a", "b", "c", "d"].map(|name| Field::new(name, Kind::Number, Role::Feature));
        let trend = [Some(Trend::Rising), Some(Trend::Falling), Some(Trend::Rising), None];
        fields.iter_mut().zip(trend).for_each(|(field, trend)| field.monotone = trend);
        let schema = Schema::new(fields.to_vec(), None).unwrap();
        let outside = "Missing values stand outside this order.";
        assert_eq!(
            trends(&schema, |name| name != "b").unwrap(),
            format!(
                "As the settings ask, all else equal, the risk never falls as one of these rises: a, c. {outside}"
            )
        );
        assert_eq!(
            trends(&schema, |name| name != "a").unwrap(),
            format!(
                "As the settings ask, all else equal, the risk never falls as one of these rises: c; \
                 all else equal, the risk never rises as one of these rises: b. {outside}"
            )
        );
        assert_eq!(trends(&schema, |name| name == "d"), None);
    }
}
