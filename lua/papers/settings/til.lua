-- Settings of "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation" (Wu et al., CIKM
-- 2022), sections 5.1 to 5.6, with the published numbers of its Table 1. A config: plain data, evaluated without io, os
-- or require.

-- Rows of Table 1, in the paper's order.
local table1 = { "bpr", "aobpr", "wbpr", "pris", "tce", "rce", "tce_bpr", "rce_bpr", "til_ui", "til_mi" }

-- Two lines of Table 1, Recall@20 and NDCG@20 of a backbone: percent there, shares from 0 to 1 here.
local function lines(recalls, ndcgs)
  local rows = {}
  for i = 1, #table1 do rows[table1[i]] = { recall = recalls[i] / 100, ndcg = ndcgs[i] / 100 } end
  return rows
end

local published = {
  ["amazon-cd"] = {
    mf = lines(
      { 9.99, 10.03, 10.01, 10.32, 8.90, 9.70, 9.03, 9.71, 10.88, 12.03 },
      { 5.81, 5.83, 5.92, 6.04, 5.03, 5.69, 5.36, 5.73, 6.30, 7.11 }
    ),
    neumf = lines(
      { 11.03, 11.08, 11.05, 11.93, 10.64, 10.05, 11.77, 11.42, 11.85, 13.33 },
      { 6.40, 6.43, 6.62, 7.22, 6.24, 5.87, 6.86, 6.77, 7.01, 7.83 }
    ),
    mgccf = lines(
      { 13.80, 13.86, 14.01, 14.24, 13.34, 13.16, 13.82, 13.94, 14.30, 14.67 },
      { 8.02, 8.08, 8.07, 8.24, 7.72, 7.44, 8.20, 8.11, 8.43, 8.68 }
    ),
    lightgcn = lines(
      { 13.40, 13.44, 13.52, 13.77, 12.94, 12.86, 13.52, 13.45, 13.92, 14.21 },
      { 7.90, 7.95, 7.96, 8.15, 7.59, 7.21, 8.12, 7.98, 8.34, 8.61 }
    ),
  },
  gowalla = {
    mf = lines(
      { 12.19, 12.22, 13.02, 14.88, 13.05, 12.83, 13.94, 13.82, 15.80, 16.42 },
      { 7.76, 7.80, 7.92, 9.49, 8.06, 7.82, 8.53, 8.25, 9.77, 10.09 }
    ),
    neumf = lines(
      { 13.55, 13.59, 14.35, 15.83, 13.62, 13.15, 14.80, 14.76, 16.89, 17.32 },
      { 8.47, 8.52, 8.60, 9.23, 8.42, 8.37, 8.96, 8.87, 10.90, 11.17 }
    ),
    mgccf = lines(
      { 15.75, 15.84, 15.83, 16.35, 15.94, 15.76, 15.93, 15.80, 17.33, 18.25 },
      { 9.70, 9.81, 9.82, 9.94, 9.86, 9.73, 10.00, 9.79, 10.24, 11.06 }
    ),
    lightgcn = lines(
      { 17.73, 17.75, 17.78, 18.03, 17.82, 17.72, 17.99, 17.82, 18.01, 18.61 },
      { 11.16, 11.21, 11.18, 11.30, 11.24, 11.12, 11.21, 11.15, 11.27, 11.62 }
    ),
  },
  -- Last.fm 360K by the authors' code; what is called lastfm here is another, smaller set.
  ["lastfm-360k"] = {
    mf = lines(
      { 17.35, 17.38, 18.99, 20.28, 19.99, 19.00, 20.30, 18.50, 20.70, 21.63 },
      { 10.47, 10.52, 11.43, 12.07, 11.91, 11.46, 12.15, 11.13, 12.48, 13.22 }
    ),
    neumf = lines(
      { 19.17, 19.18, 20.80, 21.15, 19.21, 18.96, 21.50, 21.46, 22.86, 23.15 },
      { 11.63, 11.67, 12.15, 12.26, 11.78, 11.65, 13.07, 12.99, 14.10, 14.21 }
    ),
    mgccf = lines(
      { 21.26, 21.32, 21.28, 21.97, 20.44, 20.12, 21.80, 21.22, 23.14, 23.44 },
      { 13.06, 13.33, 13.30, 13.50, 11.73, 11.45, 13.47, 13.19, 14.19, 14.35 }
    ),
    lightgcn = lines(
      { 23.31, 23.33, 23.35, 23.92, 22.36, 22.05, 23.82, 23.30, 24.14, 24.85 },
      { 14.25, 14.28, 14.26, 14.68, 12.59, 12.08, 14.51, 14.20, 14.82, 15.35 }
    ),
  },
}

-- 8:1:1 of each user's interactions. All rows and seeds have the same split, as section 5.2 says.
local random = { kind = "ratio", test = 0.1, valid = 0.1, seed = 10 }
-- Section 5.1: users and items with at least ten interactions.
local ten = { min_per_user = 10, min_per_item = 10 }
-- Where there are ratings, those of 4 and 5 are positive.
local four_stars = { min_rating = 4, min_per_user = 10, min_per_item = 10 }

-- The authors' code sums losses over a batch. All rows do: L2 then has the same weight beside each of them.
local function loss(kind) return { kind = kind, reduction = "sum" } end
local function truncated(kind) return { kind = kind, reduction = "sum", gradual_steps = 0 } end
local function reweighted(kind) return { kind = kind, reduction = "sum" } end

local uniform = { kind = "uniform", count = 1, exclude_positives = true }
local xavier = { kind = "xavier_uniform" }

-- Section 5.4.
local rates, l2s = { 1e-4, 1e-3, 1e-2 }, { 1e-6, 1e-5, 1e-4, 1e-3, 1e-2 }
local baseline_grid = { rate = rates, l2 = l2s }

-- States are differentiated, as Eq. 12 is written and the authors' code does.
local function importance(own)
  own.inner_rate, own.states = 1e-3, "attached"
  return own
end

local function equation3(own)
  own.activation, own.offset = "sigmoid", true
  return own
end

return {
  seed = 1,
  -- Of the table with --all; figures have one.
  seeds = 5,
  metrics = { "recall@20", "ndcg@20" },
  published = published,

  -- What holds unless a backbone, a method or a data set says otherwise. --set makes fractions of numbers with a point.
  common = {
    dim = 64,
    batch = 5000,
    rate = 1e-3,
    l2 = 1e-5,
    l2_scope = "batch",
    -- What makes a weight of the network's last number; its rate and its L2.
    network = { activation = "sigmoid", offset = true },
    network_rate = 1e-3,
    network_decay = 0.0,
    epochs = 3000,
    -- 100 epochs without improvement end a run. Validation is looked at every 5 of them: to rank all items takes longer
    -- than an epoch of BPR.
    every = 5,
    patience = 20,
    loss = loss "bpr",
    sampler = uniform,
    optimizer = { kind = "adam" },
    -- Of TIL-MI. alpha and gamma lie within the paper's grids, which say no more. Ten epochs after 100 of BPR on
    -- Gowalla Recall@20 on validation is 0.1531 with a gamma of 1e-4, 0.1499 with 1e-3 (BPR: 0.1532), and falls with
    -- 1e-2: the clustering loss is a sum over all items.
    clusters = 60,
    alpha = 1.0,
    gamma = 1e-4,
    -- Epochs of plain BPR before TIL-MI's weights and clusters begin. The paper says 500; its code has 100, and 10 for
    -- graphs. With 500 a run could be at its end before they began.
    pretrain = 100,
    -- Of baselines, which the paper does not give: from how far down the ranking AOBPR has its negatives; how many
    -- PRIS has for each positive, five as in its own paper (one's weight is 1, and PRIS is BPR with another sampler);
    -- the share of a batch that TCE drops, and in how many batches it grows to that, as in its code; RCE's exponent.
    lambda = 500.0,
    negatives = 5,
    drop = 0.2,
    drop_steps = 30000,
    beta = 0.25,
  },

  backbones = {
    -- L2 and network are those of the authors' code: Adam's weight decay of all rows, and 1e-1 of the network's, whose
    -- weights are softplus without b2. What validation says of BPR is far from that: of 200 epochs with L2 of the
    -- batch's rows Recall@20 is 0.1604, 0.1604, 0.1614, 0.1638 and 0.1533 with 1e-6 to 1e-2 (at most 0.1184 with a rate
    -- of 1e-2); of 60 with L2 of all rows 0.1460, 0.1431 and 0.1207 with 1e-4, 1e-3 and 1e-2.
    mf = {
      title = "MF", model = { kind = "mf", score = "dot", init = xavier },
      l2 = 1e-2, l2_scope = "tables", network = { activation = "softplus", offset = false }, network_decay = 1e-1,
    },
    neumf = {
      title = "NeuMF", model = { kind = "neumf", tower = { 128, 64, 32, 16 }, init = xavier },
    },
    -- Both with one layer, section 5.4.
    mgccf = { title = "MGCCF", pretrain = 10, model = { kind = "mgccf", neighbors = 10, init = xavier } },
    -- Recall@20 of BPR on validation of Gowalla. L2 of a batch's rows, a rate of 1e-2: 0.1459, 0.1465, 0.1618, 0.1587
    -- after 60 epochs with 1e-5, 1e-4, 1e-3 and 3e-3; a rate of 3e-3 with 1e-3: 0.1648, and 0.1712 after 80; of 1e-3
    -- with 1e-5: 0.1412 after 60. L2 of all rows, a rate of 1e-2: 0.1480 after 30 epochs with 1e-3 (batch: 0.1548),
    -- 0.1071 with 1e-2.
    lightgcn = {
      title = "LightGCN", pretrain = 10, model = { kind = "lightgcn", layers = 1, init = xavier },
      rate = 3e-3, l2 = 1e-3,
    },
    -- What the authors' code calls LightGCN: a node averages itself and its neighbors, D^-1 (B + I), and the settings
    -- are those of its command line. BPR's Recall@20 on Gowalla's validation is 0.1527 after 190 of 200 epochs; with a
    -- rate of 1e-2 0.1205, 0.1513 and 0.1552 with L2 of 5e-3, 1e-3 and 3e-4 after 20, 55 and 40.
    lightgcn_code = {
      title = "LightGCN of the code", pretrain = 10,
      model = { kind = "lightgcn", layers = 1, normalization = "row", init = xavier }, l2 = 1e-3, l2_scope = "tables",
    },
  },

  methods = {
    bpr = { title = "BPR" },
    aobpr = { title = "AOBPR", sampler = { kind = "adaptive", count = 1 } },
    -- Negatives in proportion to their counts; positives are pairs of train, as in all rows.
    wbpr = { title = "WBPR", sampler = { kind = "popularity", count = 1, exclude_positives = true } },
    pris = {
      title = "PRIS", loss = loss "pris",
      sampler = { kind = "cluster", clusters = 100, members = "popularity", transform = "logarithm" },
    },
    tce = { title = "TCE", loss = truncated "tce", drops = true },
    rce = { title = "RCE", loss = reweighted "rce" },
    tce_bpr = { title = "TCE-BPR", loss = truncated "tce_bpr", drops = true },
    rce_bpr = { title = "RCE-BPR", loss = reweighted "rce_bpr" },
    til_ui = { title = "TIL-UI", weighting = importance {} },
    -- "Updated every 10 iterations": epochs, as the authors' code counts.
    til_mi = {
      title = "TIL-MI", weighting = importance { strategy = "multi", clustering = "learned", refresh = 10 },
    },
    til_mik = {
      title = "TIL-MIK", weighting = importance { strategy = "multi", clustering = "kmeans", refresh = 10 },
    },
    -- Equation 3 to the letter.
    til_ui_sigmoid = { title = "TIL-UI, sigmoid", weighting = importance(equation3 {}), network_decay = 0 },
    til_mi_sigmoid = {
      title = "TIL-MI, sigmoid", network_decay = 0,
      weighting = importance(equation3 { strategy = "multi", clustering = "learned", refresh = 10 }),
    },
  },

  -- What is tuned on validation. Alpha and gamma alone, with the rate and L2 that are in `tuned` by then: all four at
  -- once would be 300 runs.
  grids = {
    bpr = baseline_grid,
    aobpr = baseline_grid,
    wbpr = baseline_grid,
    pris = baseline_grid,
    tce = baseline_grid,
    rce = baseline_grid,
    tce_bpr = baseline_grid,
    rce_bpr = baseline_grid,
    til_ui = baseline_grid,
    til_mi = { alpha = { 1e-2, 1e-1, 1, 5, 10 }, gamma = { 1e-4, 1e-3, 1e-2, 1e-1 } },
    til_mik = { alpha = { 1e-2, 1e-1, 1, 5, 10 } },
    til_ui_sigmoid = baseline_grid,
    til_mi_sigmoid = { alpha = { 1e-2, 1e-1, 1, 5, 10 }, gamma = { 1e-4, 1e-3, 1e-2, 1e-1 } },
  },

  backbones_of_paper = { "mf", "neumf", "mgccf", "lightgcn" },
  -- Those that run where --backbone names them.
  other_backbones = { "lightgcn_code" },
  table1 = table1,
  -- Those that run where --rows or a figure names them.
  others = { "til_mik", "til_ui_sigmoid", "til_mi_sigmoid" },
  -- Each row is compared with this one, user by user.
  reference = "bpr",
  -- And TIL-MI with TIL-UI, and as in the paper with the best of those that are not TIL.
  compared = { method = "til_mi", with = "til_ui" },

  -- share: of a user's train items, how many are added, taken away, or both.
  figure3 = {
    share = 0.5, seed = 10,
    noises = {
      { name = "positives", adds = true }, { name = "negatives", removes = true },
      { name = "both", adds = true, removes = true },
    },
  },
  -- The weights that the network has after so many epochs; no epoch is selected.
  figure4 = {
    dataset = "ml-100k", backbone = "mf", method = "til_ui", epochs = 300, liked = { 5, 4 }, disliked = { 1, 2, 3 },
  },
  figure5 = { method = "til_mi", column = "clusters", values = { 1, 20, 40, 60, 80, 100 } },
  figure7 = { methods = { "til_ui", "til_mik", "til_mi" }, reference = "til_ui" },

  datasets_of_paper = { "gowalla" },
  -- tuned: settings of a backbone's methods that validation chose.
  datasets = {
    -- Recall@20 on validation with L2 of 1e-2, 1e-3 of all rows and 1e-5: WBPR 0.1424 after 30 epochs, 0.1334 after 20
    -- (0.1363 with 1e-2); TCE 0.1314, 0.1334 and 0.1343 after 30, and still rising; RCE 0.1201, 0.1184 and 0.1151, of
    -- which the first alone still rises. With 1e-3 of all rows and a rate of 1e-2 TCE and RCE are at their end by then,
    -- with 0.1362 and 0.1240.
    gowalla = {
      split = random, tuned = { lightgcn = { wbpr = { l2 = 1e-2 }, tce = { l2 = 1e-5 }, rce = { l2 = 1e-2 } } },
    },
    ["gowalla-pris"] = { filter = ten, split = random, tuned = {} },
    -- BPR's best epoch is its 100th, and with noise earlier.
    ["ml-100k"] = {
      filter = four_stars, split = random,
      tuned = { mf = { til_mi = { pretrain = 20 }, til_mik = { pretrain = 20 } } },
    },
    ["amazon-instant-video"] = { filter = { min_rating = 4 }, split = random, tuned = {} },
    other = { filter = ten, split = random, tuned = {} },
  },
}
