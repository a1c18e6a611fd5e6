-- Truncated BPR: the pairs of largest loss may be noise, and are left out.
--
--   Of the batch's B N pairs keep the floor((1 - r) B N) with the smallest softplus(s_bj - s_b);  L = their mean
--   r = t / (gradual_steps - 1) * drop_rate ^ exponent before batch t + 1, drop_rate from gradual_steps on
--
-- T-CE (Wang et al., WSDM 2021) with the pairwise loss, a baseline of TIL, CIKM 2022, section 5.3.
-- Native: perigee.losses.tce_bpr.

return function(options)
  local o = options or {}
  return function(s)
    local r, gradual, t = o.drop_rate or 0.2, o.gradual_steps or 30000, s.step - 1
    if t < gradual then r = gradual == 1 and 0 or t / (gradual - 1) * r ^ (o.exponent or 1) end
    local kept = math.floor((1 - r) * s.batch_size * s.negative_count)
    local costs = (s.negative - s.positive):softplus()
    return (costs * costs:rank():le(kept)):sum() / kept
  end
end
