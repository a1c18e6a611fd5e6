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

#endif
