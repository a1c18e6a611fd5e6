"""implicit's BPR, one negative: seconds an epoch, and Recall@20. usage: bpr.py FOLDER THREADS EPOCHS"""

import sys
import time

from implicit.bpr import BayesianPersonalizedRanking

from interactions import read, recall_at_20, report


def main(folder, threads, epochs):
    train, test = read(folder)

    def fit(count):
        # 63 factors: implicit adds the item's bias as the 64th.
        model = BayesianPersonalizedRanking(
            factors=63, learning_rate=0.05, regularization=0.002, iterations=count, num_threads=threads, random_state=1
        )
        began = time.perf_counter()
        model.fit(train, show_progress=False)
        return model, time.perf_counter() - began

    # The difference of two fits leaves out what is done once.
    _, short = fit(5)
    model, long = fit(5 + epochs)
    report("bpr.implicit", (long - short) / epochs, "s")
    report("bpr.implicit_recall", recall_at_20(model.user_factors, model.item_factors, train, test), "")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
