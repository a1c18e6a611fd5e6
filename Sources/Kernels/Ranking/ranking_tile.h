// The fused product for one instruction set. Included once for each with these defined:
//   RANKING(name)                  the function's name for this instruction set
//   TILE_USERS, TILE_VECTORS, TILE_LANES   the register tile: users x (vectors of lanes items)
//   TILE_FMA(a, b, c)              a * b + c, rounded as this instruction set does it
//   TILE_PASSES(scores, threshold) bit mask of the lanes with !(score <= threshold)
// A tile of users (TILE_USERS x dim) stays in the first cache while it meets one panel of items; the panel is used by all tiles
// of the block before the next one is read.

#define TILE_WIDTH (TILE_VECTORS * TILE_LANES)
typedef float RANKING(vector) __attribute__((ext_vector_type(TILE_LANES), aligned(4 * TILE_LANES)));

/// Users as [tile][dim][TILE_USERS]; users past the last are zero.
static void RANKING(pack_users)(const kernel_ranking_block *block, float *packed) {
  for (long first = 0; first < block->user_count; first += TILE_USERS) {
    for (long lane = 0; lane < TILE_USERS; lane++) {
      long position = first + lane;
      const float *row = position < block->user_count ? block->user_rows + block->users[position] * block->dim : NULL;
      for (long f = 0; f < block->dim; f++) packed[f * TILE_USERS + lane] = row ? row[f] : 0;
    }
    packed += block->dim * TILE_USERS;
  }
}

static inline __attribute__((always_inline)) void RANKING(accumulate)(
    const float *panel, const float *users, long dim, RANKING(vector) sums[TILE_USERS][TILE_VECTORS]) {
#pragma clang loop unroll(full)
  for (int v = 0; v < TILE_VECTORS; v++) {
    RANKING(vector) bias = *(const RANKING(vector) *)(panel + v * TILE_LANES);
#pragma clang loop unroll(full)
    for (int u = 0; u < TILE_USERS; u++) sums[u][v] = bias;
  }
  for (long f = 0; f < dim; f++) {
    panel += KERNEL_RANKING_PANEL;
    RANKING(vector) items[TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < TILE_VECTORS; v++) items[v] = *(const RANKING(vector) *)(panel + v * TILE_LANES);
#pragma clang loop unroll(full)
    for (int u = 0; u < TILE_USERS; u++) {
      RANKING(vector) user = users[u];
#pragma clang loop unroll(full)
      for (int v = 0; v < TILE_VECTORS; v++) sums[u][v] = TILE_FMA(user, items[v], sums[u][v]);
    }
    users += TILE_USERS;
  }
}

/// Offers what passed of one tile; `passes[u]` has a bit for each item.
static __attribute__((noinline)) void RANKING(offer_tile)(ranking_state *state, long first_user, long first_item,
                                                          const uint32_t passes[TILE_USERS],
                                                          const float scores[TILE_USERS][TILE_WIDTH]) {
  for (long u = 0; u < TILE_USERS; u++) {
    for (uint32_t bits = passes[u]; bits; bits &= bits - 1) {
      long lane = __builtin_ctz(bits);
      float score = scores[u][lane];
      // The threshold may have risen since the tile was compared.
      if (score <= state->thresholds[first_user + u]) continue;
      long user = first_user + u, item = first_item + lane;
      if (user >= state->user_count || item >= state->item_count) continue;  // Padding of the tile.
      if (!ranking_is_masked(&state->lists[user], item)) ranking_offer(state, user, item, score);
    }
  }
}

static inline __attribute__((always_inline)) void RANKING(rank_tile)(const float *panel, const float *users, long dim,
                                                                     long first_user, long first_item,
                                                                     ranking_state *state) {
  RANKING(vector) sums[TILE_USERS][TILE_VECTORS];
  RANKING(accumulate)(panel, users, dim, sums);
  uint32_t passes[TILE_USERS], any = 0;
#pragma clang loop unroll(full)
  for (int u = 0; u < TILE_USERS; u++) {
    RANKING(vector) threshold = state->thresholds[first_user + u];
    uint32_t bits = 0;
#pragma clang loop unroll(full)
    for (int v = 0; v < TILE_VECTORS; v++) bits |= (uint32_t)TILE_PASSES(sums[u][v], threshold) << (v * TILE_LANES);
    passes[u] = bits;
    any |= bits;
  }
  if (any == 0) return;
  float scores[TILE_USERS][TILE_WIDTH] __attribute__((aligned(64)));
#pragma clang loop unroll(full)
  for (int u = 0; u < TILE_USERS; u++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < TILE_VECTORS; v++) *(RANKING(vector) *)&scores[u][v * TILE_LANES] = sums[u][v];
  }
  RANKING(offer_tile)(state, first_user, first_item, passes, scores);
}

static void RANKING(top)(const kernel_ranking_block *block, const float *packed_users, ranking_state *state) {
  long dim = block->dim, panel_floats = (1 + dim) * KERNEL_RANKING_PANEL;
  const float *panel = block->packed_items;
  for (long item = 0; item < block->item_count; item += KERNEL_RANKING_PANEL, panel += panel_floats) {
    const float *users = packed_users;
    for (long user = 0; user < block->user_count; user += TILE_USERS, users += dim * TILE_USERS) {
      for (long offset = 0; offset < KERNEL_RANKING_PANEL; offset += TILE_WIDTH)
        RANKING(rank_tile)(panel + offset, users, dim, user, item + offset, state);
    }
  }
}

static void RANKING(scores)(const kernel_ranking_block *block, const float *packed_users, long first_panel,
                            long last_panel, float *scores, long stride) {
  long dim = block->dim, panel_floats = (1 + dim) * KERNEL_RANKING_PANEL;
  for (long p = first_panel; p < last_panel; p++) {
    const float *panel = block->packed_items + p * panel_floats;
    for (long first = 0; first < block->user_count; first += TILE_USERS) {
      for (long offset = 0; offset < KERNEL_RANKING_PANEL; offset += TILE_WIDTH) {
        RANKING(vector) sums[TILE_USERS][TILE_VECTORS];
        RANKING(accumulate)(panel + offset, packed_users + first * dim, dim, sums);
        long item = p * KERNEL_RANKING_PANEL + offset;
        long width = block->item_count - item < TILE_WIDTH ? block->item_count - item : TILE_WIDTH;
        if (width <= 0) continue;
        float *out = scores + item - first_panel * KERNEL_RANKING_PANEL;
        for (long u = 0; u < TILE_USERS && first + u < block->user_count; u++)
          memcpy(out + (first + u) * stride, &sums[u][0], (size_t)width * sizeof(float));
      }
    }
  }
}

/// Items whose sums run beside each other: one sum alone waits for each of its own additions.
#define PAIRS_AT_ONCE 8

static void RANKING(pair_scores)(const float *item_rows, const float *bias, long dim, const float *user_row,
                                 const int32_t *items, long count, float *scores) {
  long n = 0;
  for (; n + PAIRS_AT_ONCE <= count; n += PAIRS_AT_ONCE) {
    const float *rows[PAIRS_AT_ONCE];
    float sums[PAIRS_AT_ONCE];
    for (int i = 0; i < PAIRS_AT_ONCE; i++) {
      rows[i] = item_rows + items[n + i] * dim;
      sums[i] = bias ? bias[items[n + i]] : 0;
    }
    for (long f = 0; f < dim; f++) {
      float user = user_row[f];
#pragma clang loop unroll(full)
      for (int i = 0; i < PAIRS_AT_ONCE; i++) sums[i] = TILE_FMA(user, rows[i][f], sums[i]);
    }
    memcpy(scores + n, sums, sizeof sums);
  }
  for (; n < count; n++) {
    const float *row = item_rows + items[n] * dim;
    float sum = bias ? bias[items[n]] : 0;
    for (long f = 0; f < dim; f++) sum = TILE_FMA(user_row[f], row[f], sum);
    scores[n] = sum;
  }
}

#undef PAIRS_AT_ONCE

/// Rows of scores that are already there.
static void RANKING(scan)(const float *scores, ranking_state *state) {
  for (long user = 0; user < state->user_count; user++, scores += state->item_count) {
    long item = 0;
    for (; item + TILE_LANES <= state->item_count; item += TILE_LANES) {
      RANKING(vector) threshold = state->thresholds[user], row;
      memcpy(&row, scores + item, sizeof row);
      for (uint32_t bits = (uint32_t)TILE_PASSES(row, threshold); bits; bits &= bits - 1) {
        long lane = item + __builtin_ctz(bits);
        if (!(scores[lane] <= state->thresholds[user]) && !ranking_is_masked(&state->lists[user], lane))
          ranking_offer(state, user, lane, scores[lane]);
      }
    }
    for (; item < state->item_count; item++)
      if (!(scores[item] <= state->thresholds[user]) && !ranking_is_masked(&state->lists[user], item))
        ranking_offer(state, user, item, scores[item]);
  }
}

static const ranking_functions RANKING(functions) = {
    .users = TILE_USERS, .pack_users = RANKING(pack_users), .top = RANKING(top), .scores = RANKING(scores),
    .pair_scores = RANKING(pair_scores), .scan = RANKING(scan)};

#undef TILE_WIDTH
#undef TILE_USERS
#undef TILE_VECTORS
#undef TILE_LANES
#undef TILE_FMA
#undef TILE_PASSES
#undef RANKING
