// Sums of chosen rows, weighted or not: segment sums and products with a sparse matrix.
#include "kernels_tensor.h"
#include "vector_math.h"

// In double, so that a segment of a million rows loses nothing; the rows are read in pieces of a cache line.
KERNEL_DISPATCH void kernel_sum_rows(
  float *out, const float *in, long row_stride, const int32_t *rows, const float *weights, long count, long columns) {
  long c = 0;
  for (; c + 2 * VF_WIDTH <= columns; c += 2 * VF_WIDTH) {
    vd low = 0, high = 0;
    for (long i = 0; i < count; i++) {
      const float *row = in + rows[i] * row_stride + c;
      double weight = weights ? weights[i] : 1;
      low += vf_to_double(vf_load(row)) * weight;
      high += vf_to_double(vf_load(row + VF_WIDTH)) * weight;
    }
    vf_store(out + c, __builtin_convertvector(low, vf));
    vf_store(out + c + VF_WIDTH, __builtin_convertvector(high, vf));
  }
  for (; c + VF_WIDTH <= columns; c += VF_WIDTH) {
    vd total = 0;
    for (long i = 0; i < count; i++)
      total += vf_to_double(vf_load(in + rows[i] * row_stride + c)) * (double)(weights ? weights[i] : 1);
    vf_store(out + c, __builtin_convertvector(total, vf));
  }
  for (; c < columns; c++) {
    double total = 0;
    for (long i = 0; i < count; i++) total += (double)in[rows[i] * row_stride + c] * (double)(weights ? weights[i] : 1);
    out[c] = (float)total;
  }
}
