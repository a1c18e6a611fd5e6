"""LightFM's WARP: seconds an epoch, and Recall@20. usage: warp.py FOLDER THREADS EPOCHS"""

import sys
import time

import numpy as np
from lightfm import LightFM

from interactions import read, recall_at_20, report


def main(folder, threads, epochs):
    train, test = read(folder)
    model = LightFM(no_components=64, loss="warp", learning_rate=0.05, max_sampled=50, random_state=1)
    # The first epoch sets things up.
    model.fit_partial(train, epochs=1, num_threads=threads)
    began = time.perf_counter()
    model.fit_partial(train, epochs=epochs - 1, num_threads=threads)
    report("warp.lightfm", (time.perf_counter() - began) / (epochs - 1), "s")
    (_, users), (biases, items) = model.get_user_representations(), model.get_item_representations()
    # A user's bias does not change a ranking.
    users = np.hstack([users, np.ones((len(users), 1), np.float32)])
    items = np.hstack([items, biases[:, None]])
    report("warp.lightfm_recall", recall_at_20(users, items, train, test), "")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
