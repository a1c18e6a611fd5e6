#ifndef OPTIMIZER_ROWS_H
#define OPTIMIZER_ROWS_H

// One row's step: what all kernels that move rows share.

#include <math.h>

#include "kernel_optimizers.h"
#include "kernel_rows.h"
#include "vectors.h"

INLINE void refresh_scale(const kernel_table *table, int64_t row, float square) {
  if (!table->scale) return;
  table->scale[row] =
      table->score == KERNEL_SCORE_COSINE ? 1 / fmaxf(__builtin_sqrtf(square), KERNEL_NORM_FLOOR) : square;
}

/// Into L2: the nearest cache has too few lines on their way for several rows at once.
INLINE void prefetch_floats(const float *row, int64_t stride) {
  for (int64_t i = 0; i < stride; i += LANES) __builtin_prefetch(row + i, 0, 2);
}

/// What n steps leave of a row's moments.
typedef struct {
  /// beta1^n and 1 - beta2^n.
  float keep1, lose2;
  /// e as of the row's last gradient.
  float epsilon_before;
} faded;

/// `least` keeps the smallest second moment among the elements that move.
INLINE void step_adam(const kernel_step *step, float *first, float *second, lanes *x, const lanes *g, const faded *left, lanes *least) {
  lanes before = load(second), m = load(first);
  if (!step->lazy) m *= larger(root(before) + splat(left->epsilon_before), splat(1e-30f));
  m = splat(left->keep1) * m + splat(1 - step->beta1) * *g;
  lanes v = before - splat(left->lose2) * before + splat(1 - step->beta2) * *g * *g;
  lanes denominator = larger(root(v) + splat(step->epsilon), splat(1e-30f));
  lanes along = m / denominator;
  *x -= splat(step->rate) * along;
  store(first, step->lazy ? m : along);
  store(second, v);
  lanes moving = vf_select(m != splat(0), v, *least);
  *least = vf_select(moving < *least, moving, *least);
}

INLINE void step_adagrad(const kernel_step *step, float *second, lanes *x, const lanes *g) {
  lanes before = load(second), after = before + *g * *g;
  store(second, after);
  lanes denominator = root(step->kind == KERNEL_ADAGRAD ? after : before) + splat(step->epsilon);
  *x -= splat(step->rate) * *g / larger(denominator, splat(1e-30f));
}

// Most rows have had a gradient within so many steps.
#define RECENT 32

typedef struct {
  faded of[RECENT];
} fading;

/// What the n steps up to this one leave. A row that never had a gradient has last = 0 and nothing to leave.
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
  lanes squares = {0}, least = splat(INFINITY);
  for (int64_t i = 0; i < stride; i += LANES) {
    lanes old = load(x + i);
    lanes g = load(gradient + i) + splat(step->weight_decay) * old;
    lanes new = old - splat(step->shrink) * old;
    switch (step->kind) {
      case KERNEL_ADAM:
        step_adam(step, first + i, second + i, &new, &g, &left, &least);
        break;
      case KERNEL_MOMENTUM: {
        lanes velocity = splat(left.keep1) * load(first + i) + g;
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

// Rows that are listed before they are worked on, so that the next ones can be asked for.
#define LISTED 512

// Rows to ask for ahead: a row, its moments and what its gradient is made of.
#define STEP_AHEAD 8

INLINE void prefetch_step(const kernel_table *table, int64_t row, int64_t stride) {
  prefetch_floats(table->values + row * stride, stride);
  if (table->first) prefetch_floats(table->first + row * stride, stride);
  if (table->second) prefetch_floats(table->second + row * stride, stride);
}

#endif
