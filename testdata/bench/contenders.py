"""One piece of work of one program on a wide table: prints one JSON object.

contenders.py WORK PROGRAM FOLDER [--threads N]

WORK is train (LightGBM: 100 rounds at rate 0.1 on target-encoded categories), score or explain. The clock runs from
columns in memory to a model, or to the scores or effects of all rows asked for; reading files and loading models is
not on it. Target encoding is on the clock of training, since ours encodes as well: means over five folds with ten
pseudo-rows of the overall rate, as ours.
"""

import argparse
import json
import os
import pathlib
import resource
import time

import numpy as np
import pandas as pd

LABEL = "left"
TREES = 300
LEARNT_FROM = 100_000
# The peers need minutes for all rows; each is timed on as many as take it some seconds.
EXPLAINED = {"lightgbm": 2_000, "catboost": 20_000}


def read(folder, name):
    table = pd.read_parquet(pathlib.Path(folder) / f"{name}.parquet")
    return table.drop(columns=LABEL), table[LABEL].to_numpy().astype(np.int8)


def categories(table):
    return [name for name in table if name.startswith("category_")]


def coded(table, levels):
    """Numbers as they are, categories as codes; LightGBM takes one matrix of 64-bit floats."""
    columns = [
        levels[name].get_indexer(table[name]).astype(np.float64) if name in levels else table[name].to_numpy(np.float64)
        for name in table
    ]
    return np.column_stack(columns)


def target_encoded(matrix, places, labels, folds=5, prior=10.0):
    """Training rows get means of the other folds; answers the encoder for new rows too."""
    rows = len(labels)
    fold = np.random.default_rng(1).integers(0, folds, rows)
    overall = labels.mean()
    encoded, means = matrix.copy(), {}
    for place in places:
        codes = matrix[:, place].astype(np.int64)
        size = codes.max() + 1
        count = np.bincount(codes, minlength=size).astype(float)
        positive = np.bincount(codes, weights=labels, minlength=size)
        means[place] = (positive + prior * overall) / (count + prior)
        of_fold = codes * folds + fold
        count_of = np.bincount(of_fold, minlength=size * folds).astype(float)
        positive_of = np.bincount(of_fold, weights=labels, minlength=size * folds)
        encoded[:, place] = (positive[codes] - positive_of[of_fold] + prior * overall) / (
            count[codes] - count_of[of_fold] + prior
        )
    return encoded, means


def train_lightgbm(folder, threads):
    import lightgbm

    table, labels = read(folder, "train")
    test, test_labels = read(folder, "test")
    names = categories(table)
    levels = {name: pd.Index(sorted(table[name].unique())) for name in names}
    matrix, test_matrix = coded(table, levels), coded(test, levels)
    places = [table.columns.get_loc(name) for name in names]

    clock = time.perf_counter()
    encoded, means = target_encoded(matrix, places, labels)
    encoding = time.perf_counter() - clock
    settings = {"objective": "binary", "num_threads": threads, "learning_rate": 0.1, "verbose": -1, "seed": 1}
    model = lightgbm.train(settings, lightgbm.Dataset(encoded, labels), 100)
    seconds = time.perf_counter() - clock

    for place in places:
        test_matrix[:, place] = means[place][test_matrix[:, place].astype(np.int64)]
    probability = model.predict(test_matrix)
    loss = -np.mean(np.where(test_labels == 1, np.log(probability), np.log1p(-probability)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "encoding": encoding, "trees": 100, "log_loss": loss, "peak_mib": round(peak)}


def lightgbm_model(folder):
    import lightgbm

    table, labels = read(folder, "train")
    names = categories(table)
    levels = {name: pd.Index(sorted(table[name].unique())) for name in names}
    file = pathlib.Path(folder) / "lightgbm.txt"
    if not file.exists():
        part = coded(table[:LEARNT_FROM], levels)
        places = [table.columns.get_loc(name) for name in names]
        settings = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "verbose": -1, "seed": 1}
        data = lightgbm.Dataset(part, labels[:LEARNT_FROM], categorical_feature=places)
        lightgbm.train(settings, data, TREES).save_model(file)
    return lightgbm.Booster(model_file=file), levels


def catboost_model(folder):
    import catboost

    file = pathlib.Path(folder) / "catboost.cbm"
    if not file.exists():
        table, labels = read(folder, "train")
        # One category at a time: combinations would take a quarter of an hour to learn.
        model = catboost.CatBoostClassifier(
            iterations=TREES, depth=6, learning_rate=0.1, max_ctr_complexity=1, verbose=False, random_seed=1,
            allow_writing_files=False,
        )
        model.fit(table[:LEARNT_FROM], labels[:LEARNT_FROM], cat_features=categories(table))
        model.save_model(str(file))
    model = catboost.CatBoostClassifier()
    model.load_model(str(file))
    return model


def timed(rows, work):
    clock = time.perf_counter()
    work()
    seconds = time.perf_counter() - clock
    return {"seconds": seconds, "rows": rows, "rows_a_second": rows / seconds}


def use(work, program, folder, threads):
    test, _ = read(folder, "test")
    rows = len(test) if work == "score" else EXPLAINED[program]
    test = test[:rows]
    if program == "lightgbm":
        model, levels = lightgbm_model(folder)
        matrix = coded(test, levels)
        return timed(rows, lambda: model.predict(matrix, num_threads=threads, pred_contrib=work == "explain"))
    import catboost

    model = catboost_model(folder)
    pool = catboost.Pool(test, cat_features=categories(test))
    if work == "score":
        return timed(rows, lambda: model.predict(pool, prediction_type="RawFormulaVal", thread_count=threads))
    return timed(rows, lambda: model.get_feature_importance(pool, type="ShapValues", thread_count=threads))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["train", "score", "explain"])
    parser.add_argument("program", choices=["lightgbm", "catboost"])
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    told = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(told.threads)
    if told.work == "train":
        print(json.dumps(train_lightgbm(told.folder, told.threads)))
    else:
        print(json.dumps(use(told.work, told.program, told.folder, told.threads)))


if __name__ == "__main__":
    main()
