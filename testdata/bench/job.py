"""The weekly job, from a file of customers to a file of scores and reasons: prints one JSON object a call.

job.py cut FILE OUT --rows N                 the first rows of a file
job.py tenfold FILE OUT                      a file ten times over, each time under other keys
job.py pyarrow FILE                          times only to read it
job.py pandas FILE OUT --history H --rows N  times reading, scoring, explaining and writing, with LightGBM
job.py process FILE OUT -- PROGRAM ...       times a process that scores the file into OUT, from its start to its end

The pandas job explains a thousand rows a second, so it is timed on the first N rows of the file. Its model is learnt
from the history beforehand. What a process wrote is counted and removed.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import time

LABEL, KEY, MOMENT, OPENED = "left", "customer_id", "as_of", "opened_on"
TREES = 300
REASONS = 3


def timed(rows, work):
    clock = time.perf_counter()
    work()
    seconds = time.perf_counter() - clock
    return {"seconds": seconds, "rows": rows, "rows_a_second": rows / seconds}


def count(file):
    """Rows below the header; no cell of these files holds a line end."""
    with open(file, "rb") as lines:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(1 << 20), b"")) - 1


def cut(file, out, rows):
    with open(file, "rb") as lines, open(out, "wb") as part:
        part.writelines(line for line, _ in zip(lines, range(rows + 1)))
    return {"rows": rows}


def tenfold(file, out):
    with open(file, "rb") as lines:
        header, text = lines.readline(), lines.read()
    with open(out, "wb") as many:
        many.write(header)
        for letter in b"CDEFGHIJKL":
            # Keys are the first cells and begin with a C.
            many.write(bytes([letter]) + text[1:].replace(b"\nC", b"\n" + bytes([letter])))
    return {"rows": 10 * count(file)}


def pyarrow(file, threads):
    import pyarrow
    import pyarrow.csv

    pyarrow.set_cpu_count(threads)
    return timed(count(file), lambda: pyarrow.csv.read_csv(file))


def features(table, levels):
    import pandas as pd

    table = table.drop(columns=[name for name in (KEY, MOMENT, LABEL) if name in table])
    table[OPENED] = pd.to_datetime(table[OPENED]).astype("int64") / 8.64e13
    for name, known in levels.items():
        table[name] = pd.Categorical(table[name], categories=known)
    return table


def pandas(file, out, history, rows, threads):
    import lightgbm
    import numpy as np
    import pandas as pd

    learnt = pd.read_csv(history)
    texts = [name for name in learnt if learnt[name].dtype.kind not in "iuf" and name not in (KEY, MOMENT, LABEL, OPENED)]
    levels = {name: sorted(learnt[name].dropna().unique()) for name in texts}
    stored = pathlib.Path(history).with_suffix(".lightgbm")
    if not stored.exists():
        settings = {"objective": "binary", "learning_rate": 0.1, "verbose": -1, "seed": 1}
        data = lightgbm.Dataset(features(learnt, levels), (learnt[LABEL] == "yes").astype(int))
        lightgbm.train(settings, data, TREES).save_model(stored)
    model = lightgbm.Booster(model_file=stored)

    def work():
        table = pd.read_csv(file, nrows=rows)
        keys = table[KEY]
        effects = model.predict(features(table, levels), pred_contrib=True, num_threads=threads)
        probability = 1 / (1 + np.exp(-effects.sum(axis=1)))
        scored = pd.DataFrame({KEY: keys, "churn_probability": probability})
        scored["risk_percentile"] = scored["churn_probability"].rank(pct=True)
        strongest = np.argsort(-effects[:, :-1], axis=1)[:, :REASONS]
        names = np.array(model.feature_name())
        for reason in range(REASONS):
            scored[f"reason_{reason + 1}"] = names[strongest[:, reason]]
            scored[f"reason_{reason + 1}_effect"] = np.take_along_axis(effects, strongest[:, [reason]], 1)
        scored.to_csv(out, index=False)

    found = timed(min(rows, count(file)), work)
    return {**found, "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def first_byte(process, folder, clock):
    """Seconds until a file that is being written has a byte; it gets its name only at the end."""
    while process.poll() is None:
        if any(part.stat().st_size > 0 for part in folder.glob(".winback-*.tmp")):
            return time.perf_counter() - clock
        time.sleep(0.0005)
    return None


def process(file, out, command):
    folder = pathlib.Path(out).parent
    clock = time.perf_counter()
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        first = first_byte(started, folder, clock)
    except FileNotFoundError:
        # Named while it was looked at.
        first = time.perf_counter() - clock
    status = started.wait()
    seconds = time.perf_counter() - clock
    if status != 0:
        raise SystemExit(f"{command} failed: {status}")
    rows, size = count(out), os.path.getsize(out)
    if rows != count(file):
        raise SystemExit(f"{out} has {rows} rows, not those of {file}")
    os.remove(out)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found = {"seconds": seconds, "rows": rows, "rows_a_second": rows / seconds, "peak_mib": round(peak)}
    return {**found, "first_byte": first, "written_mib": round(size / (1 << 20))}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["cut", "tenfold", "pyarrow", "pandas", "process"])
    parser.add_argument("file")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--history")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("command", nargs="*")
    told = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(told.threads)
    works = {
        "cut": lambda: cut(told.file, told.out, told.rows),
        "tenfold": lambda: tenfold(told.file, told.out),
        "pyarrow": lambda: pyarrow(told.file, told.threads),
        "pandas": lambda: pandas(told.file, told.out, told.history, told.rows, told.threads),
        "process": lambda: process(told.file, told.out, told.command),
    }
    print(json.dumps(works[told.work]()))


if __name__ == "__main__":
    main()
