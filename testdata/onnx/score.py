"""Scores a CSV file with the model.onnx of a package, without Winback: python score.py PACKAGE FILE.csv

Prints one probability a line, in the order of the rows. Needs onnxruntime and numpy. What the cells of a column are is
told by the package's schema.json; decimal commas and dates other than 2026-04-06 are left to Winback.
"""

import csv
import datetime
import json
import sys
from pathlib import Path

import numpy
import onnxruntime

YES = {"1", "1.0", "yes", "y", "true", "t", "on"}
NO = {"0", "0.0", "no", "n", "false", "f", "off"}
FIRST_DAY = datetime.datetime(1970, 1, 1)


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return numpy.nan


def flag(cell):
    cell = cell.lower()
    return 1.0 if cell in YES else 0.0 if cell in NO else numpy.nan


def days(cell):
    try:
        return (datetime.datetime.fromisoformat(cell) - FIRST_DAY) / datetime.timedelta(days=1)
    except ValueError:
        return numpy.nan


def column(cells, kind):
    """The cells of a column as the model takes them: 32-bit floats or texts, shape [rows, 1]."""
    read = {"number": number, "flag": flag, "time": days}.get(kind)
    if read is None:
        return numpy.array(cells, dtype=object).reshape(-1, 1)
    with numpy.errstate(over="ignore"):
        return numpy.array([read(cell) for cell in cells]).astype(numpy.float32).reshape(-1, 1)


def main(package, table):
    schema = json.loads((package / "schema.json").read_text(encoding="utf-8"))
    kinds = {field["name"]: field["kind"] for field in schema["fields"]}
    with table.open(encoding="utf-8", newline="") as file:
        delimiter = max(",;\t|", key=file.readline().count)
        file.seek(0)
        names, *rows = csv.reader(file, delimiter=delimiter)
    cells = {name: [row[at].strip() for row in rows] for at, name in enumerate(names)}
    session = onnxruntime.InferenceSession(package / "model.onnx", providers=["CPUExecutionProvider"])
    columns = [value.name for value in session.get_inputs()]
    inputs = {name: column(cells[name], kinds[name]) for name in columns}
    (probabilities,) = session.run(None, inputs)
    for probability in probabilities[:, 0]:
        print(float(probability))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
