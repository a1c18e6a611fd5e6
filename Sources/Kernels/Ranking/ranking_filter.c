#include "ranking_filter.h"

#include <math.h>
#include <string.h>

// Bounds are computed in float64 and stored as float32 moved to the safe side by more than the rounding of either.
static float rounded_up(double value) { return (float)(value * (1 + 1e-6)); }

long kernel_ranking_code_bytes(long item_count, long dim) {
  if (!ranking_filter_available()) return 0;
  return (item_count + KERNEL_RANKING_PANEL - 1) / KERNEL_RANKING_PANEL * filter_panel_bytes(dim);
}

void kernel_ranking_item_center(const float *items, const float *bias, long item_count, long dim, float *center) {
  for (long f = 0; f <= dim; f++) center[f] = 0;
  double bias_sum = 0;
  for (long first = 0; first < item_count; first += 1024) {
    // Partial sums keep float32 exact enough; any center near the mean will do.
    long last = first + 1024 < item_count ? first + 1024 : item_count;
    for (long f0 = 0; f0 < dim; f0 += 64) {
      float sums[64] = {0};
      long width = dim - f0 < 64 ? dim - f0 : 64;
      for (long i = first; i < last; i++)
        for (long f = 0; f < width; f++) sums[f] += items[i * dim + f0 + f];
      for (long f = 0; f < width; f++) center[f0 + f] += sums[f] / (float)item_count;
    }
    if (bias)
      for (long i = first; i < last; i++) bias_sum += bias[i];
  }
  center[dim] = (float)(bias_sum / (double)item_count);
}

/// Coordinate `f` of an extended item: the bias, which users multiply by `bias_unit`, is the last.
static inline double coordinate(const float *row, const float *bias, long f, long dim, double bias_unit) {
  return f < dim ? row[f] : bias ? *bias / bias_unit : 0;
}

void kernel_ranking_code_items(const float *items, const float *bias, long item_count, long dim, const float *center,
                               float bias_unit, long first_panel, long last_panel, void *codes) {
  for (long p = first_panel; p < last_panel; p++) {
    filter_panel *panel = (filter_panel *)((char *)codes + p * filter_panel_bytes(dim));
    uint8_t *panel_codes = (uint8_t *)(panel + 1);
    memset(panel, 0, (size_t)filter_panel_bytes(dim));
    long first = p * KERNEL_RANKING_PANEL;
    long count = item_count - first < KERNEL_RANKING_PANEL ? item_count - first : KERNEL_RANKING_PANEL;
    double largest = 0;
    for (long lane = 0; lane < count; lane++)
      for (long f = 0; f <= dim; f++) {
        const float *own_bias = bias ? bias + first + lane : NULL;
        double x = fabs(coordinate(items + (first + lane) * dim, own_bias, f, dim, bias_unit) -
                        center[f] / (f < dim ? 1 : (double)bias_unit));
        largest = x > largest ? x : largest;
      }
    double scale = largest > 0 && isfinite(largest) ? largest / 127 : 1;
    panel->inverse_scale = (float)(1 / scale);
    scale = 1 / (double)panel->inverse_scale;
    double norm = 0, residual = 0, row_norm = 0, bias_size = 0;
    for (long lane = 0; lane < count; lane++) {
      const float *row = items + (first + lane) * dim, *own_bias = bias ? bias + first + lane : NULL;
      double norm2 = 0, residual2 = 0, row2 = 0;
      for (long f = 0; f <= dim; f++) {
        double raw = coordinate(row, own_bias, f, dim, bias_unit);
        double x = raw - center[f] / (f < dim ? 1 : (double)bias_unit);
        double rounded = rint(x * panel->inverse_scale);
        int code = rounded > 127 ? 127 : rounded >= -127 ? (int)rounded : -127;  // NaN: any code, the norm tells.
        panel_codes[(f / 4 * KERNEL_RANKING_PANEL + lane) * 4 + f % 4] = (uint8_t)(code + 128);
        norm2 += x * x;
        residual2 += (x - scale * code) * (x - scale * code);
        if (f < dim) row2 += raw * raw;
      }
      // A row that is not finite makes the bound infinite or NaN: everything passes and is scored exactly.
      if (!(norm2 <= 1e30)) norm2 = INFINITY;
      norm = norm2 > norm ? norm2 : norm;
      residual = residual2 > residual ? residual2 : residual;
      row_norm = row2 > row_norm ? row2 : row_norm;
      if (own_bias && fabsf(*own_bias) > bias_size) bias_size = fabsf(*own_bias);
    }
    panel->largest_norm = rounded_up(sqrt(norm));
    panel->largest_residual = rounded_up(sqrt(residual));
    panel->largest_row = rounded_up(sqrt(row_norm));
    panel->largest_bias = rounded_up(bias_size);
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

int ranking_filter_available(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") != 0;
}

// Layout of the workspace, each array a multiple of 64 bytes.
static long padded(long user_count) { return (user_count + 2 * 16 + 15) / 16 * 16; }

long ranking_filter_workspace_bytes(long user_count, long dim) {
  long users = padded(user_count);
  return users * (filter_steps(dim) * 4 + 5 * 4 + 4 + 8 + FILTER_PENDING * 4 + 4) + 1024;
}

static void *take(char **workspace, long bytes) {
  void *start = *workspace;
  *workspace += (bytes + 63) / 64 * 64;
  return start;
}

static void set_level(const filter_users *users, const ranking_state *state, long user) {
  double level = (double)state->thresholds[user] - users->center_product[user];
  users->level[user] = (float)(level - fabs(level) * 2e-7);
}

static void code_user(const kernel_ranking_block *block, filter_users *users, long user) {
  long dim = block->dim;
  const float *row = block->user_rows + block->users[user] * dim;
  double bias_unit = block->item_bias ? block->bias_unit : 0, largest = bias_unit;
  for (long f = 0; f < dim; f++) largest = fabs((double)row[f]) > largest ? fabs((double)row[f]) : largest;
  float inverse = largest > 0 && isfinite(largest) ? (float)(127 / largest) : 1;
  double scale = 1 / (double)inverse, residual2 = 0, norm2 = 0, row2 = 0, product = 0;
  int32_t sum = 0;
  int8_t *codes = (int8_t *)(users->codes + user / FILTER_USERS * users->steps * FILTER_USERS + user % FILTER_USERS);
  for (long f = 0; f < users->steps * 4; f++) {
    double x = f < dim ? row[f] : f == dim ? bias_unit : 0;
    double rounded = rint(x * inverse);
    int code = rounded > 127 ? 127 : rounded >= -127 ? (int)rounded : -127;
    codes[f / 4 * FILTER_USERS * 4 + f % 4] = (int8_t)code;
    sum += code;
    residual2 += (x - scale * code) * (x - scale * code);
    norm2 += scale * code * scale * code;
    if (f < dim) row2 += x * x;
    if (f < dim) product += x * block->center[f];
  }
  if (block->item_bias) product += block->center[dim];
  users->inverse_scale[user] = inverse;
  users->residual[user] = rounded_up(sqrt(residual2));
  users->norm[user] = rounded_up(sqrt(norm2));
  users->row_norm[user] = rounded_up(sqrt(row2));
  users->shift[user] = 128 * sum;
  users->center_product[user] = product;
}

static filter_users begin(const kernel_ranking_block *block, const ranking_state *state, char *workspace) {
  long count = padded(block->user_count);
  filter_users users = {.steps = filter_steps(block->dim), .rounding = (float)(block->dim + 2) * 0x1.1p-24f};
  users.codes = take(&workspace, count * users.steps * 4);
  users.level = take(&workspace, count * 4);
  users.inverse_scale = take(&workspace, count * 4);
  users.residual = take(&workspace, count * 4);
  users.norm = take(&workspace, count * 4);
  users.row_norm = take(&workspace, count * 4);
  users.shift = take(&workspace, count * 4);
  users.center_product = take(&workspace, count * 8);
  users.pending = take(&workspace, count * 4 * FILTER_PENDING);
  users.pending_count = take(&workspace, count * 4);
  memset(users.codes, 0, (size_t)(count * users.steps * 4));
  for (long user = 0; user < count; user++) {
    users.pending_count[user] = 0;
    if (user < block->user_count) {
      code_user(block, &users, user);
      set_level(&users, state, user);
    } else {
      users.level[user] = INFINITY;
      users.inverse_scale[user] = 1;
      users.residual[user] = users.norm[user] = users.row_norm[user] = 0;
      users.shift[user] = 0;
    }
  }
  return users;
}

#pragma clang attribute push(                                                                        \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma"))), apply_to = function)

/// Scores the pending items of a user as a tile would, and offers them.
static void flush(const kernel_ranking_block *block, const filter_users *users, ranking_state *state, long user) {
  long count = users->pending_count[user], dim = block->dim;
  int32_t *pending = users->pending + user * FILTER_PENDING;
  const float *row = block->user_rows + block->users[user] * dim, *items[FILTER_PENDING];
  float sums[FILTER_PENDING];
  for (long n = 0; n < FILTER_PENDING; n++) {
    long item = pending[n < count ? n : 0];
    items[n] = block->item_rows + item * dim;
    sums[n] = block->item_bias ? block->item_bias[item] : 0;
  }
  for (long f = 0; f < dim; f++) {
#pragma clang loop unroll(full) vectorize(disable)
    for (long n = 0; n < FILTER_PENDING; n++) sums[n] = __builtin_fmaf(row[f], items[n][f], sums[n]);
  }
  for (long n = 0; n < count; n++)
    if (!(sums[n] <= state->thresholds[user])) ranking_offer(state, user, pending[n], sums[n]);
  users->pending_count[user] = 0;
  set_level(users, state, user);
}

/// Puts what passed of one tile on the users' pending lists. Returns how many items that was.
static __attribute__((noinline)) long pend(const kernel_ranking_block *block, const filter_users *users,
                                           ranking_state *state, long first_user, long first_item,
                                           const uint32_t passes[FILTER_USERS]) {
  long total = 0;
  for (long u = 0; u < FILTER_USERS; u++) {
    long user = first_user + u;
    if (user >= block->user_count) break;  // Padding passes where a panel has no bound.
    for (uint32_t bits = passes[u]; bits; bits &= bits - 1) {
      long item = first_item + __builtin_ctz(bits);
      if (item >= block->item_count || ranking_is_masked(&state->lists[user], item)) continue;
      for (long line = 0; line < block->dim; line += 16) __builtin_prefetch(block->item_rows + item * block->dim + line);
      users->pending[user * FILTER_PENDING + users->pending_count[user]++] = (int32_t)item;
      total++;
      if (users->pending_count[user] == FILTER_PENDING) flush(block, users, state, user);
    }
  }
  return total;
}

/// For each user of a tile the largest product of codes that cannot make the list.
static inline __attribute__((always_inline)) __m512i limits(const filter_users *users, const filter_panel *panel,
                                                            long first) {
  __m512 error = _mm512_mul_ps(_mm512_loadu_ps(users->residual + first), _mm512_set1_ps(panel->largest_norm));
  error = _mm512_fmadd_ps(_mm512_loadu_ps(users->norm + first), _mm512_set1_ps(panel->largest_residual), error);
  __m512 size = _mm512_fmadd_ps(_mm512_loadu_ps(users->row_norm + first), _mm512_set1_ps(panel->largest_row),
                                _mm512_set1_ps(panel->largest_bias));
  error = _mm512_fmadd_ps(size, _mm512_set1_ps(users->rounding), error);
  error = _mm512_mul_ps(error, _mm512_set1_ps(1.000001f));
  __m512 limit = _mm512_sub_ps(_mm512_loadu_ps(users->level + first), error);
  limit = _mm512_mul_ps(limit, _mm512_mul_ps(_mm512_loadu_ps(users->inverse_scale + first),
                                             _mm512_set1_ps(panel->inverse_scale)));
  // NaN (no threshold yet, no bound) becomes the lower end: everything passes. The upper end lets nothing pass.
  limit = _mm512_min_ps(_mm512_max_ps(limit, _mm512_set1_ps(-0x1p30f)), _mm512_set1_ps(0x1p30f));
  // A step down for the rounding of the lines above.
  limit = _mm512_sub_ps(limit, _mm512_fmadd_ps(_mm512_abs_ps(limit), _mm512_set1_ps(2e-6f), _mm512_set1_ps(2)));
  return _mm512_add_epi32(_mm512_cvttps_epi32(limit), _mm512_loadu_si512(users->shift + first));
}

static inline __attribute__((always_inline)) long filter_tile(const kernel_ranking_block *block,
                                                              const filter_users *users, ranking_state *state,
                                                              const filter_panel *panel, long first_user,
                                                              long first_item) {
  const int32_t *codes = users->codes + first_user * users->steps;
  const __m512i *items = (const __m512i *)(panel + 1);
  __m512i sums[FILTER_USERS][2];
#pragma clang loop unroll(full)
  for (int u = 0; u < FILTER_USERS; u++) sums[u][0] = sums[u][1] = _mm512_setzero_si512();
  for (long step = 0; step < users->steps; step++, items += 2, codes += FILTER_USERS) {
    __m512i low = items[0], high = items[1];
#pragma clang loop unroll(full)
    for (int u = 0; u < FILTER_USERS; u++) {
      __m512i user = _mm512_set1_epi32(codes[u]);
      sums[u][0] = _mm512_dpbusd_epi32(sums[u][0], low, user);
      sums[u][1] = _mm512_dpbusd_epi32(sums[u][1], high, user);
    }
  }
  int32_t limit[16] __attribute__((aligned(64)));
  _mm512_store_si512(limit, limits(users, panel, first_user));
  uint32_t passes[FILTER_USERS], any = 0;
#pragma clang loop unroll(full)
  for (int u = 0; u < FILTER_USERS; u++) {
    __m512i bound = _mm512_set1_epi32(limit[u]);
    passes[u] = (uint32_t)_mm512_cmpgt_epi32_mask(sums[u][0], bound) |
                (uint32_t)_mm512_cmpgt_epi32_mask(sums[u][1], bound) << 16;
    any |= passes[u];
  }
  return any ? pend(block, users, state, first_user, first_item, passes) : 0;
}

int ranking_filter_top(const kernel_ranking_block *block, ranking_state *state, char *workspace) {
  filter_users users = begin(block, state, workspace);
  const char *panel = block->item_codes;
  // Scoring one survivor costs about as much as the exact product of sixteen items.
  long budget = block->user_count * (block->item_count / 32 + 4 * state->k + KERNEL_RANKING_PANEL), spent = 0;
  for (long item = 0; item < block->item_count; item += KERNEL_RANKING_PANEL, panel += filter_panel_bytes(block->dim)) {
    for (long user = 0; user < block->user_count; user += FILTER_USERS)
      spent += filter_tile(block, &users, state, (const filter_panel *)panel, user, item);
    if (spent > budget) return 0;
  }
  for (long user = 0; user < block->user_count; user++)
    if (users.pending_count[user]) flush(block, &users, state, user);
  return 1;
}
#pragma clang attribute pop

#else

int ranking_filter_available(void) { return 0; }
long ranking_filter_workspace_bytes(long user_count, long dim) { return 0; }
int ranking_filter_top(const kernel_ranking_block *block, ranking_state *state, char *workspace) { return 0; }

#endif
