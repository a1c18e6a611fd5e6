// Elementary functions over 16 floats at a time, for the kernels of this target.
//
// A kernel is written once, as an ordinary C function over arrays, marked KERNEL_DISPATCH; the loader picks the AVX-512, the
// AVX2 or the baseline copy. Elsewhere than on x86-64 Linux the baseline compiles (NEON on Arm).
//
//     KERNEL_DISPATCH void kernel_softplus(float *out, const float *in, long count) {
//       long i = 0;
//       for (; i + VF_WIDTH <= count; i += VF_WIDTH) vf_store(out + i, vf_softplus(vf_load(in + i)));
//       if (i < count) vf_store_part(out + i, vf_softplus(vf_load_part(in + i, count - i)), count - i);
//     }
//
// Why macros: clang refuses to pass a wide vector by value between functions whose targets differ, always_inline or not. So
// the work is in inline functions that take pointers (`vf_exp_to`), and a macro of one line gives them a value's syntax.
//
// Accuracy, the largest error over all floats in units in the last place (Tests/TensorsTests/VectorMathTests.swift): exp 1.0,
// log 0.8, log1p 1.4, tanh 1.4, softplus 1.7, sigmoid 2.4. Infinities, NaN and overflow behave as in C; no errno. Multiply-add
// is fused where the machine has it, so the last bit may differ between machines, never between threads.
#ifndef VECTOR_MATH_H
#define VECTOR_MATH_H

#include <stdint.h>

#include "dispatch.h"

/// 16 floats: one AVX-512 register, two AVX2 registers, four SSE or NEON registers.
typedef float vf __attribute__((ext_vector_type(16)));
/// 16 signed integers: also what a comparison of two `vf` gives (-1 where true, 0 where false).
typedef int32_t vi __attribute__((ext_vector_type(16)));
/// 16 doubles, to accumulate in.
typedef double vd __attribute__((ext_vector_type(16)));

enum { VF_WIDTH = 16 };

#define VF_INLINE static inline __attribute__((always_inline, unused))

// Gives `to(&result, &argument)` the syntax of a value. Nests: each use has a scope of its own.
#define VF_CALL1(to, x) ({ vf vf_in_ = (x); vf vf_out_; to(&vf_out_, &vf_in_); vf_out_; })
#define VF_CALL2(to, x, y) ({ vf vf_in_ = (x), vf_in2_ = (y); vf vf_out_; to(&vf_out_, &vf_in_, &vf_in2_); vf_out_; })

// ---- Memory. Pointers need only the alignment of float.

typedef struct { vf v; } __attribute__((packed, aligned(4), may_alias)) vf_unaligned;

#define vf_load(pointer) (((const vf_unaligned *)(pointer))->v)
#define vf_store(pointer, value) ((void)(((vf_unaligned *)(pointer))->v = (value)))
#define vf_splat(scalar) ((vf)(float)(scalar))

VF_INLINE void vf_load_part_to(vf *r, const float *p, long count, float rest) {
  float lanes[VF_WIDTH];
  vf_store(lanes, vf_splat(rest));
#pragma clang loop unroll(disable) vectorize(disable)
  for (long i = 0; i < count; i++) lanes[i] = p[i];
  *r = vf_load(lanes);
}

/// The first `count` (0...16) floats at `pointer`; the other lanes are 0, or `rest`.
#define vf_load_part(pointer, count) vf_load_part_or(pointer, count, 0.0f)
#define vf_load_part_or(pointer, count, rest) \
  ({ vf vf_out_; vf_load_part_to(&vf_out_, (pointer), (count), (rest)); vf_out_; })

VF_INLINE void vf_store_part_from(float *p, const vf *x, long count) {
  float lanes[VF_WIDTH];
  vf_store(lanes, *x);
#pragma clang loop unroll(disable) vectorize(disable)
  for (long i = 0; i < count; i++) p[i] = lanes[i];
}

/// Writes the first `count` (0...16) lanes.
#define vf_store_part(pointer, value, count) ({ vf vf_in_ = (value); vf_store_part_from((pointer), &vf_in_, (count)); })

// ---- Choice and order.

/// `mask` is what a comparison such as `x > y` gives.
#define vf_select(mask, yes, no) ((mask) ? (vf)(yes) : (vf)(no))
/// The larger; where `x` is NaN, `y`; where `y` is NaN, `y`.
#define vf_max(x, y) ({ vf vf_a_ = (x), vf_b_ = (y); vf_select(vf_a_ > vf_b_, vf_a_, vf_b_); })
/// The smaller; where `x` is NaN, `y`; where `y` is NaN, `y`.
#define vf_min(x, y) ({ vf vf_a_ = (x), vf_b_ = (y); vf_select(vf_a_ < vf_b_, vf_a_, vf_b_); })
#define vf_abs(x) vf_from_bits(vf_bits(x) & 0x7fffffff)
#define vf_sqrt(x) __builtin_elementwise_sqrt((vf)(x))

#define vf_bits(x) ({ vf vf_in_ = (x); vi vi_out_; __builtin_memcpy(&vi_out_, &vf_in_, sizeof vi_out_); vi_out_; })
#define vf_from_bits(x) ({ vi vi_in_ = (x); vf vf_out_; __builtin_memcpy(&vf_out_, &vi_in_, sizeof vf_out_); vf_out_; })
#define vf_from_int(x) __builtin_convertvector((vi)(x), vf)
#define vf_to_double(x) __builtin_convertvector((vf)(x), vd)

// ---- Across the lanes, in a fixed order: halves are folded onto each other, 16 to 8 to 4 to 2 to 1.

VF_INLINE float vf_sum_of(const vf *x) {
  __auto_type a = x->lo + x->hi;
  __auto_type b = a.lo + a.hi;
  __auto_type c = b.lo + b.hi;
  return c.x + c.y;
}

VF_INLINE double vd_sum_of(const vd *x) {
  __auto_type a = x->lo + x->hi;
  __auto_type b = a.lo + a.hi;
  __auto_type c = b.lo + b.hi;
  return c.x + c.y;
}

VF_INLINE float vf_max_lane_of(const vf *x) {
  __auto_type a = x->lo > x->hi ? x->lo : x->hi;
  __auto_type b = a.lo > a.hi ? a.lo : a.hi;
  __auto_type c = b.lo > b.hi ? b.lo : b.hi;
  return c.x > c.y ? c.x : c.y;
}

VF_INLINE float vf_min_lane_of(const vf *x) {
  __auto_type a = x->lo < x->hi ? x->lo : x->hi;
  __auto_type b = a.lo < a.hi ? a.lo : a.hi;
  __auto_type c = b.lo < b.hi ? b.lo : b.hi;
  return c.x < c.y ? c.x : c.y;
}

#define vf_sum(x) ({ vf vf_in_ = (x); vf_sum_of(&vf_in_); })
#define vd_sum(x) ({ vd vd_in_ = (x); vd_sum_of(&vd_in_); })
/// Largest lane. Meaningless if a lane is NaN.
#define vf_max_lane(x) ({ vf vf_in_ = (x); vf_max_lane_of(&vf_in_); })
/// Smallest lane. Meaningless if a lane is NaN.
#define vf_min_lane(x) ({ vf vf_in_ = (x); vf_min_lane_of(&vf_in_); })

// ---- Exponential. x = n ln 2 + r, |r| <= ln 2 / 2; e^r by the polynomial of Cephes' expf (Moshier), then 2^n in two factors,
// so that results overflow to infinity and fade through the denormals without a branch. What becomes 0 is chosen and not
// computed: a product that underflows takes the processor ten times as long, and lanes of -infinity pad most rows.

VF_INLINE void vf_exp_to(vf *result, const vf *argument) {
  vf x = *argument;
  x = vf_select(x > 89.0f, vf_splat(89.0f), x);  // NaN compares false and stays
  vi gone = x < -104.0f;
  x = vf_select(gone, vf_splat(0.0f), x);
  const float to_integer = 0x1.8p23f;  // adding it leaves the rounded integer in the low bits
  vf shifted = x * 1.44269504f + to_integer;
  vf n = shifted - to_integer;
  vf r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  vi whole = vf_bits(shifted) - 0x4b400000;
  vi half = whole >> 1;
  vf first = vf_from_bits((half + 127) << 23);
  vf second = vf_from_bits((whole - half + 127) << 23);
  *result = vf_select(gone, vf_splat(0.0f), p * first * second);
}

/// e^x.
#define vf_exp(x) VF_CALL1(vf_exp_to, x)

// ---- Logarithms. log(2^e (1 + f)) for f in [sqrt(1/2) - 1, sqrt(2) - 1], by the polynomial of Cephes' logf.

VF_INLINE void vf_log_reduced_to(vf *result, const vf *fraction, const vf *exponent) {
  vf f = *fraction, e = *exponent;
  vf square = f * f;
  vf p = f * 7.0376836292e-2f + -1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f + -1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f + -1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f + -2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  p = p * f * square;
  p = p + e * -2.12194440e-4f;
  p = p - square * 0.5f;
  *result = (f + p) + e * 0.693359375f;
}

// Positive finite x as 2^e m with m in [sqrt(1/2), sqrt(2)).
#define VF_SPLIT(x, e, m)                                \
  vi m##_bits_ = vf_bits(x) - 0x3f3504f3;                \
  vi e = m##_bits_ >> 23;                                \
  vf m = vf_from_bits((m##_bits_ & 0x7fffff) + 0x3f3504f3)

// What C says of a logarithm outside the finite positive numbers; `inside` elsewhere.
VF_INLINE void vf_log_edges_to(vf *result, const vf *argument, const vf *inside) {
  vf x = *argument;
  vf infinite = vf_select(x > 0.0f, x, vf_splat(-__builtin_inff()));
  vf y = vf_select((x == 0.0f) | (x == __builtin_inff()), infinite, *inside);
  *result = vf_select(x >= 0.0f, y, vf_splat(__builtin_nanf("")));
}

VF_INLINE void vf_log_to(vf *result, const vf *argument) {
  vf x = *argument;
  vi denormal = x < 0x1p-126f;
  vf scaled = vf_select(denormal, x * 0x1p23f, x);
  VF_SPLIT(scaled, e, m);
  vf f = m - 1.0f, exponent = vf_from_int(e + (denormal & -23)), inside;
  vf_log_reduced_to(&inside, &f, &exponent);
  vf_log_edges_to(result, argument, &inside);
}

/// Natural logarithm.
#define vf_log(x) VF_CALL1(vf_log_to, x)

VF_INLINE void vf_log1p_to(vf *result, const vf *argument) {
  vf x = *argument;
  vf u = x + 1.0f;
  VF_SPLIT(u, e, m);
  // The fraction is found from x, not from the rounded u: x/2^e + (1/2^e - 1) is exact where it matters.
  vf scale = vf_from_bits((127 - e) << 23);
  vf f = vf_select(e > 24, m - 1.0f, x * scale + (scale - 1.0f));
  vf exponent = vf_from_int(e), inside;
  vf_log_reduced_to(&inside, &f, &exponent);
  vf_log_edges_to(result, &u, &inside);
}

/// log(1 + x), exact also where x is tiny.
#define vf_log1p(x) VF_CALL1(vf_log1p_to, x)

// log(1 + y) for 0 <= y <= 1 or NaN: no special cases, so about half the work.
VF_INLINE void vf_log1p_unit_to(vf *result, const vf *argument) {
  vf y = *argument;
  vi upper = y > 0.41421356f;
  vf f = vf_select(upper, y * 0.5f - 0.5f, y);  // exact: (1 + y)/2 - 1
  vf exponent = vf_select(upper, vf_splat(1.0f), vf_splat(0.0f));
  vf_log_reduced_to(result, &f, &exponent);
}

/// log(1 + y) where 0 <= y <= 1.
#define vf_log1p_unit(y) VF_CALL1(vf_log1p_unit_to, y)

// ---- Functions of losses.

VF_INLINE void vf_softplus_to(vf *result, const vf *argument) {
  vf x = *argument;
  vf positive = vf_select(x > 0.0f, x, vf_splat(0.0f));
  *result = positive + vf_log1p_unit(vf_exp(-vf_abs(x)));
}

/// log(1 + e^x), finite for every finite x.
#define vf_softplus(x) VF_CALL1(vf_softplus_to, x)

VF_INLINE void vf_sigmoid_to(vf *result, const vf *argument) {
  vf x = *argument;
  vf small = vf_exp(-vf_abs(x));
  vf top = vf_select(x < 0.0f, small, vf_splat(1.0f));
  *result = top / (small + 1.0f);
}

/// 1 / (1 + e^-x), with full relative accuracy also where it is tiny.
#define vf_sigmoid(x) VF_CALL1(vf_sigmoid_to, x)

// Below 0.625 the polynomial of Cephes' tanhf, above by the exponential.
VF_INLINE void vf_tanh_to(vf *result, const vf *argument) {
  vf x = *argument;
  vf size = vf_abs(x);
  vf z = x * x;
  vf p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  vf near = p * z * x + x;
  vf far = 1.0f - 2.0f / (vf_exp(size + size) + 1.0f);
  vi sign = vf_bits(x) & (int32_t)0x80000000;
  far = vf_from_bits(vf_bits(far) | sign);
  *result = vf_select(size < 0.625f, near, far);
}

/// Hyperbolic tangent.
#define vf_tanh(x) VF_CALL1(vf_tanh_to, x)

#endif
