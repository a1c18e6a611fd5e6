#include "kernel_clusters.h"
#include "loss_rows.h"

// Rows of `cluster_count` numbers are handled 16 at a time like a row's negatives.
#define FOR_EACH_CLUSTER(...)                                                                             \
  for (long k = 0; k < cluster_count; k += LANES) {                                                       \
    long part = cluster_count - k < LANES ? cluster_count - k : LANES;                                    \
    __VA_ARGS__                                                                                           \
  }
#define PART(pointer) vf_load_part((pointer) + k, part)
#define PART_OR(pointer, rest) vf_load_part_or((pointer) + k, part, rest)

VF_INLINE float squared_distance(const float *a, const float *b, long dim) {
  lanes sum = {0};
  for (long c = 0; c < dim; c += LANES) {
    long part = dim - c < LANES ? dim - c : LANES;
    lanes difference = part == LANES ? load(a + c) - load(b + c) : vf_load_part(a + c, part) - vf_load_part(b + c, part);
    sum += difference * difference;
  }
  return lane_sum(sum);
}

KERNEL void kernel_cluster_assign(const float *items, const float *centers, long dim, long cluster_count, float tau, long first,
                                  long end, float *log_assignments, float *nearness, double *mass) {
  for (long i = first; i < end; i++) {
    float *row = log_assignments + i * cluster_count, *near = nearness + i * cluster_count;
    for (long k = 0; k < cluster_count; k++) row[k] = squared_distance(items + i * dim, centers + k * dim, dim) / tau;
    lanes most = splat(-INFINITY);
    FOR_EACH_CLUSTER({
      lanes x = PART(row);
      vf_store_part(near + k, splat(1) / (splat(1) + x), part);
      lanes y = splat(-(tau + 1) / 2) * vf_log1p(x);
      vf_store_part(row + k, y, part);
      y = vf_load_part_or(row + k, part, -INFINITY);
      most = vf_select(y <= most, most, y);
    })
    float top = vf_max_lane(most);
    lanes sum = {0};
    FOR_EACH_CLUSTER(sum += vf_exp(PART_OR(row, -INFINITY) - splat(top));)
    float shift = top + logf(lane_sum(sum));
    for (long k = 0; k < cluster_count; k++) row[k] -= shift;
    FOR_EACH_CLUSTER({
      float lanes[LANES];
      store(lanes, vf_exp(PART(row)));
      for (long l = 0; l < part; l++) mass[k + l] += lanes[l];
    })
  }
}

KERNEL void kernel_cluster_target(const float *log_assignments, const float *log_mass, long cluster_count, long first, long end,
                                  float *target) {
  for (long i = first; i < end; i++) {
    const float *row = log_assignments + i * cluster_count;
    float *out = target + i * cluster_count;
    lanes most = splat(-INFINITY), sum = {0};
    FOR_EACH_CLUSTER({
      lanes y = splat(2) * PART_OR(row, -INFINITY) - PART(log_mass);
      most = vf_select(y <= most, most, y);
    })
    float top = vf_max_lane(most);
    FOR_EACH_CLUSTER({
      lanes e = vf_exp(splat(2) * PART_OR(row, -INFINITY) - PART(log_mass) - splat(top));
      sum += e;
      vf_store_part(out + k, e, part);
    })
    float share = 1 / lane_sum(sum);
    for (long k = 0; k < cluster_count; k++) out[k] *= share;
  }
}

KERNEL double kernel_cluster_divergence(const float *log_assignments, const float *target, long cluster_count, long first,
                                        long end, double *surplus) {
  double total = 0;
  for (long i = first; i < end; i++) {
    const float *row = log_assignments + i * cluster_count, *wanted = target + i * cluster_count;
    lanes sum = {0};
    FOR_EACH_CLUSTER({
      lanes t = PART(wanted);
      // 0 ln 0 is 0; NaN stays.
      sum += vf_select(t == splat(0), splat(0), t * (vf_log(t) - PART(row)));
    })
    double divergence = lane_sum(sum);
    total += divergence;
    if (!surplus) continue;
    // T_ik (ln(T_ik / Q_ik) - its mean under T); T sums to 1.
    FOR_EACH_CLUSTER({
      lanes t = PART(wanted);
      float lanes[LANES];
      store(lanes, vf_select(t == splat(0), splat(0), t * (vf_log(t) - PART(row) - splat(divergence))));
      for (long l = 0; l < part; l++) surplus[k + l] += lanes[l];
    })
  }
  return total;
}

KERNEL void kernel_cluster_gradients(const kernel_cluster_batch *batch, long first, long end, float *center_gradients) {
  long dim = batch->dim, cluster_count = batch->cluster_count;
  float factor = (batch->tau + 1) / batch->tau;
  for (long i = first; i < end; i++) {
    const float *row = batch->log_assignments + i * cluster_count, *wanted = batch->target + i * cluster_count;
    const float *near = batch->nearness + i * cluster_count, *item = batch->items + i * dim;
    float divergence = 0, pull = 0;
    if (batch->target_slopes) {
      lanes sum = {0}, drawn = {0};
      FOR_EACH_CLUSTER({
        lanes t = PART(wanted);
        lanes q = vf_exp(PART_OR(row, -INFINITY));
        sum += vf_select(t == splat(0), splat(0), t * (vf_log(t) - PART(row)));
        drawn += q * PART(batch->target_slopes);
      })
      divergence = lane_sum(sum);
      pull = lane_sum(drawn);
    }
    float *gradient = batch->item_gradients + i * dim;
    for (long c = 0; c < dim; c++) gradient[c] = 0;
    FOR_EACH_CLUSTER({
      lanes t = PART(wanted);
      lanes q = vf_exp(PART(row));
      lanes slope = q - t;
      if (batch->target_slopes) {
        lanes own = vf_select(t == splat(0), splat(0), t * (vf_log(t) - PART(row) - splat(divergence)));
        slope += splat(2) * own + q * (splat(pull) - PART(batch->target_slopes));
      }
      float lanes[LANES];
      store(lanes, splat(-factor) * slope * PART(near));
      for (long l = 0; l < part; l++) {
        const float *center = batch->centers + (k + l) * dim;
        float *center_gradient = center_gradients + (k + l) * dim;
        for (long c = 0; c < dim; c++) {
          float push = lanes[l] * (item[c] - center[c]);
          gradient[c] += push;
          center_gradient[c] -= push;
        }
      }
    })
  }
}

/// ln of Student's r, up to a constant, and 1 / (1 + distance^2 / tau). Returns the largest of the first.
INLINE float student_row(const float *item, long stride, const float *center_squares, long width, float tau, const float *products,
                         float *logs, float *near) {
  lanes square = {0}, most = splat(-INFINITY);
  for (long d = 0; d < stride; d += LANES) square += load(item + d) * load(item + d);
  lanes own = splat(lane_sum(square)), half = splat(-(tau + 1) / 2);
  for (long k = 0; k < width; k += LANES) {
    lanes distance = own + load(center_squares + k) - splat(2) * load(products + k);
    // Rounding may lead below 0; NaN stays.
    lanes x = vf_select(distance < splat(0), splat(0), distance) / splat(tau);
    lanes y = half * vf_log1p(x);
    store(near + k, splat(1) / (splat(1) + x));
    store(logs + k, y);
    most = vf_select(y <= most, most, y);
  }
  return vf_max_lane(most);
}

/// One row of products to factors. Returns the sum of target times ln Q, but for the logarithm of *mass, by which Q is divided.
INLINE float cluster_row(const float *item, long stride, const float *center_squares, long width, const float *target, float tau,
                         float *own, float *scratch, float *total, float *mass) {
  float *logs = scratch, *near = scratch + width;
  float top = student_row(item, stride, center_squares, width, tau, own, logs, near);
  lanes sum = {0}, factor = splat((tau + 1) / tau);
  for (long k = 0; k < width; k += LANES) {
    lanes weight = vf_exp(load(logs + k) - splat(top));
    store(own + k, weight);
    sum += weight;
  }
  *mass = lane_sum(sum);
  lanes share = splat(1 / *mass), said = {0}, all = {0};
  for (long k = 0; k < width; k += LANES) {
    lanes t = load(target + k), f = factor * (t - load(own + k) * share) * load(near + k);
    store(own + k, f);
    all += f;
    // 0 ln 0 is 0; NaN stays.
    said += vf_select(t == splat(0), splat(0), t * (load(logs + k) - splat(top)));
  }
  *total = lane_sum(all);
  return lane_sum(said);
}

/// The same with one degree of freedom, where Q is 1 / (1 + distance^2) up to the sum: no powers.
INLINE float near_row(const float *item, long stride, const float *center_squares, long width, const float *target, float *own,
                      float *near, float *total, float *mass) {
  lanes square = {0}, sum = {0}, said = {0}, all = {0};
  for (long d = 0; d < stride; d += LANES) square += load(item + d) * load(item + d);
  lanes length = splat(lane_sum(square));
  for (long k = 0; k < width; k += LANES) {
    lanes distance = length + load(center_squares + k) - splat(2) * load(own + k), t = load(target + k);
    lanes far = splat(1) + vf_select(distance < splat(0), splat(0), distance), nearness = splat(1) / far;
    store(near + k, nearness);
    sum += nearness;
    said -= vf_select(t == splat(0), splat(0), t * vf_log(far));
  }
  *mass = lane_sum(sum);
  lanes share = splat(1 / *mass);
  for (long k = 0; k < width; k += LANES) {
    lanes nearness = load(near + k), f = splat(2) * (load(target + k) - nearness * share) * nearness;
    store(own + k, f);
    all += f;
  }
  *total = lane_sum(all);
  return lane_sum(said);
}

KERNEL double kernel_cluster_factors(const float *items, long stride, const float *center_squares, long width, const float *target,
                                     float tau, long first, long end, float *products, float *scratch, float *totals) {
  double said = 0;
  for (long part = first; part < end; part += LANES) {
    long stop = part + LANES < end ? part + LANES : end;
    float masses[LANES] __attribute__((aligned(64)));
    store(masses, splat(1));
    for (long i = part; i < stop; i++) {
      const float *item = items + i * stride, *wanted = target + i * width;
      float *own = products + (i - first) * width, *total = totals + i - first, *mass = masses + i - part;
      said += tau == 1 ? near_row(item, stride, center_squares, width, wanted, own, scratch, total, mass)
                       : cluster_row(item, stride, center_squares, width, wanted, tau, own, scratch, total, mass);
    }
    // A row of targets sums to 1.
    said -= lane_sum(vf_log(load(masses)));
  }
  return -said;
}

KERNEL void kernel_cluster_pulls(const float *rows, const float *totals, long stride, float scale, long first, long end,
                                 float *sums) {
  for (long i = first; i < end; i++) {
    lanes total = splat(totals[i - first]);
    float *own = sums + (i - first) * stride;
    for (long d = 0; d < stride; d += LANES) store(own + d, splat(scale) * (total * load(rows + i * stride + d) - load(own + d)));
  }
}
