#ifndef KERNEL_SAMPLING_H
#define KERNEL_SAMPLING_H

#include <stdint.h>

/// `count` numbers uniform in [0, bound), from positions first, first + 1, ... of stream `key`, two of 32 bits from each.
/// The bias of the reduction is below bound / 2^32. `count` numbers use (count + 1) / 2 positions.
void kernel_sample_uniform(uint64_t key, uint64_t first, uint32_t bound, int32_t *out, long count);

/// What a user has, and is not given: ascending items, and the bits of them, bit `item & mask` of each. `mask` is a power of two less one,
/// 31 at least. Where a bit is 0 the user does not have the item; where it is 1 it has, if no two items share a bit (`exact`).
typedef struct {
  const int32_t *items;
  long count;
  const uint32_t *bits;
  uint32_t mask;
  int exact;
} kernel_excluded_items;

/// The same, but a number in `own` is drawn again, until it is not in it.
/// Requires own->count < bound. Where more than 7/8 of all numbers are excluded the rest is listed in `scratch`
/// (room for bound / 8 + 1 numbers) and drawn from directly. Returns how many numbers were drawn in vain.
long kernel_sample_uniform_excluding(uint64_t key, uint64_t first, uint32_t bound, const kernel_excluded_items *own,
                                     int32_t *scratch, int32_t *out, long count);

/// A column of an alias table: what it stands for, and what it gives where 32 random bits reach its threshold, of 2^32.
typedef struct {
  uint64_t threshold;
  int32_t item;
  int32_t alias;
} kernel_alias_column;

/// `count` items of an alias table, from positions first, first + 1, ... of stream `key`; an item of `own`, NULL for nobody's, is drawn
/// again. Requires that something else can come. Returns how many items were drawn in vain.
long kernel_sample_alias(uint64_t key, uint64_t first, const kernel_alias_column *columns, uint32_t column_count,
                         const kernel_excluded_items *own, int32_t *out, long count);

/// What a user has of a cluster: nothing; something; so much that what is left is to be listed.
enum { KERNEL_CLUSTER_FREE, KERNEL_CLUSTER_HELD, KERNEL_CLUSTER_SCARCE };

/// What is left to a user of a cluster of which it has something, and how that is drawn (`KERNEL_CLUSTER_HELD` or `_SCARCE`).
typedef struct {
  int32_t cluster;
  int32_t state;
  double left;
} kernel_cluster_holding;

/// Asks for memory that will be read soon.
void kernel_prefetch(const void *memory, long bytes);

/// What a user's law gives each of `count` clusters, a multiple of 16 with masses of 0 behind the last: terms[k] = m_k exp(scores[k] -
/// top), m the masses but for what the holdings say is left, top the highest score of a mass above 0, which is returned. A mass of 0 gives
/// exactly 0 whatever its score. states[k] is the holding's, or `KERNEL_CLUSTER_FREE`. `masses` equals `whole` before and after.
float kernel_cluster_terms(const float *scores, const double *whole, double *masses, long count,
                           const kernel_cluster_holding *holdings, long holding_count, double *terms, uint8_t *states);

/// Replaces the numbers of each of `count` rows by their running sums, in their order: a term of 0 leaves exactly the sum before it.
void kernel_running_sums(double *rows, long width, long count);

/// The members of clusters, of cluster k from offsets[k] to offsets[k + 1]: columns of alias tables, one table a cluster, or, where
/// `columns` is NULL, items that are drawn alike.
typedef struct {
  const long *offsets;
  const kernel_alias_column *columns;
  const int32_t *items;
} kernel_cluster_members;

/// Items that were drawn in vain, and draws that are left to be done, of clusters that are to be listed.
typedef struct {
  long rejected;
  long listed;
} kernel_cluster_draws;

/// `count` clusters by inversion of the running sums of their masses, and a member of each, drawn again while it is in `own` (NULL: nobody's).
/// clusters[n] is the cluster, out[n] the item, or -1 where states[cluster] says that what is left is to be listed. Numbers of
/// position first + n decide draw n: stream `key` the cluster, its substreams 1, 2, ... the attempts. Requires a last sum above 0, which
/// is repeated up to a multiple of 16 sums.
kernel_cluster_draws kernel_sample_clusters(uint64_t key, uint64_t first, const double *sums, long cluster_count,
                                            const uint8_t *states, const kernel_cluster_members *members,
                                            const kernel_excluded_items *own, int32_t *clusters, int32_t *out, long count);

/// distances[r] = |rows[r] - centers[labels[r]]| for the rows first..<end; rows and centers are `stride` numbers apart.
/// Returns the largest, NaN where one is.
float kernel_center_distances(const float *rows, long stride, const float *centers, const int32_t *labels, long first, long end,
                              float *distances);

/// Items whose scores have one bound: those of group g are members[offsets[g]..<offsets[g + 1]], and lie within radii[g] of the center of
/// clusters[g]. `padded` is the number of groups up to a multiple of 16; those behind the last have size 0.
typedef struct {
  const int32_t *clusters;
  const float *radii;
  const float *sizes;
  const int32_t *offsets;
  const int32_t *members;
  long padded;
} kernel_score_groups;

/// The highest bound, the sum over items of exp(bound - top), and the same with the scores of their centers.
typedef struct {
  float top;
  double total;
  double least;
} kernel_bound_weights;

/// bounds[g] = scores[clusters[g]] + length * radii[g], which no score of an item of group g exceeds: `scores` are those of a user with the
/// centers, `length` is the user's. weights[g] = size * exp(bound - top), 0 behind the last group; block_sums: their running sums, one for each
/// block of 16 groups, no numbers where a score is not.
kernel_bound_weights kernel_weigh_groups(const kernel_score_groups *groups, const float *scores, float length, float *bounds,
                                         float *weights, double *block_sums);

/// The group at `uniform` of the way through the sum of the weights, never one of weight 0. Requires a finite last sum above 0.
long kernel_draw_group(const float *weights, const double *block_sums, long padded, double uniform);

/// What a user draws by: bounds, weights and sums of `kernel_weigh_groups`, the user's row, and the items', `stride` numbers apart.
typedef struct {
  const kernel_score_groups *groups;
  const float *bounds;
  const float *weights;
  const double *block_sums;
  const float *user;
  const float *items;
  long stride;
} kernel_bounded_law;

/// `count` items by the softmax of the user's scores, without `own` (NULL: all): item n by rejection, in at most `attempts` attempts by the numbers
/// of stream `key` from position first + 2 n attempts on; -1 where none was kept. Requires finite sums above 0.
/// Returns how many attempts there were.
long kernel_sample_bounded(uint64_t key, uint64_t first, const kernel_bounded_law *law,
                           const kernel_excluded_items *own, long attempts, int32_t *out, long count);

/// Sets touched[rows[n]] = 1; several threads may mark the same rows.
void kernel_mark_rows(const int32_t *rows, long count, uint8_t *touched);

#endif
