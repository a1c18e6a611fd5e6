"""Cosine matrix factorization as one writes it in PyTorch: embeddings, dense Adam, backward by autograd."""

import torch
from torch.nn.functional import normalize

DIM, RATE = 64, 1e-4


def prepare(threads):
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    # Without this the second moments of rows that were not touched for long become denormal and a step takes six times as long.
    torch.set_flush_denormal(True)


class CosineFactorization:
    """Embeddings of users and items with their optimizer, from the pairs of a sparse matrix."""

    def __init__(self, train):
        pairs = train.tocoo()
        self.rows, self.columns = torch.from_numpy(pairs.row).long(), torch.from_numpy(pairs.col).long()
        self.item_count = train.shape[1]
        self.users = torch.nn.Embedding(train.shape[0], DIM)
        self.items = torch.nn.Embedding(train.shape[1], DIM)
        for table in (self.users, self.items):
            torch.nn.init.normal_(table.weight, std=1e-4)
        self.optimizer = torch.optim.Adam([self.users.weight, self.items.weight], lr=RATE)

    def step(self, loss, batch, negatives):
        """One batch of pairs drawn at random; `loss` gets positive [batch], negative [batch, negatives] and the users."""
        chosen = torch.randint(len(self.rows), (batch,))
        drawn = torch.randint(self.item_count, (batch, negatives))
        user = normalize(self.users(self.rows[chosen]), dim=-1)
        item = normalize(self.items(torch.cat([self.columns[chosen, None], drawn], dim=1)), dim=-1)
        cosine = torch.bmm(item, user[:, :, None])[:, :, 0]
        value = loss(cosine[:, 0], cosine[:, 1:], self.rows[chosen])
        self.optimizer.zero_grad()
        value.backward()
        self.optimizer.step()
