// Reductions of tensors, accumulated in double precision in an order fixed by the count.
#include "kernels_tensor.h"
#include "vector_math.h"

#include <math.h>

double kernel_reduce_start(kernel_reduction reduction) {
  switch (reduction) {
    case KERNEL_REDUCE_SUM:
    case KERNEL_REDUCE_SUM_OF_SQUARES:
    case KERNEL_REDUCE_SUM_OF_ABSOLUTES: return 0;
    case KERNEL_REDUCE_PRODUCT: return 1;
    case KERNEL_REDUCE_MINIMUM: return INFINITY;
    case KERNEL_REDUCE_MAXIMUM: return -INFINITY;
  }
}

double kernel_reduce_combine(kernel_reduction reduction, double a, double b) {
  switch (reduction) {
    case KERNEL_REDUCE_SUM:
    case KERNEL_REDUCE_SUM_OF_SQUARES:
    case KERNEL_REDUCE_SUM_OF_ABSOLUTES: return a + b;
    case KERNEL_REDUCE_PRODUCT: return a * b;
    case KERNEL_REDUCE_MINIMUM: return b < a || b != b ? b : a;
    case KERNEL_REDUCE_MAXIMUM: return b > a || b != b ? b : a;
  }
}

// ---- Along rows

// `UPDATE` brings the 16 doubles `x` into the accumulator `a`; `REST` changes nothing there.
#define REDUCE_ROW(START, REST, UPDATE)                             \
  {                                                                 \
    vd first = (vd)(START), second = first;                         \
    long i = 0;                                                     \
    for (; i + 2 * VF_WIDTH <= n; i += 2 * VF_WIDTH) {              \
      { vd x = vf_to_double(vf_load(p + i)), a = first; UPDATE; first = a; }              \
      { vd x = vf_to_double(vf_load(p + i + VF_WIDTH)), a = second; UPDATE; second = a; } \
    }                                                               \
    for (; i < n; i += VF_WIDTH) {                                  \
      vf part = n - i >= VF_WIDTH ? vf_load(p + i) : vf_load_part_or(p + i, n - i, (REST)); \
      vd x = vf_to_double(part), a = first;                         \
      UPDATE;                                                       \
      first = a;                                                    \
    }                                                               \
    lanes = first;                                                  \
    more = second;                                                  \
  }

VF_INLINE double row_sum(const float *p, long n) {
  vd lanes, more;
  REDUCE_ROW(0, 0, a += x)
  return vd_sum(lanes + more);
}

VF_INLINE double row_sum_of_squares(const float *p, long n) {
  vd lanes, more;
  REDUCE_ROW(0, 0, a += x * x)
  return vd_sum(lanes + more);
}

VF_INLINE double row_sum_of_absolutes(const float *p, long n) {
  vd lanes, more;
  REDUCE_ROW(0, 0, a += __builtin_elementwise_abs(x))
  return vd_sum(lanes + more);
}

VF_INLINE double row_product(const float *p, long n) {
  vd lanes, more;
  REDUCE_ROW(1, 1, a *= x)
  lanes *= more;
  double product = 1;
  for (int i = 0; i < VF_WIDTH; i++) product *= lanes[i];
  return product;
}

// The extreme in floats. `sign` is 1 for the maximum and -1 for the minimum; a NaN anywhere gives NaN.
VF_INLINE double row_extreme(const float *p, long n, float sign) {
  if (n == 0) return -INFINITY * sign;
  vf first = vf_splat(-INFINITY), second = first;
  vi nan = 0;
  long i = 0;
  for (; i + 2 * VF_WIDTH <= n; i += 2 * VF_WIDTH) {
    vf x = vf_load(p + i) * sign, y = vf_load(p + i + VF_WIDTH) * sign;
    nan |= (x != x) | (y != y);
    first = vf_select(x > first, x, first);
    second = vf_select(y > second, y, second);
  }
  for (; i < n; i += VF_WIDTH) {
    vf x = (n - i >= VF_WIDTH ? vf_load(p + i) : vf_load_part_or(p + i, n - i, p[i])) * sign;
    nan |= x != x;
    first = vf_select(x > first, x, first);
  }
  if (__builtin_reduce_or(nan)) return NAN;
  return vf_max_lane(vf_select(second > first, second, first)) * sign;
}

KERNEL_DISPATCH void kernel_reduce_rows(
  kernel_reduction reduction, double *out, const float *in, long row_stride, long rows, long columns) {
  if (columns < VF_WIDTH) {  // too short for vectors
    for (long r = 0; r < rows; r++) {
      const float *p = in + r * row_stride;
      double total = kernel_reduce_start(reduction);
      for (long c = 0; c < columns; c++) {
        double x = p[c];
        if (reduction == KERNEL_REDUCE_SUM) total += x;
        else if (reduction == KERNEL_REDUCE_SUM_OF_SQUARES) total += x * x;
        else if (reduction == KERNEL_REDUCE_SUM_OF_ABSOLUTES) total += fabs(x);
        else total = kernel_reduce_combine(reduction, total, x);
      }
      out[r] = total;
    }
    return;
  }
  for (long r = 0; r < rows; r++) {
    const float *p = in + r * row_stride;
    switch (reduction) {
      case KERNEL_REDUCE_SUM: out[r] = row_sum(p, columns); break;
      case KERNEL_REDUCE_SUM_OF_SQUARES: out[r] = row_sum_of_squares(p, columns); break;
      case KERNEL_REDUCE_SUM_OF_ABSOLUTES: out[r] = row_sum_of_absolutes(p, columns); break;
      case KERNEL_REDUCE_PRODUCT: out[r] = row_product(p, columns); break;
      case KERNEL_REDUCE_MINIMUM: out[r] = row_extreme(p, columns, -1); break;
      case KERNEL_REDUCE_MAXIMUM: out[r] = row_extreme(p, columns, 1); break;
    }
  }
}

// ---- Down columns: four rows at a time, so that an accumulator is read and written once for four additions.

typedef struct { vd v; } __attribute__((packed, aligned(8), may_alias)) vd_unaligned;

#define REDUCE_COLUMNS(UPDATE)                                                             \
  for (long r = 0; r < rows; r += 4) {                                                     \
    const float *p = in + r * row_stride;                                                  \
    long height = rows - r < 4 ? rows - r : 4, c = 0;                                      \
    for (; c + VF_WIDTH <= columns; c += VF_WIDTH) {                                       \
      vd a = ((const vd_unaligned *)(out + c))->v;                                         \
      for (long h = 0; h < height; h++) {                                                  \
        vd x = vf_to_double(vf_load(p + h * row_stride + c));                              \
        UPDATE;                                                                            \
      }                                                                                    \
      ((vd_unaligned *)(out + c))->v = a;                                                  \
    }                                                                                      \
    for (; c < columns; c++) {                                                             \
      vd a = (vd)out[c];                                                                   \
      for (long h = 0; h < height; h++) {                                                  \
        vd x = (vd)(double)p[h * row_stride + c];                                          \
        UPDATE;                                                                            \
      }                                                                                    \
      out[c] = a[0];                                                                       \
    }                                                                                      \
  }                                                                                        \
  break;

KERNEL_DISPATCH void kernel_reduce_columns(
  kernel_reduction reduction, double *out, const float *in, long row_stride, long rows, long columns) {
  switch (reduction) {
    case KERNEL_REDUCE_SUM: REDUCE_COLUMNS(a += x)
    case KERNEL_REDUCE_SUM_OF_SQUARES: REDUCE_COLUMNS(a += x * x)
    case KERNEL_REDUCE_SUM_OF_ABSOLUTES: REDUCE_COLUMNS(a += __builtin_elementwise_abs(x))
    case KERNEL_REDUCE_PRODUCT: REDUCE_COLUMNS(a *= x)
    case KERNEL_REDUCE_MINIMUM: REDUCE_COLUMNS(a = ((x < a) | (x != x)) ? x : a)
    case KERNEL_REDUCE_MAXIMUM: REDUCE_COLUMNS(a = ((x > a) | (x != x)) ? x : a)
  }
}

// ---- Others

KERNEL_DISPATCH double kernel_sum_squared_deviations(const float *p, double mean, long n) {
  vd lanes = 0;
  long i = 0;
  for (; i + VF_WIDTH <= n; i += VF_WIDTH) {
    vd x = vf_to_double(vf_load(p + i)) - mean;
    lanes += x * x;
  }
  double total = vd_sum(lanes);
  for (; i < n; i++) total += (p[i] - mean) * (p[i] - mean);
  return total;
}

KERNEL_DISPATCH void kernel_sum_squared_deviations_columns(
  double *out, const float *in, const double *means, long row_stride, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    const float *p = in + r * row_stride;
    for (long c = 0; c < columns; c++) out[c] += (p[c] - means[c]) * (p[c] - means[c]);
  }
}

KERNEL_DISPATCH long kernel_first_equal(const float *p, float value, long n) {
  long i = 0;
  for (; i + VF_WIDTH <= n; i += VF_WIDTH) {
    vf x = vf_load(p + i);
    vi hit = value == value ? x == value : x != x;
    if (__builtin_reduce_or(hit)) break;
  }
  for (; i < n; i++)
    if (p[i] == value || (p[i] != p[i] && value != value)) return i;
  return -1;
}

// Σ e^(in - largest), each term also written to `out` where that is not null.
VF_INLINE double exponentials(float *out, const float *p, float largest, long n) {
  vd lanes = 0;
  long i = 0;
  for (; i + VF_WIDTH <= n; i += VF_WIDTH) {
    vf e = vf_exp(vf_load(p + i) - largest);
    lanes += vf_to_double(e);
    if (out) vf_store(out + i, e);
  }
  if (i < n) {
    vf e = vf_exp(vf_load_part_or(p + i, n - i, -INFINITY) - largest);
    lanes += vf_to_double(e);
    if (out) vf_store_part(out + i, e, n - i);
  }
  return vd_sum(lanes);
}

VF_INLINE double log_sum_exp(const float *p, long n) {
  double largest = row_extreme(p, n, 1);
  if (largest - largest != 0) return largest;  // an infinity or NaN decides alone
  return largest + log(exponentials(0, p, (float)largest, n));
}

KERNEL_DISPATCH float kernel_log_sum_exp(const float *in, long count) { return (float)log_sum_exp(in, count); }

KERNEL_DISPATCH void kernel_softmax(float *out, const float *in, int logarithm, long count) {
  if (logarithm) {
    float total = (float)log_sum_exp(in, count);
    for (long i = 0; i < count; i++) out[i] = in[i] - total;
    return;
  }
  float largest = (float)row_extreme(in, count, 1);
  float scale = (float)(1 / exponentials(out, in, largest, count));
  for (long i = 0; i < count; i++) out[i] *= scale;
}
