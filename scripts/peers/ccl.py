"""Cosine matrix factorization with the contrastive loss: seconds an epoch. usage: ccl.py FOLDER THREADS NEGATIVES STEPS

A few steps are timed and scaled to the batches of an epoch: dense Adam costs the same at every step.
"""

import sys
import time

from torch.nn.functional import relu

from factorization import CosineFactorization, prepare
from interactions import peak_megabytes, read, report

BATCH, MARGIN, WEIGHT = 256, 0.9, 150


def ccl(positive, negative, users):
    return (1 - positive + WEIGHT * relu(negative - MARGIN).mean(dim=1)).mean()


def main(folder, threads, negatives, steps):
    prepare(threads)
    train, _ = read(folder)
    model = CosineFactorization(train)
    for _ in range(5):
        model.step(ccl, BATCH, negatives)
    began = time.perf_counter()
    for _ in range(steps):
        model.step(ccl, BATCH, negatives)
    seconds = (time.perf_counter() - began) / steps
    report(f"ccl{negatives}.torch", seconds * -(-len(model.rows) // BATCH), "s")
    report(f"ccl{negatives}.torch_memory", peak_megabytes(), "MB")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
