#ifndef KERNELS_RANDOM_H
#define KERNELS_RANDOM_H

#include <stdint.h>

#define RANDOM_INCREMENT 0x9E3779B97F4A7C15ull

static inline __attribute__((always_inline)) uint64_t random_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

/// The same number as `RandomStream.bits(at:)` in Swift: SplitMix64's output function at any position of its sequence.
static inline __attribute__((always_inline)) uint64_t random_bits(uint64_t key, uint64_t position) {
  return random_mix(key + (position + 1) * RANDOM_INCREMENT);
}

/// The key of `RandomStream.substream(index)`.
static inline __attribute__((always_inline)) uint64_t random_substream(uint64_t key, uint64_t index) {
  return random_mix(key ^ random_mix(index + RANDOM_INCREMENT));
}

/// The same number as `RandomStream.uniformDouble(at:)`.
static inline __attribute__((always_inline)) double random_uniform(uint64_t key, uint64_t position) {
  return (double)(random_bits(key, position) >> 11) * 0x1p-53;
}

#endif
