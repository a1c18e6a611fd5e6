#ifndef KERNEL_PROGRAM_H
#define KERNEL_PROGRAM_H

#include <stdint.h>

// Runs a compiled loss over blocks of rows that stay in cache: one instruction after the other, each over the whole block.
//
// A register holds one number for each row of the block (ROW), or one for each of a row's negatives (PLANE). A scalar holds one
// number for the whole batch. Numbers outside the block (scores, gradients, tables) are arrays of the batch.

enum {
  // Elementwise, one operand.
  PROGRAM_COPY, PROGRAM_NEGATE, PROGRAM_EXP, PROGRAM_LOG, PROGRAM_LOG1P, PROGRAM_SQRT, PROGRAM_SQUARE, PROGRAM_RECIPROCAL,
  PROGRAM_ABSOLUTE, PROGRAM_SIGN, PROGRAM_TANH, PROGRAM_SIGMOID, PROGRAM_RELU, PROGRAM_SOFTPLUS,
  // Elementwise, two operands. Comparisons give 1 or 0, LEAD 1 where the first is
  // larger and 1/2 where both are equal; GATE is the second operand, but 0 where the first is 0 or less.
  PROGRAM_ADD, PROGRAM_SUBTRACT, PROGRAM_MULTIPLY, PROGRAM_DIVIDE, PROGRAM_POWER, PROGRAM_MINIMUM, PROGRAM_MAXIMUM,
  PROGRAM_LESS, PROGRAM_LESS_OR_EQUAL, PROGRAM_EQUAL, PROGRAM_LEAD, PROGRAM_GATE,
  // The second operand where the first is not 0, else the third.
  PROGRAM_SELECT,
  // Over the negatives of each row: to one number, or running.
  PROGRAM_NEGATIVE_SUM, PROGRAM_NEGATIVE_MAXIMUM, PROGRAM_CUMULATE, PROGRAM_CUMULATE_BACKWARDS, PROGRAM_NEGATIVE_RANK,
  // From an array to a register and back. VALUE adds scalar * row to the rows' values.
  PROGRAM_LOAD, PROGRAM_STORE, PROGRAM_VALUE,
};

enum { PROGRAM_ROW, PROGRAM_PLANE, PROGRAM_SCALAR };

typedef struct program_instruction {
  uint8_t code;
  /// Of the result; of a STORE's source.
  uint8_t space;
  uint8_t operand_spaces[3];
  /// A register; of STORE an array.
  int32_t result;
  /// Registers, scalars; of LOAD an array; of VALUE a row, then a scalar.
  int32_t operands[3];
} program_instruction;

/// Element (r, j) is base[r * row_stride + j], or with `index` base[index[r * index_stride + j] * row_stride].
typedef struct program_array {
  float *base;
  long row_stride;
  const int32_t *index;
  long index_stride;
} program_array;

typedef struct program_pass {
  const program_instruction *instructions;
  long instruction_count;
  long row_registers, plane_registers;
  const float *scalars;
  const program_array *arrays;
  /// [B]
  double *values;
  /// Whether the rows' values begin at 0 in this pass.
  int clears_values;
  long negative_count;
} program_pass;

/// Rows first..<end of the batch. What a row gets does not depend on the other rows of the call. Returns 0, or 1 where there is
/// no memory for the registers.
int kernel_program_run(const program_pass *pass, long first, long end);

#endif
