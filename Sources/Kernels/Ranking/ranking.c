#include "ranking.h"

#include <math.h>
#include <string.h>

#include "dispatch.h"
#include "ranking_candidates.h"
#include "ranking_filter.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// A product and a sum of the baseline are two roundings wherever they stand, so that equal rows tie.
#pragma STDC FP_CONTRACT OFF

typedef struct {
  long users;  // Users of a tile.
  void (*pack_users)(const kernel_ranking_block *, float *);
  void (*top)(const kernel_ranking_block *, const float *, ranking_state *);
  void (*scores)(const kernel_ranking_block *, const float *, long, long, float *, long);
  void (*pair_scores)(const float *, const float *, long, const float *, const int32_t *, long, float *);
  void (*scan)(const float *, ranking_state *);
} ranking_functions;

/// No instruction set has larger tiles.
#define LARGEST_TILE 16

#if defined(__x86_64__)
// 32 registers: 14 users x 2 vectors of sums, 2 of items, 1 of a user.
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#define RANKING(name) ranking_avx512_##name
#define TILE_USERS 14
#define TILE_VECTORS 2
#define TILE_LANES 16
#define TILE_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define TILE_PASSES(scores, threshold) _mm512_cmp_ps_mask((__m512)(scores), (__m512)(threshold), _CMP_NLE_UQ)
#include "ranking_tile.h"
#pragma clang attribute pop

// 16 registers: 6 users x 2 vectors of sums, 2 of items, 1 of a user.
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define RANKING(name) ranking_avx2_##name
#define TILE_USERS 6
#define TILE_VECTORS 2
#define TILE_LANES 8
#define TILE_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define TILE_PASSES(scores, threshold) \
  _mm256_movemask_ps(_mm256_cmp_ps((__m256)(scores), (__m256)(threshold), _CMP_NLE_UQ))
#include "ranking_tile.h"
#pragma clang attribute pop
#endif

#define RANKING(name) ranking_baseline_##name
#define TILE_VECTORS 2
#define TILE_LANES 4
#if defined(__aarch64__)
#define TILE_USERS 8
#define TILE_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define TILE_USERS 4
#define TILE_FMA(a, b, c) ((a) * (b) + (c))
#endif
#if defined(__x86_64__)
#define TILE_PASSES(scores, threshold) _mm_movemask_ps(_mm_cmpnle_ps((__m128)(scores), (__m128)(threshold)))
#else
#define TILE_PASSES(scores, threshold)                                                                          \
  (!((scores)[0] <= (threshold)[0]) | !((scores)[1] <= (threshold)[1]) << 1 | !((scores)[2] <= (threshold)[2]) << 2 | \
   !((scores)[3] <= (threshold)[3]) << 3)
#endif
#include "ranking_tile.h"

int kernel_ranking_available(kernel_ranking_instructions instructions) {
  if (instructions == kernel_ranking_best || instructions == kernel_ranking_baseline) return 1;
#if defined(__x86_64__)
  if (instructions == kernel_ranking_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (instructions == kernel_ranking_avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
  return 0;
}

/// Asking again costs a few loads.
static const ranking_functions *ranking_dispatch(kernel_ranking_instructions instructions) {
#if defined(__x86_64__)
  int best = instructions == kernel_ranking_best;
  if ((best && kernel_ranking_available(kernel_ranking_avx512)) || instructions == kernel_ranking_avx512)
    return &ranking_avx512_functions;
  if ((best && kernel_ranking_available(kernel_ranking_avx2)) || instructions == kernel_ranking_avx2)
    return &ranking_avx2_functions;
#endif
  return &ranking_baseline_functions;
}

static long round_up(long value, long multiple) { return (value + multiple - 1) / multiple * multiple; }

long kernel_ranking_packed_floats(long item_count, long dim) {
  return round_up(item_count, KERNEL_RANKING_PANEL) * (1 + dim);
}

void kernel_ranking_pack_items(const float *items, const float *bias, long item_count, long dim, long first_panel,
                               long last_panel, float *packed) {
  for (long p = first_panel; p < last_panel; p++) {
    float *panel = packed + p * KERNEL_RANKING_PANEL * (1 + dim);
    for (long lane = 0; lane < KERNEL_RANKING_PANEL; lane++) {
      long item = p * KERNEL_RANKING_PANEL + lane;
      int there = item < item_count;
      panel[lane] = there && bias ? bias[item] : 0;
      for (long f = 0; f < dim; f++)
        panel[(1 + f) * KERNEL_RANKING_PANEL + lane] = there ? items[item * dim + f] : 0;
    }
  }
}

// Workspace: packed or coded users | thresholds | lists | heaps, each from a multiple of 64 bytes.
static long packed_user_bytes(long user_count, long dim) {
  long packed = (user_count + LARGEST_TILE) * dim * (long)sizeof(float);
  long coded = ranking_filter_workspace_bytes(user_count, dim);
  return round_up(packed > coded ? packed : coded, 64);
}
static long threshold_bytes(long user_count) {
  return round_up((user_count + LARGEST_TILE) * (long)sizeof(float), 64);
}
static long list_bytes(long user_count) { return round_up(user_count * (long)sizeof(ranking_candidates), 64); }

long kernel_ranking_workspace_bytes(long user_count, long dim, long k) {
  return packed_user_bytes(user_count, dim) + threshold_bytes(user_count) + list_bytes(user_count) +
         user_count * k * (long)sizeof(uint64_t);
}

static ranking_state ranking_begin(const int32_t *users, long user_count, long item_count, long dim,
                                   const kernel_ranking_mask *mask, long k, char *workspace) {
  ranking_state state = {.k = k, .user_count = user_count, .item_count = item_count, .outcome = {.position = -1, .item = -1}};
  workspace += packed_user_bytes(user_count, dim);
  state.thresholds = (float *)workspace;
  workspace += threshold_bytes(user_count);
  state.lists = (ranking_candidates *)workspace;
  workspace += list_bytes(user_count);
  uint64_t *heaps = (uint64_t *)workspace;
  for (long position = 0; position < user_count; position++) {
    ranking_candidates *list = &state.lists[position];
    *list = (ranking_candidates){.heap = heaps + position * k};
    if (mask) {
      list->mask = mask->items + mask->row_offsets[users[position]];
      list->mask_end = mask->items + mask->row_offsets[users[position] + 1];
    }
    state.thresholds[position] = NAN;
  }
  for (long padding = 0; padding < LARGEST_TILE; padding++) state.thresholds[user_count + padding] = INFINITY;
  return state;
}

kernel_ranking_outcome kernel_ranking_top(const kernel_ranking_block *block, const kernel_ranking_mask *mask, long k,
                                        void *workspace, int32_t *top_items, float *top_scores, int32_t *counts) {
  const ranking_functions *functions = ranking_dispatch(block->instructions);
  ranking_state state =
      ranking_begin(block->users, block->user_count, block->item_count, block->dim, mask, k, workspace);
  int filtered = block->item_codes && ranking_filter_top(block, &state, workspace);
  if (!filtered) {
    state = ranking_begin(block->users, block->user_count, block->item_count, block->dim, mask, k, workspace);
    functions->pack_users(block, workspace);
    functions->top(block, workspace, &state);
  }
  ranking_finish(&state, top_items, top_scores, counts);
  state.outcome.filter_gave_up = block->item_codes && !filtered;
  return state.outcome;
}

void kernel_ranking_scores(const kernel_ranking_block *block, long first_panel, long last_panel, void *workspace,
                           float *scores, long stride) {
  const ranking_functions *functions = ranking_dispatch(block->instructions);
  if (first_panel == 0) functions->pack_users(block, workspace);
  functions->scores(block, workspace, first_panel, last_panel, scores, stride);
}

void kernel_ranking_pair_scores(kernel_ranking_instructions instructions, const float *item_rows, const float *bias,
                                long dim, const float *user_row, const int32_t *items, long count, float *scores) {
  ranking_dispatch(instructions)->pair_scores(item_rows, bias, dim, user_row, items, count, scores);
}

kernel_ranking_outcome kernel_ranking_top_of_scores(const float *scores, long item_count, const int32_t *users,
                                                  long user_count, const kernel_ranking_mask *mask, long k,
                                                  void *workspace, int32_t *top_items, float *top_scores,
                                                  int32_t *counts) {
  ranking_state state = ranking_begin(users, user_count, item_count, 0, mask, k, workspace);
  ranking_dispatch(kernel_ranking_best)->scan(scores, &state);
  ranking_finish(&state, top_items, top_scores, counts);
  return state.outcome;
}

KERNEL_DISPATCH
long kernel_ranking_count(const float *scores, long count, const float *thresholds, long threshold_count, long *below,
                          long *equal) {
  int32_t not_a_number = 0;
  for (long i = 0; i < count; i++) not_a_number |= scores[i] != scores[i];
  if (not_a_number)
    for (long i = 0; i < count; i++)
      if (scores[i] != scores[i]) return i;
  for (long t = 0; t < threshold_count; t++) {
    float threshold = thresholds[t];
    int32_t less = 0, same = 0;
    for (int32_t i = 0; i < (int32_t)count; i++) {
      less += scores[i] < threshold;
      same += scores[i] == threshold;
    }
    below[t] += less;
    equal[t] += same;
  }
  return -1;
}
