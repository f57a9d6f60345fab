"""Real and made histories, their folds, and what other programs reach on them: prints one JSON object a call.

accuracy.py data DATA MADE FOLDER        writes each history with its folds into FOLDER: real ones of DATA with five times
                                         five, made ones of MADE, which are larger and known, with five
accuracy.py PROGRAM FOLDER [--repeats N] learns and judges on the folds of each history there

PROGRAM is catboost (its defaults), or lightgbm, lightgbm-stopped, xgboost or xgboost-stopped: as they come, or at rate
0.05 with a tenth of each training part held out to stop early. All take categories in their own way. It may be truth
as well, which knows the true probabilities of made histories and has learnt nothing of others.
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np
import pandas as pd

REPEATS, FOLDS = 5, 5
LABEL = "label"
TRUTH = "truth"
MADE = ["made-deep", "made-pairs"]


def bank_churners(data):
    table = pd.read_csv(data / "BankChurners.csv", na_values=["Unknown"])
    label = table["Attrition_Flag"] == "Attrited Customer"
    leaks = [name for name in table if name.startswith("Naive_Bayes")]
    return table.drop(columns=["CLIENTNUM", "Attrition_Flag", *leaks]), label


def churn_modelling(data):
    table = pd.read_csv(data / "Churn_Modelling.csv")
    return table.drop(columns=["RowNumber", "CustomerId", "Surname", "Exited"]), table["Exited"] == 1


def telco(data):
    table = pd.read_csv(data / "WA_Fn-UseC_-Telco-Customer-Churn.csv")
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce")
    return table.drop(columns=["customerID", "Churn"]), table["Churn"] == "Yes"


def bank_additional(data):
    table = pd.read_csv(data / "bank-additional-full.csv.gz", sep=";")
    return table.drop(columns=["duration", "y"]), table["y"] == "yes"


HISTORIES = {
    "BankChurners": bank_churners,
    "Churn_Modelling": churn_modelling,
    "Telco": telco,
    "bank-additional": bank_additional,
}


def schema(table):
    """What the columns are, as ours is told it; the folds are keys of nothing and read apart."""
    fields = []
    for name in table:
        is_number = table[name].dtype.kind == "f"
        role = "label" if name == LABEL else "excluded" if name.startswith("fold_") or name == TRUTH else "feature"
        kind = "flag" if name == LABEL else "number" if is_number else "category"
        fields.append({"name": name, "kind": kind, "role": role})
    return {"fields": fields, "positive": "true", "missing": [""]}


def made_history(made, name):
    table = pd.read_parquet(made / f"{name}.parquet")
    return table.drop(columns="left"), table["left"]


def write(data, made, folder):
    from sklearn.model_selection import RepeatedStratifiedKFold

    for name in [*HISTORIES, *MADE]:
        is_made = name in MADE
        table, label = made_history(pathlib.Path(made), name) if is_made else HISTORIES[name](pathlib.Path(data))
        for column in table:
            if table[column].dtype.kind in "if":
                table[column] = table[column].astype(np.float64)
            else:
                table[column] = table[column].astype("string")
        table[LABEL] = label.to_numpy()
        parts = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=1 if is_made else REPEATS, random_state=7)
        for number, (_, held_out) in enumerate(parts.split(table, label)):
            repeat, fold = divmod(number, FOLDS)
            if fold == 0:
                folds = np.zeros(len(table))
            folds[held_out] = fold
            table[f"fold_{repeat}"] = folds.copy()
        target = pathlib.Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        table.to_parquet(target / f"{name}.parquet", index=False)
        (target / f"{name}.json").write_text(json.dumps(schema(table)))
    return {"histories": [*HISTORIES, *MADE]}


def fit(program, table, label, unseen, threads):
    """Learns from `table` and answers the probabilities of `unseen`."""
    stopped = program.endswith("-stopped")
    part = np.random.default_rng(1).random(len(table)) < (0.9 if stopped else 2.0)
    if program == "catboost":
        import catboost

        names = [name for name in table if table[name].dtype.kind not in "f"]
        text = {name: lambda frame, name=name: frame[name].astype(object).fillna("missing") for name in names}
        model = catboost.CatBoostClassifier(
            thread_count=threads, verbose=False, allow_writing_files=False, random_seed=1, cat_features=names
        )
        return model.fit(table.assign(**text), label).predict_proba(unseen.assign(**text))[:, 1]
    if program.startswith("lightgbm"):
        import lightgbm

        model = lightgbm.LGBMClassifier(n_jobs=threads, verbose=-1, random_state=1)
        if stopped:
            model.set_params(learning_rate=0.05, n_estimators=2000)
            stop = lightgbm.early_stopping(50, verbose=False)
            model.fit(table[part], label[part], eval_set=[(table[~part], label[~part])], callbacks=[stop])
        else:
            model.fit(table, label)
        return model.predict_proba(unseen)[:, 1]
    import xgboost

    model = xgboost.XGBClassifier(n_jobs=threads, tree_method="hist", enable_categorical=True, random_state=1)
    if stopped:
        model.set_params(learning_rate=0.05, n_estimators=2000, early_stopping_rounds=50)
        model.fit(table[part], label[part], eval_set=[(table[~part], label[~part])], verbose=False)
    else:
        model.fit(table, label)
    return model.predict_proba(unseen)[:, 1]


def judge(program, folder, repeats, threads, only):
    from sklearn.metrics import log_loss, roc_auc_score

    found = {}
    for name in (name for name in [*HISTORIES, *MADE] if name.startswith(only)):
        table = pd.read_parquet(pathlib.Path(folder) / f"{name}.parquet")
        label = table.pop(LABEL).to_numpy()
        truth = table.pop(TRUTH).to_numpy() if TRUTH in table else None
        if program == TRUTH and truth is None:
            continue
        folds = [table.pop(column).to_numpy() for column in list(table) if column.startswith("fold_")][:repeats]
        if program != "catboost":
            for column in table:
                if table[column].dtype.kind not in "f":
                    table[column] = table[column].astype("category")
        figures = {"roc_auc": [], "log_loss": []}
        clock = time.perf_counter()
        for parts in folds:
            for fold in range(FOLDS):
                held_out = parts == fold
                if program == TRUTH:
                    probability = truth[held_out]
                else:
                    probability = fit(program, table[~held_out], label[~held_out], table[held_out], threads)
                figures["roc_auc"].append(roc_auc_score(label[held_out], probability))
                figures["log_loss"].append(log_loss(label[held_out], probability))
        seconds = (time.perf_counter() - clock) / (len(folds) * FOLDS)
        found[name] = {**figures, "seconds_a_fit": seconds}
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("places", nargs="+")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="")
    told = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(told.threads)
    if told.work == "data":
        print(json.dumps(write(*told.places)))
    else:
        print(json.dumps(judge(told.work, told.places[0], told.repeats, told.threads, told.only)))


if __name__ == "__main__":
    main()
