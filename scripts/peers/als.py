"""implicit's alternating least squares, 64 factors: seconds an iteration, objective and Recall@20. usage: als.py FOLDER THREADS EPOCHS"""

import sys
import time

import numpy as np
from implicit.als import AlternatingLeastSquares

from interactions import read, recall_at_20, report

FACTORS, CONFIDENCE, REGULARIZATION = 64, 10.0, 0.01


def objective(users, items, train):
    """sum_ui c_ui (r_ui - <x_u, y_i>)^2 + l (|X|^2 + |Y|^2) in float64; c is CONFIDENCE where r is 1, else 1."""
    users, items = users.astype(np.float64), items.astype(np.float64)
    pairs = train.tocoo()
    scores = np.einsum("nd,nd->n", users[pairs.row], items[pairs.col])
    everywhere = np.sum((users.T @ users) * (items.T @ items))
    observed = np.sum(CONFIDENCE * (1 - scores) ** 2 - scores**2)
    return everywhere + observed + REGULARIZATION * (np.sum(users**2) + np.sum(items**2))


def main(folder, threads, epochs):
    train, test = read(folder)

    def fit(count):
        model = AlternatingLeastSquares(
            factors=FACTORS, regularization=REGULARIZATION, alpha=CONFIDENCE, iterations=count, num_threads=threads,
            random_state=1,
        )
        began = time.perf_counter()
        model.fit(train, show_progress=False)
        return model, time.perf_counter() - began

    # The difference of two fits leaves out what is done once.
    _, short = fit(1)
    model, long = fit(epochs)
    report("wrmf.implicit", (long - short) / (epochs - 1), "s")
    print(f"peer wrmf.implicit_objective {objective(model.user_factors, model.item_factors, train):.8g}")
    report("wrmf.implicit_recall", recall_at_20(model.user_factors, model.item_factors, train, test), "")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
