"""Makes logistic.json: ridge logistic regressions for a test of a Newton solver.

One small table of rows is fitted by scikit-learn at three penalties.
The objective is the sum of the log losses of the rows plus penalty / 2 times the sum of the
squared coefficients; the intercept bears no penalty.

The committed file was made by Python 3.11.7 with numpy 2.4.6, scikit-learn 1.9.1 and
scipy 1.17.1.

How to run, from any folder:

    python3 -m venv /tmp/venv-fixtures
    /tmp/venv-fixtures/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
    /tmp/venv-fixtures/bin/python make.py            # writes logistic.json beside this file
    /tmp/venv-fixtures/bin/python make.py --check    # compares only, exits with 1 on a difference
"""

import argparse
import pathlib
import platform
import sys

import numpy
import scipy
import sklearn
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from fixture import finish

TARGET = pathlib.Path(__file__).resolve().with_name("logistic.json")
PENALTIES = [0.1, 1.0, 10.0]


def make_rows():
    """300 rows of five columns, two of them correlated and one skewed, and their labels."""
    generator = numpy.random.default_rng(31)
    rows = generator.normal(size=(300, 5))
    rows[:, 1] = 0.8 * rows[:, 0] + 0.6 * rows[:, 1]
    rows[:, 4] = numpy.exp(rows[:, 4])
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    # Rounded after standardising, so means and spreads are zero and one to six decimals only.
    # The fits use the rounded rows.
    rows = numpy.round(rows, 6)
    log_odds = rows @ numpy.array([1.0, -0.5, 0.0, 0.7, 0.4]) - 0.8
    labels = (generator.random(300) < expit(log_odds)).astype(int)
    return rows, labels


def objective(rows, labels, penalty, coefficients, intercept):
    log_odds = rows @ coefficients + intercept
    losses = numpy.logaddexp(0.0, log_odds) - labels * log_odds
    return float(losses.sum() + penalty / 2 * (coefficients @ coefficients))


def newton(rows, labels, penalty):
    """The same fit by plain Newton steps, as a check that scikit-learn has converged."""
    design = numpy.column_stack([rows, numpy.ones(len(rows))])
    penalties = numpy.full(design.shape[1], penalty)
    penalties[-1] = 0.0
    parameters = numpy.zeros(design.shape[1])
    for _ in range(50):
        probabilities = expit(design @ parameters)
        gradient = design.T @ (probabilities - labels) + penalties * parameters
        spread = probabilities * (1 - probabilities)
        curvature = design.T @ (design * spread[:, None]) + numpy.diag(penalties)
        step = numpy.linalg.solve(curvature, gradient)
        parameters -= step
        if numpy.abs(step).max() < 1e-14:
            break
    return parameters[:-1], parameters[-1], float(numpy.abs(gradient).max())


def make_document():
    rows, labels = make_rows()
    fits = []
    for penalty in PENALTIES:
        # scikit-learn weighs the losses by C instead of the coefficients by the penalty.
        model = LogisticRegression(
            C=1.0 / penalty, solver="newton-cholesky", tol=1e-12, max_iter=1000
        )
        model.fit(rows, labels)
        coefficients = model.coef_[0]
        intercept = float(model.intercept_[0])
        own_coefficients, own_intercept, gradient = newton(rows, labels, penalty)
        difference = max(
            float(numpy.abs(coefficients - own_coefficients).max()), abs(intercept - own_intercept)
        )
        assert difference < 1e-10, f"penalty {penalty}: the solvers differ by {difference}"
        print(
            f"penalty {penalty}: scikit-learn is within {difference:.2g} of plain Newton steps, "
            f"whose largest gradient is {gradient:.2g}"
        )
        fits.append(
            {
                "penalty": penalty,
                "coefficients": coefficients.tolist(),
                "intercept": intercept,
                "objective": objective(rows, labels, penalty, coefficients, intercept),
            }
        )
    made_by = {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
    }
    return {"made_by": made_by, "rows": rows.tolist(), "labels": labels.tolist(), "fits": fits}


def main():
    parser = argparse.ArgumentParser(description="Makes or checks logistic.json.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    return 0 if finish(TARGET, make_document(), arguments.check) else 1


if __name__ == "__main__":
    sys.exit(main())
