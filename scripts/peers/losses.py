"""One training step with the losses that scripts/bench-lua/losses.lua writes in Lua. usage: losses.py FOLDER THREADS STEPS

Cosine matrix factorization (factorization.py); microseconds a batch.
"""

import sys
import time

import torch
from torch.nn.functional import relu, softplus

from factorization import CosineFactorization, prepare
from interactions import read, report


def bpr(positive, negative, users):
    return softplus(negative - positive[:, None]).mean()


def ccl(positive, negative, users):
    return (relu(1 - positive) + 150 * relu(negative - 0.9).mean(dim=1)).mean()


def mml(positive, negative, users):
    cost = sum(w * relu(negative - m) for m, w in ((0.7, 0.1), (0.8, 0.15), (0.9, 0.75)))
    return (relu(1 - positive) + 700 * cost.mean(dim=1)).mean()


def bsl_reweight(positive, negative, users, temperature=0.11, exponent=1.1):
    return (exponent * torch.logsumexp(negative / temperature, dim=1) - positive / temperature).mean()


def bsl_multi(positive, negative, users, temperature=0.11, exponent=1.1):
    down = torch.log(torch.exp(negative / temperature).mean(dim=1))
    _, groups = torch.unique(users, return_inverse=True)
    counts = torch.bincount(groups).float()
    sums = torch.zeros(len(counts)).index_add(0, groups, torch.exp(positive / temperature))
    return (exponent * down - torch.log(sums / counts)[groups]).mean()


def microseconds(train, loss, batch, negatives, steps):
    model = CosineFactorization(train)
    for _ in range(3):
        model.step(loss, batch, negatives)
    best = float("inf")
    for _ in range(steps):
        began = time.perf_counter()
        model.step(loss, batch, negatives)
        best = min(best, time.perf_counter() - began)
    return best * 1e6


def main(folder, threads, steps):
    prepare(threads)
    train, _ = read(folder)
    report("lua.bpr.1.torch", microseconds(train, bpr, 1024, 1, steps), "us")
    for negatives in (100, 800):
        for loss in (ccl, mml, bsl_reweight, bsl_multi):
            report(f"lua.{loss.__name__}.{negatives}.torch", microseconds(train, loss, 256, negatives, steps), "us")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
