-- Settings of "Personalized Ranking with Importance Sampling" (Lian et al., WWW 2020), sections 5.1 to 5.4, with the
-- published numbers of its Tables 2 and 3. A config: plain data, evaluated without io, os or require.

-- Metrics are shares from 0 to 1, as in the paper's tables. "P" stands for f = ln(1 + count), section 5.3.
local citeulike = {
  popularity = { recall = 0.0609 },
  wrmf = { ndcg = 0.1239, recall = 0.2710 },
  cml = { ndcg = 0.1293, recall = 0.2775 },
  warp = { ndcg = 0.0878, recall = 0.1912 },
  bpr = { ndcg = 0.1269, recall = 0.2772 },
  aobpr = { ndcg = 0.0990, recall = 0.2208 },
  sa = { ndcg = 0.1328, recall = 0.2872 },
  U = { ndcg = 0.1328, recall = 0.2872 },
  P = { ndcg = 0.1443, recall = 0.3033 },
  CU = { ndcg = 0.1413, recall = 0.2993 },
  CP = { ndcg = 0.1505, recall = 0.3159 },
  CUJ = { ndcg = 0.1507, recall = 0.3135 },
  CPJ = { ndcg = 0.1514, recall = 0.3129 },
  exact = { ndcg = 0.1428, recall = 0.3017 },
  pris = { ndcg = 0.1514, recall = 0.3129 },
}
local gowalla = {
  popularity = { recall = 0.0493 },
  wrmf = { ndcg = 0.1329, recall = 0.2242 },
  cml = { ndcg = 0.1245, recall = 0.2337 },
  warp = { ndcg = 0.1555, recall = 0.2650 },
  bpr = { ndcg = 0.1216, recall = 0.2048 },
  aobpr = { ndcg = 0.1385, recall = 0.2369 },
  sa = { ndcg = 0.1400, recall = 0.2355 },
  U = { ndcg = 0.1400, recall = 0.2355 },
  P = { ndcg = 0.1457, recall = 0.2420 },
  CU = { ndcg = 0.1660, recall = 0.2746 },
  CP = { ndcg = 0.1706, recall = 0.2803 },
  CUJ = { ndcg = 0.1720, recall = 0.2822 },
  CPJ = { ndcg = 0.1719, recall = 0.2816 },
  exact = { ndcg = 0.1695, recall = 0.2811 },
  pris = { ndcg = 0.1719, recall = 0.2816 },
}

local uniform = { kind = "uniform", exclude_positives = true }
local popularity = { kind = "popularity", transform = "logarithm", exclude_positives = true }
-- K-means anew before each epoch, from the last centers.
local cluster_uniform = { kind = "cluster", members = "uniform" }
local cluster_popularity = { kind = "cluster", members = "popularity", transform = "logarithm" }

-- The paper starts the temperature high and cools it gradually, and gives no numbers. Its clustering loss trains
-- "cluster parameters", and is then added to the loss: where it moves users and items too (`trains = "all"`) both joint
-- rows lose.
local learned = { form = "straight_through", trains = "clusters", decay = 0.95, least = 0.1 }

-- 80 % of each user's interactions to train on, 10 % of which select; the rest is tested on.
local random = { kind = "ratio", test = 0.2, valid = 0.08, seed = 10 }

return {
  seed = 1,
  -- Of the tables with --all; figures have one.
  seeds = 5,
  metrics = { "ndcg@50", "recall@50" },
  published = { ["citeulike-t"] = citeulike, ["gowalla-pris"] = gowalla, ["gowalla-pris/derived"] = gowalla },

  -- What holds unless a method or a data set says otherwise.
  common = {
    dim = 32,
    batch = 128,
    rate = 0.001,
    negatives = 5,
    clusters = 100,
    -- The paper says that validation selects, and no more. Validation is looked at every 5 epochs, and 20 looks without
    -- improvement end a run: with what clusters draw validation rises for long, and unsteadily.
    epochs = 1000,
    every = 5,
    patience = 20,
    model = { kind = "mf", score = "dot", init = { kind = "normal", std = 0.1 } },
    -- Keras' form, whose epsilon is 1e-7.
    optimizer = { kind = "adam", keras = true, epsilon = 1e-7 },
  },

  -- activity: the c of activity regularization, of the sum of squares of a sample's rows; it weighs c / batch in the
  -- mean over the batch. With c itself the model of all zeros would be the best one.
  methods = {
    popularity = { title = "popularity", solver = "popularity" },
    wrmf = {
      title = "WRMF", solver = "wrmf", epochs = 60, every = 2, alpha = 10, regularization = 0.01,
    },
    bpr = { title = "BPR", loss = { kind = "bpr" }, sampler = uniform, activity = 1 },
    -- LibRec steps triplet by triplet; sums over a batch make steps as large. 256 epochs at a rate of 0.05.
    aobpr = {
      title = "AOBPR", loss = { kind = "bpr", reduction = "sum" }, sampler = { kind = "adaptive", lambda = 500 },
      negatives = 1, optimizer = { kind = "sgd" }, rate = 0.05, l2 = 0.01, epochs = 256,
    },
    sa = { title = "SA", loss = { kind = "self_adversarial" }, sampler = uniform, activity = 1 },
    -- lightfm: biases, its initial values and its Adagrad; one step for each positive, hence sums.
    warp = {
      title = "WARP", loss = { kind = "warp", reduction = "sum" }, sampler = { kind = "warp", max_trials = 50 },
      model = { kind = "mf", score = "dot", biases = true, init = { kind = "uniform", bound = 0.5 / 32 } },
      optimizer = { kind = "adagrad", variant = "lightfm" }, rate = 0.05, l2 = 1e-5,
    },
    -- The code of its authors: rows within the unit ball, TensorFlow's Adagrad, large batches, no covariance term.
    cml = {
      title = "CML", loss = { kind = "cml", margin = 1.9, reduction = "sum" }, sampler = uniform, negatives = 20,
      model = { kind = "unit_ball", init = { kind = "normal", std = 1 / 32 ^ 0.5 } }, batch = 50000,
      optimizer = { kind = "adagrad", variant = "tensorflow" }, rate = 0.1, epochs = 2000, every = 25,
    },
    U = { title = "PRIS, U", loss = { kind = "pris" }, sampler = uniform, activity = 1 },
    P = { title = "PRIS, P", loss = { kind = "pris" }, sampler = popularity, activity = 1 },
    CU = { title = "PRIS, CU", loss = { kind = "pris" }, sampler = cluster_uniform, activity = 1 },
    CP = { title = "PRIS, CP", loss = { kind = "pris" }, sampler = cluster_popularity, activity = 1 },
    CUJ = {
      title = "PRIS, CUJ", loss = { kind = "pris" }, sampler = cluster_uniform, activity = 1, learned = learned,
    },
    CPJ = {
      title = "PRIS, CPJ", loss = { kind = "pris" }, sampler = cluster_popularity, activity = 1, learned = learned,
    },
    exact = { title = "PRIS, Exact", loss = { kind = "pris" }, sampler = { kind = "exact" }, activity = 1 },
  },

  -- What is tuned on validation, as sections 5.3 and 5.4 say; for WARP the text has its two lists the wrong way round.
  grids = {
    wrmf = { alpha = { 1, 5, 10, 20, 50, 100, 200, 500 } },
    bpr = { activity = { 2, 1, 0.5 } },
    aobpr = { l2 = { 0.005, 0.01, 0.02 } },
    sa = { activity = { 2, 1, 0.5 } },
    warp = { rate = { 0.05, 0.01, 0.005, 0.001 }, l2 = { 1e-3, 1e-4, 1e-5, 1e-6 } },
    U = { activity = { 2, 1, 0.5 } },
    P = { activity = { 2, 1, 0.5 } },
    CU = { activity = { 2, 1, 0.5 } },
    CP = { activity = { 2, 1, 0.5 } },
    CUJ = { activity = { 2, 1, 0.5 } },
    CPJ = { activity = { 2, 1, 0.5 } },
    exact = { activity = { 2, 1, 0.5 } },
  },

  -- Rows, in the paper's order, but for popularity, the floor. `best` is the sampler that PRIS has in Table 2.
  table2 = { "popularity", "wrmf", "cml", "warp", "bpr", "aobpr", "sa" },
  best = "CPJ",
  table3 = { "U", "P", "CU", "CP", "CUJ", "CPJ", "exact" },
  -- Each row of Table 3 is compared with this one, user by user.
  table3_reference = "U",
  figure2 = { methods = { "U", "P", "CU", "CP", "CUJ", "CPJ", "exact" }, epochs = 3 },
  figure3 = { methods = { "CPJ", "U", "bpr" }, column = "negatives", values = { 5, 10, 15, 20, 25, 30 } },
  figure4 = { methods = { "CPJ", "U", "bpr" }, column = "dim", values = { 8, 16, 32, 64, 128, 256 } },
  figure5 = { methods = { "CP" }, column = "clusters", values = { 50, 100, 150, 200, 250, 300 } },

  datasets_of_paper = { "citeulike-t", "gowalla-pris", "gowalla-pris/derived" },
  -- activity: what validation chose for PRIS' uniform sampler, and what all methods that have one take there; `tuned`
  -- has what is a method's own.
  datasets = {
    -- The paper counts all articles, 391 of which nobody has.
    ["citeulike-t"] = {
      open = { catalog = "range" }, split = random, activity = 2,
      tuned = { wrmf = { alpha = 100 }, bpr = { activity = 0.5 } },
    },
    ["gowalla-pris"] = { split = random, activity = 0.5, tuned = { cml = { every = 5, epochs = 400 } } },
    -- The split that the authors' code makes, with 10 % of its train part for validation.
    ["gowalla-pris/derived"] = {
      of = "gowalla-pris", folder = "derived", split = { kind = "given", valid = 0.1, seed = 10 },
      activity = 0.5, tuned = { wrmf = { alpha = 100 }, cml = { every = 5, epochs = 400 } },
    },
    other = { split = random, tuned = {} },
  },
}
