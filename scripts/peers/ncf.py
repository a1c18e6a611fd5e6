"""NCF of 64-32-16-8 on data of ML-1M's size: full ranking of all users, and a batch of UIB. usage: ncf.py THREADS

Ranking: blocks of users against all items, the first layer split into a user and an item part, top 20, nothing masked.
"""

import sys
import time

import torch
from torch.nn.functional import softplus

from interactions import report

USERS, ITEMS, DIM, TOP, BATCH, NEGATIVES, ALPHA = 6040, 3706, 32, 20, 1024, 32, 8


class Tower(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.users, self.items = torch.nn.Embedding(USERS, DIM), torch.nn.Embedding(ITEMS, DIM)
        self.first = torch.nn.Linear(2 * DIM, 32)
        relu = torch.nn.ReLU
        self.rest = torch.nn.Sequential(
            relu(), torch.nn.Linear(32, 16), relu(), torch.nn.Linear(16, 8), relu(), torch.nn.Linear(8, 1)
        )
        self.boundary = torch.nn.Linear(DIM, 1, bias=False)

    def parts(self, users, items):
        weight = self.first.weight
        return users @ weight[:, :DIM].T + self.first.bias, items @ weight[:, DIM:].T

    def forward(self, users, items):
        """`[B]` and `[B, N]` to scores `[B, N]` and boundaries `[B, 1]`."""
        rows = self.users(users)
        ours, theirs = self.parts(rows, self.items(items))
        return self.rest(ours[:, None] + theirs)[..., 0], self.boundary(rows)


def rank(model, block):
    with torch.no_grad():
        for first in range(0, USERS, block):
            ours, theirs = model.parts(model.users.weight[first : first + block], model.items.weight)
            torch.topk(model.rest(ours[:, None] + theirs[None])[..., 0], TOP)


def train(model, optimizer):
    users = torch.randint(USERS, (BATCH,))
    scores, boundary = model(users, torch.randint(ITEMS, (BATCH, 1 + NEGATIVES)))
    loss = softplus(boundary - scores[:, :1]).sum() + ALPHA * softplus(scores[:, 1:] - boundary).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def best_seconds(body, repeats):
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        body()
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    model = Tower()
    report("ncf_ranking.torch", min(best_seconds(lambda: rank(model, block), 2) for block in (8, 32, 128)), "s")
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
    report("ncf_batch.torch", best_seconds(lambda: train(model, optimizer), 20) * 1e3, "ms")
