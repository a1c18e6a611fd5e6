// What a user has, and must not be given: most items are cleared or found by one bit, the rest are searched for.
#ifndef EXCLUDED_ITEMS_H
#define EXCLUDED_ITEMS_H

#include <stddef.h>
#include <string.h>

#include "kernel_sampling.h"

/// Items that are looked up before any that is excluded is drawn again, a multiple of 8.
#define EXCLUDED_BLOCK 64

/// Whether the user may have an item: 0 where it does not have it, 1 where it has, or has one with the same bit.
static inline __attribute__((always_inline)) uint8_t excluded_maybe(const kernel_excluded_items *excluded, int32_t item) {
  return excluded->bits[((uint32_t)item & excluded->mask) >> 5] >> (item & 31) & 1;
}

static inline __attribute__((always_inline)) int excluded_has(const kernel_excluded_items *excluded, int32_t item) {
  if (!excluded_maybe(excluded, item)) return 0;
  if (excluded->exact) return 1;
  const int32_t *low = excluded->items;
  // No branch depends on items.
  for (long rest = excluded->count; rest > 1; rest -= rest / 2)
    low = __builtin_unpredictable(low[rest / 2] <= item) ? low + rest / 2 : low;
  return *low == item;
}

/// Runs `again` with n for each of `count` items of `items` that is excluded.
#define EXCLUDED_EACH(excluded, items, count, again)                                            \
  for (long block_ = 0; block_ < (count); block_ += EXCLUDED_BLOCK) {                           \
    uint8_t maybe_[EXCLUDED_BLOCK];                                                             \
    long size_ = (count) - block_ < EXCLUDED_BLOCK ? (count) - block_ : EXCLUDED_BLOCK;         \
    for (long n_ = 0; n_ < size_; n_++) maybe_[n_] = excluded_maybe(excluded, (items)[block_ + n_]); \
    memset(maybe_ + size_, 0, (size_t)(-size_ & 7));                                            \
    for (long word_ = 0; word_ < size_; word_ += 8) {                                           \
      uint64_t any_;                                                                            \
      memcpy(&any_, maybe_ + word_, sizeof any_);                                               \
      /* Of the bytes that are not 0 the lowest first: each is 1. */                            \
      for (; any_ != 0; any_ &= any_ - 1) {                                                     \
        long n = block_ + word_ + (__builtin_ctzll(any_) >> 3);                                 \
        if (excluded_has(excluded, (items)[n])) again;                                          \
      }                                                                                         \
    }                                                                                           \
  }

#endif
