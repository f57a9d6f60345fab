"""Makes forest.json and linear.json: Shapley values of symmetric trees and of points tables.

forest.json holds small forests of symmetric trees with the Shapley values and the Shapley
interaction values of their columns, by the definition and by the shap package's TreeExplainer:
for the path-dependent value function, and for the interventional one against some rows.
linear.json holds an additive model of points tables with the effect of every column on every
row, checked against the shap package's LinearExplainer and exact explainer.
The README beside this file has the formats.

The committed files were made by Python 3.11.7 with numpy 2.4.6 and shap 0.51.0.

How to run, from any folder:

    python3 -m venv /tmp/venv-fixtures
    /tmp/venv-fixtures/bin/pip install numpy==2.4.6 shap==0.51.0
    /tmp/venv-fixtures/bin/python make.py            # writes both files beside this file
    /tmp/venv-fixtures/bin/python make.py --check    # compares only, exits with 1 on a difference
"""

import argparse
import itertools
import math
import pathlib
import platform
import sys
from fractions import Fraction

import numpy
import shap

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from fixture import finish

# The largest difference that the shap package may have from the definition.
AGREEMENT = 1e-6
# Leaf values and points are whole numbers of this unit, so a program may count in integers.
UNIT = 2.0**-24
# Rows and borders are whole numbers of this unit: they are exact in single precision too, and
# rows often equal a border, which must answer the question with no.
GRID = 1.0 / 8.0
# Interaction values are a square of numbers a row, so there are those of so many rows of a case.
ROWS_WITH_INTERACTIONS = 10


# --- Symmetric trees ----------------------------------------------------------------------


def node_count(tree, depth, prefix):
    """Training rows in the node that the answers `prefix` to the first `depth` questions reach."""
    # Bit k of a leaf is the answer to question k, so the leaves below a node share its low bits.
    return sum(tree["leaf_counts"][prefix :: 1 << depth])


def tree_output(tree, row):
    """The leaf value that the row reaches."""
    leaf = 0
    for level, question in enumerate(tree["questions"]):
        if row[question["column"]] > question["border"]:
            leaf |= 1 << level
    return tree["leaf_values"][leaf]


def expectation(tree, row, known, depth=0, prefix=0):
    """v(known): the expected leaf value when only the columns in `known` follow the row.

    Every other question averages both branches by the training rows in them, or half and half
    where there are none.
    Exact, in fractions.
    """
    if depth == len(tree["questions"]):
        return Fraction(tree["leaf_values"][prefix])
    question = tree["questions"][depth]
    no, yes = prefix, prefix | 1 << depth
    if question["column"] in known:
        taken = yes if row[question["column"]] > question["border"] else no
        return expectation(tree, row, known, depth + 1, taken)
    no_count = node_count(tree, depth + 1, no)
    yes_count = node_count(tree, depth + 1, yes)
    if no_count + yes_count == 0:
        yes_share = Fraction(1, 2)
    else:
        yes_share = Fraction(yes_count, no_count + yes_count)
    return (1 - yes_share) * expectation(tree, row, known, depth + 1, no) + (
        yes_share * expectation(tree, row, known, depth + 1, yes)
    )


def path_dependent(tree, row):
    """The worth of a set of columns: the expected leaf value when only those follow the row."""
    return lambda known: expectation(tree, row, known)


def against(background):
    """The same for a background: the other columns follow each of its rows in turn."""

    def game(tree, row):
        def value(known):
            mixed = [
                [row[column] if column in known else other[column] for column in range(len(row))]
                for other in background
            ]
            return sum(Fraction(tree_output(tree, each)) for each in mixed) / len(background)

        return value

    return game


def remembering(value):
    """The same function of sets; the orderings meet the same sets again and again."""
    remembered = {}

    def remembered_value(known):
        if known not in remembered:
            remembered[known] = value(known)
        return remembered[known]

    return remembered_value


def asked(tree):
    """The columns that the tree asks about.

    Other columns gain nothing in any ordering, so the orderings of these alone give the same
    means.
    """
    return sorted({question["column"] for question in tree["questions"]})


def definition(tree, value, column_count):
    """Shapley values of one tree: each column's mean gain over all orderings of its columns."""
    columns = asked(tree)
    gains = {column: Fraction(0) for column in columns}
    for ordering in itertools.permutations(columns):
        known = frozenset()
        for column in ordering:
            joined = known | {column}
            gains[column] += value(joined) - value(known)
            known = joined
    orderings = math.factorial(len(columns))
    return [gains.get(column, Fraction(0)) / orderings for column in range(column_count)]


def interactions_by_definition(tree, value, column_count):
    """Shapley interaction values of one tree, one row and column for each column.

    Half of what two columns gain together beyond what each gains alone, in the mean over all
    orderings in which they come one after the other, taken as one.
    The diagonal is what is left of each column's Shapley value.
    """
    columns = asked(tree)
    matrix = [[Fraction(0)] * column_count for _ in range(column_count)]
    for column, effect in enumerate(definition(tree, value, column_count)):
        matrix[column][column] = effect
    for left, right in itertools.combinations(columns, 2):
        pair = frozenset([left, right])
        others = [frozenset([column]) for column in columns if column not in pair]
        gain = Fraction(0)
        for ordering in itertools.permutations([pair, *others]):
            known = frozenset().union(*ordering[: ordering.index(pair)])
            gain += value(known | pair) - value(known | {left}) - value(known | {right})
            gain += value(known)
        half = gain / (2 * math.factorial(len(columns) - 1))
        for one, other in [(left, right), (right, left)]:
            matrix[one][other] = half
            matrix[one][one] -= half
    return matrix


def explain_by_definition(columns, trees, rows, game):
    """Base, Shapley values and interaction values of the forest, rounded once at the end.

    Interaction values are those of the first rows.
    """
    base = sum(game(tree, rows[0])(frozenset()) for tree in trees)
    values = []
    interactions = []
    for index, row in enumerate(rows):
        games = [remembering(game(tree, row)) for tree in trees]
        by_tree = [definition(tree, value, columns) for tree, value in zip(trees, games)]
        total = [sum(of_column) for of_column in zip(*by_tree)]
        # The values and the base must add up to the output, and do so exactly in fractions.
        assert base + sum(total) == sum(Fraction(tree_output(tree, row)) for tree in trees)
        values.append([float(value) for value in total])
        if index < ROWS_WITH_INTERACTIONS:
            by_tree = [
                interactions_by_definition(tree, value, columns)
                for tree, value in zip(trees, games)
            ]
            matrix = [[sum(cells) for cells in zip(*lines)] for lines in zip(*by_tree)]
            assert [sum(line) for line in matrix] == total
            interactions.append([[float(cell) for cell in line] for line in matrix])
    return float(base), values, interactions


# --- The same trees for the shap package --------------------------------------------------


def as_node_table(tree):
    """The tree as the table of nodes that TreeExplainer reads.

    Nodes are numbered level by level: the node of `prefix` on level `depth` is number
    2**depth - 1 + prefix.
    TreeExplainer goes left when the value is at most the threshold, so left is the answer no.
    """
    depth = len(tree["questions"])
    size = (1 << depth + 1) - 1
    left = numpy.full(size, -1)
    right = numpy.full(size, -1)
    features = numpy.full(size, -2)
    thresholds = numpy.zeros(size)
    values = numpy.zeros((size, 1))
    counts = numpy.zeros(size)
    # From the leaves up, because the value of an inner node is the mean of its children.
    for level in reversed(range(depth + 1)):
        for prefix in range(1 << level):
            node = (1 << level) - 1 + prefix
            counts[node] = node_count(tree, level, prefix)
            if level == depth:
                values[node, 0] = tree["leaf_values"][prefix]
                continue
            left[node] = (1 << level + 1) - 1 + prefix
            right[node] = left[node] + (1 << level)
            features[node] = tree["questions"][level]["column"]
            thresholds[node] = tree["questions"][level]["border"]
            children = [left[node], right[node]]
            # Only path-dependent values look at these, and there no node is empty.
            weights = counts[children] if counts[node] > 0 else None
            values[node, 0] = numpy.average(values[children, 0], weights=weights)
    return {
        "children_left": left,
        "children_right": right,
        # Where a missing value goes, which no row here has.
        "children_default": left,
        "features": features,
        "thresholds": thresholds,
        "values": values,
        "node_sample_weight": counts,
    }


def explain_by_shap(trees, rows, background=None):
    """Base and Shapley values of the forest by TreeExplainer.

    Without a background they are path-dependent, and interaction values of the first rows come
    with them, which TreeExplainer does not have for a background.
    """
    model = {
        "trees": [as_node_table(tree) for tree in trees],
        "internal_dtype": numpy.float64,
        "input_dtype": numpy.float64,
    }
    rows = numpy.array(rows, dtype=numpy.float64)
    if background is None:
        explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        interactions = explainer.shap_interaction_values(rows[:ROWS_WITH_INTERACTIONS]).tolist()
    else:
        explainer = shap.TreeExplainer(
            model,
            data=numpy.array(background, dtype=numpy.float64),
            feature_perturbation="interventional",
        )
        interactions = None
    values = explainer.shap_values(rows, check_additivity=False)
    base = float(numpy.asarray(explainer.expected_value).reshape(-1)[0])
    values = numpy.asarray(values, dtype=float).reshape(len(rows), -1)
    # The explainer's own values and base must lead to its own outputs, and those to ours.
    outputs = numpy.array([sum(tree_output(tree, row) for tree in trees) for row in rows])
    own_outputs = explainer.model.predict(rows).reshape(-1)
    assert numpy.abs(own_outputs - outputs).max() < AGREEMENT
    assert numpy.abs(values.sum(axis=1) + base - outputs).max() < AGREEMENT
    return base, values.tolist(), interactions


# --- The forests --------------------------------------------------------------------------


def question(column, border):
    return {"column": column, "border": border}


def in_units(generator, size, spread):
    """Normal draws of the given spread, rounded to whole numbers of the unit."""
    return (numpy.round(generator.normal(scale=spread, size=size) / UNIT) * UNIT).tolist()


def on_grid(generator, size):
    """Normal draws rounded to whole numbers of the grid."""
    # Adding zero makes a negative zero a plain one.
    return numpy.round(generator.normal(size=size) / GRID) * GRID + 0.0


def tree_with(generator, questions, leaf_counts=None):
    """A tree of the questions with drawn leaf values and, unless given, positive leaf counts."""
    leaves = 1 << len(questions)
    if leaf_counts is None:
        leaf_counts = generator.integers(1, 60, size=leaves).tolist()
    assert len(leaf_counts) == leaves
    return {
        "questions": questions,
        "leaf_values": in_units(generator, leaves, 0.4),
        "leaf_counts": leaf_counts,
    }


def drawn_tree(generator, depth, columns):
    """A tree of drawn questions, in which a column may be asked about more than once."""
    questions = [
        question(int(generator.integers(columns)), float(on_grid(generator, 1)[0]))
        for _ in range(depth)
    ]
    return tree_with(generator, questions)


def forests():
    """Name, number of columns, trees and rows of every case."""
    generator = numpy.random.default_rng(11)
    single = [tree_with(generator, [question(1, 0.25)])]
    yield "depth_1", 3, single, [[0.0, 0.25, 1.0], [0.5, 0.375, -1.0], [-2.0, -0.5, 0.125]]

    distinct = [tree_with(generator, [question(2, 0.0), question(0, 0.5), question(3, -0.25)])]
    yield "depth_3_distinct_columns", 4, distinct, on_grid(generator, (8, 4)).tolist()

    # Column 1 is asked about on levels 0 and 2, with a leaf between that no row can reach but
    # that the averages weigh by its count all the same.
    repeated = [
        tree_with(
            generator,
            [question(1, -0.25), question(0, 0.125), question(1, 0.5), question(2, 0.0)],
        )
    ]
    rows = on_grid(generator, (10, 3))
    # Rows below, at, between and above the two borders of column 1.
    rows[:6, 1] = [-1.0, -0.25, 0.0, 0.5, 0.625, 2.0]
    yield "depth_4_repeated_column", 3, repeated, rows.tolist()

    generator = numpy.random.default_rng(12)
    depths = [2, 3, 4, 5, 6, 2, 3, 4, 5, 6, 3, 4]
    trees = [drawn_tree(generator, depth, 7) for depth in depths]
    # One tree surely asks about as many columns as it has levels.
    trees[4]["questions"] = [
        question(column, border)
        for column, border in zip([3, 0, 6, 1, 5, 2], [0.125, -0.5, 0.0, 0.75, -0.25, 0.375])
    ]
    yield "12_trees_7_columns", 7, trees, on_grid(generator, (40, 7)).tolist()

    generator = numpy.random.default_rng(13)
    borders = [question(0, 0.0), question(1, 0.25), question(2, -0.25)]
    trees = [
        # Single empty leaves.
        tree_with(generator, borders, [5, 0, 7, 3, 0, 2, 9, 4]),
        # No training row answered yes to question 0: that whole half of the tree is empty, and
        # a row that goes there meets nodes with two empty children.
        tree_with(generator, borders, [6, 0, 2, 0, 3, 0, 8, 0]),
        # The node of yes, yes is empty, so both leaves below it are.
        tree_with(generator, borders, [4, 3, 2, 0, 1, 6, 5, 0]),
        # Nobody is anywhere but in one leaf.
        tree_with(generator, borders, [0, 0, 0, 0, 0, 12, 0, 0]),
        # No training row at all.
        tree_with(generator, [question(2, 0.5), question(3, 0.0)], [0, 0, 0, 0]),
        # The same column twice with nested borders: yes to the second and no to the first is a
        # leaf that no row reaches, so its count is zero as in training.
        tree_with(
            generator,
            [question(3, -0.5), question(3, 0.5), question(1, 0.0)],
            [10, 8, 0, 4, 7, 0, 0, 3],
        ),
    ]
    yield "empty_leaves_and_branches", 4, trees, on_grid(generator, (16, 4)).tolist()


def explained(what, columns, trees, rows, game, with_shap, background=None):
    """Base, values and interaction values by the definition and, where it can, by TreeExplainer.

    Stops where the two do not agree.
    """
    base, brute_force, interactions = explain_by_definition(columns, trees, rows, game)
    shap_values = shap_interactions = None
    if with_shap:
        shap_base, shap_values, shap_interactions = explain_by_shap(trees, rows, background)
        agree(f"forest {what}, TreeExplainer", shap_values, shap_base, base, brute_force)
        if shap_interactions is not None:
            agree(f"forest {what}, its pairs", shap_interactions, base, base, interactions)
    return {
        "base": base,
        "shap": shap_values,
        "brute_force": brute_force,
        "shap_interactions": shap_interactions,
        "interactions": interactions,
    }


def make_forest_document():
    generator = numpy.random.default_rng(14)
    cases = []
    for name, columns, trees, rows in forests():
        counted = all(min(tree["leaf_counts"]) > 0 for tree in trees)
        # Some rows of the background are equal in all that the trees ask.
        background = on_grid(generator, (9, columns)).tolist() + [rows[0], rows[0]]
        case = {
            "name": name,
            "columns": columns,
            "trees": trees,
            "rows": rows,
            "outputs": [math.fsum(tree_output(tree, row) for tree in trees) for row in rows],
        }
        case.update(explained(name, columns, trees, rows, path_dependent, counted))
        game = against(background)
        what = f"{name} against rows"
        found = explained(what, columns, trees, rows, game, True, background)
        case["against"] = {"background": background, **found}
        cases.append(case)
    return {"made_by": versions(), "cases": cases}


# --- Points tables ------------------------------------------------------------------------


def make_linear_document():
    generator = numpy.random.default_rng(21)
    training_rows = 240
    bins = [2, 3, 5, 4, 8]
    columns = []
    for column, bin_count in enumerate(bins):
        # Every column counts the same training rows, some bins many and some few.
        shares = generator.dirichlet(numpy.full(bin_count, 1.5))
        counts = generator.multinomial(training_rows, shares)
        if column == 3:
            # A bin that no training row fell into still has points.
            counts[0] += counts[2]
            counts[2] = 0
        points = in_units(generator, bin_count, 0.5)
        columns.append({"points": points, "counts": counts.tolist()})
    rows = [[int(generator.integers(bin_count)) for bin_count in bins] for _ in range(30)]
    rows[0][3] = 2

    # Points are dyadic and counts whole, so fractions give the means without any rounding.
    means = [
        sum(Fraction(points) * count for points, count in zip(column["points"], column["counts"]))
        / sum(column["counts"])
        for column in columns
    ]
    base = float(sum(means))
    effects = [
        [
            float(Fraction(column["points"][index]) - mean)
            for column, mean, index in zip(columns, means, row)
        ]
        for row in rows
    ]

    # The training rows, with each column in an order of its own.
    # How the columns go together has no part in the effects of an additive model.
    background = numpy.column_stack(
        [
            generator.permutation(numpy.repeat(numpy.arange(bin_count), column["counts"]))
            for bin_count, column in zip(bins, columns)
        ]
    )
    check_linear_explainer(columns, rows, background, base, effects)
    check_exact_explainer(columns, rows, background, base, effects)
    return {
        "made_by": versions(),
        "columns": columns,
        "rows": rows,
        "base": base,
        "effects": effects,
    }


def check_linear_explainer(columns, rows, background, base, effects):
    """LinearExplainer on a linear model with a column of ones and zeros for every bin.

    The effect of a column is the sum of the values of its bins.
    """
    bins = [len(column["points"]) for column in columns]
    starts = numpy.cumsum([0] + bins[:-1])

    def one_hot(indices):
        pieces = [numpy.eye(size)[indices[:, column]] for column, size in enumerate(bins)]
        return numpy.hstack(pieces)

    coefficients = numpy.concatenate([column["points"] for column in columns])
    masker = shap.maskers.Independent(one_hot(background), max_samples=len(background))
    explainer = shap.LinearExplainer((coefficients, 0.0), masker)
    by_bin = explainer.shap_values(one_hot(numpy.array(rows)))
    by_column = numpy.add.reduceat(by_bin, starts, axis=1)
    agree("linear, LinearExplainer", by_column, float(explainer.expected_value), base, effects)


def check_exact_explainer(columns, rows, background, base, effects):
    """The exact explainer on the function of bin indices, with no use of its being additive."""

    def model(indices):
        total = numpy.zeros(len(indices))
        for column, table in enumerate(columns):
            total += numpy.array(table["points"])[indices[:, column].astype(int)]
        return total

    masker = shap.maskers.Independent(background, max_samples=len(background))
    explanation = shap.explainers.ExactExplainer(model, masker)(numpy.array(rows), silent=True)
    base_value = float(numpy.asarray(explanation.base_values).reshape(-1)[0])
    agree("linear, ExactExplainer", explanation.values, base_value, base, effects)


def agree(explainer, values, base_value, base, effects):
    difference = numpy.abs(numpy.array(values) - numpy.array(effects)).max()
    base_difference = abs(base_value - base)
    assert difference < AGREEMENT and base_difference < AGREEMENT, explainer
    print(
        f"{explainer}: within {difference:.2g} of the definition, "
        f"its base within {base_difference:.2g}"
    )


# --- Making ---------------------------------------------------------------------------------


def versions():
    return {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "shap": shap.__version__,
    }


def main():
    parser = argparse.ArgumentParser(description="Makes or checks forest.json and linear.json.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    # Both files are handled even when the first one differs.
    results = [
        finish(FOLDER / "forest.json", make_forest_document(), arguments.check),
        finish(FOLDER / "linear.json", make_linear_document(), arguments.check),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
