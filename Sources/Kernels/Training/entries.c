#include "kernel_entries.h"

#include <string.h>

void kernel_count_entries(const int32_t *rows, const float *weights, int64_t count, int32_t shift, int32_t every_entry,
                          int32_t *counts) {
  for (int64_t n = 0; n < count; n++)
    if (every_entry || weights[n] != 0) counts[rows[n] >> shift]++;
}

void kernel_scatter_entries(const int32_t *rows, const float *weights, int64_t count, int32_t shift, int32_t every_entry,
                            int32_t first_user_row, int32_t width, int32_t *cursors, int32_t *out_rows,
                            int32_t *out_user_rows, float *out_weights) {
  int64_t n = 0;
  for (int32_t user_row = first_user_row; n < count; user_row++) {
    for (int64_t end = n + width; n < end; n++) {
      if (!every_entry && weights[n] == 0) continue;
      int32_t place = cursors[rows[n] >> shift]++;
      out_rows[place] = rows[n];
      out_user_rows[place] = user_row;
      out_weights[place] = weights[n];
    }
  }
}

void kernel_group_entries(const int32_t *rows, const int32_t *user_rows, const float *weights, int64_t count,
                          int32_t first_row, int32_t size, int32_t *offsets, int32_t *out_user_rows, float *out_weights) {
  memset(offsets, 0, sizeof(int32_t) * (size_t)(size + 1));
  for (int64_t n = 0; n < count; n++) offsets[rows[n] - first_row + 1]++;
  for (int32_t i = 0; i < size; i++) offsets[i + 1] += offsets[i];
  // Each offset serves as its row's cursor, after which it stands where the next row's began: shift back by one.
  for (int64_t n = 0; n < count; n++) {
    int32_t place = offsets[rows[n] - first_row]++;
    out_user_rows[place] = user_rows[n];
    out_weights[place] = weights[n];
  }
  memmove(offsets + 1, offsets, sizeof(int32_t) * (size_t)size);
  offsets[0] = 0;
}
