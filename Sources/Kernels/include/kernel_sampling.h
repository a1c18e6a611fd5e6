#ifndef KERNEL_SAMPLING_H
#define KERNEL_SAMPLING_H

#include <stdint.h>

/// `count` numbers uniform in [0, bound), from positions first, first + 1, ... of stream `key`, two of 32 bits from each.
/// The bias of the reduction is below bound / 2^32. `count` numbers use (count + 1) / 2 positions.
void kernel_sample_uniform(uint64_t key, uint64_t first, uint32_t bound, int32_t *out, long count);

/// The same, but a number in the ascending list `excluded` is drawn again, until it is not in it.
/// `marks` is a bitmap of bound bits, all zero before and after.
/// Requires excluded_count < bound. Where more than 7/8 of all numbers are excluded the rest is listed in `scratch`
/// (room for bound / 8 + 1 numbers) and drawn from directly. Returns how many numbers were drawn in vain.
long kernel_sample_uniform_excluding(uint64_t key, uint64_t first, uint32_t bound, const int32_t *excluded,
                                     long excluded_count, uint64_t *marks, int32_t *scratch, int32_t *out, long count);

/// Sets touched[rows[n]] = 1; several threads may mark the same rows.
void kernel_mark_rows(const int32_t *rows, long count, uint8_t *touched);

#endif
