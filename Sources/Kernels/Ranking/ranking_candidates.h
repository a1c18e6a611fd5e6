// The best k of a user while items go by in ascending order: a heap whose root is the k-th best.
// A candidate is one 64-bit key that compares as (score, then lower item number first).
#ifndef RANKING_CANDIDATES_H
#define RANKING_CANDIDATES_H

#include <math.h>
#include <string.h>

#include "ranking.h"

typedef struct {
  uint64_t *heap;  // [k]: the smallest key is at 0 once the heap is full.
  long count;
  const int32_t *mask, *mask_end;  // What is left of the user's masked items.
} ranking_candidates;

typedef struct {
  long k;
  float *thresholds;  // [padded users]: a score must not be <= it; NaN lets every score pass, +inf none.
  ranking_candidates *lists;
  long user_count;
  long item_count;
  kernel_ranking_outcome outcome;
} ranking_state;

static inline uint64_t ranking_key(float score, long item) {
  score += 0.0f;  // -0 becomes +0: they are equal scores.
  uint32_t bits;
  memcpy(&bits, &score, 4);
  bits ^= (bits >> 31) ? 0xFFFFFFFFu : 0x80000000u;
  return (uint64_t)bits << 32 | (uint32_t)~(uint32_t)item;
}

static inline float ranking_key_score(uint64_t key) {
  uint32_t bits = (uint32_t)(key >> 32);
  bits ^= (bits >> 31) ? 0x80000000u : 0xFFFFFFFFu;
  float score;
  memcpy(&score, &bits, 4);
  return score;
}

static inline int32_t ranking_key_item(uint64_t key) { return (int32_t)~(uint32_t)key; }

/// Puts `key` into the place `hole` of a heap of `count` keys, moving smaller children up.
static inline void ranking_sift_down(uint64_t *heap, long count, long hole, uint64_t key) {
  for (;;) {
    long child = 2 * hole + 1;
    if (child >= count) break;
    child += child + 1 < count && heap[child + 1] < heap[child];
    if (heap[child] >= key) break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = key;
}

/// Whether the user must not get the item. Items are asked for in ascending order.
static inline int ranking_is_masked(ranking_candidates *list, long item) {
  while (list->mask < list->mask_end && *list->mask < item) list->mask++;
  return list->mask < list->mask_end && *list->mask == item;
}

/// Offers one score that passed its user's threshold, of an item that is not masked.
static inline void ranking_offer(ranking_state *state, long user, long item, float score) {
  if (__builtin_expect(score != score, 0)) {
    if (state->outcome.position < 0 || user < state->outcome.position) state->outcome = (kernel_ranking_outcome){.position = user, .item = item};
    return;
  }
  ranking_candidates *list = &state->lists[user];
  uint64_t key = ranking_key(score, item);
  if (list->count < state->k) {
    list->heap[list->count++] = key;
    if (list->count < state->k) return;
    for (long root = state->k / 2; root-- > 0;) ranking_sift_down(list->heap, state->k, root, list->heap[root]);
  } else if (key > list->heap[0]) {
    ranking_sift_down(list->heap, state->k, 0, key);
  }
  state->thresholds[user] = ranking_key_score(list->heap[0]);
}

/// Sorts each list, best first, and writes it out.
static inline void ranking_finish(ranking_state *state, int32_t *top_items, float *top_scores, int32_t *counts) {
  for (long user = 0; user < state->user_count; user++) {
    uint64_t *heap = state->lists[user].heap;
    long count = state->lists[user].count;
    if (count < state->k)
      for (long root = count / 2; root-- > 0;) ranking_sift_down(heap, count, root, heap[root]);
    for (long last = count; last-- > 1;) {
      uint64_t smallest = heap[0];
      ranking_sift_down(heap, last, 0, heap[last]);
      heap[last] = smallest;
    }
    for (long rank = 0; rank < count; rank++) {
      top_items[user * state->k + rank] = ranking_key_item(heap[rank]);
      top_scores[user * state->k + rank] = ranking_key_score(heap[rank]);
    }
    counts[user] = (int32_t)count;
  }
}

#endif
