"""Full ranking of all users, top 20. usage: ranking.py FOLDER THREADS"""

import sys
import time

import numpy as np
import torch
from implicit.als import AlternatingLeastSquares

from interactions import read, report

FACTORS, TOP, REPEATS = 64, 20, 3


def best_seconds(body):
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        body()
        times.append(time.perf_counter() - began)
    return min(times)


def rank_with_implicit(train, threads):
    model = AlternatingLeastSquares(factors=FACTORS, iterations=2, num_threads=threads, random_state=1)
    model.fit(train, show_progress=False)
    everyone = np.arange(train.shape[0])
    return best_seconds(lambda: model.recommend(everyone, train, N=TOP, filter_already_liked_items=True))


def rank_with_torch(shape, block):
    generator = torch.Generator().manual_seed(1)
    users, items = (torch.randn(count, FACTORS, generator=generator) for count in shape)

    def rank():
        for first in range(0, shape[0], block):
            torch.topk(users[first : first + block] @ items.T, TOP)

    return best_seconds(rank)


if __name__ == "__main__":
    folder, threads = sys.argv[1], int(sys.argv[2])
    train, _ = read(folder)
    torch.set_num_threads(threads)
    report("ranking.implicit", rank_with_implicit(train, threads), "s")
    report("ranking.torch", min(rank_with_torch(train.shape, block) for block in (500, 2000)), "s")
