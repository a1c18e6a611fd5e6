#ifndef KERNEL_VIOLATORS_H
#define KERNEL_VIOLATORS_H

#include <stdint.h>

/// A search for items that score above positives, over the rows of a batch: see kernel_find_violators.
typedef struct {
  /// One of kernel_score.
  int score;
  int64_t stride;
  /// Rows as they score; row b of the batch has users + user_rows[b] * stride.
  const float *users;
  const int32_t *user_rows;
  /// Squared length of row b's user (euclidean), else NULL.
  const float *user_squares;
  /// Rows of items, and their scale as kernel_score_rows wants it.
  const float *items;
  const float *item_scale;
  /// The positive of row b stands at positives[b * width].
  const int32_t *positives;
  int64_t width;
  float margin;
  /// Who row b's user is, and what user u knows: known[offsets[u]..<offsets[u + 1]], ascending.
  const int32_t *known_users;
  const long *known_offsets;
  const int32_t *known;
  /// Candidates are numbers in [0, bound) as kernel_sample_uniform draws them from stream `key`, those of row b from position
  /// (first_place + b) << 20 on, `trials` at most.
  uint64_t key;
  uint64_t first_place;
  uint32_t bound;
  int64_t trials;
} kernel_violator_search;

/// For rows first..<end: the first candidate that scores above the positive's score - margin and that the user does not know into
/// items[b], and how many were drawn until then into trials[b]. Where none does, 0 and the last candidate. Nothing is drawn or scored
/// beyond it.
void kernel_find_violators(const kernel_violator_search *search, int64_t first, int64_t end, int32_t *items, int32_t *trials);

#endif
