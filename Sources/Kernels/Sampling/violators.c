#include "kernel_violators.h"

#include "random.h"
#include "Training/row_scores.h"

// A row's search is a chain of rows from anywhere in a table, and mostly a short one: what it reads is asked for while the searches of
// the rows before it run.

// Candidates of a row that are asked for ahead. A search ends early: more would be mostly in vain.
#define CANDIDATES_AHEAD 3
// A power of two above it.
#define CANDIDATES_KEPT 4
// Rows of the batch between asking for what a row begins with and its search; where its known items begin is asked for before that.
#define SEARCHES_AHEAD 2
#define OFFSETS_AHEAD 6

/// As kernel_sample_uniform draws it: two from each position of the stream.
INLINE int32_t candidate(const kernel_violator_search *search, int64_t row, int64_t trial) {
  uint64_t bits = random_bits(search->key, ((search->first_place + (uint64_t)row) << 20) + (uint64_t)(trial >> 1));
  return (int32_t)((uint64_t)(uint32_t)(trial & 1 ? bits : bits >> 32) * search->bound >> 32);
}

INLINE int knows(const kernel_violator_search *search, int64_t row, int32_t item) {
  const long *offsets = search->known_offsets + search->known_users[row];
  const int32_t *list = search->known + offsets[0];
  long count = offsets[1] - offsets[0];
  if (count == 0) return 0;
  // The last that is not above it, without a branch that nobody can foresee.
  while (count > 1) {
    long half = count / 2;
    list = list[half] <= item ? list + half : list;
    count -= half;
  }
  return *list == item;
}

INLINE const float *user_of(const kernel_violator_search *search, int64_t row, long stride) {
  return search->users + (long)search->user_rows[row] * stride;
}

INLINE void prefetch_item(const kernel_violator_search *search, int32_t item, long stride) {
  prefetch_row(search->items + (long)item * stride, stride);
}

INLINE void prefetch_search(const kernel_violator_search *search, int64_t row, long stride) {
  prefetch_row(user_of(search, row, stride), stride);
  prefetch_item(search, search->positives[row * search->width], stride);
  prefetch_item(search, candidate(search, row, 0), stride);
  const long *offsets = search->known_offsets + search->known_users[row];
  __builtin_prefetch(search->known + (offsets[0] + offsets[1]) / 2);
}

INLINE void find_violator(const kernel_violator_search *search, int64_t row, long stride, int32_t *found, int32_t *trials) {
  const float *user = user_of(search, row, stride);
  float square = search->user_squares ? search->user_squares[row] : 0;
  int32_t kept[CANDIDATES_KEPT];
  for (int64_t trial = 0; trial < CANDIDATES_AHEAD && trial < search->trials; trial++) {
    kept[trial] = candidate(search, row, trial);
    prefetch_item(search, kept[trial], stride);
  }
  float limit = item_score(search->score, user, square, search->items, search->item_scale,
                           search->positives[row * search->width], stride) - search->margin;
  int32_t item = 0;
  for (int64_t trial = 0; trial < search->trials; trial++) {
    int64_t ahead = trial + CANDIDATES_AHEAD;
    if (ahead < search->trials) {
      kept[ahead % CANDIDATES_KEPT] = candidate(search, row, ahead);
      prefetch_item(search, kept[ahead % CANDIDATES_KEPT], stride);
    }
    item = kept[trial % CANDIDATES_KEPT];
    float score = item_score(search->score, user, square, search->items, search->item_scale, item, stride);
    if (score > limit && !knows(search, row, item)) {
      *found = item;
      *trials = (int32_t)trial + 1;
      return;
    }
  }
  *found = item;
  *trials = 0;
}

INLINE void find_violators(const kernel_violator_search *search, int64_t first, int64_t end, long stride, int32_t *items,
                           int32_t *trials) {
  for (int64_t row = first; row < end && row < first + OFFSETS_AHEAD; row++)
    __builtin_prefetch(search->known_offsets + search->known_users[row]);
  for (int64_t row = first; row < end && row < first + SEARCHES_AHEAD; row++) prefetch_search(search, row, stride);
  for (int64_t row = first; row < end; row++) {
    if (row + OFFSETS_AHEAD < end) __builtin_prefetch(search->known_offsets + search->known_users[row + OFFSETS_AHEAD]);
    if (row + SEARCHES_AHEAD < end) prefetch_search(search, row + SEARCHES_AHEAD, stride);
    find_violator(search, row, stride, items + row, trials + row);
  }
}

KERNEL void kernel_find_violators(const kernel_violator_search *search, int64_t first, int64_t end, int32_t *items,
                                  int32_t *trials) {
  WITH_CONSTANT_STRIDE(search->stride, find_violators(search, first, end, STRIDE, items, trials));
}
