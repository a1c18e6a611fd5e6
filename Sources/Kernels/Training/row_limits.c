#include <math.h>

#include "optimizer_rows.h"

KERNEL void kernel_limit_row(const kernel_table *table, int64_t row, float limit) {
  float *values = table->values + row * table->stride;
  double squares = kernel_sum_of_squares(values, table->stride);
  if (!(squares > (double)limit * (double)limit)) return;
  kernel_multiply(values, (float)(limit / sqrt(squares)), table->stride);
  if (table->scale) kernel_row_scales(table->score, values, 1, table->stride, table->scale + row);
}
