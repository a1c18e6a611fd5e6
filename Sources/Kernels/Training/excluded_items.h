// What a user has, and must not be given: looked up by marks in a bitmap of all items or by search, whichever costs less.
#ifndef EXCLUDED_ITEMS_H
#define EXCLUDED_ITEMS_H

#include <stddef.h>
#include <stdint.h>

/// Ascending items; `marks` is NULL where they are searched.
typedef struct {
  const int32_t *items;
  long count;
  uint64_t *marks;
} excluded_items;

/// Marking passes twice over the list, once to mark and once to clear; searching takes a step for each halving of it, for each draw.
/// `marks` is a bitmap of all items, all zero before this and after `excluded_close`.
static inline __attribute__((always_inline)) excluded_items excluded_open(const int32_t *items, long count, uint64_t *marks,
                                                                          long draws) {
  excluded_items excluded = {items, count, NULL};
  if (count > 4 * draws) return excluded;
  for (long n = 0; n < count; n++) marks[items[n] >> 6] |= 1ull << (items[n] & 63);
  excluded.marks = marks;
  return excluded;
}

static inline __attribute__((always_inline)) int excluded_has(const excluded_items *excluded, int32_t item) {
  if (excluded->marks) return excluded->marks[item >> 6] >> (item & 63) & 1;
  // No branch depends on items, so that the searches of several draws overlap.
  const int32_t *low = excluded->items;
  for (long rest = excluded->count; rest > 1;) {
    long half = rest / 2;
    low = __builtin_unpredictable(low[half] <= item) ? low + half : low;
    rest -= half;
  }
  return *low == item;
}

static inline __attribute__((always_inline)) void excluded_close(const excluded_items *excluded) {
  if (!excluded->marks) return;
  for (long n = 0; n < excluded->count; n++) excluded->marks[excluded->items[n] >> 6] = 0;
}

#endif
