// Functions that are compiled for several generations of a processor; the loader picks the best that the machine can run.
#ifndef KERNEL_DISPATCH_H
#define KERNEL_DISPATCH_H

// The loader picks by calling resolvers, which the compiler writes: before a sanitizer's runtime has started. It instruments them
// nevertheless, and a sanitized program would die at load. It runs the baseline instead.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define KERNEL_IS_SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(KERNEL_IS_SANITIZED)
#define KERNEL_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL_DISPATCH
#endif

#endif
