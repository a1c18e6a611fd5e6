// Sums over the edges of a graph, up to 64 columns of a row at a time.
#include <stddef.h>

#include "kernel_graph.h"
#include "vectors.h"

/// Registers of a row that are worked on at once: sums of two neighbors' rows in turn stay in registers.
enum { WIDEST = 4 };

/// Calls `body` with WIDTH, a constant, and `column` for one part of the columns after the other; of the last register of the last
/// part `rest` numbers count, 0 if all do.
#define FOR_EACH_PART(columns, body)                                                          \
  do {                                                                                        \
    int64_t registers_ = ((columns) + LANES - 1) / LANES;                                     \
    for (int64_t column = 0; column < registers_ * LANES; column += WIDEST * LANES) {         \
      int64_t left_ = registers_ - column / LANES;                                            \
      int64_t rest = left_ <= WIDEST ? (columns) % LANES : 0;                                 \
      (void)rest;                                                                             \
      switch (left_ < WIDEST ? left_ : WIDEST) {                                              \
        case 1: { enum { WIDTH = 1 }; body; break; }                                          \
        case 2: { enum { WIDTH = 2 }; body; break; }                                          \
        case 3: { enum { WIDTH = 3 }; body; break; }                                          \
        default: { enum { WIDTH = 4 }; body; break; }                                         \
      }                                                                                       \
    }                                                                                         \
  } while (0)

/// sums += factor * row.
INLINE void add_row(lanes *sums, const float *row, float factor, const int width, int64_t rest) {
  int whole = rest ? width - 1 : width;
  for (int k = 0; k < whole; k++) sums[k] += load(row + k * LANES) * splat(factor);
  if (rest) sums[whole] += vf_load_part(row + whole * LANES, rest) * splat(factor);
}

INLINE float factor_of(const float *factors, int64_t node) { return factors ? factors[node] : 1; }

/// sums += the listed rows, two sums in turn, so that an addition need not wait for the one before.
INLINE void add_listed(lanes *sums, const kernel_node_rows *in, int64_t column, const int32_t *list, const int32_t *end,
                       const int width, int64_t rest) {
  lanes others[WIDEST];
  for (int k = 0; k < width; k++) others[k] = splat(0);
  const float *rows = in->rows + column, *factors = in->factors;
  int64_t stride = in->stride;
  for (; list + 2 <= end; list += 2) {
    add_row(sums, rows + list[0] * stride, factor_of(factors, list[0]), width, rest);
    add_row(others, rows + list[1] * stride, factor_of(factors, list[1]), width, rest);
  }
  if (list < end) add_row(sums, rows + *list * stride, factor_of(factors, *list), width, rest);
  for (int k = 0; k < width; k++) sums[k] += others[k];
}

/// Lists of the nodes that come so many after the one that is worked on are asked for: they lie anywhere.
enum { LISTS_AHEAD = 4 };

INLINE void prefetch_list(const kernel_edges *edges, int64_t node) {
  const int32_t *list = edges->neighbors + edges->offsets[node];
  __builtin_prefetch(list, 0, 3);
  __builtin_prefetch(list + 16, 0, 3);
}

KERNEL void kernel_sum_neighbors(const kernel_edges *edges, const kernel_node_rows *in, const kernel_node_rows *own,
                                 const float *factors, float weight, const int32_t *list, int64_t first, int64_t end,
                                 int64_t columns, int adds, float *out, int64_t out_stride) {
  for (int64_t i = first; i < end; i++) {
    int64_t node = list ? list[i] : i;
    if (list && i + LISTS_AHEAD < end) prefetch_list(edges, list[i + LISTS_AHEAD]);
    const int32_t *neighbors = edges->neighbors + edges->offsets[node], *last = edges->neighbors + edges->offsets[node + 1];
    lanes scale = splat(weight * factors[node]);
    FOR_EACH_PART(columns, {
      lanes sums[WIDTH];
      for (int k = 0; k < WIDTH; k++) sums[k] = splat(0);
      if (rest)
        add_listed(sums, in, column, neighbors, last, WIDTH, rest);
      else
        add_listed(sums, in, column, neighbors, last, WIDTH, 0);
      if (own) add_row(sums, own->rows + node * own->stride + column, factor_of(own->factors, node), WIDTH, rest);
      float *to = out + i * out_stride + column;
      for (int k = 0; k < WIDTH; k++, to += LANES) store(to, (adds ? load(to) : splat(0)) + sums[k] * scale);
    });
  }
}

KERNEL void kernel_add_from_rows(const float *rows, int64_t stride, float weight, const int32_t *list, int64_t first, int64_t end,
                                 int64_t columns, float *out, int64_t out_stride) {
  for (int64_t i = first; i < end; i++) {
    const float *from = rows + list[i] * stride;
    FOR_EACH_PART(columns, {
      lanes sums[WIDTH];
      float *to = out + i * out_stride + column;
      for (int k = 0; k < WIDTH; k++) sums[k] = load(to + k * LANES);
      add_row(sums, from + column, weight, WIDTH, rest);
      for (int k = 0; k < WIDTH; k++) store(to + k * LANES, sums[k]);
    });
  }
}

KERNEL void kernel_add_to_rows(const float *values, int64_t stride, const float *factors, float weight, const int32_t *list,
                               int64_t count, int64_t columns, float *out, int64_t out_stride) {
  for (int64_t i = 0; i < count; i++) {
    const float *from = values + i * stride;
    float *to = out + list[i] * out_stride;
    lanes factor = splat(weight * factor_of(factors, list[i]));
    for (int64_t c = 0; c < columns; c += LANES) store(to + c, load(to + c) + load(from + c) * factor);
  }
}

/// Rows of the neighbors that come so many after the one that is added to are asked for.
enum { NEIGHBORS_AHEAD = 8 };

KERNEL void kernel_scatter_to_neighbors(const kernel_edges *edges, const float *values, int64_t stride, const float *factors,
                                        float weight, const int32_t *list, int64_t count, int64_t columns,
                                        const float *out_factors, float *out, int64_t out_stride) {
  for (int64_t i = 0; i < count; i++) {
    if (i + LISTS_AHEAD < count) prefetch_list(edges, list[i + LISTS_AHEAD]);
    const int32_t *neighbors = edges->neighbors + edges->offsets[list[i]], *end = edges->neighbors + edges->offsets[list[i] + 1];
    lanes factor = splat(weight * factors[list[i]]);
    FOR_EACH_PART(columns, {
      lanes value[WIDTH];
      for (int k = 0; k < WIDTH; k++) value[k] = load(values + i * stride + column + k * LANES) * factor;
      float *rows = out + column;
      for (const int32_t *n = neighbors; n < end; n++) {
        if (n + NEIGHBORS_AHEAD < end) {
          const float *ahead = rows + n[NEIGHBORS_AHEAD] * out_stride;
          for (int k = 0; k < WIDTH; k++) __builtin_prefetch(ahead + k * LANES, 1, 3);
        }
        float *to = rows + *n * out_stride;
        lanes own = splat(out_factors[*n]);
        for (int k = 0; k < WIDTH; k++) store(to + k * LANES, load(to + k * LANES) + value[k] * own);
      }
    });
  }
}

KERNEL void kernel_mask_rows(const float *table, int64_t stride, int64_t columns, const float *masks, int64_t mask_stride,
                             int64_t first, int64_t end, float *out, int64_t out_stride) {
  for (int64_t row = first; row < end; row++) {
    const float *from = table + row * stride, *mask = masks + (row - first) * mask_stride;
    float *to = out + row * out_stride;
    int64_t c = 0;
    for (; c + LANES <= columns; c += LANES) store(to + c, load(from + c) * load(mask + c));
    if (c < columns) store(to + c, vf_load_part(from + c, columns - c) * load(mask + c));
  }
}

/// Whether one of `stride` numbers is not 0; NaN is not.
INLINE int has_gradient(const float *row, int64_t stride) {
  for (int64_t c = 0; c < stride; c++)
    if (row[c] != 0) return 1;
  return 0;
}

KERNEL int64_t kernel_find_rows(const float *rows, int64_t stride, int64_t first, int64_t end, int32_t *found) {
  int64_t count = 0;
  for (int64_t row = first; row < end; row++) {
    found[count] = (int32_t)row;
    count += has_gradient(rows + row * stride, stride);
  }
  return count;
}
