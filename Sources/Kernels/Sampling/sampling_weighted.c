#include "kernel_sampling.h"

#include <math.h>
#include <string.h>

#include "excluded_items.h"
#include "random.h"
#include "vectors.h"

INLINE int32_t alias_item(const kernel_alias_column *columns, uint32_t count, uint64_t bits) {
  const kernel_alias_column *column = columns + (((bits >> 32) * count) >> 32);
  return (bits & 0xFFFFFFFF) < column->threshold ? column->item : column->alias;
}

KERNEL long kernel_sample_alias(uint64_t key, uint64_t first, const kernel_alias_column *columns, uint32_t column_count,
                                const kernel_excluded_items *own, int32_t *out, long count) {
  for (long n = 0; n < count; n++) out[n] = alias_item(columns, column_count, random_bits(key, first + (uint64_t)n));
  if (!own) return 0;
  long rejected = 0;
  EXCLUDED_EACH(own, out, count, {
    // Each attempt has a stream of its own, so that the number of attempts of one slot does not move the next.
    uint64_t attempt = 1;
    do {
      out[n] = alias_item(columns, column_count, random_bits(random_substream(key, attempt++), first + (uint64_t)n));
      rejected++;
    } while (excluded_has(own, out[n]));
  });
  return rejected;
}

void kernel_prefetch(const void *memory, long bytes) {
  for (long b = 0; b < bytes; b += 64) __builtin_prefetch((const char *)memory + b);
}

/// Lanes of -1 where a mass is above 0, of 0 elsewhere.
INLINE void positive_masses(vi *mask, const double *masses) {
  vd own;
  __builtin_memcpy(&own, masses, sizeof own);
  *mask = __builtin_convertvector(own > 0, vi);
}

KERNEL float kernel_cluster_terms(const float *scores, const double *whole, double *masses, long count,
                                  const kernel_cluster_holding *holdings, long holding_count, double *terms, uint8_t *states) {
  memset(states, KERNEL_CLUSTER_FREE, (size_t)count);
  for (long h = 0; h < holding_count; h++) {
    masses[holdings[h].cluster] = holdings[h].left;
    states[holdings[h].cluster] = (uint8_t)holdings[h].state;
  }
  lanes tops = splat(-INFINITY);
  for (long k = 0; k < count; k += LANES) {
    vi possible;
    positive_masses(&possible, masses + k);
    tops = larger(vf_select(possible, load(scores + k), splat(-INFINITY)), tops);
  }
  float top = vf_max_lane(tops);
  for (long k = 0; k < count; k += LANES) {
    vi possible;
    positive_masses(&possible, masses + k);
    vd own, weight = vf_to_double(vf_select(possible, vf_exp(load(scores + k) - splat(top)), splat(0)));
    __builtin_memcpy(&own, masses + k, sizeof own);
    weight *= own;
    __builtin_memcpy(terms + k, &weight, sizeof weight);
  }
  for (long h = 0; h < holding_count; h++) masses[holdings[h].cluster] = whole[holdings[h].cluster];
  return top;
}

void kernel_running_sums(double *rows, long width, long count) {
  long r = 0;
  // A sum waits for the one before it: four rows at a time do not wait for each other.
  for (; r + 4 <= count; r += 4) {
    double *a = rows + r * width, *b = a + width, *c = b + width, *d = c + width;
    for (long k = 1; k < width; k++) {
      a[k] += a[k - 1];
      b[k] += b[k - 1];
      c[k] += c[k - 1];
      d[k] += d[k - 1];
    }
  }
  for (; r < count; r++)
    for (long k = 1; k < width; k++) rows[r * width + k] += rows[r * width + k - 1];
}

typedef _Bool lane_bits __attribute__((ext_vector_type(LANES)));

/// How many of 16 ascending sums are at most the goal.
#define AT_MOST(sums, goal) \
  __builtin_popcount(__builtin_bit_cast(uint16_t, __builtin_convertvector((sums) <= (goal), lane_bits)))

/// By inversion, in blocks of 16 sums: the block by the last sum of each, then the sum in it. No branch depends on sums. A cluster whose
/// mass is 0 ends where it begins, and is never drawn.
INLINE int32_t drawn_cluster(const double *sums, long blocks, const vd *ends, double goal) {
  long block = 0;
  if (blocks <= LANES) {
    block = AT_MOST(*ends, goal);
  } else {
    const double *low = sums + LANES - 1;
    for (long rest = blocks; rest > 0;) {
      long half = (rest + 1) / 2;
      block = __builtin_unpredictable(low[(half - 1) * LANES] <= goal) ? block + half : block;
      low = sums + LANES - 1 + block * LANES;
      rest -= half;
    }
  }
  vd own;
  __builtin_memcpy(&own, sums + block * LANES, sizeof own);
  return (int32_t)(block * LANES + AT_MOST(own, goal));
}

INLINE int32_t weighted_member(const kernel_cluster_members *members, int32_t cluster, uint64_t bits) {
  long first = members->offsets[cluster];
  return alias_item(members->columns + first, (uint32_t)(members->offsets[cluster + 1] - first), bits);
}

INLINE int32_t equal_member(const kernel_cluster_members *members, int32_t cluster, uint64_t bits) {
  long first = members->offsets[cluster], count = members->offsets[cluster + 1] - first;
  return members->items[first + (long)(((unsigned __int128)bits * (uint64_t)count) >> 64)];
}

INLINE int32_t member(const kernel_cluster_members *members, int32_t cluster, uint64_t bits) {
  return members->columns ? weighted_member(members, cluster, bits) : equal_member(members, cluster, bits);
}

/// Numbers that are made before any is used: neither chain waits for the other.
#define NUMBERS_BLOCK 64

INLINE void draw_clusters(uint64_t key, uint64_t first, const double *sums, long cluster_count, int32_t *clusters, long count) {
  // The largest number below the sum.
  double total = sums[cluster_count - 1], most = __builtin_bit_cast(double, __builtin_bit_cast(uint64_t, total) - 1);
  long blocks = (cluster_count + LANES - 1) / LANES;
  vd ends = (vd)INFINITY;
  for (long b = 0; b < blocks && b < LANES; b++) ends[b] = sums[b * LANES + LANES - 1];
  for (long n = 0; n < count; n += NUMBERS_BLOCK) {
    double goals[NUMBERS_BLOCK];
    long size = count - n < NUMBERS_BLOCK ? count - n : NUMBERS_BLOCK;
    for (long k = 0; k < size; k++) {
      double goal = random_uniform(key, first + (uint64_t)(n + k)) * total;
      goals[k] = goal < most ? goal : most;
    }
    for (long k = 0; k < size; k++) clusters[n + k] = drawn_cluster(sums, blocks, &ends, goals[k]);
  }
}

INLINE void draw_members(uint64_t key, uint64_t first, const kernel_cluster_members *members, const int32_t *clusters,
                         int32_t *out, long count) {
  for (long n = 0; n < count; n += NUMBERS_BLOCK) {
    uint64_t bits[NUMBERS_BLOCK];
    long size = count - n < NUMBERS_BLOCK ? count - n : NUMBERS_BLOCK;
    for (long k = 0; k < size; k++) bits[k] = random_bits(key, first + (uint64_t)(n + k));
    if (members->columns)
      for (long k = 0; k < size; k++) out[n + k] = weighted_member(members, clusters[n + k], bits[k]);
    else
      for (long k = 0; k < size; k++) out[n + k] = equal_member(members, clusters[n + k], bits[k]);
  }
}

KERNEL kernel_cluster_draws kernel_sample_clusters(uint64_t key, uint64_t first, const double *sums, long cluster_count,
                                                   const uint8_t *states, const kernel_cluster_members *members,
                                                   const kernel_excluded_items *own, int32_t *clusters, int32_t *out,
                                                   long count) {
  kernel_cluster_draws drawn = {0, 0};
  draw_clusters(key, first, sums, cluster_count, clusters, count);
  draw_members(random_substream(key, 1), first, members, clusters, out, count);
  if (!own) return drawn;
  // What is not held cannot be excluded, and what is scarce is drawn otherwise.
  EXCLUDED_EACH(own, out, count, {
    if (states[clusters[n]] == KERNEL_CLUSTER_SCARCE) continue;
    uint64_t attempt = 2;
    do {
      out[n] = member(members, clusters[n], random_bits(random_substream(key, attempt++), first + (uint64_t)n));
      drawn.rejected++;
    } while (excluded_has(own, out[n]));
  });
  for (long n = 0; n < count; n++) {
    if (states[clusters[n]] != KERNEL_CLUSTER_SCARCE) continue;
    out[n] = -1;
    drawn.listed++;
  }
  return drawn;
}
