#ifndef KERNELS_TENSOR_H
#define KERNELS_TENSOR_H

#include <stdint.h>

// The innermost loops of Tensor. Counts and strides are in floats; a stride may be 0 (one value for all) or negative.
// Nothing here allocates, and an elementwise result does not depend on where the caller cuts the loop.

// ---- Elementwise

/// A matrix of operands: element (r, c) is base[r * row_stride + c * column_stride]. What the other side is a run of, the
/// loops below walk through in row-major order: element i is (i / columns, i % columns).
typedef struct {
  const float *base;
  long row_stride, column_stride;
} kernel_operand;

/// The elements of a matrix of `columns` columns that a call computes: `count` from number `first` on. `out` holds `count`.
typedef struct {
  float *out;
  long columns, first, count;
} kernel_run;

typedef enum {
  KERNEL_NEGATE,
  KERNEL_ABSOLUTE,
  KERNEL_SIGN,
  KERNEL_SQUARE,
  KERNEL_RECIPROCAL,
  KERNEL_SQRT,
  KERNEL_EXP,
  KERNEL_LOG,
  KERNEL_LOG1P,
  KERNEL_SIN,
  KERNEL_COS,
  KERNEL_TANH,
  KERNEL_SIGMOID,
  KERNEL_LOG_SIGMOID,
  KERNEL_SOFTPLUS,
  KERNEL_RELU,
  KERNEL_FLOOR,
  KERNEL_CEIL,
  KERNEL_ROUND,
  KERNEL_IS_FINITE,
} kernel_unary_function;

/// out = f(x) for each element.
void kernel_unary(kernel_unary_function function, kernel_run run, kernel_operand x);

typedef enum {
  KERNEL_ADD,
  KERNEL_SUBTRACT,
  KERNEL_MULTIPLY,
  KERNEL_DIVIDE,
  KERNEL_POWER,
  KERNEL_MINIMUM,
  KERNEL_MAXIMUM,
  KERNEL_LESS,
  KERNEL_LESS_OR_EQUAL,
  KERNEL_GREATER,
  KERNEL_GREATER_OR_EQUAL,
  KERNEL_EQUAL,
  KERNEL_NOT_EQUAL,
  KERNEL_TANH_GRADIENT,
  KERNEL_SIGMOID_GRADIENT,
} kernel_binary_function;

/// out = f(x, y) for each element. Comparisons give 1 or 0. A NaN wins a minimum or maximum. The two gradients are x times the
/// derivative of the function where its value is y.
void kernel_binary(kernel_binary_function function, kernel_run run, kernel_operand x, kernel_operand y);

/// out = condition is not 0 ? x : y.
void kernel_where(kernel_run run, kernel_operand condition, kernel_operand x, kernel_operand y);

/// out = x brought into low...high; NaN stays.
void kernel_clamp(kernel_run run, kernel_operand x, float low, float high);

/// out = x where x > 0, else slope * x.
void kernel_leaky_relu(kernel_run run, kernel_operand x, float slope);

// ---- Memory

/// Asks the C library to serve blocks below `largest` bytes from memory that it keeps, and to keep up to `total` bytes of it
/// when they are freed. Nothing where the C library has no such setting.
void kernel_keep_freed_blocks(int largest, int total);

// ---- Copies

/// out[i * out_stride] = in[i * in_stride].
void kernel_copy(float *out, long out_stride, const float *in, long in_stride, long count);

/// out[r * out_stride + c] = in[r * row_stride + c * column_stride], in tiles, for matrices that lie the other way round.
void kernel_copy_tiled(
  float *out, long out_stride, const float *in, long row_stride, long column_stride, long rows, long columns);

// ---- Reductions. Accumulated in double, in an order that depends on the count alone.

typedef enum {
  KERNEL_REDUCE_SUM,
  KERNEL_REDUCE_SUM_OF_SQUARES,
  KERNEL_REDUCE_SUM_OF_ABSOLUTES,
  KERNEL_REDUCE_PRODUCT,
  KERNEL_REDUCE_MINIMUM,
  KERNEL_REDUCE_MAXIMUM,
} kernel_reduction;

/// What a reduction of nothing is: 0, 1 or an infinity.
double kernel_reduce_start(kernel_reduction reduction);

/// One accumulator into another.
double kernel_reduce_combine(kernel_reduction reduction, double a, double b);

/// out[r] = reduction of in[r * row_stride + c], c < columns.
void kernel_reduce_rows(
  kernel_reduction reduction, double *out, const float *in, long row_stride, long rows, long columns);

/// out[c] = out[c] combined with in[r * row_stride + c], r < rows, in the order of the rows.
void kernel_reduce_columns(
  kernel_reduction reduction, double *out, const float *in, long row_stride, long rows, long columns);

/// Sum of (in[i] - mean)².
double kernel_sum_squared_deviations(const float *in, double mean, long count);

/// out[c] += (in[r * row_stride + c] - means[c])², r < rows.
void kernel_sum_squared_deviations_columns(
  double *out, const float *in, const double *means, long row_stride, long rows, long columns);

/// The first i with in[i] == value, or the first NaN where value is NaN; -1 if there is none.
long kernel_first_equal(const float *in, float value, long count);

/// log Σ e^in[i], exact for large values; -infinity for an empty row.
float kernel_log_sum_exp(const float *in, long count);

/// out = e^(in - log Σ e^in), or in - log Σ e^in where `logarithm` is not 0. `out` may be `in`.
void kernel_softmax(float *out, const float *in, int logarithm, long count);

/// out[c] = Σ weights[i] * in[rows[i] * row_stride + c], c < columns, i ascending. `weights` may be null: all 1.
void kernel_sum_rows(
  float *out, const float *in, long row_stride, const int32_t *rows, const float *weights, long count, long columns);

// ---- Order

/// The order of `in`, ascending or descending: `order[i]` is the position of the i-th. Equal values keep their order; NaN comes
/// last either way. `scratch` holds 2 * count.
void kernel_argsort(uint32_t *order, const float *in, int descending, uint64_t *scratch, long count);

/// The first k of that order, k <= count. `heap` holds k.
void kernel_top(uint32_t *order, const float *in, int descending, uint64_t *heap, long k, long count);

// ---- Random numbers of a stream, the same as RandomStream in Swift: bits(position) = mix(key + (position + 1) * increment).

/// out[i] = low + (high - low) * uniform(position + i), below `high`.
void kernel_fill_uniform(float *out, uint64_t key, uint64_t position, float low, float high, long count);

/// out[i] = mean + deviation * z, z standard normal from the 64 bits at position + i (Box and Muller).
void kernel_fill_normal(float *out, uint64_t key, uint64_t position, float mean, float deviation, long count);

// ---- Pairs of rows.

/// Which elements of `count` pairs of rows of `dim` numbers are kept: bit i % 16 of kept[e * words + i / 16], words = ceil(dim / 16), is 1
/// where the uniform number at first + e * dim + i is at least `rate`.
void kernel_kept_elements(uint16_t *kept, uint64_t key, uint64_t first, float rate, long count, long dim);

/// out[e] = <a[a_rows[e]], b[b_rows[e]]>, rows of `dim` numbers; over the elements that are `kept`, times `factor`, unless it is NULL.
/// `kept` is that of pair 0 of `out`.
void kernel_pair_products(float *out, const float *a, const int32_t *a_rows, const float *b, const int32_t *b_rows,
                          long count, long dim, const uint16_t *kept, float factor);

/// out = sum_p weights[order[p]] * b[b_rows[order[p]]], a row of `dim` numbers; of the elements that are `kept`, by the number of the pair
/// in `order`, times `factor`, unless it is NULL.
void kernel_pair_sum(float *out, const float *weights, const int32_t *order, const float *b, const int32_t *b_rows,
                     long count, long dim, const uint16_t *kept, float factor);

#endif
