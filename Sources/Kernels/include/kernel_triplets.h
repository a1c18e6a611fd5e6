#ifndef KERNEL_TRIPLETS_H
#define KERNEL_TRIPLETS_H

#include <stdint.h>

// Triplets of a user, a positive and a negative, and a small network that says what each of them counts. Rows are `stride` floats, a
// multiple of 16, zero beyond the dimension. Each function handles the triplets first..<end, and what is computed of one does not depend
// on the others.

/// Where the rows of each triplet are. With them move the rows of `motion` in the same form.
typedef struct {
  long stride;
  /// [users, stride]: the user's row p as it scores and as it stands in a state, and the mean of the rows of its items.
  const float *users, *state_users, *interests;
  /// [items, stride]: the item's row q as it scores, and what stands for it in a state.
  const float *items, *shifted;
  /// [B] and [B, 2], the positive first.
  const int32_t *user_slots, *item_slots;
} kernel_triplets;

/// Lists of rows to be summed, one after another.
typedef struct {
  /// A member m of a list is row m of these, times scales[m]; `scales` may be NULL, all 1.
  const float *rows, *scales;
  long stride;
  /// List n has the members list[starts[n]] to list[starts[n + 1] - 1]; there are count + 1 starts.
  const int32_t *list, *starts;
  long count;
  /// [count], what the sums are divided by, or NULL.
  const float *divisors;
  /// [count, stride], a row that is added to each sum in the end, or NULL.
  const float *beside;
} kernel_row_lists;

/// One row more for each list n, slots[n] of these; none where it is below 0.
typedef struct {
  const float *rows;
  const int32_t *slots;
} kernel_own_rows;

/// sums[n] = the sum of list n in its order, and of its own row after it, [count, stride]. `own` may be NULL.
void kernel_sum_row_lists(const kernel_row_lists *lists, const kernel_own_rows *own, float *sums);

/// sums[n] += table[rows[n]], and what comes out stands in both from then on. `rows` are distinct.
void kernel_join_rows(const int32_t *rows, long count, long stride, float *table, float *sums);

/// Writes the members of the list that are marked, in their order, and returns how many these are: member m by bit m % 64 of marks[m / 64].
/// `kept` has room for `count`.
long kernel_keep_marked(const int32_t *list, long count, const uint64_t *marks, int32_t *kept);

/// losses[b] = softplus(<p, q_j - q_i>), slopes[b] its derivative.
void kernel_triplet_losses(const kernel_triplets *triplets, long first, long end, float *losses, float *slopes);

/// The derivatives of sum_b factors[b] slopes[b] <p, q_j - q_i> with respect to p, q_i and q_j, [B, 3, stride].
void kernel_triplet_loss_gradients(const kernel_triplets *triplets, const float *factors, const float *slopes, long first, long end,
                                   float *gradients);

/// states[b] = [ s_i * (p + interest) ; s_j * (p + interest) ], s what stands for the items, [B, 2 stride].
void kernel_triplet_states(const kernel_triplets *triplets, long first, long end, float *states);

/// The derivative of a state where all rows move by those of `motion`, [B, 2 stride].
void kernel_triplet_state_motions(const kernel_triplets *triplets, const kernel_triplets *motion, long first, long end, float *states);

/// From derivatives with respect to states, [B, 2 stride], to those with respect to p + interest, s_i and s_j, [B, 3, stride].
void kernel_triplet_state_gradients(const kernel_triplets *triplets, const float *state_gradients, long first, long end,
                                    float *gradients);

/// motions[b] = slopes[b] (<v_p, q_j - q_i> + <p, v_j - v_i>), v the rows of `motion`.
void kernel_triplet_loss_motions(const kernel_triplets *triplets, const kernel_triplets *motion, const float *slopes, long first,
                                 long end, float *motions);

/// What makes a weight of the network's last number.
enum { KERNEL_TRIPLET_SIGMOID, KERNEL_TRIPLET_SOFTPLUS };

/// The weights of triplets, the weights' derivatives, and the second ones as multiples of the first, [B] each.
typedef struct {
  float *weights, *slopes, *curves;
} kernel_triplet_weighing;

/// One hidden layer: hidden[b] holds W s and is replaced by max(0, W s + bias); weights[b] = f(<hidden, output> + offset).
void kernel_triplet_weights(float *hidden, const float *bias, const float *output, float offset, int32_t activation, long stride,
                            long first, long end, const kernel_triplet_weighing *out);

/// products[b] = <output, rows[b]> over the places at which hidden[b] is above 0; the other places of rows[b] become 0.
void kernel_triplet_active_products(const float *hidden, const float *output, long stride, long first, long end, float *rows,
                                    float *products);

/// rows[b] = factors[b] * output at the places at which hidden[b] is above 0, elsewhere 0.
void kernel_triplet_active_rows(const float *hidden, const float *output, const float *factors, long stride, long first, long end,
                                float *rows);

/// sums[b, c] = a[b] x[b, c] + c[b] y[b, c] for `width` columns, a multiple of 16.
void kernel_triplet_combine(const float *a, const float *x, const float *c, const float *y, long width, long first, long end,
                            float *sums);

#endif
