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

/// Items that are looked up before any that is excluded is drawn again.
#define EXCLUDED_BLOCK 64

// Where the search for items[n] goes on: no branch depends on items.
#define EXCLUDED_HALVE(low, half, item) (__builtin_unpredictable((low)[half] <= (item)) ? (low) + (half) : (low))

static inline __attribute__((always_inline)) int excluded_has(const excluded_items *excluded, int32_t item) {
  if (excluded->marks) return excluded->marks[item >> 6] >> (item & 63) & 1;
  const int32_t *low = excluded->items;
  for (long rest = excluded->count; rest > 1; rest -= rest / 2) low = EXCLUDED_HALVE(low, rest / 2, item);
  return *low == item;
}

/// found[n] = whether items[n] is excluded, by search: four at a time, as each step of one waits for the step before.
static inline __attribute__((always_inline)) void excluded_search(const excluded_items *excluded, const int32_t *items, long count,
                                                                  uint8_t *found) {
  long n = 0;
  for (; n + 4 <= count; n += 4) {
    const int32_t *low[4] = {excluded->items, excluded->items, excluded->items, excluded->items};
    for (long rest = excluded->count; rest > 1; rest -= rest / 2)
      for (int k = 0; k < 4; k++) low[k] = EXCLUDED_HALVE(low[k], rest / 2, items[n + k]);
    for (int k = 0; k < 4; k++) found[n + k] = *low[k] == items[n + k];
  }
  for (; n < count; n++) found[n] = (uint8_t)excluded_has(excluded, items[n]);
}

/// Runs `again` with n for each of `count` items of `items` that is excluded.
#define EXCLUDED_EACH(excluded, items, count, again)                                           \
  if ((excluded)->marks) {                                                                     \
    for (long n = 0; n < (count); n++)                                                         \
      if ((excluded)->marks[(items)[n] >> 6] >> ((items)[n] & 63) & 1) again;                  \
  } else {                                                                                     \
    for (long block_ = 0; block_ < (count); block_ += EXCLUDED_BLOCK) {                        \
      uint8_t found_[EXCLUDED_BLOCK];                                                          \
      long size_ = (count) - block_ < EXCLUDED_BLOCK ? (count) - block_ : EXCLUDED_BLOCK;      \
      excluded_search(excluded, (items) + block_, size_, found_);                              \
      for (long n = block_; n < block_ + size_; n++)                                           \
        if (found_[n - block_]) again;                                                         \
    }                                                                                          \
  }

static inline __attribute__((always_inline)) void excluded_close(const excluded_items *excluded) {
  if (!excluded->marks) return;
  for (long n = 0; n < excluded->count; n++) excluded->marks[excluded->items[n] >> 6] = 0;
}

#endif
