"""One piece of work of one program on a wide table: prints one JSON object.

contenders.py WORK PROGRAM FOLDER [--threads N]

WORK is train (100 rounds at rate 0.1 on target-encoded categories), score or explain. The clock runs from columns in
memory to a model, or to the scores or effects of all rows asked for; reading files and loading models is not on it.
Target encoding is on the clock of training, since ours encodes as well: means over five folds with ten pseudo-rows of
the overall rate, as ours. onnxruntime scores the model that ours exported; shap explains scikit-learn's.
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
ROUNDS = 100
TREES = 300
LEARNT_FROM = 100_000
# The peers need minutes for all rows; each is timed on as many as take it some seconds.
EXPLAINED = {"lightgbm": 2_000, "catboost": 20_000, "xgboost": 2_000, "shap": 500}
# Rows that onnxruntime scores at once: many more make it slower.
BATCH = 8_192


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


def fit_lightgbm(matrix, labels, threads):
    import lightgbm

    settings = {"objective": "binary", "num_threads": threads, "learning_rate": 0.1, "verbose": -1, "seed": 1}
    return lightgbm.train(settings, lightgbm.Dataset(matrix, labels), ROUNDS).predict


def fit_xgboost(matrix, labels, threads):
    import xgboost

    settings = {"objective": "binary:logistic", "tree_method": "hist", "eta": 0.1, "nthread": threads, "seed": 1}
    model = xgboost.train(settings, xgboost.QuantileDMatrix(matrix, labels, nthread=threads), ROUNDS)
    return model.inplace_predict


def fit_catboost(matrix, labels, threads):
    import catboost

    model = catboost.CatBoostClassifier(
        iterations=ROUNDS, learning_rate=0.1, verbose=False, random_seed=1, thread_count=threads, allow_writing_files=False
    )
    model.fit(matrix, labels)
    return lambda rows: model.predict_proba(rows)[:, 1]


def fit_scikit_learn(matrix, labels, threads):
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(max_iter=ROUNDS, learning_rate=0.1, early_stopping=False, random_state=1)
    model.fit(matrix, labels)
    return lambda rows: model.predict_proba(rows)[:, 1]


FITS = {
    "lightgbm": fit_lightgbm, "xgboost": fit_xgboost, "catboost": fit_catboost, "scikit-learn": fit_scikit_learn,
}


def train(program, folder, threads):
    table, labels = read(folder, "train")
    test, test_labels = read(folder, "test")
    names = categories(table)
    levels = {name: pd.Index(sorted(table[name].unique())) for name in names}
    matrix, test_matrix = coded(table, levels), coded(test, levels)
    places = [table.columns.get_loc(name) for name in names]

    clock = time.perf_counter()
    encoded, means = target_encoded(matrix, places, labels)
    encoding = time.perf_counter() - clock
    predict = FITS[program](encoded, labels, threads)
    seconds = time.perf_counter() - clock

    for place in places:
        test_matrix[:, place] = means[place][test_matrix[:, place].astype(np.int64)]
    probability = np.clip(predict(test_matrix).astype(np.float64), 1e-12, 1 - 1e-12)
    loss = -np.mean(np.where(test_labels == 1, np.log(probability), np.log1p(-probability)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "encoding": encoding, "trees": ROUNDS, "log_loss": loss, "peak_mib": round(peak)}


def with_codes(folder, name, fit, load, save):
    """A model of categories as codes, learnt once, and the levels of each category."""
    table, labels = read(folder, "train")
    levels = {name: pd.Index(sorted(table[name].unique())) for name in categories(table)}
    file = pathlib.Path(folder) / name
    if not file.exists():
        places = [table.columns.get_loc(name) for name in levels]
        save(fit(coded(table[:LEARNT_FROM], levels), labels[:LEARNT_FROM], places), file)
    return load(file), levels


def lightgbm_model(folder):
    import lightgbm

    def fit(matrix, labels, places):
        settings = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "verbose": -1, "seed": 1}
        return lightgbm.train(settings, lightgbm.Dataset(matrix, labels, categorical_feature=places), TREES)

    return with_codes(
        folder, "lightgbm.txt", fit, lambda file: lightgbm.Booster(model_file=file), lambda model, file: model.save_model(file)
    )


def xgboost_model(folder):
    import xgboost

    def fit(matrix, labels, _):
        settings = {"objective": "binary:logistic", "tree_method": "hist", "eta": 0.1, "seed": 1}
        return xgboost.train(settings, xgboost.DMatrix(matrix, labels), TREES)

    return with_codes(
        folder, "xgboost.json", fit, lambda file: xgboost.Booster(model_file=file), lambda model, file: model.save_model(file)
    )


def scikit_learn_model(folder):
    import joblib
    from sklearn.ensemble import HistGradientBoostingClassifier

    def fit(matrix, labels, _):
        settings = {"max_iter": TREES, "learning_rate": 0.1, "early_stopping": False, "random_state": 1}
        return HistGradientBoostingClassifier(**settings).fit(matrix, labels)

    return with_codes(folder, "scikit-learn.joblib", fit, joblib.load, joblib.dump)


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


def use_lightgbm(work, folder, test, threads):
    model, levels = lightgbm_model(folder)
    matrix = coded(test, levels)
    return lambda: model.predict(matrix, num_threads=threads, pred_contrib=work == "explain")


def use_catboost(work, folder, test, threads):
    import catboost

    model = catboost_model(folder)
    pool = catboost.Pool(test, cat_features=categories(test))
    if work == "score":
        return lambda: model.predict(pool, prediction_type="RawFormulaVal", thread_count=threads)
    return lambda: model.get_feature_importance(pool, type="ShapValues", thread_count=threads)


def use_xgboost(work, folder, test, threads):
    import xgboost

    model, levels = xgboost_model(folder)
    model.set_param({"nthread": threads})
    matrix = coded(test, levels)
    if work == "score":
        return lambda: model.inplace_predict(matrix, predict_type="margin")
    matrix = xgboost.DMatrix(matrix, nthread=threads)
    return lambda: model.predict(matrix, pred_contribs=True)


def use_scikit_learn(work, folder, test, threads):
    model, levels = scikit_learn_model(folder)
    matrix = coded(test, levels)
    return lambda: model.predict_proba(matrix)


def use_shap(work, folder, test, threads):
    import shap

    model, levels = scikit_learn_model(folder)
    matrix = coded(test, levels)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    return lambda: explainer.shap_values(matrix, check_additivity=False)


def use_onnxruntime(work, folder, test, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    file = pathlib.Path(folder) / "winback.onnx"
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    texts = categories(test)
    columns = {
        name: test[name].to_numpy(object if name in texts else np.float32).reshape(-1, 1)
        for name in (value.name for value in session.get_inputs())
    }
    batches = [
        {name: column[start : start + BATCH] for name, column in columns.items()} for start in range(0, len(test), BATCH)
    ]
    return lambda: [session.run(None, batch) for batch in batches]


USES = {
    "lightgbm": use_lightgbm, "catboost": use_catboost, "xgboost": use_xgboost, "scikit-learn": use_scikit_learn,
    "shap": use_shap, "onnxruntime": use_onnxruntime,
}


def use(work, program, folder, threads):
    test, _ = read(folder, "test")
    rows = len(test) if work == "score" else EXPLAINED[program]
    return timed(rows, USES[program](work, folder, test[:rows], threads))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["train", "score", "explain"])
    parser.add_argument("program", choices=sorted({*FITS, *USES}))
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    told = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(told.threads)
    if told.work == "train":
        print(json.dumps(train(told.program, told.folder, told.threads)))
    else:
        print(json.dumps(use(told.work, told.program, told.folder, told.threads)))


if __name__ == "__main__":
    main()
