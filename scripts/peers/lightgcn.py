"""LightGCN with BPR and one negative in PyTorch, 3 layers, d = 64, batches of 2048. usage: lightgcn.py FOLDER THREADS STEPS

The graph is a sparse CSR matrix; its product's derivative is the same product, since it is symmetric (autograd's own is slower).
Dense Adam; milliseconds a step.
"""

import sys
import time

import numpy as np
import scipy.sparse as sparse
import torch
from torch.nn.functional import softplus

from factorization import prepare
from interactions import read, report

DIM, LAYERS, BATCH = 64, 3, 2048


def normalized(train):
    """D^-1/2 B D^-1/2 of all nodes, users first."""
    roots = [1 / np.sqrt(np.maximum(np.asarray(train.sum(axis)).ravel(), 1)) for axis in (1, 0)]
    half = sparse.diags(roots[0]) @ train @ sparse.diags(roots[1])
    graph = sparse.bmat([[None, half], [half.T, None]]).tocsr()
    arrays = [torch.from_numpy(a) for a in (graph.indptr.astype(np.int64), graph.indices.astype(np.int64))]
    return torch.sparse_csr_tensor(*arrays, torch.from_numpy(graph.data.astype(np.float32)), graph.shape)


class Propagation(torch.autograd.Function):
    @staticmethod
    def forward(context, graph, rows):
        context.graph = graph
        return graph @ rows

    @staticmethod
    def backward(context, gradient):
        return None, context.graph @ gradient


def main(folder, threads, steps):
    prepare(threads)
    train, _ = read(folder)
    pairs = train.tocoo()
    users, items = torch.from_numpy(pairs.row).long(), torch.from_numpy(pairs.col).long()
    graph = normalized(train)
    ego = torch.nn.Parameter(torch.randn(sum(train.shape), DIM) * 0.1)
    optimizer = torch.optim.Adam([ego], lr=1e-3)

    def step():
        layer = total = ego
        for _ in range(LAYERS):
            layer = Propagation.apply(graph, layer)
            total = total + layer
        rows = total / (LAYERS + 1)
        chosen = torch.randint(len(users), (BATCH,))
        user, positive = rows[users[chosen]], rows[train.shape[0] + items[chosen]]
        negative = rows[train.shape[0] + torch.randint(train.shape[1], (BATCH,))]
        loss = softplus((user * negative).sum(1) - (user * positive).sum(1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(2):
        step()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    report("lightgcn.torch", (time.perf_counter() - began) / steps * 1e3, "ms")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
