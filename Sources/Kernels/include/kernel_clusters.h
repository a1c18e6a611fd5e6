#ifndef KERNEL_CLUSTERS_H
#define KERNEL_CLUSTERS_H

// Soft assignment of items to clusters by Student's t, and its divergence from a sharper target. Each function handles the items
// first..<end; matrices are contiguous, items and centers of `dim` columns, the others of `cluster_count`.

/// log_assignments[i, k] = ln Q_ik with Q_ik proportional to (1 + |item_i - center_k|^2 / tau)^(-(tau + 1) / 2), and
/// nearness[i, k] = 1 / (1 + |item_i - center_k|^2 / tau). Adds Q_ik to mass[k].
void kernel_cluster_assign(const float *items, const float *centers, long dim, long cluster_count, float tau, long first,
                           long end, float *log_assignments, float *nearness, double *mass);

/// target[i, k] = T_ik proportional to Q_ik^2 / mass_k
void kernel_cluster_target(const float *log_assignments, const float *log_mass, long cluster_count, long first, long end,
                           float *target);

/// sum_ik T_ik ln(T_ik / Q_ik). Where `surplus` is not NULL adds T_ik ( ln(T_ik / Q_ik) - sum_l T_il ln(T_il / Q_il) ) to surplus[k].
double kernel_cluster_divergence(const float *log_assignments, const float *target, long cluster_count, long first, long end,
                                 double *surplus);

typedef struct {
  const float *items, *centers;
  long dim, cluster_count;
  float tau;
  const float *log_assignments, *nearness, *target;
  const float *target_slopes;  ///< surplus_k / mass_k where the target is differentiated, otherwise NULL
  float *item_gradients;
} kernel_cluster_batch;

/// Writes the divergence's derivatives with respect to the items, and adds those with respect to the centers.
void kernel_cluster_gradients(const kernel_cluster_batch *batch, long first, long end, float *center_gradients);

/// Of rows `stride` apart, a multiple of 16, and matrices of `width` columns, a multiple of 16; `products` holds <item_i, center_k> in
/// row i - first, and is replaced by the factors
///
///     f_ik = (tau + 1) / tau (target_ik - Q_ik) / (1 + |item_i - center_k|^2 / tau)
///
/// of which the divergence's derivatives are sum_k f_ik (item_i - center_k) and - sum_i f_ik (item_i - center_k). totals[i - first] is
/// the sum of a row. Returns - sum_ik target_ik ln Q_ik. center_squares[k] = |center_k|^2, infinite from the last on, where targets are
/// 0 and factors become 0; `scratch` has room for 2 * width floats.
double kernel_cluster_factors(const float *items, long stride, const float *center_squares, long width, const float *target,
                              float tau, long first, long end, float *products, float *scratch, float *totals);

/// sums[i - first] = scale (totals[i - first] rows[i] - sums[i - first]) for the rows first..<end.
void kernel_cluster_pulls(const float *rows, const float *totals, long stride, float scale, long first, long end, float *sums);

#endif
