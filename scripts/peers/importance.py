"""Weights of triplets that are learned (TIL): seconds an epoch. usage: importance.py FOLDER THREADS STEPS

TIL-UI and TIL-MI as one writes them in PyTorch: states of embeddings, a network, one look-ahead step with its graph, and the plain
loss after it differentiated through the step. Means over what users have are a sparse product, whose derivative is one too. A few
steps are timed and scaled to the batches of an epoch.
"""

import sys
import time

import numpy as np
import scipy.sparse as sparse
import torch
from torch.nn.functional import softplus

from factorization import prepare
from interactions import read, report

DIM, BATCH, RATE, LOOK_AHEAD, CLUSTERS, SHARE, PULL = 64, 5000, 1e-3, 1e-3, 60, 0.5, 0.01


def tensor_of(matrix):
    matrix = matrix.tocsr()
    return torch.sparse_csr_tensor(
        torch.from_numpy(matrix.indptr.astype(np.int64)), torch.from_numpy(matrix.indices.astype(np.int64)),
        torch.from_numpy(matrix.data), matrix.shape)


class Product(torch.autograd.Function):
    """A sparse matrix times rows, differentiable as often as one likes."""

    @staticmethod
    def forward(ctx, matrix, transposed, rows):
        ctx.matrices = transposed, matrix
        return matrix @ rows

    @staticmethod
    def backward(ctx, gradient):
        return None, None, Product.apply(*ctx.matrices, gradient)


class Importance:
    def __init__(self, train, clusters):
        pairs = train.tocoo()
        self.rows, self.columns = torch.from_numpy(pairs.row).long(), torch.from_numpy(pairs.col).long()
        self.item_count = train.shape[1]
        means = sparse.diags(1 / np.maximum(1, np.asarray(train.sum(axis=1)).ravel())).astype(np.float32) @ train
        self.means, self.transposed = tensor_of(means), tensor_of(means.T)
        def table(count):
            return torch.nn.init.xavier_uniform_(torch.empty(count, DIM)).requires_grad_()
        self.tables = [table(train.shape[0]), table(self.item_count)]
        self.network = torch.nn.Sequential(torch.nn.Linear(2 * DIM, DIM), torch.nn.ReLU(), torch.nn.Linear(DIM, 1))
        self.optimizer = torch.optim.Adam(self.tables, lr=RATE)
        self.outer_optimizer = torch.optim.Adam(self.network.parameters(), lr=RATE)
        self.clusters = clusters
        if clusters:
            self.tables.append(table(clusters))
            self.optimizer.add_param_group({"params": self.tables[2:]})
            self.look()

    def assignments(self):
        gaps = torch.cdist(self.tables[1], self.tables[2]).square()
        nearness = 1 / (1 + gaps)
        return nearness / nearness.sum(dim=1, keepdim=True)

    def look(self):
        with torch.no_grad():
            assigned = self.assignments()
            sharp = assigned.square() / assigned.sum(dim=0)
            self.target = sharp / sharp.sum(dim=1, keepdim=True)
            self.labels = assigned.argmax(dim=1)

    def losses(self, tables, user, positive, negative):
        gap = tables[1][negative] - tables[1][positive]
        return softplus((tables[0][user] * gap).sum(dim=1))

    def weights(self, user, positive, negative):
        wide = (self.tables[0] + Product.apply(self.means, self.transposed, self.tables[1]))[user]
        sides = [self.tables[1][item] for item in (positive, negative)]
        if self.clusters:
            sides = [side + SHARE * self.tables[2][self.labels[item]] for side, item in zip(sides, (positive, negative))]
        return torch.sigmoid(self.network(torch.cat([side * wide for side in sides], dim=1)))[:, 0]

    def step(self):
        chosen = torch.randint(len(self.rows), (BATCH,))
        triplet = self.rows[chosen], self.columns[chosen], torch.randint(self.item_count, (BATCH,))
        inner = (self.weights(*triplet) * self.losses(self.tables, *triplet)).sum()
        if self.clusters:
            inner = inner + PULL * (self.target * (self.target / self.assignments()).log()).sum()
        gradients = torch.autograd.grad(inner, self.tables, create_graph=True)
        moved = [table - LOOK_AHEAD * gradient for table, gradient in zip(self.tables, gradients)]
        parameters = list(self.network.parameters())
        for parameter, gradient in zip(parameters, torch.autograd.grad(self.losses(moved, *triplet).sum(), parameters)):
            parameter.grad = gradient
        self.outer_optimizer.step()
        for table, gradient in zip(self.tables, gradients):
            table.grad = gradient.detach()
        self.optimizer.step()


def main(folder, threads, steps):
    prepare(threads)
    train, _ = read(folder)
    for name, clusters in (("importance_uni", 0), ("importance_multi", CLUSTERS)):
        model = Importance(train, clusters)
        model.step()
        began = time.perf_counter()
        for _ in range(steps):
            model.step()
        seconds = (time.perf_counter() - began) / steps
        report(f"{name}.torch", seconds * (len(model.rows) // BATCH + 1), "s")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
