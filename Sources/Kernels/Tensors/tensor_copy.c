// Copies of tensors whose elements lie apart, and of matrices that lie the other way round.
#include "kernels_tensor.h"
#include "vector_math.h"

#include <string.h>

#define MIN(a, b) ((a) < (b) ? (a) : (b))

void kernel_copy(float *out, long out_stride, const float *in, long in_stride, long count) {
  if (out_stride == 1 && in_stride == 1) {
    memmove(out, in, (size_t)count * sizeof *out);
  } else if (in_stride == 0) {
    float value = *in;
    for (long i = 0; i < count; i++) out[i * out_stride] = value;
  } else {
    for (long i = 0; i < count; i++) out[i * out_stride] = in[i * in_stride];
  }
}

// One step of a transposition: rows `distance` apart exchange the blocks of that width which are off the diagonal.
#define EXCHANGE(distance, UPPER, LOWER)                              \
  for (int k = 0; k < 16; k++)                                        \
    if (!(k & (distance))) {                                          \
      vf a = v[k], b = v[k + (distance)];                             \
      v[k] = __builtin_shufflevector(a, b, UPPER);                    \
      v[k + (distance)] = __builtin_shufflevector(a, b, LOWER);       \
    }
#define UPPER_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define LOWER_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define UPPER_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define LOWER_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define UPPER_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define LOWER_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define UPPER_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define LOWER_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31

// 16 by 16 elements, turned in registers: each line of the source is touched once, so equal low address bits do not hurt.
VF_INLINE void transpose_tile(float *out, long out_stride, const float *in, long column_stride) {
  vf v[16];
  for (int k = 0; k < 16; k++) v[k] = vf_load(in + k * column_stride);
  EXCHANGE(8, UPPER_8, LOWER_8)
  EXCHANGE(4, UPPER_4, LOWER_4)
  EXCHANGE(2, UPPER_2, LOWER_2)
  EXCHANGE(1, UPPER_1, LOWER_1)
  for (int k = 0; k < 16; k++) vf_store(out + k * out_stride, v[k]);
}

KERNEL_DISPATCH void kernel_copy_tiled(
  float *out, long out_stride, const float *in, long row_stride, long column_stride, long rows, long columns) {
  enum { TILE = 16 };
  for (long c = 0; c < columns; c += TILE) {
    long c_end = MIN(c + TILE, columns);
    for (long r = 0; r < rows; r += TILE) {
      long r_end = MIN(r + TILE, rows);
      if (row_stride == 1 && c_end - c == TILE && r_end - r == TILE) {
        transpose_tile(out + r * out_stride + c, out_stride, in + r + c * column_stride, column_stride);
        continue;
      }
      for (long i = r; i < r_end; i++)
        for (long j = c; j < c_end; j++) out[i * out_stride + j] = in[i * row_stride + j * column_stride];
    }
  }
}
