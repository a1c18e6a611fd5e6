#include <math.h>
#include <string.h>

#include "optimizer_rows.h"

// Rows that had no gradient: how they move on, and catching up with it.

INLINE int has_moved(const kernel_idle *idle, const kernel_table *table, int64_t row) {
  int32_t last = table->last[row], seen = table->seen[row];
  return (seen < idle->now) & ((idle->decays != 0) | ((last > 0) & (seen < last + idle->horizon)));
}

/// Adds up the missed steps one by one: where the series below has not converged.
static void move_step_by_step(const kernel_idle *idle, float *out, const float *x, const float *first, const float *second,
                              int64_t stride, int32_t k, int32_t n, float shrink, double before) {
  for (int64_t i = 0; i < stride; i++) {
    double root = sqrt((double)second[i]), sum = 0;
    if (first[i] == 0) {
      out[i] = x[i] - x[i] * shrink;
      continue;
    }
    for (int32_t j = 1; j <= k; j++) {
      int32_t back = k - j;
      sum += idle->recent_rates[back] * idle->rho_powers[n + j] * idle->recent_decays[back] /
             (root + idle->epsilon * idle->recent_roots[back] * idle->beta_powers[n + j]);
    }
    out[i] = (float)(x[i] - (double)x[i] * shrink - first[i] * (root + before) * sum);
  }
}

/// The largest share of epsilon in the denominator among the elements that move.
static double largest_epsilon_share(const float *first, const float *second, int64_t stride, double epsilon) {
  double least = INFINITY;
  for (int64_t i = 0; i < stride; i++)
    if (first[i] != 0 && second[i] < least) least = second[i];
  return isfinite(least) ? epsilon / (sqrt(least) + epsilon) : 0;
}

/// s_t of a step that may lie before those whose roots are kept: s_t^2 = 1 - beta2^t.
INLINE double root_at(const kernel_idle *idle, int32_t step) {
  int32_t back = idle->now - step, oldest = idle->window - 1;
  if (back <= oldest) return idle->recent_roots[back];
  double kept = idle->recent_roots[oldest], growth = idle->beta_powers[back - oldest];
  return sqrt(fmax(0, 1 - (1 - kept * kept) * growth * growth));
}

INLINE void move_along(const float *x, const float *direction, float distance, float shrink, float *out, int64_t stride) {
  for (int64_t i = 0; i < stride; i += LANES)
    store(out + i, load(x + i) - splat(shrink) * load(x + i) - splat(distance) * load(direction + i));
}

INLINE void move_adam(const kernel_idle *idle, const kernel_table *table, int64_t row, float *out, int64_t stride) {
  const float *x = table->values + row * stride;
  int32_t k = idle->now - table->seen[row], n = table->seen[row] - table->last[row];
  const kernel_idle_sum *sum = &idle->sums[k];
  float scale = (float)idle->rho_powers[n];
  const float *first = table->first + row * stride, *second = table->second + row * stride;
  if (table->epsilon_share[row] < idle->negligible_share) {
    move_along(x, first, scale * sum->c[0], sum->shrink, out, stride);
    return;
  }
  double epsilon = idle->epsilon * sum->reference * idle->beta_powers[n];
  float before = (float)(idle->epsilon * root_at(idle, table->last[row]));
  if (sum->rest > 1e-7) {
    double share = largest_epsilon_share(first, second, stride, epsilon);
    if (sum->rest * share * share * share * share > 1e-7) {
      move_step_by_step(idle, out, x, first, second, stride, k, n, sum->shrink, before);
      return;
    }
  }
  lanes e = splat(epsilon);
  for (int64_t i = 0; i < stride; i += LANES) {
    lanes deviation = root(load(second + i));
    // An element that never had a gradient has first = second = 0; with epsilon = 0 that is 0/0.
    lanes inverse = splat(1) / larger(deviation + e, splat(1e-30f));
    lanes q = e * inverse;
    lanes series = splat(sum->c[0]) - q * (splat(sum->c[1]) - q * (splat(sum->c[2]) - q * splat(sum->c[3])));
    lanes moment = load(first + i) * larger(deviation + splat(before), splat(1e-30f));
    store(out + i, load(x + i) - splat(sum->shrink) * load(x + i) - moment * inverse * splat(scale) * series);
  }
}

INLINE void move_momentum(const kernel_idle *idle, const kernel_table *table, int64_t row, float *out, int64_t stride) {
  const kernel_idle_sum *sum = &idle->sums[idle->now - table->seen[row]];
  float distance = (float)(sum->c[0] * idle->rho_powers[table->seen[row] - table->last[row]]);
  move_along(table->values + row * stride, table->first + row * stride, distance, sum->shrink, out, stride);
}

/// Writes the row as it stands at `now`. `out` may be the row itself.
INLINE void move_row(const kernel_idle *idle, const kernel_table *table, int64_t row, float *out, int64_t stride) {
  int32_t last = table->last[row], seen = table->seen[row];
  int rests = last == 0 || seen >= last + idle->horizon || idle->kind < KERNEL_MOMENTUM || !table->first;
  if (rests) {
    lanes shrink = splat(idle->sums[idle->now - seen].shrink);
    const float *x = table->values + row * stride;
    for (int64_t i = 0; i < stride; i += LANES) store(out + i, load(x + i) - shrink * load(x + i));
  } else if (idle->kind == KERNEL_ADAM) {
    move_adam(idle, table, row, out, stride);
  } else {
    move_momentum(idle, table, row, out, stride);
  }
  if (table->constant_column >= 0) out[table->constant_column] = 1;
}

INLINE void advance_row(const kernel_idle *idle, const kernel_table *table, int64_t row, int64_t stride) {
  float *x = table->values + row * stride;
  move_row(idle, table, row, x, stride);
  table->seen[row] = idle->now;
  lanes squares = {0};
  for (int64_t i = 0; i < stride; i += LANES) squares += load(x + i) * load(x + i);
  refresh_scale(table, row, lane_sum(squares));
}

// How many rows ahead to ask for: two or three rows of floats each.
#define AHEAD 8

/// Asks for what `move_row` will read.
INLINE void prefetch_motion(const kernel_idle *idle, const kernel_table *table, int64_t row, int64_t stride) {
  prefetch_floats(table->values + row * stride, stride);
  if (table->first) prefetch_floats(table->first + row * stride, stride);
  if (table->epsilon_share && table->epsilon_share[row] >= idle->negligible_share)
    prefetch_floats(table->second + row * stride, stride);
}

/// Writes the rows of first..<end that are marked and have moved to `list`, and clears the marks.
INLINE int64_t list_moved(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, uint8_t *touched,
                          int32_t *list) {
  int64_t count = 0;
  for (int64_t row = first; row < end; row++) {
    if (!touched[row]) continue;
    touched[row] = 0;
    list[count] = (int32_t)row;
    count += has_moved(idle, table, row);
  }
  return count;
}

INLINE void advance_touched(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, uint8_t *touched,
                            int64_t stride) {
  int32_t list[LISTED];
  for (int64_t begin = first; begin < end; begin += LISTED) {
    int64_t count = list_moved(idle, table, begin, begin + LISTED < end ? begin + LISTED : end, touched, list);
    for (int64_t i = 0; i < count && i < AHEAD; i++) prefetch_motion(idle, table, list[i], stride);
    for (int64_t i = 0; i < count; i++) {
      if (i + AHEAD < count) prefetch_motion(idle, table, list[i + AHEAD], stride);
      advance_row(idle, table, list[i], stride);
    }
  }
}

KERNEL void kernel_advance_touched(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end,
                                   uint8_t *touched) {
  WITH_CONSTANT_STRIDE(table->stride, advance_touched(idle, table, first, end, touched, STRIDE));
}

INLINE void advance_rows(const kernel_idle *idle, const kernel_table *table, const int32_t *rows, int64_t count, int64_t stride) {
  for (int64_t i = 0; i < count && i < AHEAD; i++) prefetch_motion(idle, table, rows[i], stride);
  for (int64_t i = 0; i < count; i++) {
    if (i + AHEAD < count) prefetch_motion(idle, table, rows[i + AHEAD], stride);
    if (has_moved(idle, table, rows[i])) advance_row(idle, table, rows[i], stride);
  }
}

KERNEL void kernel_advance_rows(const kernel_idle *idle, const kernel_table *table, const int32_t *rows, int64_t count) {
  WITH_CONSTANT_STRIDE(table->stride, advance_rows(idle, table, rows, count, STRIDE));
}

KERNEL void kernel_advance_range(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, int32_t lag) {
  for (int64_t row = first; row < end; row++)
    if (idle->now - table->seen[row] >= lag && has_moved(idle, table, row)) advance_row(idle, table, row, table->stride);
}

INLINE void advance_copy(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, float *out,
                         int64_t stride) {
  for (int64_t row = first; row < end; row++) {
    float *target = out + (row - first) * stride;
    if (row + AHEAD < end) prefetch_motion(idle, table, row + AHEAD, stride);
    if (has_moved(idle, table, row)) move_row(idle, table, row, target, stride);
    else memcpy(target, table->values + row * stride, sizeof(float) * (size_t)stride);
  }
}

KERNEL void kernel_advance_copy(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, float *out) {
  WITH_CONSTANT_STRIDE(table->stride, advance_copy(idle, table, first, end, out, STRIDE));
}
