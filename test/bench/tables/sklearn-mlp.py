"""Trains scikit-learn's MLPClassifier on tables read from standard input, one JSON object a line:
{"train": {"x": [[...]], "y": [...]}, "test": {...}, "seed": n}. Prints the test accuracy of each."""

import json
import sys
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore")
for line in sys.stdin:
    table = json.loads(line)
    train, test = table["train"], table["test"]
    model = MLPClassifier(random_state=table["seed"])
    model.fit(np.array(train["x"]), train["y"])
    print(model.score(np.array(test["x"]), test["y"]), flush=True)
