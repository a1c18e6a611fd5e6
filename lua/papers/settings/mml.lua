-- Settings of "Multi-Margin Loss: Proposal and Application in Recommender Systems" (Ozsoy, arXiv 2405.04614),
-- section 4.1, with the published numbers of its Tables 2 and 3. A config: plain data, evaluated without io, os or
-- require.

local table3 = {
  gowalla = {
    bpr = { recall = 0.0708, ndcg = 0.0509 },
    hinge = { recall = 0.0758, ndcg = 0.0541 },
    softmax = { recall = 0.0734, ndcg = 0.0543 },
    mse = { recall = 0.1391, ndcg = 0.1171 },
    ccl = { recall = 0.1783, ndcg = 0.1426 },
    bsl = { recall = 0.1804, ndcg = 0.1521 },
    mml = { recall = 0.1816, ndcg = 0.1435 },
  },
  yelp2018 = {
    bpr = { recall = 0.0272, ndcg = 0.0216 },
    hinge = { recall = 0.0340, ndcg = 0.0269 },
    softmax = { recall = 0.0309, ndcg = 0.0246 },
    mse = { recall = 0.0609, ndcg = 0.0502 },
    ccl = { recall = 0.0673, ndcg = 0.0551 },
    bsl = { recall = 0.0703, ndcg = 0.0580 },
    mml = { recall = 0.0702, ndcg = 0.0580 },
  },
}

-- Table 2. Its MF rows without early stopping are those of Table 3.
local table2 = {
  gowalla = {
    simplex = { ccl = { recall = 0.1663, ndcg = 0.1319 }, mml = { recall = 0.1787, ndcg = 0.1412 } },
  },
  yelp2018 = {
    simplex = { ccl = { recall = 0.0679, ndcg = 0.0555 }, mml = { recall = 0.0706, ndcg = 0.0578 } },
  },
}

-- Table 2 with early stopping.
local table2_early_stop = {
  gowalla = {
    simplex = { ccl = { recall = 0.1622, ndcg = 0.1283 }, mml = { recall = 0.1723, ndcg = 0.1358 } },
    mf = { ccl = { recall = 0.1632, ndcg = 0.1279 }, mml = { recall = 0.1756, ndcg = 0.1370 } },
  },
  yelp2018 = {
    simplex = { ccl = { recall = 0.0634, ndcg = 0.0517 }, mml = { recall = 0.0662, ndcg = 0.0539 } },
    mf = { ccl = { recall = 0.0601, ndcg = 0.0490 }, mml = { recall = 0.0674, ndcg = 0.0550 } },
  },
}

local function final(name) return { mf = table3[name], simplex = table2[name].simplex } end

return {
  seed = 2019,
  losses = { "bpr", "hinge", "softmax", "mse", "ccl", "bsl", "mml" },
  -- Figure 3: counts of negatives. Its axis runs from 10 to 800; the points between are ours.
  sweep = { 10, 20, 50, 100, 200, 400, 800 },
  metrics = { "recall@20", "ndcg@20" },
  -- What the configurations of the public code choose the best epoch by.
  best_by = { mf = "recall@20", simplex = "ndcg@20" },
  published = {
    final = { gowalla = final "gowalla", yelp2018 = final "yelp2018" },
    early_stop = table2_early_stop,
  },
  -- What --all runs.
  datasets_of_paper = { "gowalla", "yelp2018" },
  models = { "simplex", "mf" },
  table2_losses = { "ccl", "mml" },
  sweep_losses = { "ccl", "bsl", "mml" },

  -- What holds unless a data set says otherwise.
  common = {
    split = { kind = "given" },
    dim = 64,
    epochs = 100,
    negatives = 100,
    batch = 256,
    rate = 1e-4,
    init = { kind = "normal", std = 1e-4 },
    -- Dropout on the normalized user row and clipping come from the SimpleX code that the paper extends.
    dropout = 0.1,
    dropout_on = "scoring",
    clip = 10,
    -- lambda/2 of all rows in every batch; with 1e-8 rows without a gradient do not feel it (RESULTS.md shows that).
    regularization = { weight = 1e-8, scope = "tables_touched" },
    ccl = { margin = 0.9, negative_weight = 150 },
    hinge = { margin = 0.9 },
    -- A sum over the batch, as RecBox has it; not one of the paper's.
    bce = { reduction = "sum" },
    -- Negatives 100, epochs 100; the rest as in BSL's own code: Xavier, batch 1024, dropout before normalization.
    bsl = {
      batch = 1024,
      init = { kind = "xavier_uniform" },
      dropout_on = "parameters",
      regularization = { weight = 1e-9, scope = "batch_mean" },
      no_clip = true,
    },
    -- SimpleX, from the configurations of its code: whole histories in a table of their own. Its attention is that of
    -- the code, whose weights sum to less than 1.
    simplex = { gate = 0.8, aggregator = "user_attention", history = "separate", mask = "code" },
    -- The epochs after which the paper's runs with early stopping ended, on both sets. Ours improve for longer, so the
    -- rule does not end them there; their rate is not reduced either, as the paper says of its experiments.
    early_stop_epochs = { simplex = { ccl = 33, mml = 19 }, mf = { ccl = 19, mml = 19 } },
  },

  datasets = {
    gowalla = {
      batch = 256,
      regularization = { weight = 1e-8, scope = "tables_touched" },
      -- The paper ran CCL with the original configuration, which for SimpleX weighs negatives more than for MF.
      simplex_ccl = { margin = 0.9, negative_weight = 250 },
      mml = { margins = { 0.7, 0.8, 0.9 }, weights = { 0.10, 0.15, 0.75 }, positive_weight = 1, negative_weight = 700 },
      bsl = { temperature = 0.08, negative_exponent = 1.22, mode = "multi" },
    },
    yelp2018 = {
      batch = 512,
      -- With a gate of 1 histories do not count: this SimpleX is a matrix factorization.
      simplex = { gate = 1, aggregator = "mean", history = "shared" },
      regularization = { weight = 1e-9, scope = "tables_touched" },
      mml = {
        margins = { 0.6, 0.7, 0.8, 0.9 }, weights = { 0.05, 0.15, 0.2, 0.6 }, positive_weight = 1,
        negative_weight = 400,
      },
      bsl = {
        temperature = 0.11, negative_exponent = 1.10, mode = "multi",
        regularization = { weight = 1e-3, scope = "batch_mean" },
      },
    },
    -- Not in the paper: a small set for a first look. Rate, epochs and the weights of the negatives are ours: where the
    -- catalog is small and users are dense, a weight of 150 drowns the positives.
    other = {
      split = { kind = "ratio", test = 0.2, seed = 2019 },
      epochs = 10,
      rate = 1e-3,
      ccl = { margin = 0.9, negative_weight = 10 },
      mml = {
        margins = { 0.7, 0.8, 0.9 }, weights = { 0.10, 0.15, 0.75 }, positive_weight = 1, negative_weight = 40,
      },
      bsl = { temperature = 0.2, negative_exponent = 1.22, mode = "multi" },
    },
  },
}
