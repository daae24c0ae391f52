"""Writes a table that ships with scikit-learn as CSV: sklearn-tables.py iris|wine|breast_cancer|digits."""

import sys

from sklearn import datasets

bunch = getattr(datasets, "load_" + sys.argv[1])()
names = [str(name).replace(",", " ") for name in bunch.feature_names]
print(",".join([*names, "label"]))
for row, target in zip(bunch.data, bunch.target):
    label = bunch.target_names[target]
    print(",".join([*(repr(float(value)) for value in row), f"class {label}"]))
