#ifndef KERNELS_RANDOM_H
#define KERNELS_RANDOM_H

#include <stdint.h>

/// The same number as `RandomStream.bits(at:)` in Swift: SplitMix64's output function at any position of its sequence.
static inline __attribute__((always_inline)) uint64_t random_bits(uint64_t key, uint64_t position) {
  uint64_t z = key + (position + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

#endif
