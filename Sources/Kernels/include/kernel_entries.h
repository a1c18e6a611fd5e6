#ifndef KERNEL_ENTRIES_H
#define KERNEL_ENTRIES_H

#include <stdint.h>

// The gradient of a batch is first known by positive and slot, and is needed by item. These sort it, stably, in two rounds: by
// block of items, then within a block. The order within an item is that of the batch, however the work is cut.

/// Adds to counts[rows[n] >> shift] for every entry whose weight is not 0 (or for every entry).
void kernel_count_entries(const int32_t *rows, const float *weights, int64_t count, int32_t shift, int32_t every_entry,
                          int32_t *counts);

/// Appends the same entries to their blocks. `cursors[block]` is the next free place and moves on. Entry n belongs to
/// user row first_user_row + n / width.
void kernel_scatter_entries(const int32_t *rows, const float *weights, int64_t count, int32_t shift, int32_t every_entry,
                            int32_t first_user_row, int32_t width, int32_t *cursors, int32_t *out_rows, int32_t *out_user_rows,
                            float *out_weights);

/// Sorts one block's entries by row. Row first_row + i then has entries offsets[i]..<offsets[i + 1]; offsets has size + 1 places.
void kernel_group_entries(const int32_t *rows, const int32_t *user_rows, const float *weights, int64_t count,
                          int32_t first_row, int32_t size, int32_t *offsets, int32_t *out_user_rows, float *out_weights);

#endif
