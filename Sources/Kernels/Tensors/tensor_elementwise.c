// Elementwise functions, choices and copies of tensors.
#include "kernels_tensor.h"
#include "vector_math.h"

#include <math.h>
#include <string.h>

#define MIN(a, b) ((a) < (b) ? (a) : (b))

// Each function is written for contiguous floats only. A run is cut into pieces of at most BLOCK: whole rows where rows are
// short, else a part of one row. An operand that is not contiguous within the piece is gathered into a block on the stack.
enum { BLOCK = 512, SHORT_ROW = 64 };

typedef struct {
  float floats[BLOCK];
  int is_filled;  // holds what every later piece needs too
} operand_block;

// The `count` elements of an operand from number `start` on.
VF_INLINE const float *gathered(operand_block *block, const kernel_operand *x, long columns, long start, long count) {
  if (block->is_filled) return block->floats;
  long row = start / columns, column = start % columns;
  if (x->column_stride == 1 && (x->row_stride == columns || column + count <= columns))
    return x->base + row * x->row_stride + column;
  float *out = block->floats;
  if (x->column_stride == 0 && x->row_stride == 0) {
    for (long i = 0; i < BLOCK; i++) out[i] = *x->base;
    block->is_filled = 1;
    return out;
  }
  for (long left = count; left > 0; row++, column = 0) {
    const float *p = x->base + row * x->row_stride + column * x->column_stride;
    long length = MIN(left, columns - column), stride = x->column_stride;
    if (stride == 0)
      for (long i = 0; i < length; i++) out[i] = *p;
    else if (stride == 1)
      for (long i = 0; i < length; i++) out[i] = p[i];
    else
      for (long i = 0; i < length; i++) out[i] = p[i * stride];
    out += length;
    left -= length;
  }
  // A row that repeats, and of which this piece holds as many whole copies as any later one.
  block->is_filled = x->row_stride == 0 && columns < SHORT_ROW && start % columns == 0;
  return block->floats;
}

VF_INLINE int is_contiguous(const kernel_operand *x, long columns) {
  return x->column_stride == 1 && x->row_stride == columns;
}

// Length of the piece that begins at `start`.
VF_INLINE long piece_length(const kernel_run *run, long start, int all_contiguous) {
  long left = run->first + run->count - start;
  if (all_contiguous) return left;
  long column = start % run->columns;
  if (run->columns >= SHORT_ROW) return MIN(left, MIN(BLOCK, run->columns - column));
  return MIN(left, column ? run->columns - column : BLOCK / run->columns * run->columns);
}

#define EACH_PIECE(all_contiguous)                                                                                  \
  for (long start = run.first, n; n = piece_length(&run, start, all_contiguous), start < run.first + run.count; start += n)

// Runs `expression`, of x, over `n` floats; the last, incomplete vector goes through the same operations.
#define EACH(expression)                                                   \
  {                                                                        \
    long i = 0;                                                            \
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) {                             \
      vf x = vf_load(p + i);                                               \
      vf_store(o + i, (expression));                                       \
    }                                                                      \
    if (i < n) {                                                           \
      vf x = vf_load_part(p + i, n - i);                                   \
      vf_store_part(o + i, (expression), n - i);                           \
    }                                                                      \
    break;                                                                 \
  }

#define ONE vf_splat(1.0f)
#define ZERO vf_splat(0.0f)

// ---- Sine and cosine: the argument less the nearest multiple of pi/2, in four parts of it (Cody and Waite), then the
// polynomials of Cephes' sinf and cosf. The first three parts have so few bits that their products are exact without a fused
// multiplication too. Beyond 2^14 the parts do not suffice: those lanes go to the C library.

VF_INLINE void turned_sine_to(vf *result, const vf *argument, int quarter) {
  vf x = *argument;
  vf n = __builtin_elementwise_roundeven(vf_select(vf_abs(x) < 16384.0f, x, ZERO) * 0.636619772f);
  vf r = x - n * 1.5703125f;
  r = r - n * 0x1.fbp-12f;
  r = r - n * 0x1.51p-22f;
  r = r - n * 0x1.0b4612p-34f;
  vi turns = __builtin_convertvector(n, vi) + quarter;
  vf z = r * r;
  vf sine = z * -1.9515295891e-4f + 8.3321608736e-3f;
  sine = sine * z + -1.6666654611e-1f;
  sine = sine * z * r + r;
  vf cosine = z * 2.443315711809948e-5f + -1.388731625493765e-3f;
  cosine = cosine * z + 4.166664568298827e-2f;
  cosine = cosine * z * z - z * 0.5f + 1.0f;
  vf y = vf_select((turns & 1) != 0, cosine, sine);
  *result = vf_select((turns & 2) != 0, -y, y);
  vi far = !(vf_abs(x) < 16384.0f);
  if (__builtin_reduce_or(far))
    for (int i = 0; i < VF_WIDTH; i++)
      if (far[i]) (*result)[i] = quarter ? cosf(x[i]) : sinf(x[i]);
}

VF_INLINE void sin_to(vf *result, const vf *x) { turned_sine_to(result, x, 0); }
VF_INLINE void cos_to(vf *result, const vf *x) { turned_sine_to(result, x, 1); }
#define vf_sin(x) VF_CALL1(sin_to, x)
#define vf_cos(x) VF_CALL1(cos_to, x)

KERNEL_DISPATCH void kernel_unary(kernel_unary_function function, kernel_run run, kernel_operand x_operand) {
  operand_block block;
  block.is_filled = 0;
  int contiguous = is_contiguous(&x_operand, run.columns);
  EACH_PIECE(contiguous) {
    const float *p = gathered(&block, &x_operand, run.columns, start, n);
    float *o = run.out + (start - run.first);
    switch (function) {
      case KERNEL_NEGATE: EACH(-x)
      case KERNEL_ABSOLUTE: EACH(vf_abs(x))
      case KERNEL_SIGN: EACH(vf_select(x > 0.0f, ONE, vf_select(x < 0.0f, -ONE, x)))
      case KERNEL_SQUARE: EACH(x * x)
      case KERNEL_RECIPROCAL: EACH(1.0f / x)
      case KERNEL_SQRT: EACH(vf_sqrt(x))
      case KERNEL_EXP: EACH(vf_exp(x))
      case KERNEL_LOG: EACH(vf_log(x))
      case KERNEL_LOG1P: EACH(vf_log1p(x))
      case KERNEL_SIN: EACH(vf_sin(x))
      case KERNEL_COS: EACH(vf_cos(x))
      case KERNEL_TANH: EACH(vf_tanh(x))
      case KERNEL_SIGMOID: EACH(vf_sigmoid(x))
      case KERNEL_LOG_SIGMOID: EACH(-vf_softplus(-x))
      case KERNEL_SOFTPLUS: EACH(vf_softplus(x))
      case KERNEL_RELU: EACH(vf_select(x < 0.0f, ZERO, x))
      case KERNEL_FLOOR: EACH(__builtin_elementwise_floor(x))
      case KERNEL_CEIL: EACH(__builtin_elementwise_ceil(x))
      case KERNEL_ROUND: EACH(__builtin_elementwise_roundeven(x))
      case KERNEL_IS_FINITE: EACH(vf_select(vf_abs(x) < __builtin_inff(), ONE, ZERO))
    }
  }
}

KERNEL_DISPATCH void kernel_clamp(kernel_run run, kernel_operand x_operand, float low, float high) {
  operand_block block;
  block.is_filled = 0;
  int contiguous = is_contiguous(&x_operand, run.columns);
  EACH_PIECE(contiguous) {
    const float *p = gathered(&block, &x_operand, run.columns, start, n);
    float *o = run.out + (start - run.first);
    do EACH(vf_select(x < low, vf_splat(low), vf_select(x > high, vf_splat(high), x)))
    while (0);
  }
}

KERNEL_DISPATCH void kernel_leaky_relu(kernel_run run, kernel_operand x_operand, float slope) {
  operand_block block;
  block.is_filled = 0;
  int contiguous = is_contiguous(&x_operand, run.columns);
  EACH_PIECE(contiguous) {
    const float *p = gathered(&block, &x_operand, run.columns, start, n);
    float *o = run.out + (start - run.first);
    do EACH(vf_select(x > 0.0f, x, x * slope))
    while (0);
  }
}

// ---- Powers. |x|^y = 2^(y log2 |x|) in double precision, rounded once to float: correct to 0.51 units in the last place.

typedef double vd8 __attribute__((ext_vector_type(8)));
typedef int64_t vl8 __attribute__((ext_vector_type(8)));

// 2^(y log2 x) for x positive and normal as a float.
VF_INLINE void power_half_to(vd8 *result, const vd8 *base, const vd8 *exponent) {
  vl8 bits;
  memcpy(&bits, base, sizeof bits);
  vl8 shifted = bits - 0x3fe6a09e667f3bcd;  // the bits of sqrt(1/2)
  vl8 whole = shifted >> 52;
  bits -= whole << 52;
  vd8 m;
  memcpy(&m, &bits, sizeof m);
  vd8 s = (m - 1.0) / (m + 1.0), z = s * s;
  vd8 series = z * (1.0 / 13) + 1.0 / 11;  // 2 artanh(s) = 2 s (1 + z/3 + z²/5 + ...), z <= 0.0295
  series = series * z + 1.0 / 9;
  series = series * z + 1.0 / 7;
  series = series * z + 1.0 / 5;
  series = series * z + 1.0 / 3;
  series = series * z + 1.0;
  vd8 logarithm = s * series * 2.8853900817779268 + __builtin_convertvector(whole, vd8);  // 2 / ln 2
  vd8 t = *exponent * logarithm;
  t = t > 1000.0 ? (vd8)1000.0 : t;
  t = t < -1000.0 ? (vd8)-1000.0 : t;
  vd8 rounded = t + 0x1.8p52;
  vl8 n;
  memcpy(&n, &rounded, sizeof n);
  vd8 r = (t - (rounded - 0x1.8p52)) * 0.6931471805599453;
  vd8 e = r * (1.0 / 40320) + 1.0 / 5040;
  e = e * r + 1.0 / 720;
  e = e * r + 1.0 / 120;
  e = e * r + 1.0 / 24;
  e = e * r + 1.0 / 6;
  e = e * r + 0.5;
  e = e * r + 1.0;
  e = e * r + 1.0;
  vl8 scale_bits = (n - 0x4338000000000000 + 1023) << 52;
  vd8 scale;
  memcpy(&scale, &scale_bits, sizeof scale);
  *result = e * scale;
}

VF_INLINE void power_to(vf *result, const vf *base, const vf *exponent) {
  vf x = *base, y = *exponent;
  vf size = vf_abs(x);
  vi plain = (size >= 0x1p-126f) & (size < __builtin_inff()) & (vf_abs(y) < 0x1p24f);
  vd wide = vf_to_double(size), wide_exponent = vf_to_double(y);
  vd8 low = wide.lo, high = wide.hi, low_exponent = wide_exponent.lo, high_exponent = wide_exponent.hi;
  power_half_to(&low, &low, &low_exponent);
  power_half_to(&high, &high, &high_exponent);
  vd both;
  both.lo = low;
  both.hi = high;
  vf r = __builtin_convertvector(both, vf);
  vi whole = __builtin_convertvector(vf_select(plain, y, ZERO), vi);
  vi is_whole = vf_from_int(whole) == y;
  vi odd = (whole & 1) != 0;
  vf negative = vf_select(is_whole, vf_select(odd, -r, r), vf_splat(__builtin_nanf("")));
  r = vf_select(x < 0.0f, negative, r);
  if (__builtin_reduce_and(plain) == 0)  // zeros, infinities, NaN, denormals: as C has it
    for (int i = 0; i < VF_WIDTH; i++)
      if (!plain[i]) r[i] = powf(x[i], y[i]);
  *result = r;
}

#define vf_power(x, y) VF_CALL2(power_to, x, y)

// ---- Two operands

#define EACH2(expression)                                                  \
  {                                                                        \
    long i = 0;                                                            \
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) {                             \
      vf x = vf_load(p + i), y = vf_load(q + i);                           \
      vf_store(o + i, (expression));                                       \
    }                                                                      \
    if (i < n) {                                                           \
      vf x = vf_load_part(p + i, n - i), y = vf_load_part(q + i, n - i);   \
      vf_store_part(o + i, (expression), n - i);                           \
    }                                                                      \
    break;                                                                 \
  }

KERNEL_DISPATCH void kernel_binary(
  kernel_binary_function function, kernel_run run, kernel_operand x_operand, kernel_operand y_operand) {
  if (function == KERNEL_POWER && y_operand.row_stride == 0 && y_operand.column_stride == 0 && *y_operand.base == 2) {
    kernel_unary(KERNEL_SQUARE, run, x_operand);
    return;
  }
  operand_block x_block, y_block;
  x_block.is_filled = y_block.is_filled = 0;
  int contiguous = is_contiguous(&x_operand, run.columns) && is_contiguous(&y_operand, run.columns);
  EACH_PIECE(contiguous) {
    const float *p = gathered(&x_block, &x_operand, run.columns, start, n);
    const float *q = gathered(&y_block, &y_operand, run.columns, start, n);
    float *o = run.out + (start - run.first);
    switch (function) {
      case KERNEL_ADD: EACH2(x + y)
      case KERNEL_SUBTRACT: EACH2(x - y)
      case KERNEL_MULTIPLY: EACH2(x * y)
      case KERNEL_DIVIDE: EACH2(x / y)
      case KERNEL_POWER: EACH2(vf_power(x, y))
      case KERNEL_MINIMUM: EACH2(vf_select((x < y) | (x != x), x, y))
      case KERNEL_MAXIMUM: EACH2(vf_select((x > y) | (x != x), x, y))
      case KERNEL_LESS: EACH2(vf_select(x < y, ONE, ZERO))
      case KERNEL_LESS_OR_EQUAL: EACH2(vf_select(x <= y, ONE, ZERO))
      case KERNEL_GREATER: EACH2(vf_select(x > y, ONE, ZERO))
      case KERNEL_GREATER_OR_EQUAL: EACH2(vf_select(x >= y, ONE, ZERO))
      case KERNEL_EQUAL: EACH2(vf_select(x == y, ONE, ZERO))
      case KERNEL_NOT_EQUAL: EACH2(vf_select(x != y, ONE, ZERO))
      case KERNEL_TANH_GRADIENT: EACH2(x * (1.0f - y * y))
      case KERNEL_SIGMOID_GRADIENT: EACH2(x * (y * (1.0f - y)))
    }
  }
}

KERNEL_DISPATCH void kernel_where(
  kernel_run run, kernel_operand condition, kernel_operand x_operand, kernel_operand y_operand) {
  operand_block condition_block, x_block, y_block;
  condition_block.is_filled = x_block.is_filled = y_block.is_filled = 0;
  int contiguous = is_contiguous(&condition, run.columns) && is_contiguous(&x_operand, run.columns) &&
                   is_contiguous(&y_operand, run.columns);
  EACH_PIECE(contiguous) {
    const float *c = gathered(&condition_block, &condition, run.columns, start, n);
    const float *p = gathered(&x_block, &x_operand, run.columns, start, n);
    const float *q = gathered(&y_block, &y_operand, run.columns, start, n);
    float *o = run.out + (start - run.first);
    long i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH)
      vf_store(o + i, vf_select(vf_load(c + i) != 0.0f, vf_load(p + i), vf_load(q + i)));
    for (; i < n; i++) o[i] = c[i] != 0 ? p[i] : q[i];
  }
}
