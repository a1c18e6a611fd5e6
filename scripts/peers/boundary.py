"""Matrix factorization with users' interest boundaries: seconds an epoch. usage: boundary.py FOLDER THREADS NEGATIVES STEPS

BPR+UIB as one writes it in PyTorch: embeddings, Adagrad, dropout of what is looked up. Negatives are drawn from all items, which
spares the peer the search among a user's own. A few steps are timed and scaled to the batches of an epoch.
"""

import sys
import time

import torch
from torch.nn.functional import dropout, softplus

from factorization import prepare
from interactions import read, report

DIM, BATCH, ALPHA, DROPOUT = 32, 1024, 8, 0.1


class BoundedFactorization:
    def __init__(self, train):
        pairs = train.tocoo()
        self.rows, self.columns = torch.from_numpy(pairs.row).long(), torch.from_numpy(pairs.col).long()
        self.item_count = train.shape[1]
        self.users = torch.nn.Embedding(train.shape[0], DIM)
        self.items = torch.nn.Embedding(train.shape[1], DIM)
        self.boundary = torch.nn.Linear(DIM, 1, bias=False)
        parameters = [self.users.weight, self.items.weight, self.boundary.weight]
        self.optimizer = torch.optim.Adagrad(parameters, lr=1)

    def step(self, negatives):
        chosen = torch.randint(len(self.rows), (BATCH,))
        drawn = torch.randint(self.item_count, (BATCH, negatives))
        user = dropout(self.users(self.rows[chosen]), DROPOUT)
        item = dropout(self.items(torch.cat([self.columns[chosen, None], drawn], dim=1)), DROPOUT)
        score = torch.bmm(item, user[:, :, None])[:, :, 0]
        edge = self.boundary(user)
        loss = softplus(edge - score[:, :1]).sum() + ALPHA * softplus(score[:, 1:] - edge).sum()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def main(folder, threads, negatives, steps):
    prepare(threads)
    train, _ = read(folder)
    model = BoundedFactorization(train)
    for _ in range(5):
        model.step(negatives)
    began = time.perf_counter()
    for _ in range(steps):
        model.step(negatives)
    seconds = (time.perf_counter() - began) / steps
    report("boundary.torch", seconds * (len(model.rows) // BATCH + 1), "s")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
