#ifndef KERNEL_GRAPH_H
#define KERNEL_GRAPH_H

#include <stdint.h>

// Sums over the edges of a graph. A node's row is read and written whole: its cache lines lie side by side, and one is asked for with
// the other.

/// Who meets whom: node r of one side has neighbors[offsets[r]..<offsets[r + 1]], nodes of the other side.
typedef struct {
  const int64_t *offsets;
  const int32_t *neighbors;
} kernel_edges;

/// Rows of the nodes of one side: row n begins at rows + n * stride, and is taken times factors[n]; times 1 where they are NULL.
typedef struct {
  const float *rows;
  int64_t stride;
  const float *factors;
} kernel_node_rows;

// Numbers of rows that are written come in whole groups of so many. `columns` of what is read count, and the rest of the last group
// is 0.
enum { KERNEL_COLUMN_GROUP = 16 };

/// Row i of `out` is, or gets if it `adds`, weight * factors[r] * (the sum of the neighbors' rows of `in` and of row r of `own`, where
/// that is not NULL). r is list[i], or i where there is no list; i first..<end.
void kernel_sum_neighbors(const kernel_edges *edges, const kernel_node_rows *in, const kernel_node_rows *own, const float *factors,
                          float weight, const int32_t *list, int64_t first, int64_t end, int64_t columns, int adds, float *out,
                          int64_t out_stride);

/// Row i of `out` += weight * row list[i] of `rows`, for i first..<end.
void kernel_add_from_rows(const float *rows, int64_t stride, float weight, const int32_t *list, int64_t first, int64_t end,
                          int64_t columns, float *out, int64_t out_stride);

/// Row list[i] of `out` += weight * row list[i] of the factors * row i of `values`, for `count` of them; factors of 1 where they are
/// NULL. Whole groups of columns.
void kernel_add_to_rows(const float *values, int64_t stride, const float *factors, float weight, const int32_t *list,
                        int64_t count, int64_t columns, float *out, int64_t out_stride);

/// At each neighbor n of list[i], row n of `out` += out_factors[n] * (weight * factors[list[i]] * row i of `values`), in the order of
/// the list. Whole groups of columns.
void kernel_scatter_to_neighbors(const kernel_edges *edges, const float *values, int64_t stride, const float *factors,
                                 float weight, const int32_t *list, int64_t count, int64_t columns, const float *out_factors,
                                 float *out, int64_t out_stride);

/// Rows first..<end of a table times masks, of which row r - first is row r's; whole groups of columns are written.
void kernel_mask_rows(const float *table, int64_t stride, int64_t columns, const float *masks, int64_t mask_stride, int64_t first,
                      int64_t end, float *out, int64_t out_stride);

/// Writes the numbers of rows that are not all 0 to `found`, from base + first on; returns how many.
int64_t kernel_find_rows(const float *rows, int64_t stride, int64_t first, int64_t end, int32_t *found);

#endif
