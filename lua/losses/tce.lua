-- Truncated cross-entropy: the positives of largest loss may be noise, and are left out.
--
--   Of the batch's B (1 + N) samples keep the floor((1 - r) B (1 + N)) with the smallest label * loss;  L = their mean
--   r = t / (gradual_steps - 1) * drop_rate ^ exponent before batch t + 1, drop_rate from gradual_steps on
--
-- Wang et al., "Denoising Implicit Feedback for Recommendation", WSDM 2021, Eq. 3, and its official code.
-- Native: perigee.losses.tce. Only positives are left out here: r must not be above their share, 1 / (1 + N).

return function(options)
  local o = options or {}
  return function(s)
    local r, gradual, t = o.drop_rate or 0.2, o.gradual_steps or 30000, s.step - 1
    if t < gradual then r = gradual == 1 and 0 or t / (gradual - 1) * r ^ (o.exponent or 1) end
    local samples = s.batch_size * (1 + s.negative_count)
    local kept = math.floor((1 - r) * samples)
    local kept_positives = s.batch_size - (samples - kept)
    if kept_positives < 0 then error("drop_rate is above the share of the positives; see perigee.losses.tce") end
    local costs = (-s.positive):softplus()
    return ((costs * costs:rank("batch"):le(kept_positives)):sum() + s.negative:softplus():sum()) / kept
  end
end
