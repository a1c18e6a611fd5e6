// Random fills. The bits are RandomStream's, so that a kernel and Swift draw the same numbers.
#include "kernels_tensor.h"
#include "vector_math.h"

#include <math.h>

typedef uint64_t vu __attribute__((ext_vector_type(16)));
typedef uint32_t vu32 __attribute__((ext_vector_type(16)));

static const uint64_t increment = 0x9e3779b97f4a7c15;

// SplitMix64's output function for the 16 positions from `position`.
VF_INLINE void random_bits_to(vu *result, uint64_t key, uint64_t position) {
  const vu lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  vu z = key + (lanes + (position + 1)) * increment;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  *result = z ^ (z >> 31);
}

KERNEL_DISPATCH void kernel_fill_uniform(
  float *out, uint64_t key, uint64_t position, float low, float high, long count) {
  float width = high - low;
  float last = high > low ? nextafterf(high, low) : low;  // rounding must not reach `high`
  for (long i = 0; i < count; i += VF_WIDTH) {
    vu bits;
    random_bits_to(&bits, key, position + (uint64_t)i);
    vf unit = __builtin_convertvector(__builtin_convertvector(bits >> 40, vi), vf) * 0x1p-24f;
    vf x = unit * width + low;
    x = vf_select(x > last, vf_splat(last), x);
    if (count - i >= VF_WIDTH) vf_store(out + i, x);
    else vf_store_part(out + i, x, count - i);
  }
}

// The upper 32 bits give the radius, sqrt(-2 ln u) with u in (0, 1]; the lower 32 the angle, t turns with -1/2 <= t < 1/2.
VF_INLINE void normal_to(vf *result, uint64_t key, uint64_t position) {
  vu bits;
  random_bits_to(&bits, key, position);
  vu32 upper = __builtin_convertvector(bits >> 32, vu32);
  vi lower = __builtin_convertvector(__builtin_convertvector(bits, vu32), vi);
  vf u = (__builtin_convertvector(upper, vf) + 0.5f) * 0x1p-32f;
  vf radius = vf_sqrt(vf_log(u) * -2.0f);
  vf t = vf_from_int(lower) * 0x1p-32f;
  // cos(2 pi t) = sin(2 pi (1/4 - |t|)): an argument within a quarter turn, where the series of the sine does.
  vf a = (0.25f - vf_abs(t)) * 6.28318531f;
  vf z = a * a;
  vf p = z * -2.50521084e-8f + 2.75573192e-6f;
  p = p * z + -1.98412698e-4f;
  p = p * z + 8.33333333e-3f;
  p = p * z + -1.66666667e-1f;
  *result = radius * (p * z * a + a);
}

KERNEL_DISPATCH void kernel_fill_normal(
  float *out, uint64_t key, uint64_t position, float mean, float deviation, long count) {
  for (long i = 0; i < count; i += VF_WIDTH) {
    vf z;
    normal_to(&z, key, position + (uint64_t)i);
    vf x = z * deviation + mean;
    if (count - i >= VF_WIDTH) vf_store(out + i, x);
    else vf_store_part(out + i, x, count - i);
  }
}
