"""Makes metrics.json: labelled scores and the ranking and calibration measures of them.

Every case holds labels, predicted probabilities and integer row weights, with the values
that scikit-learn, SciPy or a definition written out in NumPy gives for them.

The committed file was made by Python 3.11.7 with numpy 2.4.6, scikit-learn 1.9.1 and
scipy 1.17.1.

How to run, from any folder:

    python3 -m venv /tmp/venv-fixtures
    /tmp/venv-fixtures/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
    /tmp/venv-fixtures/bin/python make.py            # writes metrics.json beside this file
    /tmp/venv-fixtures/bin/python make.py --check    # compares only, exits with 1 on a difference
"""

import argparse
import pathlib
import platform
import sys

import numpy
import scipy
import sklearn
from scipy.special import expit, logit
from scipy.stats import ks_2samp, rankdata
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from fixture import finish

TARGET = pathlib.Path(__file__).resolve().with_name("metrics.json")
BINS = 10


# --- The measures -------------------------------------------------------------------------


def calibration_line(labels, scores):
    """Slope and intercept of the unpenalised logistic regression of the label on logit(score)."""
    log_odds = logit(scores)
    # An infinite C switches the penalty off.
    model = LogisticRegression(C=numpy.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(log_odds.reshape(-1, 1), labels)
    slope = float(model.coef_[0, 0])
    intercept = float(model.intercept_[0])
    # scikit-learn stops on a tolerance of its own scaling.
    # One more Newton step from its answer must therefore move next to nothing.
    probabilities = expit(intercept + slope * log_odds)
    design = numpy.column_stack([log_odds, numpy.ones_like(log_odds)])
    gradient = design.T @ (labels - probabilities)
    curvature = design.T @ (design * (probabilities * (1 - probabilities))[:, None])
    step = numpy.abs(numpy.linalg.solve(curvature, gradient)).max()
    assert step < 1e-10, f"the calibration fit has not converged: next step {step}"
    return slope, intercept


def lift_at(labels, scores, percent):
    """Positive rate among the top `percent` of the rows, divided by the overall positive rate.

    The number of places is the share of the rows rounded up, in whole numbers so that no
    rounding of the product can add a place.
    Rows tied with the last one share the places that are left in proportion.
    """
    row_count = len(labels)
    places = -(-row_count * percent // 100)
    last_score = numpy.sort(scores)[::-1][places - 1]
    above = scores > last_score
    tied = scores == last_score
    share = (places - above.sum()) / tied.sum()
    positives = labels[above].sum() + share * labels[tied].sum()
    return float(positives / places / labels.mean())


def expected_calibration_error(labels, scores):
    """Weighted mean of |mean score - mean label| over ten bins of equal mass.

    The rows are sorted by score, rows of equal score keep their order in the file.
    """
    row_count = len(labels)
    order = numpy.argsort(scores, kind="stable")
    total = 0.0
    for index in range(BINS):
        rows = order[index * row_count // BINS : (index + 1) * row_count // BINS]
        total += len(rows) / row_count * abs(scores[rows].mean() - labels[rows].mean())
    return float(total)


def expected_calibration_error_of_curve(labels, scores):
    """The same from scikit-learn's calibration curve, which is valid only where the number of
    rows is a multiple of the number of bins and no two rows at an edge of a bin tie."""
    label_means, score_means = calibration_curve(labels, scores, n_bins=BINS, strategy="quantile")
    assert len(label_means) == BINS
    return float(numpy.abs(score_means - label_means).mean())


def bins_split_no_ties(scores):
    """Whether every edge between two bins of equal mass falls between two different scores."""
    row_count = len(scores)
    ordered = numpy.sort(scores)
    edges = [index * row_count // BINS for index in range(1, BINS)]
    return row_count % BINS == 0 and all(ordered[edge - 1] < ordered[edge] for edge in edges)


def delong_standard_error(labels, scores):
    """DeLong's standard error of the area under the curve, by midranks.

    The midrank of a row in the pooled sample less its midrank in its own class counts the rows
    of the other class below it, with a half for each tie.
    """
    positives = scores[labels == 1]
    negatives = scores[labels == 0]
    pooled = rankdata(numpy.concatenate([positives, negatives]), method="average")
    positive_placement = (pooled[: len(positives)] - rankdata(positives)) / len(negatives)
    negative_placement = 1 - (pooled[len(positives) :] - rankdata(negatives)) / len(positives)

    # The placements by comparing every pair must be the same, and their mean is the area.
    pairs = numpy.where(
        positives[:, None] > negatives[None, :],
        1.0,
        numpy.where(positives[:, None] == negatives[None, :], 0.5, 0.0),
    )
    assert numpy.allclose(pairs.mean(axis=1), positive_placement, rtol=0, atol=1e-12)
    assert numpy.allclose(pairs.mean(axis=0), negative_placement, rtol=0, atol=1e-12)
    assert abs(positive_placement.mean() - roc_auc_score(labels, scores)) < 1e-12

    variance = positive_placement.var(ddof=1) / len(positives)
    variance += negative_placement.var(ddof=1) / len(negatives)
    return float(numpy.sqrt(variance))


def weighted_measures(labels, scores, weights):
    """The four measures that take row weights, without the rows of weight zero."""
    kept = weights > 0
    labels, scores, weights = labels[kept], scores[kept], weights[kept]
    measures = {
        "roc_auc": float(roc_auc_score(labels, scores, sample_weight=weights)),
        "average_precision": float(average_precision_score(labels, scores, sample_weight=weights)),
        "log_loss": float(log_loss(labels, scores, sample_weight=weights)),
        "brier": float(brier_score_loss(labels, scores, sample_weight=weights)),
    }
    # An integer weight means that many copies of the row.
    repeated_labels = numpy.repeat(labels, weights)
    repeated_scores = numpy.repeat(scores, weights)
    repeated = {
        "roc_auc": roc_auc_score(repeated_labels, repeated_scores),
        "average_precision": average_precision_score(repeated_labels, repeated_scores),
        "log_loss": log_loss(repeated_labels, repeated_scores),
        "brier": brier_score_loss(repeated_labels, repeated_scores),
    }
    for name, value in repeated.items():
        assert abs(value - measures[name]) < 1e-12, name
    return measures


# --- The cases ----------------------------------------------------------------------------


def handmade():
    """Ten rows with ties within a class and across the classes."""
    labels = [1, 0, 1, 0, 1, 0, 0, 1, 0, 0]
    scores = [0.9, 0.7, 0.7, 0.7, 0.4, 0.4, 0.3, 0.2, 0.2, 0.05]
    weights = [1, 2, 0, 1, 3, 1, 0, 2, 1, 1]
    return labels, scores, weights


def drawn(seed, row_count, log_odds_of, score_of):
    """Rows whose label is drawn with the log odds `log_odds_of(signal)` of a normal signal, and
    whose score is `score_of(signal, noise)` in log odds."""
    generator = numpy.random.default_rng(seed)
    signal = generator.normal(size=row_count)
    noise = generator.normal(size=row_count)
    labels = (generator.random(row_count) < expit(log_odds_of(signal))).astype(int)
    weights = generator.integers(0, 4, size=row_count)
    scores = expit(score_of(signal, noise))
    return labels, scores, weights


def with_exactly(positive_count, case):
    """The case with new labels: exactly so many positives, drawn in proportion to the score."""
    _, scores, weights = case
    generator = numpy.random.default_rng(99)
    # The rows of the smallest exponential draws of rate `score` are a draw without replacement.
    keys = generator.exponential(size=len(scores)) / scores
    labels = numpy.zeros(len(scores), dtype=int)
    labels[numpy.argsort(keys, kind="stable")[:positive_count]] = 1
    return labels, scores, weights


def make_cases():
    informative = drawn(1, 400, lambda s: 1.4 * s - 1.0, lambda s, n: 1.2 * s - 0.9 + 0.6 * n)
    uneven = drawn(2, 137, lambda s: 1.1 * s - 0.6, lambda s, n: s - 0.5 + 0.4 * n)
    ties = drawn(3, 1000, lambda s: 1.2 * s - 2.0, lambda s, n: 1.1 * s - 2.0 + 0.3 * n)
    ties = (ties[0], numpy.clip(numpy.round(ties[1], 2), 0.005, 0.995), ties[2])
    # Twice too confident and too high by 0.8 in log odds.
    miscalibrated = drawn(4, 800, lambda s: s - 1.2, lambda s, n: 2.0 * (s - 1.2) + 0.8 + 0.2 * n)
    rare = drawn(5, 2000, lambda s: s - 4.8, lambda s, n: 1.1 * s - 4.8 + 0.3 * n)
    rare = with_exactly(30, rare)
    near_perfect = drawn(6, 300, lambda s: 30.0 * s, lambda s, n: 4.0 * s + 0.15 * n)
    return [
        ("handmade_ties_10", handmade()),
        ("informative_400", informative),
        ("uneven_bins_137", uneven),
        ("heavy_ties_1000", ties),
        ("miscalibrated_800", miscalibrated),
        ("rare_positives_2000", rare),
        ("near_perfect_300", near_perfect),
    ]


def make_document():
    cases = []
    for name, (labels, scores, weights) in make_cases():
        labels = numpy.asarray(labels, dtype=int)
        # Rounded scores keep the file small and are what the measures are computed from.
        scores = numpy.round(numpy.asarray(scores, dtype=float), 9)
        weights = numpy.asarray(weights, dtype=int)
        assert scores.min() > 0 and scores.max() < 1 and 0 < labels.sum() < len(labels)

        slope, intercept = calibration_line(labels, scores)
        calibration_error = expected_calibration_error(labels, scores)
        if bins_split_no_ties(scores):
            of_curve = expected_calibration_error_of_curve(labels, scores)
            assert abs(of_curve - calibration_error) < 1e-12, name
            checked = "agrees with calibration_curve"
        else:
            checked = "not comparable with calibration_curve"
        print(f"{name}: expected calibration error {checked}")

        cases.append(
            {
                "name": name,
                "labels": labels.tolist(),
                "scores": scores.tolist(),
                "weights": weights.tolist(),
                "roc_auc": float(roc_auc_score(labels, scores)),
                "average_precision": float(average_precision_score(labels, scores)),
                "log_loss": float(log_loss(labels, scores)),
                "brier": float(brier_score_loss(labels, scores)),
                "calibration_slope": slope,
                "calibration_intercept": intercept,
                "ks": float(ks_2samp(scores[labels == 1], scores[labels == 0]).statistic),
                "lift_at_5pct": lift_at(labels, scores, 5),
                "lift_at_10pct": lift_at(labels, scores, 10),
                "lift_at_20pct": lift_at(labels, scores, 20),
                "expected_calibration_error": calibration_error,
                "delong_standard_error": delong_standard_error(labels, scores),
                "weighted": weighted_measures(labels, scores, weights),
            }
        )
    made_by = {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
    }
    return {"made_by": made_by, "cases": cases}


def main():
    parser = argparse.ArgumentParser(description="Makes or checks metrics.json.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    return 0 if finish(TARGET, make_document(), arguments.check) else 1


if __name__ == "__main__":
    sys.exit(main())
