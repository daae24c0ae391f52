"""Samples per second of processor time of one model in PyTorch, one thread, plain SGD.

Usage: train-torch.py MODEL BATCH ROUND_MS ROUNDS; the models are those of ml/model/presets.ts.
"""
import sys
import time

import torch
from torch import nn

MODELS = {
    "2nn": lambda: nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 200),
        nn.ReLU(),
        nn.Linear(200, 200),
        nn.ReLU(),
        nn.Linear(200, 10),
    ),
    "cnn": lambda: convolutions(32, 64, 5, 512),
    "lenet": lambda: convolutions(16, 32, 3, 64),
}


def convolutions(first, second, window, hidden):
    return nn.Sequential(
        nn.Conv2d(1, first, window, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, window, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(second * 49, hidden),
        nn.ReLU(),
        nn.Linear(hidden, 10),
    )


def main(name, batch, round_ms, rounds):
    torch.set_num_threads(1)
    model = MODELS[name]()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss = nn.CrossEntropyLoss()
    inputs = torch.rand(batch, 1, 28, 28)
    labels = torch.randint(0, 10, (batch,))

    def step():
        optimizer.zero_grad()
        loss(model(inputs), labels).backward()
        optimizer.step()

    for _ in range(10):
        step()
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        calls = 0
        elapsed = 0.0
        while elapsed * 1000 < round_ms:
            step()
            calls += 1
            elapsed = time.process_time() - start
        best = min(best, elapsed / calls)
    print(batch / best)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
