#include "kernel_sampling.h"

#include "excluded_items.h"
#include "random.h"
#include "vectors.h"

INLINE int32_t reduce(uint32_t bits, uint32_t bound) { return (int32_t)(((uint64_t)bits * bound) >> 32); }

KERNEL void kernel_sample_uniform(uint64_t key, uint64_t first, uint32_t bound, int32_t *out, long count) {
  long pairs = count / 2;
  for (long p = 0; p < pairs; p++) {
    uint64_t bits = random_bits(key, first + (uint64_t)p);
    out[2 * p] = reduce((uint32_t)(bits >> 32), bound);
    out[2 * p + 1] = reduce((uint32_t)bits, bound);
  }
  if (count & 1) out[count - 1] = reduce((uint32_t)(random_bits(key, first + (uint64_t)pairs) >> 32), bound);
}

static long list_allowed(const int32_t *excluded, long excluded_count, uint32_t bound, int32_t *out) {
  long next = 0, allowed = 0;
  for (uint32_t item = 0; item < bound; item++) {
    if (next < excluded_count && excluded[next] == (int32_t)item) next++;
    else out[allowed++] = (int32_t)item;
  }
  return allowed;
}

KERNEL long kernel_sample_uniform_excluding(uint64_t key, uint64_t first, uint32_t bound, const kernel_excluded_items *own,
                                            int32_t *scratch, int32_t *out, long count) {
  if ((uint64_t)own->count * 8 > (uint64_t)bound * 7) {
    long allowed = list_allowed(own->items, own->count, bound, scratch);
    kernel_sample_uniform(key, first, (uint32_t)allowed, out, count);
    for (long n = 0; n < count; n++) out[n] = scratch[out[n]];
    return 0;
  }
  kernel_sample_uniform(key, first, bound, out, count);
  long rejected = 0;
  EXCLUDED_EACH(own, out, count, {
    // Each attempt has a stream of its own, so that the number of attempts of one slot does not move the next.
    uint64_t attempt = 1;
    do {
      uint64_t bits = random_bits(key ^ random_bits(attempt++, 0), first + (uint64_t)(n >> 1));
      out[n] = reduce((uint32_t)(n & 1 ? bits : bits >> 32), bound);
      rejected++;
    } while (excluded_has(own, out[n]));
  });
  return rejected;
}

void kernel_mark_rows(const int32_t *rows, long count, uint8_t *touched) {
  for (long n = 0; n < count; n++) __atomic_store_n(&touched[rows[n]], 1, __ATOMIC_RELAXED);
}
