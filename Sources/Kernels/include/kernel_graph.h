#ifndef KERNEL_GRAPH_H
#define KERNEL_GRAPH_H

#include <stdint.h>

// Sums over the edges of a graph, for 16 columns of its nodes' rows at a time. A slice of a table is [nodes, 16]: a row of it is one
// cache line, and a whole slice has a chance to stay in a core's own cache while every edge reads a line of it.

enum { KERNEL_SLICE = 16 };

/// Who meets whom: node r of one side has neighbors[offsets[r]..<offsets[r + 1]], nodes of the other side.
typedef struct {
  const int64_t *offsets;
  const int32_t *neighbors;
} kernel_edges;

/// Cuts rows first..<end of a table into slices: slice s begins at out + s * slice_stride. `columns` numbers of a row count, the
/// rest of its last slice is 0. Row r is multiplied by factors[r] and, where there are masks, by row r - first of them.
void kernel_load_slices(const float *table, int64_t stride, int64_t columns, const float *factors, const float *masks,
                        int64_t mask_stride, int64_t first, int64_t end, float *out, int64_t slice_stride);

/// Row r of `out` = factors[r] * (the sum of its neighbors' rows of `in`, plus row r of `own` where there is one).
void kernel_sum_neighbors(const kernel_edges *edges, const float *in, const float *own, const float *factors, int64_t first,
                          int64_t end, float *out, int64_t out_stride);

/// The same for the nodes that rows[first..<end] lists, times `weight` and added to row i of `out`.
void kernel_add_neighbor_sums(const kernel_edges *edges, const float *in, const float *own, const float *factors, float weight,
                              const int32_t *rows, int64_t first, int64_t end, float *out, int64_t out_stride);

/// Row i of `out` += weight * factors[rows[i]] * row rows[i] of the slice `in`, for first..<end.
void kernel_add_from_rows(const float *in, const float *factors, float weight, const int32_t *rows, int64_t first, int64_t end,
                          float *out, int64_t out_stride);

/// Row rows[i] of `out` += weight * factors[rows[i]] * row i of `values`; factors of 1 where they are NULL.
void kernel_add_to_rows(const float *values, int64_t stride, const float *factors, float weight, const int32_t *rows,
                        int64_t count, float *out, int64_t out_stride);

/// The slice `out` += at each neighbor of rows[i] weight * factors[rows[i]] * row i of `values`, in the order of the list.
void kernel_scatter_to_neighbors(const kernel_edges *edges, const float *values, int64_t stride, const float *factors,
                                 float weight, const int32_t *rows, int64_t count, float *out);

/// Row r of `out` = factors[r] * row r of the slice `in`. They may be the same.
void kernel_scale_slice(const float *in, const float *factors, int64_t first, int64_t end, float *out, int64_t out_stride);

/// Writes the numbers of rows that are not all 0 to `found`, from base + first on; returns how many.
int64_t kernel_find_rows(const float *rows, int64_t stride, int64_t first, int64_t end, int32_t *found);

#endif
