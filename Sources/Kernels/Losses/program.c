#include "kernel_program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

// How a plane lies in its register. With many negatives each row begins at a multiple of 16 floats; a row operand is then one
// number for `inner` vectors. With few, negatives are the slow axis and rows the fast one, so that no lane is wasted; a row
// operand is then the same `inner` vectors for each negative. Lanes beyond the last row or negative hold anything.
typedef struct {
  long rows, negatives;
  int rows_are_fast;
  /// A plane is `outer` runs of `inner` vectors; a row register is `row_vectors` vectors.
  long outer, inner, row_vectors;
  long first;
  float *row_registers, *plane_registers;
} block;

enum { FEWEST_FOR_SLOW_ROWS = 16, BLOCK_ELEMENTS = 1024 };

/// Where an operand's vectors are: run o begins at base + o * step, and is one number where `is_splat`.
typedef struct {
  const float *base;
  long step;
  int is_splat;
} operand;

INLINE long vectors_of(long count) { return (count + LANES - 1) / LANES; }

INLINE float *row_register(const block *b, long index) { return b->row_registers + index * b->row_vectors * LANES; }
INLINE float *plane_register(const block *b, long index) {
  return b->plane_registers + index * b->outer * b->inner * LANES;
}

INLINE operand operand_of(const program_pass *pass, const block *b, const program_instruction *in, int which) {
  long index = in->operands[which];
  switch (in->operand_spaces[which]) {
    case PROGRAM_SCALAR: return (operand){pass->scalars + index, 0, 1};
    case PROGRAM_PLANE: return (operand){plane_register(b, index), b->inner * LANES, 0};
    default: {
      int splats = in->space == PROGRAM_PLANE && !b->rows_are_fast;
      return (operand){row_register(b, index), splats, splats};
    }
  }
}

// ---- Elementwise

#define UNARY(name, expression)                                                  \
  INLINE void name(float *out, const operand *a, long outer, long inner) {       \
    for (long o = 0; o < outer; o++, out += inner * LANES) {                     \
      const float *p = a->base + o * a->step;                                    \
      for (long i = 0; i < inner; i++) {                                         \
        lanes x = load(p + i * LANES);                                             \
        store(out + i * LANES, expression);                                      \
      }                                                                          \
    }                                                                            \
  }

#define BINARY(name, expression)                                                              \
  INLINE void name(float *out, const operand *a, const operand *b, long outer, long inner) {  \
    for (long o = 0; o < outer; o++, out += inner * LANES) {                                  \
      const float *p = a->base + o * a->step, *q = b->base + o * b->step;                     \
      if (a->is_splat) {                                                                      \
        lanes x = splat(*p);                                                                    \
        for (long i = 0; i < inner; i++) {                                                    \
          lanes y = load(q + i * LANES);                                                        \
          store(out + i * LANES, expression);                                                 \
        }                                                                                     \
      } else if (b->is_splat) {                                                               \
        lanes y = splat(*q);                                                                    \
        for (long i = 0; i < inner; i++) {                                                    \
          lanes x = load(p + i * LANES);                                                        \
          store(out + i * LANES, expression);                                                 \
        }                                                                                     \
      } else {                                                                                \
        for (long i = 0; i < inner; i++) {                                                    \
          lanes x = load(p + i * LANES), y = load(q + i * LANES);                               \
          store(out + i * LANES, expression);                                                 \
        }                                                                                     \
      }                                                                                       \
    }                                                                                         \
  }

#define ZERO splat(0)
#define ONE splat(1)

UNARY(negate, -x)
UNARY(exponential, vf_exp(x))
UNARY(logarithm, vf_log(x))
UNARY(logarithm_of_1_plus, vf_log1p(x))
UNARY(square_root, root(x))
UNARY(square, x * x)
UNARY(reciprocal, ONE / x)
UNARY(absolute, vf_abs(x))
UNARY(sign, vf_select(x > ZERO, ONE, vf_select(x < ZERO, -ONE, x)))
UNARY(hyperbolic_tangent, vf_tanh(x))
UNARY(sigmoid, vf_sigmoid(x))
// Written so that NaN stays NaN: a comparison with it is false.
UNARY(relu, vf_select(x <= ZERO, ZERO, x))
UNARY(softplus, vf_softplus(x))

BINARY(add, x + y)
BINARY(subtract, x - y)
BINARY(multiply, x * y)
BINARY(divide, x / y)
BINARY(minimum, vf_select((x < y) | (x != x), x, y))
BINARY(maximum, vf_select((x > y) | (x != x), x, y))
BINARY(less, vf_select(x < y, ONE, ZERO))
BINARY(less_or_equal, vf_select(x <= y, ONE, ZERO))
BINARY(equal, vf_select(x == y, ONE, ZERO))
BINARY(lead, vf_select((x > y) | (x != x), ONE, vf_select(x == y, splat(0.5f), ZERO)))
BINARY(gate, vf_select(x <= ZERO, ZERO, y))

INLINE void copy(float *out, const operand *a, long outer, long inner) {
  for (long o = 0; o < outer; o++, out += inner * LANES) {
    const float *p = a->base + o * a->step;
    for (long i = 0; i < inner; i++) store(out + i * LANES, a->is_splat ? splat(*p) : load(p + i * LANES));
  }
}

INLINE void power(float *out, const operand *a, const operand *b, long outer, long inner) {
  for (long o = 0; o < outer; o++, out += inner * LANES) {
    const float *p = a->base + o * a->step, *q = b->base + o * b->step;
    for (long i = 0; i < inner * LANES; i++) out[i] = powf(a->is_splat ? *p : p[i], b->is_splat ? *q : q[i]);
  }
}

INLINE void select_where(float *out, const operand *a, const operand *b, const operand *c, long outer, long inner) {
  const operand *operands[3] = {a, b, c};
  for (long o = 0; o < outer; o++, out += inner * LANES) {
    float splats[3][LANES];
    const float *p[3];
    long steps[3];
    for (int k = 0; k < 3; k++) {
      p[k] = operands[k]->base + o * operands[k]->step;
      steps[k] = LANES;
      if (!operands[k]->is_splat) continue;
      store(splats[k], splat(*p[k]));
      p[k] = splats[k];
      steps[k] = 0;
    }
    for (long i = 0; i < inner; i++) {
      lanes condition = load(p[0] + i * steps[0]), yes = load(p[1] + i * steps[1]), no = load(p[2] + i * steps[2]);
      store(out + i * LANES, vf_select(condition != ZERO, yes, no));
    }
  }
}

// ---- Over the negatives of a row

static const float lane_numbers[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// The lanes of a row's last vector that hold negatives, elsewhere `rest`.
#define LAST_LANES(x, b, rest) vf_select(load(lane_numbers) < splat((b)->negatives - ((b)->inner - 1) * LANES), x, splat(rest))

INLINE void negative_sum(float *out, const float *a, const block *b) {
  if (b->rows_are_fast) {
    for (long i = 0; i < b->inner; i++) {
      lanes sum = load(a + i * LANES);
      for (long j = 1; j < b->outer; j++) sum += load(a + (j * b->inner + i) * LANES);
      store(out + i * LANES, sum);
    }
    return;
  }
  for (long r = 0; r < b->outer; r++, a += b->inner * LANES) {
    // Four sums, because an addition must wait for the one before it.
    lanes sum[4] = {ZERO, ZERO, ZERO, ZERO};
    long i = 0;
    for (; i + 4 < b->inner; i += 4)
      for (int k = 0; k < 4; k++) sum[k] += load(a + (i + k) * LANES);
    for (; i + 1 < b->inner; i++) sum[0] += load(a + i * LANES);
    sum[1] += LAST_LANES(load(a + i * LANES), b, 0);
    out[r] = lane_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
}

#define LARGER_OR_NAN(x, y) vf_select((x > y) | (x != x), x, y)

INLINE void negative_maximum(float *out, const float *a, const block *b) {
  if (b->rows_are_fast) {
    for (long i = 0; i < b->inner; i++) {
      lanes most = load(a + i * LANES);
      for (long j = 1; j < b->outer; j++) {
        lanes x = load(a + (j * b->inner + i) * LANES);
        most = LARGER_OR_NAN(x, most);
      }
      store(out + i * LANES, most);
    }
    return;
  }
  for (long r = 0; r < b->outer; r++, a += b->inner * LANES) {
    lanes most = LAST_LANES(load(a + (b->inner - 1) * LANES), b, -INFINITY);
    for (long i = 0; i + 1 < b->inner; i++) {
      lanes x = load(a + i * LANES);
      most = LARGER_OR_NAN(x, most);
    }
    float lanes[LANES], top = -INFINITY;
    store(lanes, most);
    for (int k = 0; k < LANES; k++) top = lanes[k] > top || lanes[k] != lanes[k] ? lanes[k] : top;
    out[r] = top;
  }
}

/// From a row's negative j to the place in the register.
INLINE long place_of(const block *b, long row, long negative) {
  return b->rows_are_fast ? negative * b->inner * LANES + row : row * b->inner * LANES + negative;
}

INLINE void cumulate(float *out, const float *a, const block *b, int backwards) {
  for (long r = 0; r < b->rows; r++) {
    double sum = 0;
    for (long k = 0; k < b->negatives; k++) {
      long place = place_of(b, r, backwards ? b->negatives - 1 - k : k);
      sum += a[place];
      out[place] = (float)sum;
    }
  }
}

/// Ascending, from 1; of equal ones the first comes first, NaN comes last.
INLINE void negative_rank(float *out, const float *a, const block *b) {
  for (long r = 0; r < b->rows; r++) {
    for (long j = 0; j < b->negatives; j++) {
      float own = a[place_of(b, r, j)];
      long before = 0;
      for (long k = 0; k < b->negatives; k++) {
        float other = a[place_of(b, r, k)];
        int ties = other == own || (other != other && own != own);
        before += other < own || (own != own && other == other) || (ties && k < j);
      }
      out[place_of(b, r, j)] = (float)(before + 1);
    }
  }
}

// ---- Between arrays and registers

INLINE void load_array(float *out, const program_array *from, const block *b, int space) {
  long columns = space == PROGRAM_PLANE ? b->negatives : 1;
  if (space == PROGRAM_PLANE && !b->rows_are_fast && !from->index) {
    for (long r = 0; r < b->rows; r++, out += b->inner * LANES) {
      const float *row = from->base + (b->first + r) * from->row_stride;
      long i = 0;
      for (; i + 1 < b->inner; i++) store(out + i * LANES, load(row + i * LANES));
      for (i *= LANES; i < b->inner * LANES; i++) out[i] = i < columns ? row[i] : 0;
    }
    return;
  }
  long stride = space == PROGRAM_PLANE ? b->inner * LANES : b->row_vectors * LANES;
  if (space == PROGRAM_PLANE && !b->rows_are_fast) {
    for (long r = 0; r < b->rows; r++) {
      const int32_t *index = from->index + (b->first + r) * from->index_stride;
      for (long j = 0; j < stride; j++) out[r * stride + j] = j < columns ? from->base[(long)index[j] * from->row_stride] : 0;
    }
    return;
  }
  for (long j = 0; j < columns; j++) {
    for (long r = 0; r < stride; r++) {
      float value = 0;
      if (r < b->rows) {
        value = from->index
                    ? from->base[(long)from->index[(b->first + r) * from->index_stride + j] * from->row_stride]
                    : from->base[(b->first + r) * from->row_stride + j];
      }
      out[j * stride + r] = value;
    }
  }
}

INLINE void store_array(const program_array *to, const float *a, const block *b, int space) {
  if (space == PROGRAM_ROW) {
    for (long r = 0; r < b->rows; r++) to->base[(b->first + r) * to->row_stride] = a[r];
  } else if (b->rows_are_fast) {
    for (long j = 0; j < b->negatives; j++)
      for (long r = 0; r < b->rows; r++) to->base[(b->first + r) * to->row_stride + j] = a[j * b->inner * LANES + r];
  } else {
    for (long r = 0; r < b->rows; r++, a += b->inner * LANES) {
      float *row = to->base + (b->first + r) * to->row_stride;
      long i = 0;
      for (; (i + 1) * LANES <= b->negatives; i++) store(row + i * LANES, load(a + i * LANES));
      for (i *= LANES; i < b->negatives; i++) row[i] = a[i];
    }
  }
}

// ---- The loop

#define CASE_1(code, name) case code: name(out, &x, outer, inner); break;
#define CASE_2(code, name) case code: name(out, &x, &y, outer, inner); break;

KERNEL void kernel_program_block(const program_pass *pass, const block *b) {
  for (long n = 0; n < pass->instruction_count; n++) {
    const program_instruction *in = pass->instructions + n;
    if (in->code == PROGRAM_LOAD) {
      float *to = in->space == PROGRAM_PLANE ? plane_register(b, in->result) : row_register(b, in->result);
      load_array(to, pass->arrays + in->operands[0], b, in->space);
      continue;
    }
    if (in->code == PROGRAM_STORE) {
      const float *from = in->space == PROGRAM_PLANE ? plane_register(b, in->operands[0]) : row_register(b, in->operands[0]);
      store_array(pass->arrays + in->result, from, b, in->space);
      continue;
    }
    if (in->code == PROGRAM_VALUE) {
      double weight = pass->scalars[in->operands[1]];
      const float *rows = row_register(b, in->operands[0]);
      for (long r = 0; r < b->rows; r++) pass->values[b->first + r] += weight * rows[r];
      continue;
    }
    float *out = in->space == PROGRAM_PLANE ? plane_register(b, in->result) : row_register(b, in->result);
    operand x = operand_of(pass, b, in, 0), y = operand_of(pass, b, in, 1), z = operand_of(pass, b, in, 2);
    long outer = 1, inner = b->row_vectors;
    if (in->space == PROGRAM_PLANE) {
      // Where no operand is a row, all runs are one.
      int has_row = in->operand_spaces[0] == PROGRAM_ROW || in->operand_spaces[1] == PROGRAM_ROW ||
                    in->operand_spaces[2] == PROGRAM_ROW;
      outer = has_row ? b->outer : 1;
      inner = has_row ? b->inner : b->outer * b->inner;
    }
    switch (in->code) {
      CASE_1(PROGRAM_COPY, copy)
      CASE_1(PROGRAM_NEGATE, negate)
      CASE_1(PROGRAM_EXP, exponential)
      CASE_1(PROGRAM_LOG, logarithm)
      CASE_1(PROGRAM_LOG1P, logarithm_of_1_plus)
      CASE_1(PROGRAM_SQRT, square_root)
      CASE_1(PROGRAM_SQUARE, square)
      CASE_1(PROGRAM_RECIPROCAL, reciprocal)
      CASE_1(PROGRAM_ABSOLUTE, absolute)
      CASE_1(PROGRAM_SIGN, sign)
      CASE_1(PROGRAM_TANH, hyperbolic_tangent)
      CASE_1(PROGRAM_SIGMOID, sigmoid)
      CASE_1(PROGRAM_RELU, relu)
      CASE_1(PROGRAM_SOFTPLUS, softplus)
      CASE_2(PROGRAM_ADD, add)
      CASE_2(PROGRAM_SUBTRACT, subtract)
      CASE_2(PROGRAM_MULTIPLY, multiply)
      CASE_2(PROGRAM_DIVIDE, divide)
      CASE_2(PROGRAM_POWER, power)
      CASE_2(PROGRAM_MINIMUM, minimum)
      CASE_2(PROGRAM_MAXIMUM, maximum)
      CASE_2(PROGRAM_LESS, less)
      CASE_2(PROGRAM_LESS_OR_EQUAL, less_or_equal)
      CASE_2(PROGRAM_EQUAL, equal)
      CASE_2(PROGRAM_LEAD, lead)
      CASE_2(PROGRAM_GATE, gate)
      case PROGRAM_SELECT: select_where(out, &x, &y, &z, outer, inner); break;
      case PROGRAM_NEGATIVE_SUM: negative_sum(out, x.base, b); break;
      case PROGRAM_NEGATIVE_MAXIMUM: negative_maximum(out, x.base, b); break;
      case PROGRAM_CUMULATE: cumulate(out, x.base, b, 0); break;
      case PROGRAM_CUMULATE_BACKWARDS: cumulate(out, x.base, b, 1); break;
      case PROGRAM_NEGATIVE_RANK: negative_rank(out, x.base, b); break;
    }
  }
}

static block shape_of(const program_pass *pass, long count) {
  block b = {.negatives = pass->negative_count};
  b.rows_are_fast = pass->negative_count < FEWEST_FOR_SLOW_ROWS;
  long rows = BLOCK_ELEMENTS;
  if (pass->plane_registers) {
    long width = b.rows_are_fast ? b.negatives : vectors_of(b.negatives) * LANES;
    rows = BLOCK_ELEMENTS / width;
    if (b.rows_are_fast) rows = rows / LANES * LANES;
  }
  if (rows < 1) rows = 1;
  b.rows = rows < count ? rows : count;
  return b;
}

static void set_rows(block *b, long rows) {
  b->rows = rows;
  b->row_vectors = vectors_of(rows);
  b->outer = b->rows_are_fast ? b->negatives : rows;
  b->inner = b->rows_are_fast ? b->row_vectors : vectors_of(b->negatives);
}

int kernel_program_run(const program_pass *pass, long first, long end) {
  if (first >= end) return 0;
  if (pass->clears_values) memset(pass->values + first, 0, (size_t)(end - first) * sizeof *pass->values);
  block b = shape_of(pass, end - first);
  long rows = b.rows;
  set_rows(&b, rows);
  long row_floats = pass->row_registers * b.row_vectors * LANES, plane_floats = pass->plane_registers * b.outer * b.inner * LANES;
  void *memory = NULL;
  if (posix_memalign(&memory, 64, (size_t)(row_floats + plane_floats + LANES) * sizeof(float))) return 1;
  b.row_registers = memory;
  b.plane_registers = b.row_registers + row_floats;
  for (b.first = first; b.first < end; b.first += rows) {
    set_rows(&b, end - b.first < rows ? end - b.first : rows);
    kernel_program_block(pass, &b);
  }
  free(memory);
  return 0;
}
