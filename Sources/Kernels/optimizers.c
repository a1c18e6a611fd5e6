#include "kernel_optimizers.h"

#include <math.h>
#include <string.h>

#include "kernel_rows.h"
#include "vectors.h"

INLINE void refresh_scale(const kernel_table *table, int64_t row, float square) {
  if (!table->scale) return;
  table->scale[row] =
      table->score == KERNEL_SCORE_COSINE ? 1 / fmaxf(__builtin_sqrtf(square), KERNEL_NORM_FLOOR) : square;
}

// MARK: Rows that had no gradient

INLINE int has_moved(const kernel_idle *idle, const kernel_table *table, int64_t row) {
  int32_t last = table->last[row], seen = table->seen[row];
  if (seen >= idle->now) return 0;
  return idle->decays || (last > 0 && seen < last + idle->horizon);
}

/// Adds up the missed steps one by one: where the series below has not converged.
static void move_step_by_step(const kernel_idle *idle, float *out, const float *x, const float *first, const float *second,
                              int64_t stride, int32_t k, int32_t n, float decay) {
  for (int64_t i = 0; i < stride; i++) {
    double root = sqrt((double)second[i]), sum = 0;
    if (first[i] == 0) {
      out[i] = x[i] * decay;
      continue;
    }
    for (int32_t j = 1; j <= k; j++) {
      int32_t back = k - j;
      sum += idle->recent_rates[back] * idle->rho_powers[n + j] * idle->recent_decays[back] /
             (root + idle->epsilon * idle->recent_roots[back] * idle->beta_powers[n + j]);
    }
    out[i] = (float)((double)x[i] * decay - first[i] * sum);
  }
}

/// The largest share of epsilon in the denominator among the elements that move.
static double largest_epsilon_share(const float *first, const float *second, int64_t stride, double epsilon) {
  double least = INFINITY;
  for (int64_t i = 0; i < stride; i++)
    if (first[i] != 0 && second[i] < least) least = second[i];
  return isfinite(least) ? epsilon / (sqrt(least) + epsilon) : 0;
}

INLINE void move_adam(const kernel_idle *idle, const kernel_table *table, int64_t row, float *out, int64_t stride) {
  const float *x = table->values + row * stride, *first = table->first + row * stride, *second = table->second + row * stride;
  int32_t k = idle->now - table->seen[row], n = table->seen[row] - table->last[row];
  const kernel_idle_sum *sum = &idle->sums[k];
  double r = sum->reference, m0 = sum->moment[0];
  double m1 = sum->moment[1] / r, m2 = sum->moment[2] / (r * r), m3 = sum->moment[3] / (r * r * r);
  double m4 = sum->moment[4] / (r * r * r * r);
  double c1 = m1 - m0, c2 = m2 - 2 * m1 + m0, c3 = m3 - 3 * m2 + 3 * m1 - m0;
  double c4 = m4 - 4 * m3 + 6 * m2 - 4 * m1 + m0;
  double epsilon = idle->epsilon * r * idle->beta_powers[n];
  if (fabs(c4) > 1e-7 * m0) {
    double share = largest_epsilon_share(first, second, stride, epsilon);
    if (fabs(c4) * share * share * share * share > 1e-7 * m0) {
      move_step_by_step(idle, out, x, first, second, stride, k, n, (float)sum->decay);
      return;
    }
  }
  double scale = idle->rho_powers[n];
  f16 a0 = splat((float)(scale * m0)), a1 = splat((float)(scale * c1)), a2 = splat((float)(scale * c2)),
      a3 = splat((float)(scale * c3)), e = splat((float)epsilon), decay = splat((float)sum->decay);
  for (int64_t i = 0; i < stride; i += LANES) {
    f16 denominator = root(load(second + i)) + e;
    // An element that never had a gradient has first = second = 0; with epsilon = 0 that is 0/0.
    f16 inverse = splat(1) / larger(denominator, splat(1e-30f));
    f16 q = e * inverse;
    f16 sum = a0 - q * (a1 - q * (a2 - q * a3));
    store(out + i, load(x + i) * decay - load(first + i) * inverse * sum);
  }
}

INLINE void move_momentum(const kernel_idle *idle, const kernel_table *table, int64_t row, float *out, int64_t stride) {
  const float *x = table->values + row * stride, *first = table->first + row * stride;
  const kernel_idle_sum *sum = &idle->sums[idle->now - table->seen[row]];
  float scale = (float)(sum->moment[0] * idle->rho_powers[table->seen[row] - table->last[row]]);
  float decay = (float)sum->decay;
  for (int64_t i = 0; i < stride; i += LANES) store(out + i, load(x + i) * splat(decay) - splat(scale) * load(first + i));
}

/// Writes the row as it stands at `now`. `out` may be the row itself.
INLINE void move_row(const kernel_idle *idle, const kernel_table *table, int64_t row, float *out, int64_t stride) {
  int32_t last = table->last[row], seen = table->seen[row];
  int rests = last == 0 || seen >= last + idle->horizon || idle->kind < KERNEL_MOMENTUM || !table->first;
  if (rests) {
    f16 decay = splat((float)idle->sums[idle->now - seen].decay);
    for (int64_t i = 0; i < stride; i += LANES) store(out + i, load(table->values + row * stride + i) * decay);
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
  f16 squares = {0};
  for (int64_t i = 0; i < stride; i += LANES) squares += load(x + i) * load(x + i);
  refresh_scale(table, row, lane_sum(squares));
}

INLINE void advance_touched(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, uint8_t *touched,
                            int64_t stride) {
  for (int64_t row = first; row < end; row++) {
    if ((row & 7) == 0 && row + 8 <= end) {
      uint64_t eight;
      memcpy(&eight, touched + row, 8);
      if (!eight) {
        row += 7;
        continue;
      }
    }
    if (!touched[row]) continue;
    touched[row] = 0;
    if (has_moved(idle, table, row)) advance_row(idle, table, row, stride);
  }
}

KERNEL void kernel_advance_touched(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end,
                                   uint8_t *touched) {
  WITH_CONSTANT_STRIDE(table->stride, advance_touched(idle, table, first, end, touched, STRIDE));
}

KERNEL void kernel_advance_rows(const kernel_idle *idle, const kernel_table *table, const int32_t *rows, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    if (has_moved(idle, table, rows[i])) advance_row(idle, table, rows[i], table->stride);
}

KERNEL void kernel_advance_range(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, int32_t lag) {
  for (int64_t row = first; row < end; row++)
    if (idle->now - table->seen[row] >= lag && has_moved(idle, table, row)) advance_row(idle, table, row, table->stride);
}

KERNEL void kernel_advance_copy(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, float *out) {
  for (int64_t row = first; row < end; row++) {
    float *target = out + (row - first) * table->stride;
    if (has_moved(idle, table, row)) move_row(idle, table, row, target, table->stride);
    else memcpy(target, table->values + row * table->stride, sizeof(float) * (size_t)table->stride);
  }
}

// MARK: Rows that have a gradient

INLINE void step_adam(const kernel_step *step, float *first, float *second, f16 *x, const f16 *g, float keep1, float keep2) {
  f16 m = splat(keep1) * load(first) + splat(1 - step->beta1) * *g;
  f16 v = splat(keep2) * load(second) + splat(1 - step->beta2) * *g * *g;
  store(first, m);
  store(second, v);
  f16 denominator = root(v) + splat(step->epsilon);
  *x -= splat(step->rate) * m / larger(denominator, splat(1e-30f));
}

INLINE void step_adagrad(const kernel_step *step, float *second, f16 *x, const f16 *g) {
  f16 before = load(second), after = before + *g * *g;
  store(second, after);
  f16 denominator = root(step->kind == KERNEL_ADAGRAD ? after : before) + splat(step->epsilon);
  *x -= splat(step->rate) * *g / larger(denominator, splat(1e-30f));
}

INLINE void step_row(const kernel_step *step, const kernel_table *table, int64_t row, float *gradient, int64_t stride) {
  float *x = table->values + row * stride, *first = table->first + row * stride, *second = table->second + row * stride;
  float keep1 = 0, keep2 = 0;
  if (step->kind == KERNEL_ADAM || step->kind == KERNEL_MOMENTUM) {
    int32_t n = step->lazy ? 1 : step->step - table->last[row];
    keep1 = n == 1 ? (float)step->beta1 : (float)pow(step->beta1, n);
    keep2 = n == 1 ? (float)step->beta2 : (float)pow(step->beta2, n);
  }
  if (table->constant_column >= 0) gradient[table->constant_column] = 0;
  f16 squares = {0};
  for (int64_t i = 0; i < stride; i += LANES) {
    f16 old = load(x + i);
    f16 g = load(gradient + i) + splat(step->weight_decay) * old;
    f16 new = old * splat(step->decay);
    switch (step->kind) {
      case KERNEL_ADAM: step_adam(step, first + i, second + i, &new, &g, keep1, keep2); break;
      case KERNEL_MOMENTUM: {
        f16 velocity = splat(keep1) * load(first + i) + g;
        store(first + i, velocity);
        new -= splat(step->rate) * velocity;
        break;
      }
      case KERNEL_SGD: new -= splat(step->rate) * g; break;
      default: step_adagrad(step, second + i, &new, &g); break;
    }
    store(x + i, new);
    squares += new * new;
  }
  if (table->constant_column >= 0) x[table->constant_column] = 1;
  table->last[row] = step->step;
  table->seen[row] = step->step;
  refresh_scale(table, row, lane_sum(squares));
}

KERNEL void kernel_step_row(const kernel_step *step, const kernel_table *table, int64_t row, float *gradient) {
  WITH_CONSTANT_STRIDE(table->stride, step_row(step, table, row, gradient, STRIDE));
}

/// Adds the regulariser, then steps or stores. Returns the sum of squares of what was stored.
INLINE double finish_row(const kernel_item_batch *batch, int64_t row, float occurrences, float *gradient, int64_t stride) {
  const kernel_table *table = batch->table;
  float l2 = batch->per_occurrence * occurrences + batch->per_row;
  if (l2 != 0)
    for (int64_t i = 0; i < stride; i += LANES)
      store(gradient + i, load(gradient + i) + splat(l2) * load(table->values + row * stride + i));
  if (table->constant_column >= 0) gradient[table->constant_column] = 0;
  if (!batch->gradients) {
    step_row(batch->step, table, row, gradient, stride);
    return 0;
  }
  memcpy(batch->gradients + row * stride, gradient, sizeof(float) * (size_t)stride);
  return kernel_sum_of_squares(gradient, stride);
}

INLINE double update_items(const kernel_item_batch *batch, int64_t first, int64_t end, int64_t stride) {
  float gradient[stride] __attribute__((aligned(64)));
  const kernel_table *table = batch->table;
  double squares = 0;
  for (int64_t item = first; item < end; item++) {
    int32_t begin = batch->offsets[item - first], count = batch->offsets[item - first + 1] - begin;
    if (count == 0 && !batch->every_row) continue;
    kernel_item_gradient(table->score, batch->users, batch->user_rows + begin, batch->weights + begin, count,
                         table->values + item * stride, table->scale ? table->scale[item] : 0, stride, gradient);
    squares += finish_row(batch, item, (float)count, gradient, stride);
  }
  return squares;
}

KERNEL double kernel_update_items(const kernel_item_batch *batch, int64_t first, int64_t end) {
  double squares = 0;
  WITH_CONSTANT_STRIDE(batch->table->stride, squares = update_items(batch, first, end, STRIDE));
  return squares;
}

KERNEL double kernel_update_users(const kernel_item_batch *batch, const int32_t *users, const int32_t *members,
                                  const float *row_gradients, int64_t first, int64_t end) {
  int64_t stride = batch->table->stride;
  float gradient[stride] __attribute__((aligned(64)));
  double squares = 0;
  for (int64_t u = first; u < end; u++) {
    int32_t begin = batch->offsets[u], count = batch->offsets[u + 1] - begin;
    memset(gradient, 0, sizeof(float) * (size_t)stride);
    for (int32_t member = 0; member < count; member++)
      kernel_add_scaled(gradient, row_gradients + members[begin + member] * stride, 1, stride);
    squares += finish_row(batch, users[u], (float)count, gradient, stride);
  }
  return squares;
}

INLINE void apply_row(const kernel_item_batch *batch, int64_t row, float factor) {
  int64_t stride = batch->table->stride;
  kernel_multiply(batch->gradients + row * stride, factor, stride);
  step_row(batch->step, batch->table, row, batch->gradients + row * stride, stride);
}

KERNEL void kernel_apply_item_gradients(const kernel_item_batch *batch, float factor, int64_t first, int64_t end) {
  for (int64_t item = first; item < end; item++)
    if (batch->every_row || batch->offsets[item - first + 1] > batch->offsets[item - first]) apply_row(batch, item, factor);
}

KERNEL void kernel_apply_user_gradients(const kernel_item_batch *batch, const int32_t *users, float factor, int64_t first,
                                        int64_t end) {
  for (int64_t u = first; u < end; u++) apply_row(batch, users[u], factor);
}

KERNEL int kernel_all_finite(const float *values, int64_t count) {
  // x - x is 0 for finite x and NaN otherwise; a sum with a NaN in it is NaN.
  float sum = 0;
#pragma clang loop vectorize(enable)
  for (int64_t i = 0; i < count; i++) {
    float difference = values[i] - values[i];
    sum += difference;
  }
  return sum == 0;
}
