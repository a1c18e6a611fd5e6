#include "kernel_solvers.h"

#include <string.h>

#include "vectors.h"

// ---- Products of columns: the sums of z z' over many rows.

#define COLUMN_TILE 8

/// sums[i][j] += sum_n rows[n][i] rows[n][j] for j on and right of the diagonal (and some to its left).
INLINE void add_products(const float *rows, long count, long stride, float *sums) {
  for (long i = 0; i < stride; i += COLUMN_TILE) {
    for (long j = i / LANES * LANES; j < stride; j += LANES) {
      lanes tile[COLUMN_TILE];
#pragma clang loop unroll(full)
      for (int r = 0; r < COLUMN_TILE; r++) tile[r] = load(sums + (i + r) * stride + j);
      for (long n = 0; n < count; n++) {
        const float *row = rows + n * stride;
        lanes right = load(row + j);
#pragma clang loop unroll(full)
        for (int r = 0; r < COLUMN_TILE; r++) tile[r] += splat(row[i + r]) * right;
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < COLUMN_TILE; r++) store(sums + (i + r) * stride + j, tile[r]);
    }
  }
}

// As many rows are summed in single precision.
#define GRAM_ROWS 128

KERNEL void kernel_add_gram(const float *rows, long count, long stride, long dim, float *workspace, double *gram) {
  for (long first = 0; first < count; first += GRAM_ROWS) {
    long size = count - first < GRAM_ROWS ? count - first : GRAM_ROWS;
    memset(workspace, 0, sizeof(float) * (size_t)(stride * stride));
    WITH_CONSTANT_STRIDE(stride, add_products(rows + first * stride, size, STRIDE, workspace));
    for (long i = 0; i < dim; i++)
      for (long j = i; j < dim; j++) gram[i * dim + j] += workspace[i * stride + j];
  }
}

// ---- Rows times a small matrix.

#define ROW_TILE 4

INLINE void transform_tile(const float *rows, long stride, long dim, const float *matrix, float *out) {
  for (long j = 0; j < stride; j += LANES) {
    lanes sums[ROW_TILE] = {{0}};
    for (long k = 0; k < dim; k++) {
      lanes right = load(matrix + k * stride + j);
#pragma clang loop unroll(full)
      for (int r = 0; r < ROW_TILE; r++) sums[r] += splat(rows[r * stride + k]) * right;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < ROW_TILE; r++) store(out + r * stride + j, sums[r]);
  }
}

KERNEL void kernel_transform_rows(const float *rows, long count, long stride, long dim, const float *matrix,
                                  float *workspace, float *out) {
  long first = 0;
  for (; first + ROW_TILE <= count; first += ROW_TILE) {
    memcpy(workspace, rows + first * stride, sizeof(float) * (size_t)(ROW_TILE * stride));
    WITH_CONSTANT_STRIDE(stride, transform_tile(workspace, STRIDE, dim, matrix, out + first * stride));
  }
  for (; first < count; first++) {
    memcpy(workspace, rows + first * stride, sizeof(float) * (size_t)stride);
    for (long j = 0; j < stride; j += LANES) {
      lanes sum = {0};
      for (long k = 0; k < dim; k++) sum += splat(workspace[k]) * load(matrix + k * stride + j);
      store(out + first * stride + j, sum);
    }
  }
}

// ---- Parts of one row's problem.

INLINE float product(const float *a, const float *b, long stride) {
  lanes sum = {0};
  for (long i = 0; i < stride; i += LANES) sum += load(a + i) * load(b + i);
  return lane_sum(sum);
}

INLINE void add_scaled(float *out, float scale, const float *in, long stride) {
  for (long i = 0; i < stride; i += LANES) store(out + i, load(out + i) + splat(scale) * load(in + i));
}

INLINE void gather(const float *table, const int32_t *indices, long count, long stride, float *out) {
  for (long n = 0; n < count; n++)
    for (long i = 0; i < stride; i += LANES) store(out + n * stride + i, load(table + indices[n] * stride + i));
}

INLINE void prefetch_rows(const float *table, const int32_t *indices, long count, long stride) {
  for (long n = 0; n < count; n++)
    for (long i = 0; i < stride; i += LANES) __builtin_prefetch(table + indices[n] * stride + i, 0, 3);
}

// Adds two vectors' lanes in pairs a distance apart, and leaves the sums of both beside each other.
#define FOLD8(a, b)                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +            \
   __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define FOLD4(a, b)                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +          \
   __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
#define FOLD2(a, b)                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +          \
   __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31))
#define FOLD1(a, b)                                                                                   \
  (__builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +         \
   __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31))

#define PRODUCT_TILE 4

/// The products of four rows with four others, [4, 4], to `out` whose rows are `width` apart.
INLINE void tile_of_products(const float *left, const float *right, long stride, float *out, long width) {
  lanes s[PRODUCT_TILE * PRODUCT_TILE] = {{0}};
  for (long k = 0; k < stride; k += LANES) {
#pragma clang loop unroll(full)
    for (int a = 0; a < PRODUCT_TILE; a++) {
      lanes row = load(left + a * stride + k);
#pragma clang loop unroll(full)
      for (int b = 0; b < PRODUCT_TILE; b++) s[a * PRODUCT_TILE + b] += row * load(right + b * stride + k);
    }
  }
#pragma clang loop unroll(full)
  for (int n = 0; n < 8; n++) s[n] = FOLD8(s[2 * n], s[2 * n + 1]);
#pragma clang loop unroll(full)
  for (int n = 0; n < 4; n++) s[n] = FOLD4(s[2 * n], s[2 * n + 1]);
#pragma clang loop unroll(full)
  for (int n = 0; n < 2; n++) s[n] = FOLD2(s[2 * n], s[2 * n + 1]);
  lanes sums = FOLD1(s[0], s[1]);
#pragma clang loop unroll(full)
  for (int a = 0; a < PRODUCT_TILE; a++) memcpy(out + a * width, (const float *)&sums + a * PRODUCT_TILE, 4 * PRODUCT_TILE);
}

/// Solves a symmetric positive definite system without square roots, K = L D L'.
///
/// `matrix` is [size, width], read on and above the diagonal, and destroyed; its columns past `size` are 0. `vector`, [width], holds the
/// right side, then the solution. `lower` is [size, width] of workspace.
INLINE void solve(float *matrix, float *lower, float *vector, long size, long width) {
  memset(lower, 0, sizeof(float) * (size_t)(size * width));
  for (long j = 0; j < size; j++) {
    const float *pivot = matrix + j * width;
    float inverse = 1 / pivot[j], scaled = vector[j] * inverse;
    for (long i = j + 1; i < size; i++) {
      float factor = pivot[i] * inverse;
      lower[i * width + j] = factor;
      float *row = matrix + i * width;
      for (long k = i / LANES * LANES; k < width; k += LANES) store(row + k, load(row + k) - splat(factor) * load(pivot + k));
      vector[i] -= scaled * pivot[i];
    }
    vector[j] = scaled;
  }
  for (long j = size - 1; j > 0; j--) {
    float solved = vector[j];
    for (long k = 0; k < j; k += LANES)
      store(vector + k, load(vector + k) - splat(solved) * load(lower + j * width + k));
  }
}

// ---- One row.

/// As many unknowns as items: w = c Z' (1 + (c - 1) Z Z')^-1 1.
INLINE void solve_by_items(const float *rows, long count, float confidence, long stride, float *workspace, float *out) {
  long padded = (count + PRODUCT_TILE - 1) / PRODUCT_TILE * PRODUCT_TILE;
  long width = (padded + LANES - 1) / LANES * LANES;
  float *matrix = workspace, *lower = matrix + padded * width, *vector = lower + padded * width;
  for (long a = 0; a < padded; a += PRODUCT_TILE) {
    memset(matrix + a * width, 0, sizeof(float) * (size_t)(PRODUCT_TILE * width));
    for (long b = a; b < padded; b += PRODUCT_TILE)
      tile_of_products(rows + a * stride, rows + b * stride, stride, matrix + a * width + b, width);
  }
  for (long a = 0; a < count; a++) {
    float *row = matrix + a * width;
    for (long k = a / LANES * LANES; k < width; k += LANES) store(row + k, splat(confidence - 1) * load(row + k));
    row[a] += 1;
  }
  for (long k = 0; k < width; k++) vector[k] = k < count ? confidence : 0;
  solve(matrix, lower, vector, count, width);
  memset(out, 0, sizeof(float) * (size_t)stride);
  for (long n = 0; n < count; n++) add_scaled(out, vector[n], rows + n * stride, stride);
}

// Rows that are gathered at a time where there are more items than numbers in a row.
#define CHUNK 64

/// As many unknowns as numbers in a row: w = (1 + (c - 1) Z'Z)^-1 c Z' 1.
INLINE void solve_by_numbers(const kernel_weighted_rows *problem, const int32_t *indices, long count, long stride,
                             float *workspace, float *out) {
  float confidence = problem->confidence;
  float *rows = workspace, *matrix = rows + CHUNK * stride, *lower = matrix + stride * stride;
  memset(matrix, 0, sizeof(float) * (size_t)(stride * stride));
  memset(out, 0, sizeof(float) * (size_t)stride);
  for (long first = 0; first < count; first += CHUNK) {
    long size = count - first < CHUNK ? count - first : CHUNK;
    gather(problem->fixed, indices + first, size, stride, rows);
    add_products(rows, size, stride, matrix);
    for (long n = 0; n < size; n++) add_scaled(out, confidence, rows + n * stride, stride);
  }
  for (long k = 0; k < stride * stride; k += LANES) store(matrix + k, splat(confidence - 1) * load(matrix + k));
  for (long k = 0; k < stride; k++) matrix[k * stride + k] += 1;
  solve(matrix, lower, out, problem->dim, stride);
}

/// (1 + (c - 1) Z'Z) in, for the rows of the items, without making the matrix.
INLINE void multiply(const kernel_weighted_rows *problem, const int32_t *indices, long count, const float *in, long stride,
                     float *out) {
  memcpy(out, in, sizeof(float) * (size_t)stride);
  for (long n = 0; n < count; n++) {
    const float *row = problem->fixed + indices[n] * stride;
    add_scaled(out, (problem->confidence - 1) * product(row, in, stride), row, stride);
  }
}

/// Conjugate gradient from the row that is in `out`.
INLINE void descend(const kernel_weighted_rows *problem, const int32_t *indices, long count, long stride, float *workspace,
                    float *out) {
  float *residual = workspace, *direction = residual + stride, *image = direction + stride;
  multiply(problem, indices, count, out, stride, image);
  for (long k = 0; k < stride; k += LANES) store(residual + k, -load(image + k));
  for (long n = 0; n < count; n++) add_scaled(residual, problem->confidence, problem->fixed + indices[n] * stride, stride);
  memcpy(direction, residual, sizeof(float) * (size_t)stride);
  float square = product(residual, residual, stride);
  for (long step = 0; step < problem->steps; step++) {
    // What is left is below what single precision tells apart.
    if (!(square > 1e-14f * product(out, out, stride))) return;
    multiply(problem, indices, count, direction, stride, image);
    float length = square / product(direction, image, stride);
    add_scaled(out, length, direction, stride);
    add_scaled(residual, -length, image, stride);
    float next = product(residual, residual, stride);
    for (long k = 0; k < stride; k += LANES)
      store(direction + k, load(residual + k) + splat(next / square) * load(direction + k));
    square = next;
  }
}

/// |w|^2 + sum_I (c (1 - s)^2 - s^2), s = z.w
INLINE double cost(const kernel_weighted_rows *problem, const int32_t *indices, long count, long stride, const float *row) {
  double sum = product(row, row, stride), confidence = problem->confidence;
  for (long n = 0; n < count; n++) {
    double score = product(problem->fixed + indices[n] * stride, row, stride);
    sum += confidence * (1 - score) * (1 - score) - score * score;
  }
  return sum;
}

INLINE double solve_row(const kernel_weighted_rows *problem, const int32_t *indices, long count, long stride,
                        float *workspace, float *out) {
  if (count == 0) {
    memset(out, 0, sizeof(float) * (size_t)stride);
    return 0;
  }
  if (problem->steps > 0) {
    descend(problem, indices, count, stride, workspace, out);
  } else if (count <= problem->dim) {
    long padding = (PRODUCT_TILE - count % PRODUCT_TILE) % PRODUCT_TILE;
    gather(problem->fixed, indices, count, stride, workspace);
    memset(workspace + count * stride, 0, sizeof(float) * (size_t)(padding * stride));
    float *rest = workspace + (count + padding) * stride;
    solve_by_items(workspace, count, problem->confidence, stride, rest, out);
  } else {
    solve_by_numbers(problem, indices, count, stride, workspace, out);
  }
  return cost(problem, indices, count, stride, out);
}

long kernel_weighted_rows_workspace(long stride) {
  long chunk = stride > CHUNK ? stride : CHUNK;
  return chunk * stride + 2 * stride * stride + 3 * stride;
}

// Rows of the next problem that are asked for while this one is solved.
#define MOST_AHEAD 64

INLINE double solve_rows(const kernel_weighted_rows *problem, long first, long last, long stride, float *workspace,
                         float *out) {
  double sum = 0;
  for (long row = first; row < last; row++) {
    if (row + 1 < last) {
      long start = problem->offsets[row + 1], count = problem->offsets[row + 2] - start;
      prefetch_rows(problem->fixed, problem->indices + start, count < MOST_AHEAD ? count : MOST_AHEAD, stride);
    }
    long start = problem->offsets[row];
    sum += solve_row(problem, problem->indices + start, problem->offsets[row + 1] - start, stride, workspace,
                     out + (row - first) * stride);
  }
  return sum;
}

KERNEL double kernel_solve_weighted_rows(const kernel_weighted_rows *problem, long first, long last, float *workspace,
                                         float *out) {
  double sum = 0;
  if (problem->stride == 64) {
    sum = solve_rows(problem, first, last, 64, workspace, out);
  } else {
    sum = solve_rows(problem, first, last, problem->stride, workspace, out);
  }
  return sum;
}
