// A filter before the exact scores: products of 8-bit codes with a bound on what the codes leave out.
//
// With v the item's row extended by its bias, c the mean of all rows, u the user's row extended by the matching constant, and
// û, v̂ what their codes stand for (u ≈ û = a q_u, v - c ≈ v̂ = b q_v, q whole numbers in -127...127),
//
//     <u, v> <= <u, c> + a b <q_u, q_v> + |u - û| |v - c| + |û| |(v - c) - v̂|          (Cauchy-Schwarz, twice)
//
// An item whose right side, plus the rounding of the exact score, does not exceed the user's k-th best score cannot enter the
// list. The few that remain are scored exactly, so the result is that of the product of the rows, to the bit. The idea of
// pruning an inner product by coded parts and norms is that of Li, Chan, Yiu, Mamoulis, "FEXIPRO", SIGMOD 2017.
//
// Needs 8-bit dot products in hardware (AVX-512 VNNI): four times the multiplications of float32 in one instruction.
#ifndef RANKING_FILTER_H
#define RANKING_FILTER_H

#include "ranking_candidates.h"

/// Users of a filter tile: 14 x 2 vectors of sums, 2 of items, 1 of a user.
#define FILTER_USERS 14
/// Survivors of a user that are scored exactly at once, to hide the latency of a chain of sums.
#define FILTER_PENDING 8

/// What the bound needs to know of a panel, before its codes [steps][KERNEL_RANKING_PANEL][4].
typedef struct {
  float inverse_scale;      // 1 / b
  float largest_norm;       // of v - c
  float largest_residual;   // of (v - c) - v̂
  float largest_row;        // of v without the bias
  float largest_bias;
  float padding[11];
} filter_panel;

/// What the bound needs to know of each user of a block; arrays padded by a vector.
typedef struct {
  int32_t *codes;         // [tiles][steps][FILTER_USERS]: four 8-bit codes each
  float *level;           // k-th best score - <u, c>, rounded down; NaN and +inf as `thresholds`
  float *inverse_scale;   // 1 / a
  float *residual;        // |u - û|
  float *norm;            // |û|
  float *row_norm;        // |u| without the constant, times the relative rounding of a score
  int32_t *shift;         // 128 * the sum of the user's codes, because the items' codes are stored plus 128
  double *center_product; // <u, c>
  int32_t *pending;       // [user][FILTER_PENDING]
  int32_t *pending_count;
  long steps;
  float rounding;         // relative rounding of an exact score
} filter_users;

/// Codes of four coordinates in one step; the last coordinate is the bias.
static inline long filter_steps(long dim) { return (dim + 1 + 3) / 4; }

static inline long filter_panel_bytes(long dim) {
  return (long)sizeof(filter_panel) + filter_steps(dim) * KERNEL_RANKING_PANEL * 4;
}

/// Whether this processor can run the filter.
int ranking_filter_available(void);

/// Bytes of workspace for a block's users.
long ranking_filter_workspace_bytes(long user_count, long dim);

/// Ranks like the exact product. Returns 0 where too many items pass to be worth it (the lists are then incomplete), else 1.
int ranking_filter_top(const kernel_ranking_block *block, ranking_state *state, char *workspace);

#endif
