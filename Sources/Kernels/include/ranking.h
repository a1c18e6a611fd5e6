#ifndef KERNELS_RANKING_H
#define KERNELS_RANKING_H

#include <stdint.h>

/// Full ranking by a fused product: scores are compared with each user's k-th best while they are still in registers.
///
/// The score of (user, item) is always computed as
///
///     s = bias[item];  for f in 0..<dim: s = s + user[f] * item[f]        (fused where the processor has it)
///
/// whatever function below asks for it and wherever the item stands in a tile: equal rows have equal scores to the bit.

/// Items in one packed panel.
#define KERNEL_RANKING_PANEL 32

/// Scores of a user that the ranking must not contain, as compressed rows: ascending item numbers.
typedef struct {
  const long *row_offsets;  ///< [users + 1], indexed by the user's number.
  const int32_t *items;
} kernel_ranking_mask;

/// Whose registers the kernels use.
typedef enum {
  kernel_ranking_best,  ///< The best that this processor has.
  kernel_ranking_baseline,
  kernel_ranking_avx2,
  kernel_ranking_avx512,
} kernel_ranking_instructions;

/// Whether this processor has them.
int kernel_ranking_available(kernel_ranking_instructions instructions);

/// A block of users to be ranked over all items.
typedef struct {
  const float *packed_items;  ///< From `kernel_ranking_pack_items`; 64-byte aligned.
  long item_count;
  long dim;
  const float *user_rows;  ///< [all users, dim], row major.
  const int32_t *users;    ///< [user_count]: the rows of `user_rows` that form the block.
  long user_count;
  kernel_ranking_instructions instructions;  ///< Scores of different ones differ in rounding.

  // For the filter, which leaves the result as it is and takes a third of the time; all unused where `item_codes` is NULL.
  const void *item_codes;   ///< From `kernel_ranking_code_items`; 64-byte aligned.
  const float *item_rows;   ///< [item_count, dim], row major.
  const float *item_bias;   ///< [item_count], or NULL.
  const float *center;      ///< [dim + 1], as the codes were made with.
  float bias_unit;          ///< As the codes were made with.
} kernel_ranking_block;

/// What happened besides the lists.
typedef struct {
  long position;       ///< The first user of the block who has a score that is not a number, or -1.
  long item;           ///< The first such item of that user.
  int filter_gave_up;  ///< The bounds were too wide for these scores: the exact product of all was faster.
} kernel_ranking_outcome;

/// Floats that `item_count` packed items take: whole panels of [1 + dim][KERNEL_RANKING_PANEL], the first row is the bias.
long kernel_ranking_packed_floats(long item_count, long dim);

/// Packs the panels `first_panel ..< last_panel`. `bias` is [item_count] or NULL for none.
void kernel_ranking_pack_items(const float *items, const float *bias, long item_count, long dim, long first_panel,
                               long last_panel, float *packed);

/// Bytes of the codes of all items, or 0 where this processor has no use for them.
long kernel_ranking_code_bytes(long item_count, long dim);

/// The mean row, and the mean bias (0 for NULL) as its last number: [dim + 1].
void kernel_ranking_item_center(const float *items, const float *bias, long item_count, long dim, float *center);

/// Codes the panels `first_panel ..< last_panel`. `bias_unit` is the unit that biases are coded in: about the largest
/// absolute bias over the largest absolute number in a row.
void kernel_ranking_code_items(const float *items, const float *bias, long item_count, long dim, const float *center,
                               float bias_unit, long first_panel, long last_panel, void *codes);

/// Bytes of scratch memory (64-byte aligned) that the functions below need for a block of `user_count` users;
/// `k` is 0 for `kernel_ranking_scores`.
long kernel_ranking_workspace_bytes(long user_count, long dim, long k);

/// The k best unmasked items of each user, by score descending, then by item number ascending.
///
/// Writes `counts[position]` items (fewer than k where fewer are rankable) to `top_items[position * k ...]` and their
/// scores to `top_scores`. `mask` may be NULL.
kernel_ranking_outcome kernel_ranking_top(const kernel_ranking_block *block, const kernel_ranking_mask *mask, long k,
                                        void *workspace, int32_t *top_items, float *top_scores, int32_t *counts);

/// The scores of the items in the panels `first_panel ..< last_panel`, to
/// `scores[position * stride + item - first_panel * KERNEL_RANKING_PANEL]`. Items past the last are not written.
///
/// Call with `first_panel` 0 first: that packs the users into the workspace, which later calls of the block reuse.
void kernel_ranking_scores(const kernel_ranking_block *block, long first_panel, long last_panel, void *workspace,
                           float *scores, long stride);

/// As `kernel_ranking_top` for scores that are already there: `scores` is [user_count, item_count], row major.
/// `workspace` as for `kernel_ranking_top` with `dim` 0.
kernel_ranking_outcome kernel_ranking_top_of_scores(const float *scores, long item_count, const int32_t *users,
                                                  long user_count, const kernel_ranking_mask *mask, long k,
                                                  void *workspace, int32_t *top_items, float *top_scores,
                                                  int32_t *counts);

/// The scores of some items for one user, from the unpacked rows; the same bits as in a tile. `bias` may be NULL.
void kernel_ranking_pair_scores(kernel_ranking_instructions instructions, const float *item_rows, const float *bias,
                                long dim, const float *user_row, const int32_t *items, long count, float *scores);

/// For each threshold t: adds to `below[t]` the number of scores less than it and to `equal[t]` of those equal to it.
/// Returns the position of a score that is not a number, or -1.
long kernel_ranking_count(const float *scores, long count, const float *thresholds, long threshold_count, long *below,
                          long *equal);

#endif
