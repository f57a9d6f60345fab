//! The nearest values that never fall: isotonic regression, by pooling neighbours that violate the order (Ayer and
//! others 1955; Barlow and others 1972).

/// Neighbours that were given one value.
struct Pool {
    value: f64,
    weight: f64,
    members: usize,
}

/// Replaces values by those that never fall and are nearest to them in weighted squares; weights are above 0. Values
/// that nothing pools keep their bits. Answers whether anything was pooled.
pub(crate) fn pool(values: &mut [f64], weights: &[f64]) -> bool {
    let mut pools: Vec<Pool> = Vec::with_capacity(values.len());
    for (value, weight) in values.iter().zip(weights) {
        let mut last = Pool { value: *value, weight: *weight, members: 1 };
        while let Some(before) = pools.pop_if(|before| last.value < before.value) {
            let weight = before.weight + last.weight;
            // A step from one to the other, so that rounding cannot lead outside the two.
            let value = before.value + (last.value - before.value) * (last.weight / weight);
            last = Pool { value, weight, members: before.members + last.members };
        }
        pools.push(last);
    }
    let mut rest = &mut *values;
    let mut is_pooled = false;
    for Pool { value, members, .. } in pools {
        let (these, others) = rest.split_at_mut(members);
        these.fill(value);
        is_pooled |= 1 < members;
        rest = others;
    }
    is_pooled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbours_out_of_order_share_their_weighted_mean() {
        let mut values = vec![3.0, 1.0, 2.0, 5.0, 4.0, 6.0];
        assert!(pool(&mut values, &[1.0, 3.0, 1.0, 1.0, 1.0, 1.0]));
        assert_eq!(values, [1.5, 1.5, 2.0, 4.5, 4.5, 6.0]);
        assert!(!pool(&mut values, &[1.0; 6]));
        assert!(!pool(&mut [], &[]));
    }

    proptest! {
        #[test]
        fn no_other_values_in_order_are_nearer(
            cells in prop::collection::vec((-100.0_f64..100.0, 0.01_f64..10.0), 1..12),
            mut others in prop::collection::vec(-100.0_f64..100.0, 12),
        ) {
            let (values, weights): (Vec<f64>, Vec<f64>) = cells.into_iter().unzip();
            let mut nearest = values.clone();
            pool(&mut nearest, &weights);
            prop_assert!(nearest.is_sorted());
            let off = |others: &[f64]| -> f64 {
                let cells = values.iter().zip(others).zip(&weights);
                cells.map(|((value, other), weight)| weight * (value - other) * (value - other)).sum()
            };
            others.truncate(values.len());
            others.sort_unstable_by(f64::total_cmp);
            prop_assert!(off(&nearest) <= off(&others) + 1e-9);
            // Those beside the nearest, on the way to others in order, too.
            let beside: Vec<f64> = nearest.iter().zip(&others).map(|(a, b)| a + 0.001 * (b - a)).collect();
            prop_assert!(off(&nearest) <= off(&beside) + 1e-9);
        }
    }
}
