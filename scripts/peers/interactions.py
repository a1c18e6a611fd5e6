"""Reads `user item item ...` lists as sparse matrices, and measures a ranking. Shared by the peers' scripts."""

import gzip
import os
import resource

import numpy as np
import scipy.sparse as sparse


def open_text(path):
    return gzip.open(path + ".gz", "rt") if not os.path.exists(path) else open(path)


def read_pairs(path):
    users, items = [], []
    with open_text(path) as lines:
        for line in lines:
            user, *seen = map(int, line.split())
            users.extend([user] * len(seen))
            items.extend(seen)
    return np.array(users), np.array(items)


def read(folder):
    """The train and test parts of a folder with train.txt and test.txt, as CSR matrices of one shape."""
    parts = [read_pairs(os.path.join(folder, name)) for name in ("train.txt", "test.txt")]
    shape = tuple(1 + max(part[axis].max() for part in parts) for axis in (0, 1))
    return [sparse.csr_matrix((np.ones(len(u), np.float32), (u, i)), shape=shape) for u, i in parts]


def recall_at_20(users, items, train, test):
    """Mean over users with test items; train items are left out of the lists."""
    recalls = []
    for first in range(0, train.shape[0], 1000):
        rows = slice(first, first + 1000)
        scores = users[rows] @ items.T
        scores[train[rows].nonzero()] = -np.inf
        lists = np.argpartition(-scores, 20, axis=1)[:, :20]
        wanted = test[rows]
        hits = np.take_along_axis(wanted.toarray(), lists, axis=1).sum(axis=1)
        sizes = np.diff(wanted.indptr)
        recalls.append(hits[sizes > 0] / sizes[sizes > 0])
    return float(np.concatenate(recalls).mean())


def report(name, value, unit):
    print(f"peer {name} {value:.6g} {unit}", flush=True)


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
