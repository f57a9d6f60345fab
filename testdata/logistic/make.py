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
import json
import pathlib
import platform
import sys

import numpy
import scipy
import sklearn
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

TARGET = pathlib.Path(__file__).resolve().with_name("logistic.json")
TOLERANCE = 1e-9
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


# --- Writing and checking -----------------------------------------------------------------


def as_text(value, depth=0):
    """JSON with a list of plain values on one line and everything else indented by a space."""
    if isinstance(value, dict) and value:
        rows = [f"{json.dumps(key)}: {as_text(item, depth + 1)}" for key, item in value.items()]
        opening, closing = "{", "}"
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        rows = [as_text(item, depth + 1) for item in value]
        opening, closing = "[", "]"
    else:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    inner = "\n" + " " * (depth + 1)
    return opening + inner + ("," + inner).join(rows) + "\n" + " " * depth + closing


def differences(committed, computed, place, found):
    """Adds to `found` a line for each place where the two documents do not agree.

    Whole numbers, text and shapes must be equal, other numbers within the tolerance, which is
    relative for values above one.
    Returns the largest difference of two numbers.
    """
    if isinstance(computed, dict) and isinstance(committed, dict):
        if list(computed) != list(committed):
            found.append(f"{place}: keys differ")
            return 0.0
        pairs = [(f"{place}.{key}", committed[key], computed[key]) for key in computed]
    elif isinstance(computed, list) and isinstance(committed, list):
        if len(computed) != len(committed):
            found.append(f"{place}: lengths differ")
            return 0.0
        pairs = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(committed, computed))]
    elif isinstance(computed, float) and isinstance(committed, float):
        difference = abs(computed - committed)
        # Written so that a value that is not a number counts as a difference.
        if not difference <= TOLERANCE * max(1.0, abs(computed)):
            found.append(f"{place}: committed {committed!r}, computed {computed!r}")
        return difference
    else:
        if type(computed) is not type(committed) or computed != committed:
            found.append(f"{place}: committed {committed!r}, computed {computed!r}")
        return 0.0
    return max((differences(a, b, where, found) for where, a, b in pairs), default=0.0)


def finish(target, document, check):
    """Writes the document, or compares it with the committed one; returns whether all is well."""
    # Through text once, so that both sides of a comparison have the same types.
    text = as_text(document) + "\n"
    if not check:
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.name}: {len(text)} bytes")
        return True
    computed = json.loads(text)
    committed = json.loads(target.read_text(encoding="utf-8"))
    # Other versions may be used for a check, so only the rest is compared.
    computed_versions, committed_versions = computed.pop("made_by"), committed.pop("made_by")
    if computed_versions != committed_versions:
        print(f"{target.name}: made by {committed_versions}, checked by {computed_versions}")
    found = []
    largest = differences(committed, computed, target.name, found)
    for line in found[:20]:
        print(line)
    print(f"{target.name}: {len(found)} differences, the largest of two numbers is {largest:.3g}")
    return not found


def main():
    parser = argparse.ArgumentParser(description="Makes or checks logistic.json.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    return 0 if finish(TARGET, make_document(), arguments.check) else 1


if __name__ == "__main__":
    sys.exit(main())
