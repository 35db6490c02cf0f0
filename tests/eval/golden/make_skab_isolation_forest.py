#!/usr/bin/python3
"""Makes skab_isolation_forest.txt: labels of scikit-learn's isolation forest on SKAB.

usage: OMP_NUM_THREADS=1 make_skab_isolation_forest.py SKAB_FOLDER > skab_isolation_forest.txt

Needs Debian 12's python3-sklearn (1.2.1) and python3-pandas. Settings of the leaderboard's notebook:
contamination 0.0005, seed 0, 400 rows to train with, the labels smoothed by a median of 3. One line
a file: its name, then the lengths of runs of 0, 1, 0, 1... over the rows behind the first 400.
"""
import glob
import itertools
import os
import sys

import pandas as pd
from sklearn.ensemble import IsolationForest


def labels(path):
    rows = pd.read_csv(path, sep=';', index_col='datetime', parse_dates=True)
    rows = rows.drop(columns=['anomaly', 'changepoint']).values
    forest = IsolationForest(random_state=0, n_jobs=1, contamination=0.0005).fit(rows[:400])
    odd = pd.Series(-forest.predict(rows[400:])).rolling(3).median().fillna(0)
    return (odd > 0).astype(int)


print('# made by make_skab_isolation_forest.py with scikit-learn 1.2.1')
for folder in ('valve1', 'other'):
    paths = glob.glob(os.path.join(sys.argv[1], folder, '*.csv'))
    for path in sorted(paths, key=lambda p: int(os.path.basename(p)[:-4])):
        runs, now = [], 0
        for label, run in itertools.groupby(labels(path)):
            if label != now:
                runs.append(0)
            runs.append(len(list(run)))
            now = 1 - label
        print(f'{folder}/{os.path.basename(path)}', *runs)
