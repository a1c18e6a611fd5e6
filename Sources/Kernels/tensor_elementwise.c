// Elementwise functions, choices and copies of tensors.
#include "kernels_tensor.h"
#include "vector_math.h"

#include <math.h>
#include <string.h>

// A strided operand is gathered into a block on the stack, so that each function is written for contiguous floats only.
enum { BLOCK = 512 };

VF_INLINE const float *gathered(float *block, const float *in, long stride, long start, long count) {
  if (stride == 1) return in + start;
  if (stride == 0) {
    if (start == 0)
      for (long i = 0; i < count; i++) block[i] = *in;
    return block;
  }
  const float *p = in + start * stride;
  for (long i = 0; i < count; i++) block[i] = p[i * stride];
  return block;
}

#define MIN(a, b) ((a) < (b) ? (a) : (b))

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

#define EACH_SCALAR(expression)                                            \
  for (long i = 0; i < n; i++) {                                           \
    float x = p[i];                                                        \
    o[i] = (expression);                                                   \
  }                                                                        \
  break;

#define ONE vf_splat(1.0f)
#define ZERO vf_splat(0.0f)

KERNEL_DISPATCH void kernel_unary(
  kernel_unary_function function, float *out, const float *in, long stride, long count) {
  float block[BLOCK];
  long step = stride == 1 ? count : BLOCK;
  for (long start = 0; start < count; start += step) {
    long n = MIN(step, count - start);
    const float *p = gathered(block, in, stride, start, n);
    float *o = out + start;
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
      case KERNEL_SIN: EACH_SCALAR(sinf(x))
      case KERNEL_COS: EACH_SCALAR(cosf(x))
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

KERNEL_DISPATCH void kernel_clamp(float *out, const float *in, long stride, float low, float high, long count) {
  float block[BLOCK];
  long step = stride == 1 ? count : BLOCK;
  for (long start = 0; start < count; start += step) {
    long n = MIN(step, count - start);
    const float *p = gathered(block, in, stride, start, n);
    float *o = out + start;
    do EACH(vf_select(x < low, vf_splat(low), vf_select(x > high, vf_splat(high), x)))
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
  vd8 series = z * (1.0 / 17) + 1.0 / 15;  // 2 artanh(s) = 2 s (1 + z/3 + z²/5 + ...), z <= 0.0295
  series = series * z + 1.0 / 13;
  series = series * z + 1.0 / 11;
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
  vd8 e = r * (1.0 / 39916800) + 1.0 / 3628800;
  e = e * r + 1.0 / 362880;
  e = e * r + 1.0 / 40320;
  e = e * r + 1.0 / 5040;
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
  kernel_binary_function function, float *out, const float *a, long a_stride, const float *b, long b_stride, long count) {
  float a_block[BLOCK], b_block[BLOCK];
  if (function == KERNEL_POWER && b_stride == 0 && *b == 2) {
    kernel_unary(KERNEL_SQUARE, out, a, a_stride, count);
    return;
  }
  long step = a_stride == 1 && b_stride == 1 ? count : BLOCK;
  for (long start = 0; start < count; start += step) {
    long n = MIN(step, count - start);
    const float *p = gathered(a_block, a, a_stride, start, n);
    const float *q = gathered(b_block, b, b_stride, start, n);
    float *o = out + start;
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
    }
  }
}

KERNEL_DISPATCH void kernel_where(
  float *out, const float *condition, long condition_stride, const float *a, long a_stride, const float *b, long b_stride,
  long count) {
  float c_block[BLOCK], a_block[BLOCK], b_block[BLOCK];
  for (long start = 0; start < count; start += BLOCK) {
    long n = MIN(BLOCK, count - start);
    const float *c = gathered(c_block, condition, condition_stride, start, n);
    const float *p = gathered(a_block, a, a_stride, start, n);
    const float *q = gathered(b_block, b, b_stride, start, n);
    float *o = out + start;
    long i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH)
      vf_store(o + i, vf_select(vf_load(c + i) != 0.0f, vf_load(p + i), vf_load(q + i)));
    for (; i < n; i++) o[i] = c[i] != 0 ? p[i] : q[i];
  }
}

// ---- Copies

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

void kernel_copy_tiled(
  float *out, long out_stride, const float *in, long row_stride, long column_stride, long rows, long columns) {
  enum { TILE = 16 };  // a tile of both sides is 16 cache lines: reads and writes stay in L1
  for (long r = 0; r < rows; r += TILE) {
    long r_end = MIN(r + TILE, rows);
    for (long c = 0; c < columns; c += TILE) {
      long c_end = MIN(c + TILE, columns);
      for (long i = r; i < r_end; i++)
        for (long j = c; j < c_end; j++) out[i * out_stride + j] = in[i * row_stride + j * column_stride];
    }
  }
}
