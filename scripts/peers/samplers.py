"""PRIS' samplers CP and Exact, written in numpy as one would, and k-means of the items. usage: samplers.py FOLDER

One thread. Rows are random: what a negative costs depends little on them. Batches of 256 positives; nanoseconds a negative with what is
computed once a user. CP: group probabilities corrected for the user's items, groups by searchsorted, members by their popularity's running
sums, again while the user has one. Exact: a softmax over all items.
"""

import sys
import time

import numpy as np

from interactions import read, report

DIM, CLUSTERS, BATCH, ITERATIONS = 64, 100, 256, 20


class Clusters:
    def __init__(self, items, popularity, random):
        centers = items[random.choice(len(items), CLUSTERS, replace=False)]
        for _ in range(ITERATIONS):
            labels = np.argmax(items @ centers.T - (centers**2).sum(axis=1) / 2, axis=1)
            sums = np.zeros_like(centers)
            np.add.at(sums, labels, items)
            counts = np.bincount(labels, minlength=CLUSTERS)
            filled = counts > 0
            centers[filled] = sums[filled] / counts[filled, None]
        self.labels, self.centers = labels, centers
        self.members = [np.flatnonzero(labels == k) for k in range(CLUSTERS)]
        self.sums = [np.cumsum(popularity[own]) for own in self.members]
        self.masses = np.array([sums[-1] if len(sums) else 0.0 for sums in self.sums])


def draw_clusters(user, own, clusters, popularity, count, random):
    known = set(own)
    masses = clusters.masses.copy()
    np.subtract.at(masses, clusters.labels[own], popularity[own])
    scores = clusters.centers @ user
    weights = np.maximum(masses, 0) * np.exp(scores - scores.max())
    sums = np.cumsum(weights)
    chosen = np.searchsorted(sums, random.random(count) * sums[-1], side="right")
    negatives = np.empty(count, np.int64)
    for place, cluster in enumerate(chosen):
        while True:
            running = clusters.sums[cluster]
            item = clusters.members[cluster][np.searchsorted(running, random.random() * running[-1], side="right")]
            if item not in known:
                break
        negatives[place] = item
    return negatives


def draw_exact(user, own, items, count, random):
    scores = items @ user
    scores[own] = -np.inf
    sums = np.cumsum(np.exp(scores - scores.max()))
    return np.searchsorted(sums, random.random(count) * sums[-1], side="right")


def nanoseconds(draw, users, repeats):
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        count = sum(len(draw(user)) for user in users)
        best = min(best, (time.perf_counter() - began) / count * 1e9)
    return best


def main(folder):
    train, _ = read(folder)
    random = np.random.default_rng(1)
    users = (0.3 * random.standard_normal((train.shape[0], DIM))).astype(np.float32)
    items = (0.3 * random.standard_normal((train.shape[1], DIM))).astype(np.float32)
    popularity = np.log1p(np.asarray((train > 0).sum(axis=0)).ravel())
    began = time.perf_counter()
    clusters = Clusters(items, popularity, random)
    report("clustering.numpy", time.perf_counter() - began, "s")
    batch = random.choice(np.flatnonzero(np.diff(train.indptr)), BATCH)

    def own(user):
        return train.indices[train.indptr[user] : train.indptr[user + 1]]

    for count in (100, 5):
        def by_clusters(user):
            return draw_clusters(users[user], own(user), clusters, popularity, count, random)

        def exactly(user):
            return draw_exact(users[user], own(user), items, count, random)

        report(f"sampler_cluster_popularity.{count}.numpy", nanoseconds(by_clusters, batch, 3), "ns")
        report(f"sampler_exact.{count}.numpy", nanoseconds(exactly, batch[:64], 2), "ns")


if __name__ == "__main__":
    main(sys.argv[1])
