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
  f16 e = splat(epsilon);
  for (int64_t i = 0; i < stride; i += LANES) {
    f16 deviation = root(load(second + i));
    // An element that never had a gradient has first = second = 0; with epsilon = 0 that is 0/0.
    f16 inverse = splat(1) / larger(deviation + e, splat(1e-30f));
    f16 q = e * inverse;
    f16 series = splat(sum->c[0]) - q * (splat(sum->c[1]) - q * (splat(sum->c[2]) - q * splat(sum->c[3])));
    f16 moment = load(first + i) * larger(deviation + splat(before), splat(1e-30f));
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
    f16 shrink = splat(idle->sums[idle->now - seen].shrink);
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
  f16 squares = {0};
  for (int64_t i = 0; i < stride; i += LANES) squares += load(x + i) * load(x + i);
  refresh_scale(table, row, lane_sum(squares));
}

// How many rows ahead to ask for: two rows of a table each, from L3.
#define AHEAD 4
#define LISTED 512

INLINE void prefetch_floats(const float *row, int64_t stride) {
  for (int64_t i = 0; i < stride; i += LANES) __builtin_prefetch(row + i, 1, 3);
}

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

KERNEL void kernel_advance_copy(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, float *out) {
  for (int64_t row = first; row < end; row++) {
    float *target = out + (row - first) * table->stride;
    if (has_moved(idle, table, row)) move_row(idle, table, row, target, table->stride);
    else memcpy(target, table->values + row * table->stride, sizeof(float) * (size_t)table->stride);
  }
}

// MARK: Rows that have a gradient

/// What n steps leave of a row's moments.
typedef struct {
  /// beta1^n and 1 - beta2^n.
  float keep1, lose2;
  /// e as of the row's last gradient.
  float epsilon_before;
} faded;

/// `least` keeps the smallest second moment among the elements that move.
INLINE void step_adam(const kernel_step *step, float *first, float *second, f16 *x, const f16 *g, const faded *left, f16 *least) {
  f16 before = load(second), m = load(first);
  if (!step->lazy) m *= larger(root(before) + splat(left->epsilon_before), splat(1e-30f));
  m = splat(left->keep1) * m + splat(1 - step->beta1) * *g;
  f16 v = before - splat(left->lose2) * before + splat(1 - step->beta2) * *g * *g;
  f16 denominator = larger(root(v) + splat(step->epsilon), splat(1e-30f));
  f16 along = m / denominator;
  *x -= splat(step->rate) * along;
  store(first, step->lazy ? m : along);
  store(second, v);
  f16 moving = vf_select(m != splat(0), v, *least);
  *least = vf_select(moving < *least, moving, *least);
}

INLINE void step_adagrad(const kernel_step *step, float *second, f16 *x, const f16 *g) {
  f16 before = load(second), after = before + *g * *g;
  store(second, after);
  f16 denominator = root(step->kind == KERNEL_ADAGRAD ? after : before) + splat(step->epsilon);
  *x -= splat(step->rate) * *g / larger(denominator, splat(1e-30f));
}

// Most rows have had a gradient within so many steps.
#define RECENT 32

typedef struct {
  faded of[RECENT];
} fading;

/// What n steps leave, n up to step + 1: as if it had never had a gradient before step 1.
INLINE faded fade(const kernel_step *step, int32_t n) {
  double before = 1 - pow(step->beta2, step->step - n);
  return (faded){
      .keep1 = (float)pow(step->beta1, n),
      .lose2 = (float)(1 - pow(step->beta2, n)),
      .epsilon_before = (float)(step->full_epsilon * (step->corrects_epsilon ? sqrt(fmax(0, before)) : 1)),
  };
}

/// Made once for many rows: two powers take as long as the rest of a row's step.
INLINE fading fading_of(const kernel_step *step) {
  fading result = {{{0}}};
  if (step->kind != KERNEL_ADAM && step->kind != KERNEL_MOMENTUM) return result;
  double kept1 = 1, kept2 = 1, bias = step->kind == KERNEL_ADAM ? pow(step->beta2, step->step) : 0;
  for (int n = 0; n < RECENT; n++) {
    double before = step->corrects_epsilon ? sqrt(fmax(0, 1 - bias / kept2)) : 1;
    result.of[n] = (faded){(float)kept1, (float)(1 - kept2), (float)(step->full_epsilon * before)};
    kept1 *= step->beta1;
    kept2 *= step->beta2;
  }
  return result;
}

INLINE void step_row(const kernel_step *numbers, const fading *fades, const kernel_table *table, int64_t row, float *gradient,
                     int64_t stride) {
  // A copy, which stores to the rows cannot change: it stays in registers.
  const kernel_step copy = *numbers, *step = &copy;
  float *x = table->values + row * stride, *first = table->first + row * stride, *second = table->second + row * stride;
  faded left = {0};
  if (step->kind == KERNEL_ADAM || step->kind == KERNEL_MOMENTUM) {
    int32_t n = step->lazy ? 1 : step->step - table->last[row];
    left = n < RECENT ? fades->of[n] : fade(step, n);
  }
  if (table->constant_column >= 0) gradient[table->constant_column] = 0;
  f16 squares = {0}, least = splat(INFINITY);
  for (int64_t i = 0; i < stride; i += LANES) {
    f16 old = load(x + i);
    f16 g = load(gradient + i) + splat(step->weight_decay) * old;
    f16 new = old - splat(step->shrink) * old;
    switch (step->kind) {
      case KERNEL_ADAM:
        step_adam(step, first + i, second + i, &new, &g, &left, &least);
        break;
      case KERNEL_MOMENTUM: {
        f16 velocity = splat(left.keep1) * load(first + i) + g;
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
  if (table->epsilon_share) table->epsilon_share[row] = step->epsilon / (__builtin_sqrtf(vf_min_lane(least)) + step->epsilon);
  table->last[row] = step->step;
  table->seen[row] = step->step;
  refresh_scale(table, row, lane_sum(squares));
}

KERNEL void kernel_step_row(const kernel_step *step, const kernel_table *table, int64_t row, float *gradient) {
  fading fades = fading_of(step);
  WITH_CONSTANT_STRIDE(table->stride, step_row(step, &fades, table, row, gradient, STRIDE));
}

/// Adds the regulariser, then steps or stores. Returns the sum of squares of what was stored.
INLINE double finish_row(const kernel_item_batch *batch, const fading *fades, int64_t row, float occurrences, float *gradient, int64_t stride) {
  const kernel_table *table = batch->table;
  float l2 = batch->per_occurrence * occurrences + batch->per_row;
  if (l2 != 0)
    for (int64_t i = 0; i < stride; i += LANES)
      store(gradient + i, load(gradient + i) + splat(l2) * load(table->values + row * stride + i));
  if (table->constant_column >= 0) gradient[table->constant_column] = 0;
  if (batch->measures) return kernel_sum_of_squares(gradient, stride);
  if (!batch->gradients) {
    step_row(batch->step, fades, table, row, gradient, stride);
    return 0;
  }
  memcpy(batch->gradients + row * stride, gradient, sizeof(float) * (size_t)stride);
  return kernel_sum_of_squares(gradient, stride);
}

// Rows to ask for ahead: a row, its moments and what its gradient is made of.
#define STEP_AHEAD 4

INLINE void prefetch_step(const kernel_table *table, int64_t row, int64_t stride) {
  prefetch_floats(table->values + row * stride, stride);
  if (table->first) prefetch_floats(table->first + row * stride, stride);
  if (table->second) prefetch_floats(table->second + row * stride, stride);
}

INLINE void step_rows(const kernel_step *step, const kernel_table *table, const int32_t *rows, int64_t count, float *gradients,
                      float factor, int64_t stride) {
  fading fades = fading_of(step);
  for (int64_t i = 0; i < count && i < STEP_AHEAD; i++) prefetch_step(table, rows[i], stride);
  for (int64_t i = 0; i < count; i++) {
    if (i + STEP_AHEAD < count) prefetch_step(table, rows[i + STEP_AHEAD], stride);
    if (factor != 1) kernel_multiply(gradients + i * stride, factor, stride);
    step_row(step, &fades, table, rows[i], gradients + i * stride, stride);
  }
}

KERNEL void kernel_step_rows(const kernel_step *step, const kernel_table *table, const int32_t *rows, int64_t count,
                             float *gradients, float factor) {
  WITH_CONSTANT_STRIDE(table->stride, step_rows(step, table, rows, count, gradients, factor, STRIDE));
}

/// The first user of each item, for the rest come while it is worked on.
INLINE void prefetch_item(const kernel_item_batch *batch, int64_t item, int64_t first, int64_t stride) {
  prefetch_step(batch->table, item, stride);
  int32_t begin = batch->offsets[item - first], end = batch->offsets[item - first + 1];
  for (int32_t e = begin; e < end && e < begin + 2; e++) prefetch_floats(batch->users + batch->user_rows[e] * stride, stride);
}

INLINE double update_items(const kernel_item_batch *batch, int64_t first, int64_t end, int64_t stride) {
  float gradient[stride] __attribute__((aligned(64)));
  int32_t list[LISTED];
  const kernel_table *table = batch->table;
  fading fades = fading_of(batch->step);
  double squares = 0;
  for (int64_t part = first; part < end; part += LISTED) {
    int64_t count = 0;
    for (int64_t item = part; item < end && item < part + LISTED; item++) {
      list[count] = (int32_t)item;
      count += batch->every_row | (batch->offsets[item - first + 1] > batch->offsets[item - first]);
    }
    for (int64_t i = 0; i < count && i < STEP_AHEAD; i++) prefetch_item(batch, list[i], first, stride);
    for (int64_t i = 0; i < count; i++) {
      if (i + STEP_AHEAD < count) prefetch_item(batch, list[i + STEP_AHEAD], first, stride);
      int64_t item = list[i];
      int32_t begin = batch->offsets[item - first], entries = batch->offsets[item - first + 1] - begin;
      kernel_item_gradient(table->score, batch->users, batch->user_rows + begin, batch->weights + begin, entries,
                           table->values + item * stride, table->scale ? table->scale[item] : 0, stride, gradient);
      squares += finish_row(batch, &fades, item, (float)entries, gradient, stride);
    }
  }
  return squares;
}

KERNEL double kernel_update_items(const kernel_item_batch *batch, int64_t first, int64_t end) {
  double squares = 0;
  WITH_CONSTANT_STRIDE(batch->table->stride, squares = update_items(batch, first, end, STRIDE));
  return squares;
}

/// The length of an item's row, from its scale where there is one.
INLINE double row_length(const kernel_table *table, int64_t row) {
  if (table->score == KERNEL_SCORE_COSINE) return 1 / (double)table->scale[row];
  if (table->score == KERNEL_SCORE_EUCLIDEAN) return sqrt((double)table->scale[row]);
  return sqrt(kernel_sum_of_squares(table->values + row * table->stride, table->stride));
}

// Products of two such numbers are far from overflowing a float.
#define SAFE 1e18

KERNEL double kernel_bound_items(const kernel_item_batch *batch, const float *lengths, int64_t first, int64_t end) {
  const kernel_table *table = batch->table;
  double squares = 0;
  for (int64_t item = first; item < end; item++) {
    int32_t begin = batch->offsets[item - first], stop = batch->offsets[item - first + 1];
    if (begin == stop && !batch->every_row) continue;
    double pull = 0, weights = 0;
    for (int32_t e = begin; e < stop; e++) {
      double weight = fabs((double)batch->weights[e]);
      weights += weight;
      pull += weight * lengths[batch->user_rows[e]];
    }
    double l2 = fabs((double)batch->per_occurrence * (stop - begin) + (double)batch->per_row);
    double length = l2 != 0 || table->score == KERNEL_SCORE_EUCLIDEAN ? row_length(table, item) : 0;
    int cosine = table->score == KERNEL_SCORE_COSINE;
    if (!(pull < SAFE && weights < SAFE && length < SAFE) || (cosine && table->scale[item] < 1 / SAFE)) return INFINITY;
    if (cosine) pull *= table->scale[item];
    if (table->score == KERNEL_SCORE_EUCLIDEAN) pull = 2 * (pull + weights * length);
    squares += (pull + l2 * length) * (pull + l2 * length);
  }
  return squares;
}

INLINE double update_users(const kernel_item_batch *batch, const int32_t *users, const int32_t *members,
                           const float *row_gradients, int64_t first, int64_t end, int64_t stride) {
  float gradient[stride] __attribute__((aligned(64)));
  fading fades = fading_of(batch->step);
  double squares = 0;
  for (int64_t u = first; u < end && u < first + STEP_AHEAD; u++) prefetch_step(batch->table, users[u], stride);
  for (int64_t u = first; u < end; u++) {
    if (u + STEP_AHEAD < end) prefetch_step(batch->table, users[u + STEP_AHEAD], stride);
    int32_t begin = batch->offsets[u], count = batch->offsets[u + 1] - begin;
    for (int64_t i = 0; i < stride; i += LANES) store(gradient + i, splat(0));
    for (int32_t member = 0; member < count; member++) {
      const float *row = row_gradients + members[begin + member] * stride;
      for (int64_t i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) + load(row + i));
    }
    squares += finish_row(batch, &fades, users[u], (float)count, gradient, stride);
  }
  return squares;
}

KERNEL double kernel_update_users(const kernel_item_batch *batch, const int32_t *users, const int32_t *members,
                                  const float *row_gradients, int64_t first, int64_t end) {
  double squares = 0;
  WITH_CONSTANT_STRIDE(batch->table->stride, squares = update_users(batch, users, members, row_gradients, first, end, STRIDE));
  return squares;
}

INLINE void apply_row(const kernel_item_batch *batch, const fading *fades, int64_t row, float factor) {
  int64_t stride = batch->table->stride;
  kernel_multiply(batch->gradients + row * stride, factor, stride);
  step_row(batch->step, fades, batch->table, row, batch->gradients + row * stride, stride);
}

KERNEL void kernel_apply_item_gradients(const kernel_item_batch *batch, float factor, int64_t first, int64_t end) {
  fading fades = fading_of(batch->step);
  for (int64_t item = first; item < end; item++)
    if (batch->every_row || batch->offsets[item - first + 1] > batch->offsets[item - first])
      apply_row(batch, &fades, item, factor);
}

KERNEL void kernel_apply_user_gradients(const kernel_item_batch *batch, const int32_t *users, float factor, int64_t first,
                                        int64_t end) {
  fading fades = fading_of(batch->step);
  for (int64_t u = first; u < end; u++) apply_row(batch, &fades, users[u], factor);
}

