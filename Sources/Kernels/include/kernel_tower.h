#ifndef KERNEL_TOWER_H
#define KERNEL_TOWER_H

#include <stdint.h>

// Scores of pairs of users and items by a tower of dense layers with ReLU:
//
//     z_1 = relu(user part + item part),  z_k = relu(A_k z_{k-1} + a_k),  score = <h, z_K> + c + <user factor, item factor>
//
// The parts of the first layer are computed once for a user and once for an item, so that a pair costs the layers after it only.
// Pairs go through the layers in tiles: what one layer computes stays in registers and L1.

/// Pairs in a tile, side by side.
enum { KERNEL_TOWER_TILE = 32 };

/// Outputs of a layer come in groups of so many.
enum { KERNEL_TOWER_GROUP = 4 };

/// Lanes of the sums of gradients.
enum { KERNEL_TOWER_LANES = 16 };

typedef struct {
  /// Numbers of the first layer: a multiple of the group where gradients are computed. Numbers of the factors.
  int64_t first_width, factor_width;
  /// Layers after the first, and the outputs of each: multiples of the group, filled up with zeros.
  int64_t layer_count;
  const int64_t *widths;
  /// Layer after layer: A_k as [outputs / group][inputs][group], then a_k. Then h.
  const float *parameters;
  /// c
  float offset;
} kernel_tower;

/// Floats of scratch memory that any of the calls below wants.
int64_t kernel_tower_scratch(const kernel_tower *tower);

// ---- All items for some users

/// out[u * out_stride + i] = score of user row u and item i, for `item_count` items from the beginning of a tile.
/// `users` is [user_count, first_width + factor_width]; `items` is [tiles][first_width + factor_width][tile].
void kernel_tower_scores(const kernel_tower *tower, const float *users, int64_t user_count, const float *items,
                         int64_t item_count, float *scratch, float *out, int64_t out_stride);

// ---- The pairs of a batch, without factors

typedef struct {
  /// The parts of the first layer, [rows, first_width].
  const float *users, *items;
  /// For each pair its rows of them.
  const int32_t *user_places, *item_places;
} kernel_tower_pairs;

/// scores[p] for the pairs first..<end; `scores` is that of all pairs.
void kernel_tower_forward(const kernel_tower *tower, const kernel_tower_pairs *pairs, int64_t first, int64_t end,
                          float *scratch, float *scores);

/// From the derivative with respect to `scores` that with respect to the sum of a pair's parts, `parts`, [pairs, first_width], and
/// to the parameters and c: added to `sums`, [parameters + 1][lanes], whose lanes are to be summed.
void kernel_tower_backward(const kernel_tower *tower, const kernel_tower_pairs *pairs, int64_t first, int64_t end,
                           const float *gradients, float *scratch, float *parts, float *sums);

#endif
