// Sums over the edges of a graph, a slice of 16 columns at a time.
#include <stddef.h>

#include "kernel_graph.h"
#include "vectors.h"

KERNEL void kernel_load_slices(const float *table, int64_t stride, int64_t columns, const float *factors, const float *masks,
                               int64_t mask_stride, int64_t first, int64_t end, float *out, int64_t slice_stride) {
  int64_t whole = columns / LANES * LANES, rest = columns - whole;
  for (int64_t row = first; row < end; row++) {
    const float *from = table + row * stride;
    const float *mask = masks ? masks + (row - first) * mask_stride : NULL;
    float *to = out + row * LANES;
    for (int64_t c = 0; c < whole; c += LANES, to += slice_stride) {
      lanes x = load(from + c) * splat(factors[row]);
      store(to, mask ? x * load(mask + c) : x);
    }
    if (!rest) continue;
    lanes x = vf_load_part(from + whole, rest) * splat(factors[row]);
    store(to, mask ? x * load(mask + whole) : x);
  }
}

/// The sum of the listed lines. Four sums, so that an addition need not wait for the one before.
INLINE void sum_lines(lanes *sum, const float *in, const int32_t *list, const int32_t *end) {
  lanes s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
  for (; list + 4 <= end; list += 4) {
    s0 += load(in + (int64_t)list[0] * LANES);
    s1 += load(in + (int64_t)list[1] * LANES);
    s2 += load(in + (int64_t)list[2] * LANES);
    s3 += load(in + (int64_t)list[3] * LANES);
  }
  for (; list < end; list++) s0 += load(in + (int64_t)*list * LANES);
  *sum = (s0 + s1) + (s2 + s3);
}

/// Row `row` of a product, before it is scaled.
INLINE void sum_row(lanes *sum, const kernel_edges *edges, const float *in, const float *own, int64_t row) {
  sum_lines(sum, in, edges->neighbors + edges->offsets[row], edges->neighbors + edges->offsets[row + 1]);
  if (own) *sum += load(own + row * LANES);
}

KERNEL void kernel_sum_neighbors(const kernel_edges *edges, const float *in, const float *own, const float *factors, int64_t first,
                                 int64_t end, float *out, int64_t out_stride) {
  for (int64_t row = first; row < end; row++) {
    lanes sum;
    sum_row(&sum, edges, in, own, row);
    store(out + row * out_stride, sum * splat(factors[row]));
  }
}

KERNEL void kernel_add_neighbor_sums(const kernel_edges *edges, const float *in, const float *own, const float *factors,
                                     float weight, const int32_t *rows, int64_t first, int64_t end, float *out,
                                     int64_t out_stride) {
  for (int64_t i = first; i < end; i++) {
    lanes sum;
    sum_row(&sum, edges, in, own, rows[i]);
    float *to = out + i * out_stride;
    store(to, load(to) + sum * splat(weight * factors[rows[i]]));
  }
}

KERNEL void kernel_add_from_rows(const float *in, const float *factors, float weight, const int32_t *rows, int64_t first,
                                 int64_t end, float *out, int64_t out_stride) {
  for (int64_t i = first; i < end; i++) {
    float *to = out + i * out_stride;
    store(to, load(to) + load(in + (int64_t)rows[i] * LANES) * splat(weight * factors[rows[i]]));
  }
}

KERNEL void kernel_add_to_rows(const float *values, int64_t stride, const float *factors, float weight, const int32_t *rows,
                               int64_t count, float *out, int64_t out_stride) {
  for (int64_t i = 0; i < count; i++) {
    float *to = out + rows[i] * out_stride;
    float factor = factors ? weight * factors[rows[i]] : weight;
    store(to, load(to) + load(values + i * stride) * splat(factor));
  }
}

KERNEL void kernel_scatter_to_neighbors(const kernel_edges *edges, const float *values, int64_t stride, const float *factors,
                                        float weight, const int32_t *rows, int64_t count, float *out) {
  for (int64_t i = 0; i < count; i++) {
    lanes value = load(values + i * stride) * splat(weight * factors[rows[i]]);
    const int32_t *end = edges->neighbors + edges->offsets[rows[i] + 1];
    for (const int32_t *list = edges->neighbors + edges->offsets[rows[i]]; list < end; list++) {
      float *to = out + (int64_t)*list * LANES;
      store(to, load(to) + value);
    }
  }
}

KERNEL void kernel_scale_slice(const float *in, const float *factors, int64_t first, int64_t end, float *out,
                               int64_t out_stride) {
  for (int64_t row = first; row < end; row++)
    store(out + row * out_stride, load(in + row * LANES) * splat(factors[row]));
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
