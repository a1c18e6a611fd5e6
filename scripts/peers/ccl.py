"""Cosine matrix factorisation with the contrastive loss: seconds an epoch. usage: ccl.py FOLDER THREADS NEGATIVES STEPS

A few steps are timed and scaled to the batches of an epoch: dense Adam costs the same at every step.
"""

import sys
import time

import torch
from torch.nn.functional import normalize, relu

from interactions import peak_megabytes, read, report

DIM, BATCH, RATE, MARGIN, WEIGHT = 64, 256, 1e-4, 0.9, 150


def main(folder, threads, negatives, steps):
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    # Without this the second moments of rows that were not touched for long become denormal and a step takes six times as long.
    torch.set_flush_denormal(True)
    train, _ = read(folder)
    pairs = train.tocoo()
    rows, columns = torch.from_numpy(pairs.row).long(), torch.from_numpy(pairs.col).long()
    users = torch.nn.Embedding(train.shape[0], DIM)
    items = torch.nn.Embedding(train.shape[1], DIM)
    for table in (users, items):
        torch.nn.init.normal_(table.weight, std=1e-4)
    optimizer = torch.optim.Adam([users.weight, items.weight], lr=RATE)

    def step():
        batch = torch.randint(len(rows), (BATCH,))
        drawn = torch.randint(train.shape[1], (BATCH, negatives))
        user = normalize(users(rows[batch]), dim=-1)
        item = normalize(items(torch.cat([columns[batch, None], drawn], dim=1)), dim=-1)
        cosine = torch.bmm(item, user[:, :, None])[:, :, 0]
        loss = (1 - cosine[:, 0] + WEIGHT * relu(cosine[:, 1:] - MARGIN).mean(dim=1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(5):
        step()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    seconds = (time.perf_counter() - began) / steps
    report(f"ccl{negatives}.torch", seconds * -(-len(rows) // BATCH), "s")
    report(f"ccl{negatives}.torch_memory", peak_megabytes(), "MB")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
