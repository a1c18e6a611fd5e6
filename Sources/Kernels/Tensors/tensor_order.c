// Sorting of tensors, by keys: a float becomes 32 bits whose unsigned order is the order wanted, and its position is appended.
// No two keys are then equal, so every algorithm is stable.
#include "kernels_tensor.h"
#include "vector_math.h"

#include <string.h>

VF_INLINE uint64_t sort_key(float value, int descending, uint32_t position) {
  value += 0.0f;  // -0 equals 0
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t key = bits >> 31 ? ~bits : bits | 0x80000000u;
  if (descending) key = ~key;
  if (value != value) key = 0xffffffffu;  // NaN last
  return (uint64_t)key << 32 | position;
}

static void insertion_sort(uint64_t *keys, long count) {
  for (long i = 1; i < count; i++) {
    uint64_t key = keys[i];
    long j = i;
    for (; j > 0 && keys[j - 1] > key; j--) keys[j] = keys[j - 1];
    keys[j] = key;
  }
}

// One pass of a radix sort: `keys` into `other` by the digit at `shift`. `sizes` counts each digit and is used up.
static void radix_pass(const uint64_t *keys, uint64_t *other, uint32_t *sizes, int digits, int shift, long count) {
  uint32_t total = 0;
  for (int digit = 0; digit < digits; digit++) {
    uint32_t size = sizes[digit];
    sizes[digit] = total;
    total += size;
  }
  for (long i = 0; i < count; i++) other[sizes[keys[i] >> shift & (uint64_t)(digits - 1)]++] = keys[i];
}

// By the upper halves, least significant digit first. The lower halves ascend at the start, so they need no pass.
// Returns where the result is: `keys` or `other`.
VF_INLINE uint64_t *radix_sort(uint64_t *keys, uint64_t *other, long count, int bits, int passes) {
  uint32_t sizes[4][1 << 11];
  int digits = 1 << bits;
  for (int pass = 0; pass < passes; pass++) memset(sizes[pass], 0, sizeof(uint32_t) << bits);
  for (long i = 0; i < count; i++)
    for (int pass = 0; pass < passes; pass++) sizes[pass][keys[i] >> (32 + bits * pass) & (uint64_t)(digits - 1)]++;
  for (int pass = 0; pass < passes; pass++) {
    int shift = 32 + bits * pass;
    if (sizes[pass][keys[0] >> shift & (uint64_t)(digits - 1)] == count) continue;  // this digit is the same everywhere
    radix_pass(keys, other, sizes[pass], digits, shift, count);
    uint64_t *swap = keys;
    keys = other;
    other = swap;
  }
  return keys;
}

static void merge_sort(uint64_t *keys, uint64_t *other, long count) {
  if (count <= 24) {
    insertion_sort(keys, count);
    return;
  }
  long half = count / 2;
  merge_sort(keys, other, half);
  merge_sort(keys + half, other, count - half);
  memcpy(other, keys, (size_t)half * sizeof *keys);
  uint64_t *left = other, *left_end = other + half, *right = keys + half, *right_end = keys + count, *out = keys;
  while (left < left_end) *out++ = right < right_end && *right < *left ? *right++ : *left++;
}

void kernel_argsort(uint32_t *order, const float *in, int descending, uint64_t *scratch, long count) {
  for (long i = 0; i < count; i++) scratch[i] = sort_key(in[i], descending, (uint32_t)i);
  uint64_t *sorted = scratch;
  if (count < 192) merge_sort(scratch, scratch + count, count);
  else if (count < 8192) sorted = radix_sort(scratch, scratch + count, count, 8, 4);
  else sorted = radix_sort(scratch, scratch + count, count, 11, 3);
  for (long i = 0; i < count; i++) order[i] = (uint32_t)sorted[i];
}

// Lets the key at the root of a heap (largest first) sink to its place.
static void sink(uint64_t *heap, long root, long count) {
  uint64_t key = heap[root];
  for (;;) {
    long child = 2 * root + 1;
    if (child >= count) break;
    if (child + 1 < count && heap[child + 1] > heap[child]) child++;
    if (heap[child] <= key) break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = key;
}

KERNEL_DISPATCH void kernel_top(uint32_t *order, const float *in, int descending, uint64_t *heap, long k, long count) {
  if (k == 0) return;
  for (long i = 0; i < k; i++) heap[i] = sort_key(in[i], descending, (uint32_t)i);
  for (long i = k / 2 - 1; i >= 0; i--) sink(heap, i, k);
  long i = k;
  while (i < count) {
    // The worst of the best so far. Sixteen at once that do not beat it are passed over; an equal one comes too late.
    float worst = in[(uint32_t)heap[0]];
    if (worst == worst)
      for (; i + VF_WIDTH <= count; i += VF_WIDTH) {
        vf x = vf_load(in + i);
        if (__builtin_reduce_or(descending ? x > worst : x < worst)) break;
      }
    long end = i + VF_WIDTH < count ? i + VF_WIDTH : count;
    for (; i < end; i++) {
      uint64_t key = sort_key(in[i], descending, (uint32_t)i);
      if (key >= heap[0]) continue;
      heap[0] = key;
      sink(heap, 0, k);
    }
  }
  for (long left = k - 1; left > 0; left--) {  // heap sort
    uint64_t largest = heap[0];
    heap[0] = heap[left];
    heap[left] = largest;
    sink(heap, 0, left);
  }
  for (long j = 0; j < k; j++) order[j] = (uint32_t)heap[j];
}
