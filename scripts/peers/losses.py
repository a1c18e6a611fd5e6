"""One training step with the losses that scripts/bench-lua/losses.lua writes in Lua. usage: losses.py FOLDER THREADS STEPS

Cosine matrix factorisation, dense Adam, denormals flushed, as in ccl.py; microseconds a batch.
"""

import sys
import time

import torch
from torch.nn.functional import normalize, relu, softplus

from interactions import read, report

DIM, RATE = 64, 1e-4


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
    pairs = train.tocoo()
    rows, columns = torch.from_numpy(pairs.row).long(), torch.from_numpy(pairs.col).long()
    users = torch.nn.Embedding(train.shape[0], DIM)
    items = torch.nn.Embedding(train.shape[1], DIM)
    for table in (users, items):
        torch.nn.init.normal_(table.weight, std=1e-4)
    optimizer = torch.optim.Adam([users.weight, items.weight], lr=RATE)

    def step():
        chosen = torch.randint(len(rows), (batch,))
        drawn = torch.randint(train.shape[1], (batch, negatives))
        user = normalize(users(rows[chosen]), dim=-1)
        item = normalize(items(torch.cat([columns[chosen, None], drawn], dim=1)), dim=-1)
        cosine = torch.bmm(item, user[:, :, None])[:, :, 0]
        value = loss(cosine[:, 0], cosine[:, 1:], rows[chosen])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    for _ in range(3):
        step()
    best = float("inf")
    for _ in range(steps):
        began = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - began)
    return best * 1e6


def main(folder, threads, steps):
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    train, _ = read(folder)
    report("lua.bpr.1.torch", microseconds(train, bpr, 1024, 1, steps), "us")
    for negatives in (100, 800):
        for loss in (ccl, mml, bsl_reweight, bsl_multi):
            report(f"lua.{loss.__name__}.{negatives}.torch", microseconds(train, loss, 256, negatives, steps), "us")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
